"""Decisions: one transaction each, whoever comes at the same moment."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import BotError, Forbidden, Missing, WrongState
from bot.rules.requests import Move
from bot.services import approvals, requests
from bot.services.approvals import Decided
from db.models import Role, SubjectKind
from db.models_approvals import ApprovalStatus, Vote
from tests.fixtures.bot import TestClock
from tests.fixtures.delivery import Dashboard

ADA, ERIK, EVA, UMA = 1, 2, 3, 4
RACES = 20
REQUEST = """
INSERT INTO maintenance_requests (requested_by, title, description, priority) VALUES ($1, 'Disk', 'Full', 'critical')
RETURNING id
"""
DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, deployed_by) VALUES (1, 'v1', 'production', $1) RETURNING id
"""


def actor(user_id: int) -> Actor:
    names = {
        ADA: ("Ada Admin", Role.ADMIN),
        ERIK: ("Erik Engineer", Role.ENGINEER),
        EVA: ("Eva Engineer", Role.ENGINEER),
    }
    name, role = names.get(user_id, ("Uma User", Role.USER))
    return Actor(user_id, name, f"{user_id}@example.com", role, "UTC", "T0SANDBOX", f"U{user_id}")


def act(user_id: int) -> Act:
    return Act(person=actor(user_id), source="slack")


async def vote(deps: Deps, user_id: int, approval_id: int, wanted: Vote) -> Decided:
    return await approvals.decide(deps, act(user_id), approval_id, wanted, "No" if wanted is Vote.REJECT else None)


async def outcomes(*acts: Awaitable[Decided]) -> tuple[list[Decided], list[BotError]]:
    """What came of acts done at once: those that counted, and what the others were told."""
    done = await asyncio.gather(*acts, return_exceptions=True)
    refused = [it for it in done if isinstance(it, BotError)]
    counted = [it for it in done if isinstance(it, Decided)]
    assert len(refused) + len(counted) == len(done), done
    return counted, refused


async def asked(dashboard: Dashboard, by: int = UMA, *, required: int = 1) -> tuple[int, int]:
    """A critical request and its approval."""
    await dashboard.run("UPDATE techops.approval_policies SET required = $1", required)
    request_id = int(await dashboard.run(REQUEST, by))
    return request_id, int(await dashboard.run("SELECT max(id) FROM techops.approvals"))


async def status(dashboard: Dashboard, approval_id: int) -> str:
    return str(await dashboard.run("SELECT status FROM techops.approvals WHERE id = $1", approval_id))


async def votes(dashboard: Dashboard, approval_id: int) -> int:
    return int(await dashboard.run("SELECT count(*) FROM techops.approval_votes WHERE approval_id = $1", approval_id))


async def test_races_of_approve_against_reject_end_in_one_decision_each(deps: Deps, dashboard: Dashboard) -> None:
    for race in range(RACES):
        request_id, approval_id = await asked(dashboard)
        first, second = (Vote.APPROVE, Vote.REJECT) if race % 2 else (Vote.REJECT, Vote.APPROVE)
        counted, refused = await outcomes(
            vote(deps, ERIK, approval_id, first),
            vote(deps, EVA, approval_id, second),
            vote(deps, ADA, approval_id, first),
        )
        assert len(counted) == 1
        assert len(refused) == 2
        assert all("already" in str(error) for error in refused)
        now = await status(dashboard, approval_id)
        assert now == {Vote.APPROVE: "approved", Vote.REJECT: "rejected"}[counted[0].vote]
        request_status = await dashboard.run("SELECT status FROM maintenance_requests WHERE id = $1", request_id)
        assert request_status == ("open" if now == "approved" else "cancelled")
        assert await votes(dashboard, approval_id) == 1
    told = await dashboard.run("SELECT count(*) FROM techops.activity WHERE verb IN ('approved', 'rejected')")
    assert told == RACES


@pytest.mark.parametrize("required", [1, 2])
async def test_three_approve_at_once(deps: Deps, dashboard: Dashboard, required: int) -> None:
    for _ in range(5):
        _, approval_id = await asked(dashboard, required=required)
        counted, refused = await outcomes(*(vote(deps, who, approval_id, Vote.APPROVE) for who in (ADA, ERIK, EVA)))
        assert len(counted) == required == await votes(dashboard, approval_id)
        assert all("was already approved" in str(error) for error in refused)
        assert await status(dashboard, approval_id) == "approved"


async def test_one_person_clicking_many_times_counts_once(deps: Deps, dashboard: Dashboard) -> None:
    _, approval_id = await asked(dashboard, required=2)
    counted, refused = await outcomes(*(vote(deps, EVA, approval_id, Vote.APPROVE) for _ in range(6)))
    assert len(counted) == 1
    assert all("You have already approved" in str(error) for error in refused)
    assert await status(dashboard, approval_id) == "pending"


async def test_a_rejection_ends_it_however_many_have_approved(deps: Deps, dashboard: Dashboard) -> None:
    _, approval_id = await asked(dashboard, required=3)
    await vote(deps, EVA, approval_id, Vote.APPROVE)
    await vote(deps, ERIK, approval_id, Vote.REJECT)
    assert await status(dashboard, approval_id) == "rejected"
    with pytest.raises(WrongState, match=r"already rejected by Erik Engineer \(No\)"):
        await vote(deps, ADA, approval_id, Vote.APPROVE)


async def test_a_vote_against_the_dashboards_change_at_the_same_moment(deps: Deps, dashboard: Dashboard) -> None:
    for _ in range(10):
        request_id, approval_id = await asked(dashboard)
        change = dashboard.run("UPDATE maintenance_requests SET title = 'Two disks' WHERE id = $1", request_id)
        await asyncio.gather(vote(deps, EVA, approval_id, Vote.APPROVE), change, return_exceptions=True)
        assert await status(dashboard, approval_id) == "void"
        async with deps.pool.acquire() as conn:
            latest = await approvals.state(conn, SubjectKind.MAINTENANCE, request_id)
        assert latest is not None
        assert (latest.status, latest.asked["title"]) == ("pending", "Two disks")


async def test_a_vote_against_the_start_in_the_dashboard(deps: Deps, dashboard: Dashboard) -> None:
    for _ in range(10):
        request_id, approval_id = await asked(dashboard)
        change = dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
        [voted, _] = await asyncio.gather(vote(deps, EVA, approval_id, Vote.REJECT), change, return_exceptions=True)
        assert await status(dashboard, approval_id) in {"skipped", "rejected"}
        assert isinstance(voted, Decided) == (await votes(dashboard, approval_id) == 1)


async def test_start_and_approve_at_once(deps: Deps, dashboard: Dashboard) -> None:
    for _ in range(10):
        request_id, approval_id = await asked(dashboard)
        start = requests.move(deps, act(ERIK), actor(ERIK), request_id, Move.START)
        [started, _] = await asyncio.gather(start, vote(deps, EVA, approval_id, Vote.APPROVE), return_exceptions=True)
        assert await status(dashboard, approval_id) == "approved", "never skipped by the bot itself"
        now = await dashboard.run("SELECT status FROM maintenance_requests WHERE id = $1", request_id)
        assert now == ("open" if isinstance(started, WrongState) else "in_progress")


async def test_rights_are_those_of_the_database_at_the_moment_of_the_vote(deps: Deps, dashboard: Dashboard) -> None:
    _, approval_id = await asked(dashboard)
    await dashboard.run("UPDATE users SET role = 'user' WHERE id = $1", EVA)
    with pytest.raises(Forbidden, match="your role is user"):
        await vote(deps, EVA, approval_id, Vote.APPROVE)
    await dashboard.run("UPDATE users SET role = 'engineer', is_active = false WHERE id = $1", EVA)
    with pytest.raises(Forbidden, match="deactivated"):
        await vote(deps, EVA, approval_id, Vote.APPROVE)
    await dashboard.run("DELETE FROM users WHERE id = $1", EVA)
    with pytest.raises(Forbidden, match="deactivated"):
        await vote(deps, EVA, approval_id, Vote.APPROVE)
    assert await votes(dashboard, approval_id) == 0


async def test_for_a_token_its_owner_and_whom_it_acts_for_both_count_as_own(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("INSERT INTO projects (id, name) VALUES (1, 'Shop')")
    await dashboard.run(
        "SELECT set_config('app.current_user_id', '2', false), set_config('app.on_behalf_of', '3', false)"
    )
    await dashboard.run(DEPLOYMENT, None)
    approval_id = int(await dashboard.run("SELECT max(id) FROM techops.approvals"))
    for who in (ERIK, EVA):
        with pytest.raises(Forbidden, match="is your own"):
            await vote(deps, who, approval_id, Vote.APPROVE)
    assert (await vote(deps, ADA, approval_id, Vote.APPROVE)).approval.status == "approved"


async def test_what_has_expired_is_not_decided_even_before_the_job_says_so(deps: Deps, dashboard: Dashboard) -> None:
    request_id, approval_id = await asked(dashboard)
    assert isinstance(deps.clock, TestClock)
    deps.clock.set(datetime.now(UTC) + timedelta(hours=25))
    with pytest.raises(WrongState, match="expired"):
        await vote(deps, EVA, approval_id, Vote.APPROVE)
    async with deps.pool.transaction() as conn:
        with pytest.raises(WrongState, match="expired"):
            await approvals.check_may_start(conn, SubjectKind.MAINTENANCE, request_id, deps.now())
    again = await approvals.ask_again(deps, act(UMA), SubjectKind.MAINTENANCE, request_id)
    assert again is not None
    assert await status(dashboard, approval_id) == "expired"
    deps.clock.set(datetime.now(UTC))
    assert (await vote(deps, EVA, again.id, Vote.APPROVE)).approval.status == "approved"


async def test_asking_again(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("INSERT INTO projects (id, name) VALUES (1, 'Shop')")
    deployment = int(await dashboard.run(DEPLOYMENT, ERIK))
    [first] = [row["id"] for row in await dashboard.rows("SELECT id FROM techops.approvals")]
    with pytest.raises(WrongState, match="already waiting"):
        await approvals.ask_again(deps, act(ERIK), SubjectKind.DEPLOYMENT, deployment)
    await vote(deps, EVA, first, Vote.REJECT)
    with pytest.raises(Forbidden, match="engineer"):
        await approvals.ask_again(deps, act(UMA), SubjectKind.DEPLOYMENT, deployment)
    done = await asyncio.gather(
        *(approvals.ask_again(deps, act(who), SubjectKind.DEPLOYMENT, deployment) for who in (ERIK, EVA, ADA)),
        return_exceptions=True,
    )
    assert sum(isinstance(it, WrongState) for it in done) == 2, "one new approval, however many ask"
    async with deps.pool.acquire() as conn:
        latest = await approvals.state(conn, SubjectKind.DEPLOYMENT, deployment)
    assert latest is not None
    assert [who.user_id for who in latest.requesters] == [ERIK], "whoever asks again, it stays his"
    await vote(deps, EVA, latest.id, Vote.APPROVE)
    with pytest.raises(WrongState, match="already approved by Eva"):
        await approvals.ask_again(deps, act(ERIK), SubjectKind.DEPLOYMENT, deployment)
    await dashboard.run("UPDATE deployments SET status = 'in_progress'")
    with pytest.raises(WrongState, match="already in progress"):
        await approvals.ask_again(deps, act(ERIK), SubjectKind.DEPLOYMENT, deployment)
    with pytest.raises(Missing):
        await approvals.ask_again(deps, act(ERIK), SubjectKind.DEPLOYMENT, 999)


async def test_asking_again_where_no_policy_asks_any_more(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("INSERT INTO projects (id, name) VALUES (1, 'Shop')")
    deployment = int(await dashboard.run(DEPLOYMENT, ERIK))
    approval_id = int(await dashboard.run("SELECT max(id) FROM techops.approvals"))
    await vote(deps, EVA, approval_id, Vote.REJECT)
    await dashboard.run("DELETE FROM techops.approval_policies")
    async with deps.pool.transaction() as conn:
        with pytest.raises(WrongState, match="was rejected by Eva Engineer"):
            await approvals.check_may_start(conn, SubjectKind.DEPLOYMENT, deployment, deps.now())
    assert await approvals.ask_again(deps, act(ERIK), SubjectKind.DEPLOYMENT, deployment) is None
    async with deps.pool.transaction() as conn:
        await approvals.check_may_start(conn, SubjectKind.DEPLOYMENT, deployment, deps.now())


async def test_only_people_decide(deps: Deps, dashboard: Dashboard) -> None:
    _, approval_id = await asked(dashboard)
    with pytest.raises(Forbidden, match="Only a person"):
        await approvals.decide(deps, replace(act(EVA), person=None), approval_id, Vote.APPROVE)
    with pytest.raises(Missing):
        await vote(deps, EVA, 999, Vote.APPROVE)


async def test_what_was_there_before_the_policies_needs_no_approval(deps: Deps, dashboard: Dashboard) -> None:
    request_id, _ = await asked(dashboard)
    await dashboard.run("DELETE FROM techops.approvals")
    await requests.move(deps, act(ERIK), actor(ERIK), request_id, Move.START)
    async with deps.pool.acquire() as conn:
        latest = await approvals.state(conn, SubjectKind.MAINTENANCE, request_id)
    assert latest is not None
    assert latest.status == ApprovalStatus.SKIPPED, "the record says that it went without"


async def test_evidence_is_for_who_decides(deps: Deps, dashboard: Dashboard) -> None:
    request_id, approval_id = await asked(dashboard)
    async with deps.pool.acquire() as conn:
        pending = await approvals.state(conn, SubjectKind.MAINTENANCE, request_id)
        evidence = await approvals.evidence(conn, pending, deps.now())
    assert evidence is not None
    assert (evidence.project_name, evidence.deployments, evidence.critical_total) == (None, (), 0)
    async with deps.pool.acquire() as conn:
        decided = (await vote(deps, EVA, approval_id, Vote.APPROVE)).approval
        assert await approvals.evidence(conn, decided, deps.now()) is None
        assert await approvals.evidence(conn, None, deps.now()) is None


async def test_the_dashboard_deletes_somebody_who_is_voting(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("UPDATE techops.approval_policies SET own_counts = true")
    for number in range(100, 110):
        await dashboard.run(
            "INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, $2, 'X', 'x', 'admin')",
            number,
            f"{number}@x",
        )
        _, approval_id = await asked(dashboard, by=number)
        voter = Act(person=replace(actor(ADA), user_id=number), source="slack")
        done: list[object] = await asyncio.gather(
            approvals.decide(deps, voter, approval_id, Vote.REJECT, "No"),
            dashboard.run("DELETE FROM users WHERE id = $1", number),
            return_exceptions=True,
        )
        assert not isinstance(done[1], BaseException), "nothing of ours stands in the dashboard's way"
        assert isinstance(done[0], Decided | Forbidden | Missing), done
