"""Maintenance requests over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.conftest import Client
from tests.fixtures.bot import RunningBot

DISK: dict[str, Any] = {"title": "Disk almost full", "description": "92 % on db-1"}


async def test_a_request_is_raised_and_read(bot: RunningBot, api: Client) -> None:
    due = datetime(2999, 1, 2, 3, 4, tzinfo=UTC)
    body = DISK | {"project": "web app", "priority": "high", "due_at": "2999-01-02T05:04:00+02:00"}
    made = await api.post("/maintenance-requests", body)
    assert made.status == 201
    assert made.body["label"] == f"MR-{made.body['id']}"
    assert (made.body["project"], made.body["priority"], made.body["status"]) == ("Web App", "high", "open")
    assert datetime.fromisoformat(made.body["due_at"]) == due
    assert made.body["requested_by"] == "Erik Engineer"
    shown = await api.get(made.headers["Location"].removeprefix("/api/v1"))
    assert shown.body == made.body
    card = await bot.card(made.body["id"])
    assert "Disk almost full" in str(card.blocks)


async def test_a_critical_one_waits_for_approval(api: Client) -> None:
    made = await api.post("/maintenance-requests", DISK | {"priority": "critical"})
    assert (made.status, made.body["approval"]) == (201, "pending")


async def test_a_key_makes_one(api: Client) -> None:
    body = DISK | {"idempotency_key": "alert-1"}
    first, again = await api.post("/maintenance-requests", body), await api.post("/maintenance-requests", body)
    assert (first.status, again.status) == (201, 200)
    assert first.body["id"] == again.body["id"]
    assert (await api.post("/maintenance-requests", body | {"title": "Other"})).status == 409
    crossed = await api.post(
        "/deployments", {"project": 2, "version": "1", "environment": "dev"} | {"idempotency_key": "alert-1"}
    )
    assert crossed.status == 409


async def test_fields_at_fault_are_named(api: Client) -> None:
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    for field, value in (
        ("title", "t" * 256), ("title", " "), ("title", None), ("description", ""), ("description", "d" * 3001),
        ("priority", "urgent"), ("project", "Old"), ("project", "Nothing"), ("due_at", past),
        ("due_at", "9999-12-31T23:59:59Z"), ("due_at", "tomorrow"), ("assignee", "eva@example.com"),
    ):  # fmt: skip
        answer = await api.post("/maintenance-requests", DISK | {field: value})
        assert (answer.status, answer.field) == (422, field), (field, value, answer)
    for missing in ("4711", "x", "9" * 30):
        assert (await api.get(f"/maintenance-requests/{missing}")).status == 404
