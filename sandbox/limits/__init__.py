"""What Slack refuses of blocks and views, with messages in Slack's style.

Each rule names its page. Lengths are counted in code points.
"""

from sandbox.limits.surfaces import check_message, check_view, with_block_ids

__all__ = ["check_message", "check_view", "with_block_ids"]
