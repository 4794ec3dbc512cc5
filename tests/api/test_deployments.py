"""Deployments over HTTP: made, moved on, read, listed; refusals name what is wrong."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.api.conftest import PRODUCTION, STAGING, Client, new_token
from tests.fixtures.bot import RunningBot

FREEZE = """
INSERT INTO techops.freezes (environment, starts_at, ends_at, tz, reason)
VALUES ('staging', now() - interval '1 hour', now() + interval '1 hour', 'UTC', 'Black Friday')
"""
APPROVE = "UPDATE techops.approvals SET status = 'approved', decided_at = now() WHERE subject_id = $1"


async def test_a_deployment_is_asked_for_started_and_finished(bot: RunningBot, api: Client) -> None:
    made = await api.post("/deployments", STAGING | {"notes": "Two fixes"})
    assert made.status == 201
    number = made.body["id"]
    assert made.headers["Location"] == f"/api/v1/deployments/{number}"
    assert (made.body["status"], made.body["approval"], made.body["requested_by"]) == (
        "pending",
        "none",
        "Erik Engineer",
    )
    started = await api.patch(f"/deployments/{number}", {"status": "in_progress"})
    assert (started.status, started.body["status"], started.body["deployed_by"]) == (
        200,
        "in_progress",
        "Erik Engineer",
    )
    ended = await api.patch(f"/deployments/{number}", {"status": "success", "duration": 90, "notes": "All well"})
    assert (ended.body["status"], ended.body["duration"]) == ("success", 90)
    assert "All well" in ended.body["notes"]
    assert (await api.get(f"/deployments/{number}")).body == ended.body
    back = await api.patch(f"/deployments/{number}", {"status": "rolled_back", "notes": "Checkout fails"})
    assert back.body["status"] == "rolled_back"
    rows = await bot.fetch("SELECT DISTINCT source, actor_id FROM techops.activity WHERE subject_kind = 'deployment'")
    assert rows == [{"source": "api", "actor_id": 2}]


async def test_what_has_happened_is_recorded(api: Client) -> None:
    at = datetime.now(UTC) - timedelta(hours=3)
    body = STAGING | {"status": "success", "duration": 61, "deployed_at": at.isoformat()}
    made = await api.post("/deployments", body)
    assert (made.status, made.body["status"], made.body["duration"]) == (201, "success", 61)
    assert abs(datetime.fromisoformat(made.body["deployed_at"]) - at) < timedelta(seconds=1)


async def test_projects_by_name_and_number_environments_by_alias(api: Client) -> None:
    for project in ("web app", 2, "#2"):
        answer = await api.post("/deployments", {"project": project, "version": "1", "environment": "STAGE"})
        assert (answer.status, answer.body["project"], answer.body["environment"]) == (201, "Web App", "staging")
    assert (await api.post("/deployments", STAGING | {"environment": "dev"})).body["environment"] == "development"


async def test_projects_that_cannot_be_meant(bot: RunningBot, api: Client) -> None:
    near = await api.post("/deployments", STAGING | {"project": "Web Ap"})
    assert (near.status, near.field) == (422, "project")
    assert "Web App" in near.detail
    archived = await api.post("/deployments", STAGING | {"project": "Old"})
    assert (archived.status, archived.field) == (422, "project")
    await bot.fetch("INSERT INTO projects (name) VALUES ('web app')")
    several = await api.post("/deployments", STAGING)
    assert (several.status, several.field) == (422, "project")
    assert "#2" in several.detail
    assert "#4" in several.detail
    assert (await api.get("/deployments?project=Nothing")).field == "project"


async def test_an_unapproved_deployment_is_not_started(bot: RunningBot, api: Client) -> None:
    made = await api.post("/deployments", PRODUCTION)
    assert (made.status, made.body["approval"], made.body["approval_detail"]["required"]) == (201, "pending", 1)
    refused = await api.patch(f"/deployments/{made.body['id']}", {"status": "in_progress"})
    assert refused.status == 409
    assert "approved" in refused.detail
    await bot.fetch(APPROVE, made.body["id"])
    assert (await api.get(f"/deployments/{made.body['id']}")).body["approval"] == "approved"
    assert (await api.patch(f"/deployments/{made.body['id']}", {"status": "in_progress"})).status == 200


async def test_recording_past_the_approval_is_marked(api: Client) -> None:
    made = await api.post("/deployments", PRODUCTION | {"status": "success"})
    assert (made.status, made.body["approval"], made.body["without_approval"]) == (201, "none", True)


async def test_a_frozen_environment_says_why_and_until_when(bot: RunningBot, api: Client) -> None:
    number = await api.made(STAGING)
    await bot.fetch(FREEZE)
    until = (await bot.fetch("SELECT to_char(ends_at, 'YYYY-MM-DD') AS day FROM techops.freezes"))[0]["day"]
    for refused in (
        await api.post("/deployments", STAGING),
        await api.patch(f"/deployments/{number}", {"status": "in_progress"}),
    ):
        assert refused.status == 409
        assert "Black Friday" in refused.detail
        assert until in refused.detail
    assert (await api.post("/deployments", STAGING | {"status": "success"})).status == 201


async def test_states_that_do_not_follow_are_refused(api: Client) -> None:
    number = await api.made(STAGING)
    for status in ("success", "failed", "rolled_back"):
        refused = await api.patch(f"/deployments/{number}", {"status": status})
        assert refused.status == 409, status
    assert (await api.patch(f"/deployments/{number}", {"status": "pending"})).field == "status"
    for missing in ("4711", "abc", "0", "9" * 20, "-1"):
        assert (await api.patch(f"/deployments/{missing}", {"status": "success"})).status == 404
        assert (await api.get(f"/deployments/{missing}")).status == 404
        assert (await api.get(f"/deployments/{missing}?wait=1")).status == 404


async def test_every_field_at_fault_is_named(api: Client) -> None:
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for field, value in (
        ("version", "v" * 101), ("version", ""), ("version", 7), ("version", None), ("version", "a\u202eb"),
        ("version", "a\x00b"), ("environment", "moon"), ("environment", 3), ("status", "done"), ("status", None),
        ("duration", -1), ("duration", 1.5), ("duration", "90"), ("duration", True), ("duration", 10**20),
        ("notes", "x" * 2001), ("notes", []), ("deployed_at", "soon"), ("deployed_at", "2026-01-01T10:00:00"),
        ("deployed_at", future), ("deployed_at", "0001-01-01T00:00:00Z"), ("project", None), ("project", 0),
        ("project", True), ("project", 2**40), ("project", ""), ("project", {}), ("idempotency_key", ""),
        ("idempotency_key", "a\nb"), ("idempotency_key", "k" * 201), ("on_behalf_of", "nobody@example.com"),
        ("verison", "v1"), ("id", 7),
    ):  # fmt: skip
        answer = await api.post("/deployments", STAGING | {field: value})
        assert (answer.status, answer.field) == (422, field), (field, value, answer)
        assert answer.body["errors"][0]["field"] == field
    for field in STAGING:
        answer = await api.post("/deployments", {name: value for name, value in STAGING.items() if name != field})
        assert (answer.status, answer.field) == (422, field)
    near = await api.post("/deployments", STAGING | {"verison": "v1"})
    assert "version" in near.detail
    assert (await api.get("/deployments")).body["items"] == []


async def test_the_list_is_read_page_by_page(bot: RunningBot, api: Client) -> None:
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status) "
        "SELECT 2, 'v' || n, CASE n % 2 WHEN 0 THEN 'staging' ELSE 'development' END, 'success' "
        "FROM generate_series(1, 120) AS n"
    )
    await api.made(STAGING | {"project": "E-commerce Platform"})
    seen: list[int] = []
    path = "/deployments?project=web+app&environment=stage&status=success"
    page = await api.get(path)
    while True:
        seen += [item["id"] for item in page.body["items"]]
        assert {item["environment"] for item in page.body["items"]} == {"staging"}
        if page.body["next_cursor"] is None:
            break
        page = await api.get(f"{path}&cursor={page.body['next_cursor']}")
    assert len(seen) == 60
    assert seen == sorted(set(seen), reverse=True)
    for query in (
        "cursor=x",
        "cursor=%00",
        "status=done",
        "environment=moon",
        "colour=red",
        "status=failed&status=failed",
    ):
        answer = await api.get(f"/deployments?{query}")
        assert (answer.status, answer.field) == (422, query.split("=")[0]), query


async def test_the_same_key_again_is_the_same_deployment(bot: RunningBot, api: Client) -> None:
    body = STAGING | {"idempotency_key": "build-1"}
    first = await api.post("/deployments", body)
    again = await api.post("/deployments", body)
    by_header = await api.post("/deployments", STAGING, headers={"Idempotency-Key": "build-1"})
    assert (first.status, again.status, by_header.status) == (201, 200, 200)
    assert first.body["id"] == again.body["id"] == by_header.body["id"]
    other = await api.post("/deployments", body | {"version": "v2"})
    assert other.status == 409
    assert "build-1" in other.detail
    differing = await api.post("/deployments", body, headers={"Idempotency-Key": "build-2"})
    assert (differing.status, differing.field) == (422, "idempotency_key")
    api.token = await new_token(bot, "eva@example.com")
    assert (await api.post("/deployments", body)).status == 201


async def test_a_key_holds_when_the_environment_was_frozen_since(bot: RunningBot, api: Client) -> None:
    body = STAGING | {"idempotency_key": "k"}
    number = await api.made(body)
    await bot.fetch(FREEZE)
    again = await api.post("/deployments", body)
    assert (again.status, again.body["id"]) == (200, number)
    refused = await api.post("/deployments", body | {"idempotency_key": "l"})
    assert refused.status == 409
    await bot.fetch("UPDATE techops.freezes SET lifted_at = now()")
    assert (await api.post("/deployments", body | {"idempotency_key": "l"})).status == 201
    await bot.fetch("DELETE FROM deployments WHERE id = $1", number)
    assert (await api.post("/deployments", body)).status == 404


async def test_a_key_makes_a_change_repeatable(api: Client) -> None:
    number = await api.made(STAGING)
    body = {"status": "in_progress", "idempotency_key": "start"}
    assert (await api.patch(f"/deployments/{number}", body)).status == 200
    assert (await api.patch(f"/deployments/{number}", body)).body["status"] == "in_progress"
    assert (await api.patch(f"/deployments/{number}", {"status": "in_progress"})).status == 409


async def test_twelve_at_once_with_one_key_make_one(bot: RunningBot, api: Client) -> None:
    body = PRODUCTION | {"idempotency_key": "same"}
    answers = await asyncio.gather(*(api.post("/deployments", body) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] * 11 + [201]
    assert len({answer.body["id"] for answer in answers}) == 1
    assert (await bot.fetch("SELECT count(*) AS n FROM deployments"))[0]["n"] == 1
    assert (await bot.fetch("SELECT count(*) AS n FROM techops.approvals"))[0]["n"] == 1


async def test_for_whom_a_program_acts_is_kept_with_the_approval(bot: RunningBot, api: Client) -> None:
    await api.made(PRODUCTION | {"on_behalf_of": "EVA@example.com"})
    [row] = await bot.fetch("SELECT requested_by, on_behalf_of FROM techops.approvals")
    assert row == {"requested_by": 2, "on_behalf_of": 3}
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 3")
    refused = await api.post("/deployments", PRODUCTION | {"on_behalf_of": "eva@example.com"})
    assert (refused.status, refused.field) == (422, "on_behalf_of")
