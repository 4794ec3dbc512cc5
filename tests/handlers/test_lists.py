"""Lists by page and filter, searches, and buttons whose values nobody has to believe."""

import base64
import json
import re

import pytest

from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import EVA, Insert, Snapshot, labels, told, whispered

FILL = """
INSERT INTO maintenance_requests
    (title, description, requested_by, assigned_to, project_id, priority, status, due_date, created_at)
SELECT 'Disk ' || n, CASE WHEN n % 5 = 0 THEN 'Printer on fire' ELSE 'No space left' END, 1,
    CASE n % 3 WHEN 1 THEN 2 WHEN 2 THEN 3 END, 1 + n % 2, CASE WHEN n % 4 = 0 THEN 'high' ELSE 'medium' END,
    (ARRAY['open', 'in_progress', 'completed', 'cancelled'])[1 + n % 4],
    CASE WHEN n % 2 = 0 THEN now()::timestamp + (n - 20) * interval '1 day' END, now()::timestamp
FROM generate_series(1, 60) AS n
"""
FILLED = {number: number for number in range(1, 61)}


@pytest.fixture
async def sixty(bot: RunningBot) -> None:
    await bot.fetch("SELECT set_config('app.announce', 'off', false)")
    await bot.fetch("ALTER TABLE maintenance_requests DISABLE TRIGGER techops_record_insert")
    await bot.fetch(FILL)
    await bot.fetch("ALTER TABLE maintenance_requests ENABLE TRIGGER techops_record_insert")


def numbers(message: Message) -> list[int]:
    """The requests of a list, in its order."""
    return [int(found) for found in re.findall(r"'text': 'MR-(\d+)', 'style': {'bold'", str(message.blocks))]


def is_open(number: int) -> bool:
    return number % 4 in {0, 1}


def by_due(wanted: list[int]) -> list[int]:
    """Even requests are due, in the order of their numbers; the others follow."""
    return sorted(wanted, key=lambda number: (number % 2, number))


async def first(bot: RunningBot, text: str) -> Message:
    answer = await bot.eva.slash("maintenance", f"list {text}")
    assert answer.ok
    return answer.messages[0]


async def test_pages_there_and_back(bot: RunningBot, sixty: None) -> None:
    message = await first(bot, "")
    expected = by_due([number for number in FILLED if is_open(number)])
    assert labels(message) == ["Next"]
    assert numbers(message) == expected[:10]
    seen = [numbers(message)]
    while "Next" in labels(message):
        await bot.eva.click(message, "maintenance.list_next")
        seen.append(numbers(message))
    assert [number for page in seen for number in page] == expected
    assert labels(message) == ["Previous"]
    back = [numbers(message)]
    while "Previous" in labels(message):
        await bot.eva.click(message, "maintenance.list_previous")
        back.append(numbers(message))
    assert back == seen[::-1]
    assert len(bot.eva.ephemerals("general")) == 1, "each page takes the place of the one before"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", sorted(FILLED, reverse=True)),
        ("overdue", by_due([n for n in FILLED if is_open(n) and n % 2 == 0 and n <= 20])),
        ("unassigned", by_due([n for n in FILLED if is_open(n) and n % 3 == 0])),
        ("mine", by_due([n for n in FILLED if is_open(n) and n % 3 == 2])),
        ("mine status:completed", [n for n in sorted(FILLED, reverse=True) if n % 4 == 2 and n % 3 == 2]),
        ("status:in-progress", [n for n in sorted(FILLED, reverse=True) if n % 4 == 1]),
        ("open status:completed", []),
        ("assignee:me", by_due([n for n in FILLED if is_open(n) and n % 3 == 2])),
        ("assignee:@erik all", [n for n in sorted(FILLED, reverse=True) if n % 3 == 1]),
        ('project:"Web App" all priority:high', [n for n in sorted(FILLED, reverse=True) if n % 2 == 1 and n % 4 == 0]),
        ("priority:high", by_due([n for n in FILLED if is_open(n) and n % 4 == 0])),
        ("project:#2 open", by_due([n for n in FILLED if is_open(n) and n % 2 == 1])),
    ],
)
async def test_filters_hold_on_every_page(bot: RunningBot, sixty: None, text: str, expected: list[int]) -> None:
    message = await first(bot, text)
    seen = numbers(message)
    while "Next" in labels(message):
        await bot.eva.click(message, "maintenance.list_next")
        seen += numbers(message)
    assert seen == expected


async def test_the_heading_names_what_the_list_is_narrowed_to(bot: RunningBot, sixty: None) -> None:
    narrowed = await first(bot, "mine status:open assignee:@erik priority:high")
    assert "My requests, high priority, open, assigned to Erik Engineer: no request" in narrowed.text
    message = await first(bot, 'all project:"web app" priority:medium')
    heading = "All requests, project Web App, medium priority"
    assert message.blocks[0]["text"]["text"] == heading
    await bot.fetch("UPDATE projects SET name = 'Website' WHERE id = 2")
    await bot.eva.click(message, "maintenance.list_next")
    assert message.blocks[0]["text"]["text"] == heading.replace("Web App", "Website")


async def test_an_overdue_request_says_so(bot: RunningBot, insert: Insert) -> None:
    await insert(due_date="2020-01-01 10:00")
    await insert(due_date="2030-01-01 10:00")
    message = await first(bot, "")
    assert str(message.blocks).count("Overdue since") == 1


async def test_due_dates_that_no_calendar_holds(bot: RunningBot, insert: Insert) -> None:
    for due_date in ("infinity", "-infinity", "20260-01-01", "0044-03-15 BC", "2030-01-01"):
        await insert(due_date=due_date)
    assert sorted(numbers(await first(bot, ""))) == [1, 2, 3, 4, 5]
    assert sorted(numbers(await first(bot, "overdue"))) == [2, 4]
    for number in range(1, 6):
        assert f"MR-{number}" in await told(bot.eva, "maintenance", f"show {number}")


async def test_search(bot: RunningBot, sixty: None) -> None:
    answer = await bot.uma.slash("maintenance", "search FIRE printer")
    assert numbers(answer.messages[0]) == [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5]
    many = await bot.uma.slash("maintenance", "search disk")
    assert "More than 20 requests" in many.text
    assert len(numbers(many.messages[0])) == 20
    for words in ("100%", "disk_1", "nothing at all", "\\"):
        assert "No request contains" in await told(bot.uma, "maintenance", f"search {words}"), words
    assert "6 requests found" in await told(bot.uma, "maintenance", "search “7 disk”")


def token(parts: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


OPEN = token(["open", None, None, None, None])
PLACE = token(["2026-11-22T10:00:00", 5, False])


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "[]",
        "[1, 2]",
        json.dumps([OPEN]),
        json.dumps([OPEN, "x"]),
        json.dumps(["é", PLACE]),
        json.dumps([OPEN, token(["2026-11-22T10:00:00+00:00", 5, False])]),
        json.dumps([OPEN, token(["yesterday", 5, False])]),
        json.dumps([OPEN, token([None, 2**40, False])]),
        json.dumps([OPEN, token([None, "5", False])]),
        json.dumps([OPEN, token([None, True, False])]),
        json.dumps([OPEN, token([None, 5, "no"])]),
        json.dumps([token(["secret", None, None, None, None]), PLACE]),
        json.dumps([token(["open", "1 OR true", None, None, None]), PLACE]),
        json.dumps([token(["open", None, "urgent", None, None]), PLACE]),
        json.dumps([token(["open", None, None, ["open"], None]), PLACE]),
        "[" * 2000,
    ],
)
async def test_a_forged_page_is_refused(bot: RunningBot, sixty: None, snapshot: Snapshot, value: str) -> None:
    message = await first(bot, "")
    before = await snapshot()
    await bot.eva.click(message, "maintenance.list_next", value=value)
    assert "Please type the command again" in whispered(bot.eva, "general")
    assert await snapshot() == before


async def test_a_well_formed_page_of_ones_own_making_shows_what_a_command_would(bot: RunningBot, sixty: None) -> None:
    message = await first(bot, "")
    value = json.dumps([token(["mine", 77, None, None, 999]), token([None, 5, True])])
    await bot.uma.click(message, "maintenance.list_next", value=value)
    assert "no request is on this list" in message.text


async def test_long_lists_of_an_overview_are_cut(bot: RunningBot, sixty: None) -> None:
    answer = await bot.ada.slash("maintenance")
    assert "You have 30 open requests, and nothing waits for you" in answer.text
    assert "and 25 more" in str(answer.messages[0].blocks)
    [row] = await bot.fetch("SELECT count(*) AS n FROM maintenance_requests WHERE assigned_to = $1", EVA)
    assert row["n"] == 20
