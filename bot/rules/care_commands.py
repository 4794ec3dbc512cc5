"""What people type after `/techops db`, and what its buttons carry."""

from datetime import datetime
from typing import Final

from bot.rules.ids import LARGEST
from bot.rules.suggest import closest
from bot.rules.wording import bad, listed, quoted

REPORTS: Final = ("status", "sizes", "indexes", "slow", "locks", "long", "integrity", "bloat")
_OTHERS: Final = ("maintenance", "backup", "kill")


def parse_report(text: str) -> str:
    """Read the name of a report; nothing is the status. Raises BadInput."""
    words = text.split()
    word = words[0].casefold() if words else "status"
    if word in REPORTS and len(words) <= 1:
        return word
    if word in REPORTS:
        raise bad(f"The report {word} takes nothing else.", example=f"/techops db {word}")
    near = closest(word, [*REPORTS, *_OTHERS])
    hint = f" Did you mean {near}?" if near else ""
    raise bad(
        f"{quoted(word)} is no report.{hint} There are {listed(REPORTS, last='and')}.", example="/techops db sizes"
    )


def parse_run(text: str) -> None:
    """Read `run` after `/techops db maintenance`. Raises BadInput."""
    if text.casefold().split() != ["run"]:
        raise bad("Care of the database can only be run.", example="/techops db maintenance run")


def parse_pid(text: str) -> int:
    """Read the number of a session's process. Raises BadInput."""
    word = text.strip()
    if not (word.isascii() and word.isdigit() and len(word) <= 10 and 0 < int(word) <= LARGEST):  # noqa: PLR2004 - digits of the largest
        raise bad(
            f"{quoted(word) if word else 'Nothing'} is no process id. `/techops db long` shows them.",
            example="/techops db kill 12345",
        )
    return int(word)


def read_run_id(value: str) -> int:
    """The run that a button is about. Raises BadInput."""
    if not (value.isascii() and value.isdigit() and len(value) <= 18):  # noqa: PLR2004 - what a bigint holds
        raise bad("This button belongs to another version of TechOps.")
    return int(value)


def read_session(value: str) -> tuple[int, datetime]:
    """Process id and start of the session that a button is about. Raises BadInput."""
    pid, _, start = value.partition(":")
    try:
        began = datetime.fromisoformat(start)
    except ValueError as error:
        raise bad("This button belongs to another version of TechOps.") from error
    if began.tzinfo is None:
        raise bad("This button belongs to another version of TechOps.")
    return parse_pid(pid), began
