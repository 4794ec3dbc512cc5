"""`web` killed before and after COMMIT, and a scheduler between claim and queue: done once when it is tried again."""

import asyncio
import json
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.context import Deps
from sandbox.workspace import Workspace
from scheduler import registry as schedule
from tests.faults.holds import Gate, buried
from tests.fixtures.delivery import Dashboard
from tests.processes.commands import running

OLD_CLAIM = (
    "INSERT INTO techops.claims (job, due_local, claimed_at) VALUES ('digest', now() - interval '2 days', now())"
)
CLAIMED = "SELECT count(*) FROM techops.claims WHERE job = 'digest' AND due_local > now() - interval '1 day'"
QUEUED = "SELECT count(*) FROM techops.pgqueuer WHERE convert_from(payload, 'UTF8') LIKE '%digest%'"
ROWS = "SELECT count(*) FROM maintenance_requests"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("place", "kept"), [("INSERT ON techops.activity", 0), ("UPDATE OF answer ON techops.acts", 1)]
)
async def test_a_form_sent_again_after_web_was_killed_makes_one_request(
    dashboard: Dashboard, slack: Workspace, env: dict[str, str], tmp_path: Path, place: str, kept: int
) -> None:
    gate, uma = Gate(dashboard), slack.person("uma")
    await gate.build(place)
    async with running("web", env=env, cwd=tmp_path) as web:
        slack.bot_url = json.loads(await web.line('"listening"'))["address"]
        opened = await uma.slash("/maintenance", "new", channel="ops")
        assert opened.view is not None
        async with gate.closed():
            sent = asyncio.create_task(uma.submit(opened.view, {"title": "Disk", "description": "Full"}))
            await gate.waiting(1)
            await web.end(signal.SIGKILL)
            assert (await sent).trouble
        await buried(dashboard, "web")
    assert await dashboard.run(ROWS) == kept
    async with running("web", env=env, cwd=tmp_path) as web:
        slack.bot_url = json.loads(await web.line('"listening"'))["address"]
        again = await uma.submit(opened.view, {})
        assert not again.errors
        assert not again.trouble
        assert await dashboard.run(ROWS) == 1


@pytest.mark.timeout(60)
async def test_a_scheduler_killed_between_claim_and_queue_has_claimed_nothing(
    deps: Deps, dashboard: Dashboard, env: dict[str, str], tmp_path: Path
) -> None:
    await dashboard.run(OLD_CLAIM)
    gate = Gate(dashboard)
    await gate.build("INSERT ON techops.pgqueuer")
    async with gate.closed(), running("scheduler", env=env, cwd=tmp_path) as clock:
        await gate.waiting(1)  # it has caught up with the digest that nobody ticked at, and enqueues it
        await clock.end(signal.SIGKILL)
    await buried(dashboard, "scheduler")
    assert (await dashboard.run(CLAIMED), await dashboard.run(QUEUED)) == (0, 0)
    middle = datetime.now(UTC).replace(second=30)
    deps = replace(deps, clock=lambda: middle)
    late = await asyncio.gather(*(schedule.catch_up(deps, schedule.collect()) for _ in range(3)))
    assert sorted(map(len, late)) == [0, 0, 1]
    assert (await dashboard.run(CLAIMED), await dashboard.run(QUEUED)) == (1, 1)
    due = json.loads(
        (await dashboard.rows("SELECT convert_from(payload, 'UTF8') AS it FROM techops.pgqueuer"))[0]["it"]
    )
    assert due["job"] == "digest"
    assert datetime.fromisoformat(due["due_local"]).second == 0
