"""Sealed changes that are old enough go: to a file first, which is read back, then from the database.

A file is gzipped JSON lines: a line of each segment's seal, then its rows, each exactly as its hash covers it; so the
file proves itself without the database.
"""

import asyncio
import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bot.context import Act, Deps
from bot.errors import BotError
from bot.rules.audit_chain import differs, row_digest
from db.models_audit import SealRecord
from db.queries import audit_exports as exports
from db.queries.audit import try_lock

_FILE_ROWS: Final = 200_000
_PATIENCE: Final = {"statement_timeout": "600s"}
_log = structlog.get_logger(__name__)


class AuditBroken(BotError):
    """What is to be removed is not what was sealed, or cannot be kept; nothing was deleted."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A file, and what went into it."""

    file: str
    first: int
    last: int
    rows: int


def directory_of(deps: Deps) -> Path:
    """Where exports are kept."""
    return (deps.settings.backup_dir or deps.settings.data_dir / "backups") / "audit"


async def prune(deps: Deps, act: Act, before: datetime) -> list[Pruned]:
    """Export and delete the rows of segments sealed before that time, a file at a time."""
    done: list[Pruned] = []
    while True:
        async with deps.pool.acquire() as conn:
            numbers = await exports.list_due(conn, before, _FILE_ROWS)
        if not numbers:
            return done
        done.append(await _prune(deps, act, numbers))


async def _prune(deps: Deps, act: Act, numbers: list[int]) -> Pruned:
    directory = directory_of(deps)
    name = f"audit-{numbers[0]:09}-{numbers[-1]:09}-{deps.now():%Y%m%dT%H%M%SZ}.jsonl.gz"
    path, scratch = directory / name, directory / f".{name}.partial"
    try:
        records = await _write(deps, numbers, scratch)
        sealed = {it.number: it.hash for it in records}
        digest = await asyncio.to_thread(_publish, scratch, path)
        reason = await asyncio.to_thread(check_file, path, digest, sealed)
        if reason is None or reason:
            raise AuditBroken(f"{path} {reason or 'is not there'}, so nothing was deleted. Its disk may be failing.")
    except OSError as error:
        raise AuditBroken(
            f"{directory} cannot be written to: {error.strerror or error}. Nothing was deleted."
        ) from error
    finally:
        with suppress(OSError):
            await asyncio.to_thread(scratch.unlink, missing_ok=True)
    rows = sum(it.rows for it in records)
    await _delete(deps, act, numbers, name, digest, rows)
    _log.info("audit_pruned", file=name, segments=len(numbers), rows=rows)
    return Pruned(name, numbers[0], numbers[-1], rows)


async def _delete(deps: Deps, act: Act, numbers: list[int], name: str, digest: str, rows: int) -> None:
    async with deps.transaction(act) as conn:
        await exports.set_patience(conn, _PATIENCE["statement_timeout"])
        if not await try_lock(conn):
            raise AuditBroken("Another process seals or prunes at this moment, so nothing was deleted. Try again.")
        if await exports.delete_sealed(conn, numbers, name, digest, deps.now()) != rows:
            raise AuditBroken(f"Rows of segments {numbers[0]} to {numbers[-1]} changed meanwhile; nothing was deleted.")


async def _write(deps: Deps, numbers: Sequence[int], path: Path) -> list[SealRecord]:
    """Write segments to a file, which is on the disk afterwards. Raises AuditBroken, OSError."""
    await asyncio.to_thread(_make, path)
    records = []
    for number in numbers:
        async with deps.pool.transaction(_PATIENCE) as conn:
            record, rows = await exports.get_record(conn, number), await exports.list_rows(conn, number)
        if differs(record, [row_digest(row) for row in rows]):
            raise AuditBroken(
                f"Segment {number} of the audit is not what was sealed, so nothing was deleted. "
                "`techops audit verify` says what is wrong."
            )
        await asyncio.to_thread(_append, path, record, rows)
        records.append(record)
    return records


def check_file(path: Path, sha256: str | None, sealed: Mapping[int, str]) -> str | None:
    """What is wrong with a file that should hold these segments (number to hash); "" for nothing, None for no file."""
    try:
        if _digest(path) != sha256:
            return "is not the file that was written: its SHA-256 differs"
        return _compare(path, sealed)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, TypeError) as error:
        return f"cannot be read: {error}"


def _compare(path: Path, sealed: Mapping[int, str]) -> str:
    found: dict[int, str] = {}
    seal: SealRecord | None = None
    digests: list[bytes] = []
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            if not line.startswith("{"):
                digests.append(row_digest(line.removesuffix("\n")))
                continue
            if seal is not None and differs(seal, digests):
                return f"does not hold what was sealed in segment {seal.number}"
            seal, digests = SealRecord(**json.loads(line)["seal"]), []
            found[seal.number] = seal.hash
    if seal is not None and differs(seal, digests):
        return f"does not hold what was sealed in segment {seal.number}"
    return "" if found == dict(sealed) else "holds other segments than it should"


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))


def _append(path: Path, record: SealRecord, rows: Sequence[str]) -> None:
    """Add a segment; gzip members one after the other are one file."""
    with gzip.open(path, "at", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps({"seal": asdict(record)}) + "\n")
        file.writelines(f"{row}\n" for row in rows)


def _publish(scratch: Path, path: Path) -> str:
    """Have the file on the disk under its own name; its SHA-256."""
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    digest = _digest(scratch)
    scratch.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return digest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
