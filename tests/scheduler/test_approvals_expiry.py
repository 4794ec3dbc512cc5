"""Approvals that nobody decides on expire; at half time those who may decide are reminded, once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.context import Deps
from bot.services import approvals
from db.models import SubjectKind
from scheduler.jobs import approvals_expiry
from tests.fixtures.delivery import Dashboard

# Ada is an admin, Erik and Eva are engineers; Uma has no Slack identity.
REQUEST = """
INSERT INTO maintenance_requests (requested_by, title, description, priority) VALUES ($1, 'Disk', 'Full', 'critical')
RETURNING id
"""
DMS = """
SELECT convert_from(payload, 'UTF8')::jsonb AS dm FROM techops.pgqueuer WHERE entrypoint = 'dm' ORDER BY id
"""
UMA_ON_SLACK = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name) VALUES ('T0SANDBOX', 'U0USER', 4, 'Uma')
"""


def later(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


async def told(dashboard: Dashboard) -> list[str]:
    """Who gets a direct message."""
    return [json.loads(row["dm"])["user"] for row in await dashboard.rows(DMS)]


async def statuses(dashboard: Dashboard) -> list[str]:
    return [row["status"] for row in await dashboard.rows("SELECT status FROM techops.approvals ORDER BY id")]


async def verbs(dashboard: Dashboard) -> list[str]:
    rows = await dashboard.rows("SELECT verb FROM techops.activity WHERE verb LIKE 'approv%' ORDER BY id")
    return [row["verb"] for row in rows]


async def test_before_half_time_nothing_happens(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run(REQUEST, 4)
    await approvals_expiry.run(deps, later(hours=11, minutes=58))
    assert await told(dashboard) == []
    assert await statuses(dashboard) == ["pending"]


async def test_those_who_may_decide_are_reminded_once(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run(REQUEST, 2)
    await dashboard.run("UPDATE users SET is_active = false WHERE id = 1")
    moment = later(hours=12, minutes=1)
    await asyncio.gather(*(approvals_expiry.run(deps, moment) for _ in range(4)))
    await approvals_expiry.run(deps, later(hours=13))
    assert await told(dashboard) == ["U0ENG2"], "not whose own it is, not who is deactivated, not who is a user"
    assert await statuses(dashboard) == ["pending"]
    assert "approval_reminded" not in await verbs(dashboard)


async def test_who_has_voted_is_not_reminded(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("UPDATE techops.approval_policies SET required = 2")
    await dashboard.run(REQUEST, 4)
    await dashboard.run("INSERT INTO techops.approval_votes (approval_id, user_id, vote) VALUES (1, 3, 'approve')")
    await approvals_expiry.run(deps, later(hours=12, minutes=1))
    assert await told(dashboard) == ["U0ADMIN", "U0ENG"]


@pytest.mark.parametrize(("engineers", "by_thread"), [(17, False), (18, True)])
async def test_more_than_twenty_are_told_in_the_thread(
    deps: Deps, dashboard: Dashboard, engineers: int, by_thread: bool
) -> None:
    await dashboard.run(
        "WITH people AS ("
        " INSERT INTO users (id, email, name, password_hash, role)"
        " SELECT 100 + n, n || '@x', 'E' || n, 'x', 'engineer' FROM generate_series(1, $1::integer) AS n RETURNING id)"
        " INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name)"
        " SELECT 'T0SANDBOX', 'U9X' || id, id, 'x' FROM people",
        engineers,
    )
    await dashboard.run(REQUEST, 4)
    await approvals_expiry.run(deps, later(hours=12, minutes=1))
    await approvals_expiry.run(deps, later(hours=12, minutes=2))
    assert len(await told(dashboard)) == (0 if by_thread else engineers + 3)
    assert (await verbs(dashboard)).count("approval_reminded") == by_thread


async def test_nobody_to_remind_is_told_in_the_thread(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("DELETE FROM techops.slack_identities")
    await dashboard.run(REQUEST, 4)
    await approvals_expiry.run(deps, later(hours=12, minutes=1))
    assert (await verbs(dashboard)).count("approval_reminded") == 1


async def test_undecided_it_expires_and_whoever_asked_hears_of_it_once(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run(UMA_ON_SLACK)
    await dashboard.run(REQUEST, 4)
    moment = later(hours=24, minutes=1)
    await asyncio.gather(*(approvals_expiry.run(deps, moment) for _ in range(4)))
    await approvals_expiry.run(deps, later(hours=30))
    assert await statuses(dashboard) == ["expired"]
    assert (await verbs(dashboard)).count("approval_expired") == 1
    assert await told(dashboard) == ["U0USER"], "nobody is reminded of what has expired"


async def test_a_hundred_expire_in_one_run(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run(
        "INSERT INTO maintenance_requests (requested_by, title, description, priority)"
        " SELECT 4, 'T', 'D', 'critical' FROM generate_series(1, 101)"
    )
    await approvals_expiry.run(deps, later(hours=25))
    assert set(await statuses(dashboard)) == {"expired"}
    assert len(await statuses(dashboard)) == 101


async def test_what_is_decided_neither_expires_nor_reminds(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run(REQUEST, 4)
    await dashboard.run("UPDATE techops.approvals SET status = 'approved', decided_at = now()")
    await approvals_expiry.run(deps, later(hours=12, minutes=1))
    await approvals_expiry.run(deps, later(hours=25))
    assert await statuses(dashboard) == ["approved"]
    assert await told(dashboard) == []


async def test_hours_are_the_policys(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("UPDATE techops.approval_policies SET hours = 1")
    await dashboard.run(REQUEST, 4)
    async with deps.pool.acquire() as conn:
        approval = await approvals.state(conn, SubjectKind.MAINTENANCE, 1)
    assert approval is not None
    assert approval.expires_at - approval.requested_at == timedelta(hours=1)
    await approvals_expiry.run(deps, later(minutes=31))
    assert len(await told(dashboard)) == 3
    await approvals_expiry.run(deps, later(minutes=61))
    assert await statuses(dashboard) == ["expired"]
