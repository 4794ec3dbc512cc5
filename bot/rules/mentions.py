"""Mentions as Slack sends them with `should_escape`: <@U1> or <@U1|name>.

Source: https://docs.slack.dev/interactivity/implementing-slash-commands (escaping of users, channels and links).
"""

import re
from typing import Final

from bot.rules.wording import bad, quoted

MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
ME: Final = "me"


def parse_mention(word: str) -> str | None:
    """The Slack user id in a mention, or None where `word` is none."""
    found = MENTION.fullmatch(word.strip())
    return found.group(1) if found else None


def parse_person(word: str, *, example: str, field: str | None = None) -> str:
    """A Slack user id, or "me". Raises BadInput for everything else, also for an @name that Slack did not resolve."""
    if word.strip().casefold() in {ME, "@me"}:
        return ME
    person = parse_mention(word)
    if person is None:
        raise bad(
            f"{quoted(word)} is nobody I can find. Type @ and pick the person from Slack's list, or say me.",
            example=example,
            field=field,
        )
    return person
