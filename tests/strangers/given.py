"""Rows to act on, fresh for each act, so that what is refused would have gone through for somebody else."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.auth import Actor
from bot.context import Act
from bot.rules import accounts as account_rules
from bot.rules import audit as audit_rules
from bot.rules import projects as project_rules
from bot.rules.deploy_forms import DeployPlace, DeployView, TakeOver, page_value, take_over_value
from bot.rules.forms import seen
from bot.rules.maintenance import Scope
from bot.rules.pages import ListView, Place, ReportView, list_token, pack, place_token, report_token
from bot.rules.when import Period
from bot.services import links, project_lists
from bot.services.care import runs
from db.models import Environment
from db.queries import requests
from tests.strangers.house import MEMBERS, SLACK_IDS, USER_IDS, House

Given = dict[str, Any]
INSERT_REQUEST = """
INSERT INTO maintenance_requests (title, description, requested_by, assigned_to, priority, status, due_date)
VALUES ($1, 'Somebody has to look.', $2, $3, $4, $5, $6) RETURNING id
"""
INSERT_PROJECT = "INSERT INTO projects (name, status) VALUES ($1, 'active') RETURNING id"
INSERT_DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, status) VALUES ($1, 'v1', $2, $3) RETURNING id
"""
ASKED_BY = """
WITH it AS (SELECT set_config('app.current_user_id', $1, false))
SELECT count(*) FROM it
"""
LATEST_APPROVAL = """
SELECT id FROM techops.approvals WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1
"""
INSERT_LOG = """
INSERT INTO maintenance_work_logs (maintenance_request_id, user_id, work_description, hours_spent, work_date)
VALUES ($1, $2, 'Looked', 0.01, current_date) RETURNING id
"""
INSERT_LOCK = """
INSERT INTO techops.deployment_locks (project_id, environment, holder_id, reason, taken_at)
VALUES ($1, 'staging', $2, 'Tests', now()) RETURNING id
"""
INSERT_FREEZE = """
INSERT INTO techops.freezes (environment, starts_at, ends_at, tz, reason)
VALUES ('staging', now() + interval '50 days', now() + interval '51 days', 'UTC', 'Holidays') RETURNING id
"""
INSERT_SUBSCRIPTION = """
INSERT INTO techops.subscriptions (channel_id, kind, project_id, created_by, created_at)
VALUES ('C0DEPLOY', 'maintenance', $1, $2, now()) RETURNING id
"""


INSERT_ACCOUNT = """
INSERT INTO users (email, name, password_hash, role) VALUES ($1, 'Somebody', 'x', 'engineer') RETURNING id
"""
TIES = [(USER_IDS[who], SLACK_IDS[who]) for who in MEMBERS]
TIE = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)
SELECT 'T0SANDBOX', slack_user_id, user_id, slack_user_id, 'UTC'
FROM unnest($1::integer[], $2::text[]) AS tie(user_id, slack_user_id) ON CONFLICT DO NOTHING RETURNING user_id
"""


async def a_request(house: House, by: str, **columns: Any) -> int:
    """A request raised by somebody."""
    given: Given = {"assigned_to": None, "priority": "low", "status": "open", "due_date": None} | columns
    await house.value(ASKED_BY, str(USER_IDS[by]))
    title = f"Fan {house.next()}"
    return int(await house.value(INSERT_REQUEST, title, USER_IDS[by], *given.values()))


async def a_deployment(house: House, by: str, status: str = "pending", environment: str = "staging") -> Given:
    """A deployment of a project of its own, asked for by somebody."""
    name = f"Shop {house.next()}"
    await house.value(ASKED_BY, str(USER_IDS[by]))
    project_id = await house.value(INSERT_PROJECT, name)
    number = await house.value(INSERT_DEPLOYMENT, project_id, environment, status)
    return {"id": number, "project": name, "project_id": project_id}


async def nothing(house: House, by: str) -> Given:
    del by
    return {"n": house.next()}


async def open_request(house: House, by: str) -> Given:
    number = await a_request(house, by)
    async with house.bot.deps.pool.acquire() as conn:
        fingerprint = seen(await requests.get_request(conn, number))
    return {"id": number, "seen": fingerprint}


async def started_request(house: House, by: str) -> Given:
    return {"id": await a_request(house, by, status="in_progress", assigned_to=2)}


async def done_request(house: House, by: str) -> Given:
    return {"id": await a_request(house, by, status="completed")}


async def due_request(house: House, by: str) -> Given:
    """Of the engineer's, due in three days."""
    due = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=3)
    return {"id": await a_request(house, by, assigned_to=2, due_date=due)}


async def critical_request(house: House, by: str) -> Given:
    number = await a_request(house, by, priority="critical")
    return {"id": number, "approval": await house.value(LATEST_APPROVAL, "maintenance", number)}


async def expired_request(house: House, by: str) -> Given:
    number = await a_request(house, by, priority="critical")
    approval = await house.value(LATEST_APPROVAL, "maintenance", number)
    await house.value(
        "UPDATE techops.approvals SET status = 'expired', decided_at = now() WHERE id = $1 RETURNING id", approval
    )
    return {"id": number, "approval": approval}


async def logged_work(house: House, by: str) -> Given:
    number = await a_request(house, by, status="in_progress")
    return {"id": number, "log": await house.value(INSERT_LOG, number, USER_IDS[by])}


async def pending_deployment(house: House, by: str) -> Given:
    return await a_deployment(house, by)


async def running_deployment(house: House, by: str) -> Given:
    return await a_deployment(house, by, "in_progress")


async def ended_deployment(house: House, by: str) -> Given:
    return await a_deployment(house, by, "success")


async def production_deployment(house: House, by: str) -> Given:
    made = await a_deployment(house, by, environment="production")
    return made | {"approval": await house.value(LATEST_APPROVAL, "deployment", made["id"])}


async def lock(house: House, by: str) -> Given:
    """A lock held by `by`, and the button that takes it over."""
    name = f"Shop {house.next()}"
    project_id = await house.value(INSERT_PROJECT, name)
    await house.value(INSERT_LOCK, project_id, USER_IDS[by])
    take = take_over_value(TakeOver(project_id, Environment.STAGING, USER_IDS[by], "Urgent"))
    return {"project": name, "take": take}


async def project(house: House, by: str) -> Given:
    del by
    name = f"Shop {house.next()}"
    number = await house.value(INSERT_PROJECT, name)
    async with house.bot.deps.pool.acquire() as conn:
        fingerprint = project_rules.seen(await project_lists.get(conn, number))
    return {"project": name, "project_id": number, "seen": fingerprint}


async def archived_project(house: House, by: str) -> Given:
    made = await project(house, by)
    await house.value("UPDATE projects SET status = 'archived' WHERE id = $1 RETURNING id", made["project_id"])
    return made


async def group(house: House, by: str) -> Given:
    """A group, and a project outside of it."""
    name = f"Group {house.next()}"
    number = await house.value("INSERT INTO project_groups (name) VALUES ($1) RETURNING id", name)
    found = await project_lists.group_named(house.bot.deps, name)
    return await project(house, by) | {"group": name, "group_id": number, "mark": project_rules.seen(found)}


async def account(house: House, by: str) -> Given:
    """Somebody's account, with a request that is assigned to them."""
    email = f"somebody{house.next()}@example.com"
    number = await house.value(INSERT_ACCOUNT, email)
    await house.value(INSERT_REQUEST, "Fan", USER_IDS["requester"], number, "low", "open", None)
    return {"id": number, "email": email, "manage": pack([number, "engineer", True]), "by": by}


async def left_account(house: House, by: str) -> Given:
    made = await account(house, by)
    await house.value("UPDATE users SET is_active = false WHERE id = $1 RETURNING id", made["id"])
    return made


async def untied(house: House, by: str) -> Given:
    """Somebody who has untied themselves a moment ago."""
    number, slack_id = USER_IDS[by], SLACK_IDS[by]
    person = Actor(number, by, f"{by}@example.com", "user", "UTC", "T0SANDBOX", slack_id)
    await links.unlink(house.bot.deps, Act(person, "slack"), person)
    return {}


async def tie_again(house: House) -> None:
    """Whoever untied themselves is who they were."""
    await house.value(TIE, *map(list, zip(*TIES, strict=True)))


async def freeze(house: House, by: str) -> Given:
    del by
    return {"id": await house.value(INSERT_FREEZE)}


async def subscription(house: House, by: str) -> Given:
    """Made by `by`, of another channel than that of the tests."""
    made = await project(house, by)
    return {"id": await house.value(INSERT_SUBSCRIPTION, made["project_id"], USER_IDS[by])}


async def care_run(house: House, by: str) -> Given:
    """A run of care that waits."""
    del by
    waiting = await house.value("SELECT id FROM techops.maintenance_runs WHERE status = 'queued'")
    if waiting is None:
        ada = Actor(1, "Ada Admin", "ada@example.com", "admin", "UTC", "T0SANDBOX", "U0ADMIN")
        waiting = (await runs.order(house.bot.deps, Act(ada, "slack"))).id
    return {"id": waiting}


async def no_care_run(house: House, by: str) -> Given:
    del by
    await house.value("UPDATE techops.maintenance_runs SET status = 'cancelled' WHERE status = 'queued' RETURNING id")
    return {}


async def pages(house: House, by: str) -> Given:
    """What the buttons of lists carry."""
    del house, by
    today = datetime.now(UTC).date()
    at = list_token(ListView(Scope.ALL)), place_token(Place(None, 2_000_000_000, backwards=False))
    return {
        "page": f'["{at[0]}", "{at[1]}"]',
        "deploy_page": page_value(DeployView(), DeployPlace(2_000_000_000, backwards=False)),
        "project_page": project_rules.page_value(project_rules.ProjectView()),
        "account_page": account_rules.page_value(account_rules.UserView()),
        "audit_page": audit_rules.page_value(audit_rules.AuditView(), audit_rules.AuditPlace(2**40, backwards=False)),
        "audit": audit_rules.export_value(audit_rules.AuditView()),
        "report": report_token(ReportView(None, None, Period(today, today, "today"))),
    }


GIVEN: dict[str, Callable[[House, str], Awaitable[Given]]] = {
    function.__name__: function
    for function in (
        nothing, open_request, started_request, done_request, due_request, critical_request, expired_request,
        logged_work, pending_deployment, running_deployment, ended_deployment, production_deployment, lock, project,
        archived_project, group, account, left_account, untied, freeze, subscription, care_run, no_care_run, pages,
    )
}  # fmt: skip
