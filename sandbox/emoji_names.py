"""The names of emoji as Slack writes them, `:tada:`, from the `emoji` package."""

from typing import Final

# Slack's own names that the package does not have.
_SLACK: Final = {
    f"large_{colour}_{shape}": f"{colour}_{shape}"
    for colour in ("green", "yellow", "red", "orange", "purple", "brown", "blue")
    for shape in ("circle", "square")
}
_TONE: Final = "skin_tone"


def emoji_names() -> dict[str, str]:
    """Each name, without colons, and its characters; skin tones are left out."""
    from emoji import EMOJI_DATA, STATUS  # noqa: PLC0415 - its table takes memory that only an open page is worth

    names: dict[str, str] = {}
    for characters, entry in EMOJI_DATA.items():
        if entry["status"] != STATUS["fully_qualified"] or _TONE in entry["en"]:
            continue
        for name in (entry["en"], *entry.get("alias", [])):
            names.setdefault(name.strip(":"), characters)
    return names | {slack: names[known] for slack, known in _SLACK.items() if known in names}
