"""Every night the chain is proven and its head told; what is broken becomes a request, what is old goes to a file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.context import Act, Deps
from bot.services import audit
from bot.services.care import runs
from db.models_care import Step, StepStatus
from db.pool import DatabaseConfig
from tests.audit.conftest import act, connected, sealed, seals, write

NIGHT = Act(person=None, source="scheduler", origin={"job": "nightly_maintenance"})
THREAD = (
    "SELECT new ->> 'lines' AS lines FROM techops.activity WHERE subject_kind = 'care' AND new ->> 'name' = 'audit'"
)


@pytest.fixture
def bot_settings(tmp_path: Path) -> dict[str, object]:
    return {"backup_dir": tmp_path, "audit_keep_days": 30}


async def night(deps: Deps) -> Step:
    run = await runs.run_now(deps, NIGHT)
    return next(step for step in run.steps if step.name == "audit")


async def test_the_head_is_told_in_the_thread(owner: Deps, database: DatabaseConfig) -> None:
    await write(database, 4)
    step = await night(owner)
    head = (await seals(database))[-1]
    assert step.status == StepStatus.OK
    assert step.lines == (f"Audit head {head['number']} {head['hash']}",)
    assert "as they were sealed" in str(step.summary)
    async with connected(database) as connection:
        [row] = await connection.fetch(THREAD)
        assert head["hash"] in row["lines"]
    assert (await audit.verify(owner, head=head["hash"])).noted == head["number"]


async def test_a_broken_chain_fails_the_step_and_raises_a_request(owner: Deps, database: DatabaseConfig) -> None:
    [ids] = await sealed(owner, database, 3)
    await act(
        database, "INSERT INTO users (email, name, password_hash, role) VALUES ('a@b.example', 'A', 'x', 'admin')"
    )
    await act(database, f"DELETE FROM techops.activity WHERE id = {ids[1]}")  # noqa: S608 - a number
    step = await night(owner)
    assert step.status == StepStatus.FAILED
    assert step.failures == (f"Rows of segment 1 were removed. Rows: {ids[1]}",)
    async with connected(database) as connection:
        assert "The audit is broken" in await connection.fetchval("SELECT description FROM maintenance_requests")


async def test_what_is_older_than_kept_goes_to_a_file(owner: Deps, database: DatabaseConfig, tmp_path: Path) -> None:
    await sealed(owner, database, 3)
    later = replace(owner, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    step = await night(later)
    assert step.status == StepStatus.OK
    [file] = (tmp_path / "audit").iterdir()
    assert f"3 rows older than 30 days went to {file.name}" in step.lines
    verdict = await audit.verify(owner)
    assert (verdict.is_sound, verdict.removed) == (True, 3)
    async with connected(database) as connection:
        found = await connection.fetchrow("SELECT source, origin FROM techops.activity WHERE subject_kind = 'audit'")
        assert tuple(found) == ("care", '{"job": "nightly_maintenance"}')
