"""Archives in pg_dump's custom format: written in a snapshot, listed, restored. The files are the caller's to keep."""

import asyncio
import re
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from db import libpq
from db.config import DatabaseConfig
from db.programs import Finished, ProgramFailed, run
from db.tools import Tools

_DUMP_SECONDS: Final = 6 * 3600.0
_RESTORE_SECONDS: Final = 12 * 3600.0
_LIST_SECONDS: Final = 300.0
_LOCK_WAIT: Final = "60s"
_MOST_LIST: Final = 64 * 1024 * 1024
_TAIL: Final = 600
_EXTENSION: Final = re.compile(r"^\d+; \d+ \d+ (?:COMMENT - )?EXTENSION (?:- )?(\S+)", re.MULTILINE)
_MADE_BY: Final = re.compile(r"^;\s+Dumped by pg_dump version: (\S+)", re.MULTILINE)
_MADE_FROM: Final = re.compile(r"^;\s+Dumped from database version: (\S+)", re.MULTILINE)


class ArchiveFailed(Exception):
    """pg_dump or pg_restore did not do it; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Table:
    """An archive's table of contents: as pg_restore lists it, versions of program and server, extensions by name."""

    text: str
    made_by: str
    made_from: str
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class How:
    """How to restore. `owners`: with owners, rights and replication; without them everything is the restoring role's.

    `without`: extensions to leave out. `to_the_end`: go on after errors, so that all of them are seen.
    """

    owners: bool = False
    without: Collection[str] = ()
    to_the_end: bool = False


async def dump(tools: Tools, config: DatabaseConfig, target: Path, snapshot: str) -> None:
    """Write an archive of the whole database, as the snapshot shows it.

    Raises:
        ArchiveFailed: with what pg_dump said; what it has written so far is of no use.
    """
    arguments = ["--format=custom", f"--file={target}", f"--snapshot={snapshot}", f"--lock-wait-timeout={_LOCK_WAIT}"]
    done = await _run([tools.pg_dump, *arguments, "--no-password"], libpq.environment(config), _DUMP_SECONDS)
    if done.code != 0:
        raise ArchiveFailed(last_words(done))


async def read_table(tools: Tools, archive: Path) -> Table:
    """Read an archive's table of contents.

    Raises:
        ArchiveFailed: it is none, is cut off, or was written by a newer version.
    """
    environment = libpq.environment(DatabaseConfig())
    done = await _run([tools.pg_restore, "--list", archive], environment, _LIST_SECONDS, most_output=_MOST_LIST)
    if done.code != 0:
        raise ArchiveFailed(last_words(done))
    text = done.output.decode(errors="replace")
    made_by, made_from = _MADE_BY.search(text), _MADE_FROM.search(text)
    extensions = tuple(dict.fromkeys(_EXTENSION.findall(text)))
    return Table(text, made_by[1] if made_by else "", made_from[1] if made_from else "", extensions)


async def restore(
    tools: Tools, config: DatabaseConfig, database: str, archive: Path, table: Table, how: How
) -> Finished:
    """Restore an archive into an empty database of the server; how pg_restore ended, for the caller to judge.

    Raises:
        ArchiveFailed: pg_restore cannot be run, or does not end.
    """
    # what is lost with the server is restored again
    environment = libpq.environment(replace(config, name=database), options="-c synchronous_commit=off")
    arguments: list[str | Path] = [tools.pg_restore, f"--dbname={database}", "--no-password"]
    if not how.owners:
        arguments += ["--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions"]
    if not how.to_the_end:
        arguments.append("--exit-on-error")
    with tempfile.TemporaryDirectory(prefix="techops-") as directory:
        if how.without:
            chosen = Path(directory) / "list"
            await asyncio.to_thread(chosen.write_text, _without(table, how.without), encoding="utf-8")
            arguments.append(f"--use-list={chosen}")
        return await _run([*arguments, archive], environment, _RESTORE_SECONDS)


def last_words(done: Finished) -> str:
    """What a program said last, on one line."""
    words = " ".join(done.said.split()) or f"it ended with status {done.code} and said nothing"
    return words if len(words) <= _TAIL else "…" + words[1 - _TAIL :]


def _without(table: Table, extensions: Collection[str]) -> str:
    kept = []
    for line in table.text.splitlines():
        found = _EXTENSION.match(line)
        if found is None or found[1] not in extensions:
            kept.append(line)
    return "\n".join(kept) + "\n"


async def _run(
    arguments: list[str | Path], environment: dict[str, str], seconds: float, *, most_output: int = 0
) -> Finished:
    try:
        return await run(arguments, environment, seconds=seconds, most_output=most_output)
    except ProgramFailed as error:
        raise ArchiveFailed(str(error)) from error
