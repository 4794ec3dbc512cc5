"""Old changes go to a file that proves itself, then from the database; the chain holds without them."""

import gzip
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.context import Act, Deps
from bot.rules.audit_chain import FaultKind
from bot.services import audit
from bot.services.audit_files import AuditBroken
from db.pool import DatabaseConfig
from tests.audit.conftest import PUT_IN, act, connected, faults, sealed, write

CLI = Act(person=None, source="cli")
LOGGED = "SELECT source, verb, subject_id, new FROM techops.activity WHERE subject_kind = 'audit'"


@pytest.fixture
def bot_settings(tmp_path: Path) -> dict[str, object]:
    return {"backup_dir": tmp_path}


def aged(deps: Deps, days: float) -> Deps:
    """The same process, so many days later."""
    return replace(deps, clock=lambda: datetime.now(UTC) + timedelta(days=days))


async def test_what_is_old_is_exported_then_removed_and_the_chain_holds(
    owner: Deps, database: DatabaseConfig, tmp_path: Path
) -> None:
    first, second = await sealed(owner, database, 3, 2)
    await write(database, 2)
    [young] = await audit.seal(aged(owner, 20))
    assert await audit.prune(aged(owner, 10), CLI, 30) == []
    assert list(tmp_path.iterdir()) == []
    [done] = await audit.prune(aged(owner, 31), CLI, 30)
    assert (done.first, done.last, done.rows) == (1, 2, 5)
    assert await audit.prune(aged(owner, 31), CLI, 30) == [], "what is gone is gone"
    path = tmp_path / "audit" / done.file
    assert [it.name for it in path.parent.iterdir()] == [done.file]
    assert path.stat().st_mode & 0o077 == 0
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert [json.loads(line)[0] for line in lines if line.startswith("[")] == first + second
    async with connected(database) as connection:
        [row] = await connection.fetch(LOGGED)
        assert (row["source"], row["verb"], row["subject_id"]) == ("cli", "removed", 2)
        assert json.loads(row["new"])["file"] == done.file
        assert await connection.fetchval("SELECT count(*) FROM techops.activity") == 3
    verdict = await audit.verify(owner)
    assert verdict.is_sound, verdict
    assert (verdict.rows, verdict.removed, verdict.waiting) == (2, 5, 1)
    assert "5 exported and removed" in verdict.line
    assert verdict.head is not None
    assert verdict.head.hash == young.hash
    assert [it.rows for it in await audit.seal(owner)] == [1], "the removal itself is sealed"
    assert (await audit.verify(owner)).is_sound


async def test_only_what_is_sound_is_removed(owner: Deps, database: DatabaseConfig, tmp_path: Path) -> None:
    _, second = await sealed(owner, database, 3, 3)
    await act(database, f"UPDATE techops.activity SET verb = 'x' WHERE id = {second[0]}")  # noqa: S608 - a number
    with pytest.raises(AuditBroken, match="Segment 2 of the audit is not what was sealed"):
        await audit.prune(aged(owner, 2), CLI, 1)
    async with connected(database) as connection:
        assert await connection.fetchval("SELECT count(*) FROM techops.activity") == 6
    assert [it.name for it in (tmp_path / "audit").iterdir()] == []


async def test_nothing_is_removed_where_the_file_cannot_be_written(
    owner: Deps, database: DatabaseConfig, tmp_path: Path
) -> None:
    await sealed(owner, database, 3)
    (tmp_path / "audit").write_text("a file, no directory")
    with pytest.raises(AuditBroken, match="cannot be written to"):
        await audit.prune(aged(owner, 2), CLI, 1)
    assert (await audit.verify(owner)).rows == 3


async def test_a_file_that_was_changed_or_is_elsewhere_is_told(
    owner: Deps, database: DatabaseConfig, tmp_path: Path
) -> None:
    await sealed(owner, database, 3, 3)
    [done] = await audit.prune(aged(owner, 2), CLI, 1)
    path = tmp_path / "audit" / done.file
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    verdict = await audit.verify(owner)
    assert faults(verdict) == [(1, FaultKind.FILE, ())]
    assert "its SHA-256 differs" in verdict.line
    assert (await audit.verify(owner, files=False)).is_sound
    path.unlink()
    verdict = await audit.verify(owner)
    assert verdict.is_sound, "it may lie on another machine"
    assert "so it was not read" in verdict.notes[0]


async def test_a_file_forged_with_its_digest_does_not_hold_what_was_sealed(
    owner: Deps, database: DatabaseConfig, tmp_path: Path
) -> None:
    """Whoever owns the tables can note another digest, but not another content of the segment."""
    await sealed(owner, database, 3, 3)
    [done] = await audit.prune(aged(owner, 2), CLI, 1)
    path = tmp_path / "audit" / done.file
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"edited"', b'"denied"', 1)))
    forged = hashlib.sha256(path.read_bytes()).hexdigest()
    await act(database, f"UPDATE techops.audit_seals SET file_sha256 = '{forged}'")  # noqa: S608 - a digest
    verdict = await audit.verify(owner)
    assert faults(verdict) == [(1, FaultKind.FILE, ())]
    assert "does not hold what was sealed in segment 1" in verdict.line


async def test_rows_that_are_there_again_are_named(owner: Deps, database: DatabaseConfig) -> None:
    [ids] = await sealed(owner, database, 3)
    await audit.prune(aged(owner, 2), CLI, 1)
    async with connected(database) as connection:
        await connection.execute(PUT_IN, ids[1])
    assert (1, FaultKind.ADDED, (ids[1],)) in faults(await audit.verify(owner))


async def test_a_removal_that_nobody_recorded_is_found(owner: Deps, database: DatabaseConfig) -> None:
    await sealed(owner, database, 3, 3)
    await audit.prune(aged(owner, 2), CLI, 1)
    await write(database, 2)
    [last] = await audit.seal(owner)
    assert (last.number, last.rows) == (3, 3), "the record of the removal, and two more"
    await write(database, 1)
    await audit.seal(owner)
    mark = "UPDATE techops.audit_seals SET removed_at = now(), file = 'lost.gz', file_sha256 = '' WHERE number = 3"
    await act(
        database, mark, "DELETE FROM techops.activity WHERE subject_kind = 'audit' OR verb = 'edited' AND id < 10"
    )
    verdict = await audit.verify(owner)
    assert faults(verdict) == [(3, FaultKind.REMOVED, ())]
    assert "the log does not tell of it" in verdict.line
