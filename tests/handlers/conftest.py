"""Requests to act on, and a look at what an act left in the database."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from sandbox.acts import Person
from sandbox.records import Message
from tests.fixtures.bot import RunningBot

TABLES = (
    "users",
    "maintenance_requests",
    "maintenance_status_history",
    "maintenance_work_logs",
    "techops.comments",
    "techops.activity",
    "techops.acts",
)
INSERT_REQUEST = """
WITH quiet AS (SELECT set_config('app.announce', 'off', true))
INSERT INTO maintenance_requests (title, description, requested_by, assigned_to, project_id, priority, status, due_date)
SELECT $1, $2, $3, $4, $5, $6, $7, $8::text::timestamp FROM quiet RETURNING id
"""

Insert = Callable[..., Awaitable[int]]
Snapshot = Callable[[], Awaitable[Mapping[str, object]]]

ADA, ERIK, EVA = 1, 2, 3


@pytest.fixture
def insert(bot: RunningBot) -> Insert:
    """Insert a request as the dashboard would, without an announcement, and return its id."""

    async def inserted(title: str = "Disk full", **columns: Any) -> int:
        given = {"description": "No space left", "requested_by": ADA, "priority": "medium", "status": "open"} | columns
        order = ("description", "requested_by", "assigned_to", "project_id", "priority", "status", "due_date")
        [row] = await bot.fetch(INSERT_REQUEST, title, *(given.get(column) for column in order))
        return int(row["id"])

    return inserted


@pytest.fixture
def snapshot(bot: RunningBot) -> Snapshot:
    """Everything that an act may change."""

    async def taken() -> Mapping[str, object]:
        return {table: await bot.fetch(f"TABLE {table} ORDER BY 1") for table in TABLES}

    return taken


async def told(person: Person, command: str, text: str) -> str:
    """What a command is answered with, as it is read aloud, blocks included."""
    ack = await person.slash(command, text)
    assert ack.ok, ack
    assert len(ack.messages) == 1, ack
    return f"{ack.text}\n{ack.messages[0].blocks}"


def whispered(person: Person, channel: str = "ops") -> str:
    """The last thing the person alone was told in a channel, blocks included."""
    messages = person.ephemerals(channel)
    return f"{messages[-1].text}\n{messages[-1].blocks}" if messages else ""


def labels(message: Message) -> list[str]:
    """The buttons of a message, then the entries of its menu."""
    elements = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    buttons = [element["text"]["text"] for element in elements if element["type"] == "button"]
    menus = [element["options"] for element in elements if element["type"] == "overflow"]
    return buttons + [option["text"]["text"] for options in menus for option in options]
