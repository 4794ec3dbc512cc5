"""Sample data: two believable months of a company, to try things with. Loaded into an empty database only.

Everything is reckoned from `now` and drawn with a fixed seed: the same moment gives the same data.
"""

from bot.services.sample.load import Summary, load, load_if_empty

__all__ = ["Summary", "load", "load_if_empty"]
