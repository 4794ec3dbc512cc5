"""Approvals are asked for, voided and marked as skipped by the database, whoever writes, and refuse nobody's write."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from db.pool import DatabaseConfig

ADA, ERIK, EVA, UMA = 1, 2, 3, 4
SHOP, APP = 1, 2
PEOPLE = """
SET app.announce = off;
INSERT INTO users (id, email, name, password_hash, role) VALUES
    (1, 'ada@x', 'Ada', 'x', 'admin'), (2, 'erik@x', 'Erik', 'x', 'engineer'),
    (3, 'eva@x', 'Eva', 'x', 'engineer'), (4, 'uma@x', 'Uma', 'x', 'user');
INSERT INTO projects (id, name) VALUES (1, 'Shop'), (2, 'App');
RESET app.announce;
"""
DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, status, deployed_by) VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
REQUEST = """
INSERT INTO maintenance_requests (requested_by, title, description, priority, status, project_id)
VALUES ($1, 'Disk full', 'No space', $2, $3, $4) RETURNING id
"""
APPROVALS = """
SELECT status FROM techops.approvals WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id
"""
GRANTS = """
CREATE USER {role} WITH PASSWORD 'secure_password';
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


class Writer:
    """Somebody who writes the dashboard's tables, with a look at what came of it."""

    def __init__(self, connection: Any, owner: Any) -> None:
        self.connection = connection
        self.owner = owner

    async def deployment(
        self,
        environment: str = "production",
        status: str | None = "pending",
        *,
        project: int = SHOP,
        by: int | None = None,
    ) -> int:
        return int(await self.connection.fetchval(DEPLOYMENT, project, "v1", environment, status, by))

    async def request(
        self, priority: str = "critical", status: str = "open", *, by: int = UMA, project: int | None = None
    ) -> int:
        return int(await self.connection.fetchval(REQUEST, by, priority, status, project))

    async def run(self, statement: str, *args: object) -> None:
        await self.connection.execute(statement, *args)

    async def approvals(self, kind: str, subject_id: int) -> list[str]:
        return [row["status"] for row in await self.owner.fetch(APPROVALS, kind, subject_id)]

    async def latest(self, kind: str, subject_id: int) -> Mapping[str, Any]:
        query = "SELECT * FROM techops.approvals WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1"
        row = await self.owner.fetchrow(query, kind, subject_id)
        assert row is not None
        return dict(row)

    async def settle(self, kind: str, subject_id: int, status: str) -> None:
        """As if people had decided."""
        await self.owner.execute(
            "UPDATE techops.approvals SET status = $3, decided_at = now()"
            " WHERE subject_kind = $1 AND subject_id = $2 AND status = 'pending'",
            kind, subject_id, status,
        )  # fmt: skip

    async def verbs(self, kind: str, subject_id: int) -> list[str]:
        query = "SELECT verb FROM techops.activity WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id"
        return [row["verb"] for row in await self.owner.fetch(query, kind, subject_id)]

    async def policy(self, kind: str, match: str, project: int | None, required: int, role: str = "engineer") -> None:
        await self.owner.execute(
            "INSERT INTO techops.approval_policies (subject_kind, match, project_id, required, role)"
            " VALUES ($1, $2, $3, $4, $5)",
            kind, match, project, required, role,
        )  # fmt: skip


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(params=["owner", "dashboard's role"])
async def writer(database: DatabaseConfig, request: pytest.FixtureRequest) -> AsyncIterator[Writer]:
    """psql as the owner, and the dashboard as its own role, which has no rights in schema techops."""
    assert database.dsn is not None
    async with connected(database.dsn) as owner:
        await owner.execute(PEOPLE)
        if request.param == "owner":
            yield Writer(owner, owner)
            return
        role = f"dashboard_app_{secrets.token_hex(6)}"
        await owner.execute(GRANTS.format(role=role))
        try:
            async with connected(f"postgresql://{role}:secure_password@{database.dsn.split('@', 1)[1]}") as connection:
                yield Writer(connection, owner)
        finally:
            await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_shipped_policies_ask_for_one_approval_by_an_engineer(writer: Writer) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    for kind, subject_id in (("deployment", deployment), ("maintenance", request)):
        approval = await writer.latest(kind, subject_id)
        assert (approval["status"], approval["required"], approval["role"]) == ("pending", 1, "engineer")
        assert approval["own_counts"] is False
        lasts, half = (
            approval["expires_at"] - approval["requested_at"],
            approval["remind_at"] - approval["requested_at"],
        )
        assert lasts == 2 * half
        assert await writer.verbs(kind, subject_id) == ["created", "approval_requested"]
    for environment, priority in (("staging", "high"), ("development", "low")):
        assert await writer.approvals("deployment", await writer.deployment(environment)) == []
        assert await writer.approvals("maintenance", await writer.request(priority)) == []


async def test_many_rows_in_one_statement_are_asked_for_one_by_one(writer: Writer) -> None:
    await writer.run(
        "INSERT INTO deployments (project_id, version, environment, status)"
        " SELECT 1, 'v' || n, CASE n % 2 WHEN 0 THEN 'production' ELSE 'staging' END, 'pending'"
        " FROM generate_series(1, 60) AS n"
    )
    assert await writer.owner.fetchval("SELECT count(*) FROM techops.approvals WHERE status = 'pending'") == 30
    await writer.run("UPDATE deployments SET status = 'in_progress'")
    assert await writer.owner.fetchval("SELECT count(*) FROM techops.approvals WHERE status = 'skipped'") == 30


async def test_the_most_specific_policy_wins(writer: Writer) -> None:
    await writer.policy("deployment", "production", APP, 3, "admin")
    await writer.policy("deployment", "staging", SHOP, 1)
    await writer.policy("maintenance", "critical", APP, 0)
    everywhere, special = await writer.deployment(), await writer.deployment(project=APP)
    assert (await writer.latest("deployment", everywhere))["required"] == 1
    assert [(await writer.latest("deployment", special))[column] for column in ("required", "role")] == [3, "admin"]
    assert await writer.approvals("deployment", await writer.deployment("staging")) == ["pending"]
    assert await writer.approvals("deployment", await writer.deployment("staging", project=APP)) == []
    assert await writer.approvals("maintenance", await writer.request(project=APP)) == [], "0 exempts the project"
    assert await writer.approvals("maintenance", await writer.request(project=SHOP)) == ["pending"]


@pytest.mark.parametrize(
    "change",
    ["UPDATE deployments SET version = 'v2'", "UPDATE deployments SET project_id = 2"],
    ids=["version", "project"],
)
@pytest.mark.parametrize("decision", ["pending", "approved", "rejected", "expired"])
async def test_a_change_of_what_was_asked_asks_anew(writer: Writer, change: str, decision: str) -> None:
    deployment = await writer.deployment()
    await writer.settle("deployment", deployment, decision)
    await writer.run(change)
    first = decision if decision in {"rejected", "expired"} else "void"
    assert await writer.approvals("deployment", deployment) == [first, "pending"]
    verbs = await writer.verbs("deployment", deployment)
    assert verbs[-1] == "approval_requested"
    assert ("approval_voided" in verbs) == (first == "void")


@pytest.mark.parametrize(
    "change",
    ["UPDATE maintenance_requests SET title = 'Another'", "UPDATE maintenance_requests SET description = 'More'"],
    ids=["title", "description"],
)
async def test_a_change_of_a_requests_words_asks_anew(writer: Writer, change: str) -> None:
    request = await writer.request()
    await writer.settle("maintenance", request, "approved")
    await writer.run(change)
    assert await writer.approvals("maintenance", request) == ["void", "pending"]
    approval = await writer.latest("maintenance", request)
    assert ("Another" in str(approval["asked"])) == ("title" in change)


async def test_what_was_not_asked_for_voids_nothing(writer: Writer) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    await writer.run("UPDATE deployments SET notes = 'x', duration = 5, deployed_by = 3, deployed_at = now()")
    await writer.run("UPDATE maintenance_requests SET assigned_to = 2, due_date = now(), project_id = 1, title = title")
    assert await writer.approvals("deployment", deployment) == ["pending"]
    assert await writer.approvals("maintenance", request) == ["pending"]


async def test_priorities_up_and_down(writer: Writer) -> None:
    request = await writer.request("low")
    await writer.run("UPDATE maintenance_requests SET priority = 'critical'")
    assert await writer.approvals("maintenance", request) == ["pending"]
    await writer.run("UPDATE maintenance_requests SET priority = 'high'")
    assert await writer.approvals("maintenance", request) == ["void"]
    await writer.run("UPDATE maintenance_requests SET priority = 'critical'")
    assert await writer.approvals("maintenance", request) == ["void", "pending"]


async def test_an_environment_that_needs_approval_cannot_be_reached_by_an_edit_without_one(writer: Writer) -> None:
    deployment = await writer.deployment("staging")
    await writer.run("UPDATE deployments SET environment = 'production'")
    assert await writer.approvals("deployment", deployment) == ["pending"]


async def test_a_move_into_a_project_that_asks(writer: Writer) -> None:
    await writer.policy("maintenance", "low", APP, 1)
    request = await writer.request("low")
    await writer.run("UPDATE maintenance_requests SET project_id = $1", APP)
    assert await writer.approvals("maintenance", request) == ["pending"]
    await writer.run("UPDATE maintenance_requests SET project_id = $1", SHOP)
    assert await writer.approvals("maintenance", request) == ["pending"], "a move elsewhere shakes nothing off"


@pytest.mark.parametrize("status", ["in_progress", "success", "failed"])
async def test_what_starts_unapproved_is_marked(writer: Writer, status: str) -> None:
    deployment = await writer.deployment()
    await writer.run("UPDATE deployments SET status = $1", status)
    assert await writer.approvals("deployment", deployment) == ["skipped"]
    assert (await writer.verbs("deployment", deployment))[-1] == "approval_skipped"


@pytest.mark.parametrize("decision", ["rejected", "expired"])
async def test_what_starts_after_a_rejection_is_marked_and_the_decision_stays(writer: Writer, decision: str) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    for kind, subject_id in (("deployment", deployment), ("maintenance", request)):
        await writer.settle(kind, subject_id, decision)
    await writer.run("UPDATE deployments SET status = 'in_progress'")
    await writer.run("UPDATE maintenance_requests SET status = 'in_progress'")
    assert await writer.approvals("deployment", deployment) == [decision, "skipped"]
    assert await writer.approvals("maintenance", request) == [decision, "skipped"]


@pytest.mark.parametrize("status", ["in_progress", "success", "failed", "rolled_back"])
async def test_what_is_recorded_afterwards_is_marked(writer: Writer, status: str) -> None:
    deployment = await writer.deployment(status=status)
    assert await writer.approvals("deployment", deployment) == ["skipped"]
    assert await writer.verbs("deployment", deployment) == ["created", "approval_skipped"]


async def test_what_is_approved_goes_its_way_unmarked(writer: Writer) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    await writer.settle("deployment", deployment, "approved")
    await writer.settle("maintenance", request, "approved")
    for status in ("in_progress", "success", "rolled_back"):
        await writer.run("UPDATE deployments SET status = $1", status)
    for status in ("in_progress", "completed", "open", "in_progress"):
        await writer.run("UPDATE maintenance_requests SET status = $1", status)
    assert await writer.approvals("deployment", deployment) == ["approved"]
    assert await writer.approvals("maintenance", request) == ["approved"], "reopened, it is approved already"


async def test_a_change_together_with_the_start_does_not_use_the_old_approval(writer: Writer) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    await writer.settle("deployment", deployment, "approved")
    await writer.settle("maintenance", request, "approved")
    await writer.run("UPDATE deployments SET status = 'in_progress', version = 'v9'")
    await writer.run("UPDATE maintenance_requests SET status = 'in_progress', title = 'Quite another'")
    assert await writer.approvals("deployment", deployment) == ["void", "skipped"]
    assert await writer.approvals("maintenance", request) == ["void", "skipped"]


async def test_a_deployments_version_rewritten_afterwards_was_not_approved(writer: Writer) -> None:
    deployment = await writer.deployment()
    await writer.settle("deployment", deployment, "approved")
    await writer.run("UPDATE deployments SET status = 'in_progress'")
    await writer.run("UPDATE deployments SET version = 'v9'")
    assert await writer.approvals("deployment", deployment) == ["void", "skipped"]


async def test_a_request_edited_while_it_is_worked_on_keeps_its_approval_until_it_is_open_again(writer: Writer) -> None:
    request = await writer.request()
    await writer.settle("maintenance", request, "approved")
    await writer.run("UPDATE maintenance_requests SET status = 'in_progress'")
    await writer.run("UPDATE maintenance_requests SET title = 'Two disks'")
    assert await writer.approvals("maintenance", request) == ["approved"]
    await writer.run("UPDATE maintenance_requests SET status = 'open'")
    assert await writer.approvals("maintenance", request) == ["void", "pending"]


async def test_cancelled_and_opened_again(writer: Writer) -> None:
    request, rejected = await writer.request(), await writer.request()
    await writer.settle("maintenance", rejected, "rejected")
    await writer.run("UPDATE maintenance_requests SET status = 'cancelled'")
    assert await writer.approvals("maintenance", request) == ["void"]
    assert await writer.approvals("maintenance", rejected) == ["rejected"]
    await writer.run("UPDATE maintenance_requests SET status = 'open'")
    assert await writer.approvals("maintenance", request) == ["void", "pending"]
    assert await writer.approvals("maintenance", rejected) == ["rejected", "pending"]


async def test_deleting_leaves_nothing_to_decide(writer: Writer) -> None:
    deployment, request = await writer.deployment(), await writer.request()
    await writer.run("DELETE FROM projects WHERE id = $1", SHOP)
    await writer.run("DELETE FROM users WHERE id = $1", UMA)
    assert await writer.approvals("deployment", deployment) == ["void"]
    assert await writer.approvals("maintenance", request) == ["void"]
    assert (await writer.verbs("deployment", deployment))[-1] == "deleted"
    assert await writer.owner.fetchval("SELECT count(*) FROM techops.activity WHERE verb = 'approval_voided'") == 0


async def test_a_project_with_a_policy_of_its_own_can_be_deleted(writer: Writer) -> None:
    await writer.policy("deployment", "production", SHOP, 2)
    await writer.run("DELETE FROM projects WHERE id = $1", SHOP)
    assert await writer.owner.fetchval("SELECT count(*) FROM techops.approval_policies") == 2


async def test_whose_own_it_is(writer: Writer) -> None:
    await writer.run("SELECT set_config('app.current_user_id', '2', false)")
    deployment, request = await writer.deployment(by=EVA), await writer.request(by=UMA)
    await writer.run("SELECT set_config('app.on_behalf_of', '4', false)")
    for_uma = await writer.deployment()
    await writer.run("SELECT set_config('app.current_user_id', '3', false), set_config('app.on_behalf_of', '', false)")
    await writer.run("UPDATE deployments SET version = 'v2'")
    await writer.run("UPDATE maintenance_requests SET title = 'Another', requested_by = 1")
    for subject, people in (
        (("deployment", deployment), (ERIK, None)),
        (("deployment", for_uma), (ERIK, UMA)),
        (("maintenance", request), (UMA, ERIK)),
    ):
        assert len(await writer.approvals(*subject)) == 2
        approval = await writer.latest(*subject)
        assert (approval["requested_by"], approval["on_behalf_of"]) == people, "a change makes it nobody else's"


async def test_a_deployment_that_an_edit_makes_need_approval_is_its_makers_and_the_editors(writer: Writer) -> None:
    await writer.run("SELECT set_config('app.current_user_id', '2', false)")
    deployment = await writer.deployment("staging")
    await writer.run("SELECT set_config('app.current_user_id', '3', false)")
    await writer.run("UPDATE deployments SET environment = 'production'")
    approval = await writer.latest("deployment", deployment)
    assert (approval["requested_by"], approval["on_behalf_of"]) == (ERIK, EVA)


async def test_who_is_named_in_it_counts_where_the_writer_is_unknown(writer: Writer) -> None:
    deployment = await writer.deployment(by=EVA)
    assert (await writer.latest("deployment", deployment))["requested_by"] == EVA


@pytest.mark.parametrize("nonsense", ["", "nobody", "-1", "1.5", "9" * 9, "9" * 40, "1; DROP TABLE users", "\u0663"])
async def test_any_setting_is_survived(writer: Writer, nonsense: str) -> None:
    await writer.run("SELECT set_config('app.on_behalf_of', $1, false)", nonsense)
    deployment = await writer.deployment()
    await writer.run("UPDATE deployments SET version = 'v2'")
    approval = await writer.latest("deployment", deployment)
    assert (approval["status"], approval["on_behalf_of"]) == ("pending", None)


async def test_a_status_of_nobodys_rules_is_survived(writer: Writer) -> None:
    await writer.owner.execute("ALTER TABLE deployments DROP CONSTRAINT chk_deployments_status")
    await writer.owner.execute("ALTER TABLE maintenance_requests DROP CONSTRAINT chk_maintenance_requests_priority")
    unknown, none = await writer.deployment(status="waiting"), await writer.deployment(status=None)
    assert await writer.approvals("deployment", unknown) == ["skipped"]
    assert await writer.approvals("deployment", none) == ["pending"]
    odd = await writer.request("urgent")
    await writer.run("UPDATE maintenance_requests SET priority = NULL")
    assert await writer.approvals("maintenance", odd) == []


async def test_nothing_that_is_rolled_back_stays(writer: Writer) -> None:
    async with asyncio.timeout(5):
        transaction = writer.connection.transaction()
        await transaction.start()
        deployment = await writer.deployment()
        await transaction.rollback()
    assert await writer.approvals("deployment", deployment) == []


async def test_who_waits_over_http_is_woken(writer: Writer, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    heard: list[dict[str, object]] = []
    async with connected(database.dsn) as listener:
        await listener.add_listener("techops_subject", lambda *told: heard.append(json.loads(told[3])))
        deployment, request = await writer.deployment(), await writer.request()
        await writer.settle("deployment", deployment, "approved")
        await writer.run("UPDATE deployments SET status = 'in_progress'")
        async with asyncio.timeout(5):
            while len(heard) < 4:
                await listener.fetchval("SELECT 1")
    deployment_changed: dict[str, object] = {"kind": "deployment", "id": deployment}
    assert heard == [deployment_changed, {"kind": "maintenance", "id": request}, deployment_changed, deployment_changed]


async def test_every_change_is_announced_once(writer: Writer) -> None:
    await writer.run("BEGIN")
    await writer.deployment()
    await writer.run("UPDATE deployments SET version = 'v2'")
    await writer.run("COMMIT")
    assert await writer.owner.fetchval("SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'announce'") == 1


async def test_policies_are_in_the_activity(writer: Writer) -> None:
    await writer.policy("deployment", "staging", None, 1)
    await writer.owner.execute("UPDATE techops.approval_policies SET required = 2 WHERE match = 'staging'")
    await writer.owner.execute("DELETE FROM techops.approval_policies WHERE match = 'staging'")
    rows = await writer.owner.fetch(
        "SELECT verb, old, new FROM techops.activity WHERE subject_kind = 'policy' ORDER BY id"
    )
    assert [row["verb"] for row in rows] == ["created", "edited", "deleted"]
    assert json.loads(rows[1]["new"]) == {"required": 2}
