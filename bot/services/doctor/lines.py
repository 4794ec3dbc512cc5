"""A line of the report, and what a check is handed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.context import Deps
from bot.settings import Settings
from db.pool import Pool


class Level(StrEnum):
    """How it stands. Only `FAIL` makes the installation broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was looked at, how it stands, what was found, and what to do about it."""

    name: str
    level: Level
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a check may use: the bot's own connection and Slack (`deps`), and the connection of the tables' owner.

    `embedded`: the database is the one that comes with the bot.
    """

    deps: Deps
    owner: Pool
    embedded: bool = False

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.deps.settings


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing; a look may have several lines, such as one a channel.

    `patience`: how many times as long as others it may take.
    """

    name: str
    look: Callable[[Looks], Awaitable[Sequence[Line]]]
    needs_database: bool = True
    needs_slack: bool = False
    patience: float = 1.0


def ok(name: str, text: str) -> list[Line]:
    """In order."""
    return [Line(name, Level.OK, text)]


def warn(name: str, text: str, fix: str) -> list[Line]:
    """It works, but somebody should look at it."""
    return [Line(name, Level.WARN, text, fix)]


def fail(name: str, text: str, fix: str) -> list[Line]:
    """It is broken."""
    return [Line(name, Level.FAIL, text, fix)]


def skip(name: str, text: str) -> list[Line]:
    """It could not be looked at, or nobody wanted it."""
    return [Line(name, Level.SKIP, text)]
