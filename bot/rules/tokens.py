"""Tokens of programs: what they look like, what they may do, how long they live."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.errors import BadInput
from bot.rules.suggest import closest
from bot.rules.wording import bad, listed, quoted

PREFIX: Final = "tops_"
NAME_LIMIT: Final = 100
DEFAULT_LIFETIME: Final = timedelta(days=365)
LONGEST_DAYS: Final = 3650
_SECRET_BYTES: Final = 32
_SHAPE: Final = re.compile(r"tops_[A-Za-z0-9_-]{43}", re.ASCII)
_LIFETIME: Final = re.compile(r"([0-9]{1,5})\s*([hdwy])", re.IGNORECASE | re.ASCII)
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


class Scope(StrEnum):
    """What a token is for; its owner's role has to allow it too."""

    DEPLOYMENTS_WRITE = "deployments:write"
    DEPLOYMENTS_READ = "deployments:read"
    REQUESTS_WRITE = "requests:write"
    REQUESTS_READ = "requests:read"


def new_secret() -> str:
    """A token that nobody can guess: 256 random bits behind a prefix by which scanners recognise it."""
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hashed(token: str) -> bytes:
    """What is kept of a token. It is random and long, so that a fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def looks_like_token(text: str) -> bool:
    """Whether this could be a token at all."""
    return _SHAPE.fullmatch(text) is not None


def parse_scopes(words: Sequence[str]) -> tuple[Scope, ...]:
    """The scopes of these names, commas or blanks between them too; none named are all. Raises BadInput."""
    named = [word for text in words for word in re.split(r"[\s,]+", text) if word]
    if not named:
        return tuple(Scope)
    return tuple(dict.fromkeys(_scope(word) for word in named))


def parse_lifetime(text: str) -> timedelta | None:
    """How long a token lives: 12h, 90d, 8w, 1y, None for "never"; without a word a year. Raises BadInput."""
    wanted = text.strip().casefold()
    if not wanted:
        return DEFAULT_LIFETIME
    if wanted == "never":
        return None
    found = _LIFETIME.fullmatch(wanted)
    hours = int(found[1]) * _HOURS[found[2]] if found else 0
    if not 0 < hours <= LONGEST_DAYS * 24:
        raise BadInput(
            f"{quoted(text)} is no time for a token to live. Write 12h, 90d, 8w or 1y (ten years at most), or never."
        )
    return timedelta(hours=hours)


def clean_name(text: str) -> str:
    """A token's name on one line. Raises BadInput."""
    name = " ".join(text.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput(f"A token needs a name of at most {NAME_LIMIT} characters that says what uses it, such as ci.")
    return name


def _scope(word: str) -> Scope:
    try:
        return Scope(word.casefold())
    except ValueError as error:
        near = closest(word, list(Scope))
        hint = f" Did you mean {near}?" if near else ""
        raise bad(f"{quoted(word)} is no scope.{hint} There are {listed(list(Scope), last='and')}.") from error
