"""The dialogs: what they are filled in with, what they make, and what a second look at the record prevents."""

import json
from typing import Any

import pytest

from sandbox.records import View
from sandbox.state import elements
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, EVA, Insert, Snapshot, told, whispered

ROW = "SELECT * FROM maintenance_requests WHERE id = $1"
LONG = "word " * 700


def initials(view: View) -> dict[str, Any]:
    """What stands in each field of a dialog before anybody types."""
    found = {}
    for block, element in elements(view.blocks):
        given = [value for name, value in element.items() if name.startswith("initial")]
        found[block["block_id"]] = given[0]["value"] if given and isinstance(given[0], dict) else (given or [None])[0]
    return found


async def form(bot: RunningBot, text: str) -> View:
    opened = await bot.erik.slash("maintenance", text)
    assert opened.view is not None, opened
    return opened.view


async def test_a_new_request_is_filled_in_with_what_was_typed(bot: RunningBot) -> None:
    text = 'new project:"web app" “Disk” full priority:high due:2030-07-02 assignee:@eva'
    view = await form(bot, text)
    assert (view.title, view.body["submit"]["text"]) == ("New maintenance request", "Create")
    assert initials(view) == {
        "title": "“Disk” full",
        "description": None,
        "project": "2",
        "priority": "high",
        "due_date": "2030-07-02",
        "due_time": "17:00",
        "assignee": "U0ENG2",
    }
    made = await bot.erik.submit(view, {"Description": "No space & <left>\nat all"})
    assert made.closed
    assert "MR-1" in whispered(bot.erik, "general")
    assert "was created" in whispered(bot.erik, "general")
    [row] = await bot.fetch(ROW, 1)
    assert (row["title"], row["description"]) == ("“Disk” full", "No space & <left>\nat all")
    assert (row["project_id"], row["priority"], row["status"]) == (2, "high", "open")
    assert (row["requested_by"], row["assigned_to"]) == (ERIK, EVA)
    assert row["due_date"].isoformat() == "2030-07-02T21:00:00"
    await bot.until(lambda: len(bot.eva.dms_from_bot()) == 1)


async def test_only_title_and_description_are_needed(bot: RunningBot) -> None:
    view = await form(bot, "new")
    assert initials(view) == dict.fromkeys(initials(view)) | {"priority": "medium"}
    assert sorted((await bot.erik.submit(view)).errors) == ["description", "title"]
    assert (await bot.erik.submit(view, {"Title": "Disk full", "Description": "No space left"})).closed
    [row] = await bot.fetch(ROW, 1)
    assert (row["project_id"], row["assigned_to"], row["due_date"], row["priority"]) == (None, None, None, "medium")


async def test_the_button_new_request(bot: RunningBot) -> None:
    overview = (await bot.uma.slash("maintenance")).messages[0]
    opened = await bot.uma.click(overview, "maintenance.new")
    assert opened.view is not None
    assert opened.view.title == "New maintenance request"


async def test_a_new_request_submitted_twice_is_one(bot: RunningBot) -> None:
    view = await form(bot, "new Disk full")
    made = await bot.erik.submit(view, {"Description": "No space left"}, repeat=5)
    assert [answer.error for answer in made.ack.repeats] == [""] * 5
    assert len(await bot.fetch("SELECT FROM maintenance_requests")) == 1
    await bot.card(1)
    assert len(bot.cards()) == 1


async def test_a_refused_form_can_be_corrected(bot: RunningBot) -> None:
    view = await form(bot, "new Disk full")
    assert "passed" in (await bot.erik.submit(view, {"Description": "x", "Due date": "2020-01-01"})).errors["due_date"]
    assert (await bot.erik.submit(view, {"Due date": "2030-01-01"})).closed
    assert len(await bot.fetch("SELECT FROM maintenance_requests")) == 1


async def test_projects_are_offered_as_one_types(bot: RunningBot) -> None:
    await bot.fetch("INSERT INTO project_groups (name) VALUES ('Shops'), ('100% _odd_')")
    await bot.fetch("INSERT INTO projects (name, group_id) VALUES ('Till', 1), ('Web Shop', 1), ('Odd', 2)")
    await bot.fetch("INSERT INTO projects (name) SELECT 'Many ' || n FROM generate_series(1, 150) AS n")
    view = await form(bot, "new")

    async def offered(query: str) -> list[str]:
        return [option["text"]["text"] for option in await bot.erik.options(view, "maintenance.project", query)]

    assert await offered("shop") == ["None", "Web Shop (Shops)", "Till (Shops)"]
    assert await offered("WEB") == ["None", "Web App", "Web Shop (Shops)"]
    assert await offered("%") == ["None", "Odd (100% _odd_)"]
    assert await offered("old") == ["None"]
    assert len(await offered("")) == 100


async def test_two_projects_of_one_name(bot: RunningBot) -> None:
    await bot.fetch("INSERT INTO project_groups (name) VALUES ('Mobile')")
    await bot.fetch("INSERT INTO projects (name, group_id) VALUES ('web app', 1)")
    answer = await told(bot.erik, "maintenance", 'new project:"Web App"')
    assert "#2 (no group) and #4 (Mobile)" in answer
    assert initials(await form(bot, "new project:#4"))["project"] == "4"
    await bot.fetch("UPDATE projects SET status = 'archived' WHERE id = 4")
    assert initials(await form(bot, 'new project:"Web App"'))["project"] == "2"


async def test_an_edit_changes_what_differs(bot: RunningBot, insert: Insert) -> None:
    number = await insert(assigned_to=ERIK, project_id=3, due_date="2020-05-06 07:08:09")
    view = await form(bot, f"edit {number}")
    assert initials(view) == {
        "title": "Disk full",
        "description": "No space left",
        "project": "3",
        "priority": "medium",
        "due_date": "2020-05-06",
        "due_time": "03:08",
        "assignee": "U0ENG",
    }
    assert (await bot.erik.submit(view, {"Title": "Disk nearly full", "Priority": "low"})).closed
    assert "was saved" in whispered(bot.erik, "general")
    [row] = await bot.fetch(ROW, number)
    assert (row["title"], row["priority"], row["project_id"]) == ("Disk nearly full", "low", 3)
    assert row["due_date"].isoformat() == "2020-05-06T07:08:09", "a date that has passed stays, to the second"
    [change] = await bot.fetch("SELECT new, actor_id FROM techops.activity WHERE verb = 'prioritised'")
    assert change["actor_id"] == ERIK
    assert set(json.loads(change["new"])) == {"title", "priority"}


async def test_an_edit_can_empty_fields(bot: RunningBot, insert: Insert) -> None:
    number = await insert(assigned_to=ERIK, project_id=2, due_date="2030-05-06 07:08")
    view = await form(bot, f"edit {number}")
    await bot.erik.options(view, "maintenance.project", "")
    values = {"Project": "None", "Due date": None, "Due time": None, "Assignee": None}
    assert (await bot.erik.submit(view, values)).closed
    [row] = await bot.fetch(ROW, number)
    assert (row["project_id"], row["due_date"], row["assigned_to"]) == (None, None, None)


async def test_an_edit_without_a_change(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    await bot.fetch("ALTER TABLE maintenance_requests DROP CONSTRAINT chk_maintenance_requests_priority")
    number = await insert("  Disk   full ", description=f" a\r\nb {LONG}", priority="urgent", assigned_to=EVA)
    before = dict(await snapshot())
    view = await form(bot, f"edit {number}")
    assert "description" not in initials(view), "what does not fit is not shown"
    assert (await bot.erik.submit(view)).closed
    assert "stays as it was" in whispered(bot.erik, "general")
    after = dict(await snapshot())
    for snapped in (before, after):
        for table in ("techops.acts", "users", "techops.activity"):
            del snapped[table]
    assert after == before


async def test_a_form_that_shows_what_is_no_longer_so(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    number = await insert()
    view = await form(bot, f"edit {number}")
    await told(bot.eva, "maintenance", f"start {number}")
    assert (await bot.erik.submit(view, {"Title": "Started meanwhile"})).closed, "the form does not show the status"
    view = await form(bot, f"edit {number}")
    await told(bot.eva, "maintenance", f"priority {number} critical")
    before = await snapshot()
    refused = await bot.erik.submit(view, {"Title": "Mine"})
    assert "was edited by somebody else" in refused.errors["title"]
    await told(bot.eva, "maintenance", f"show {number}")
    assert await snapshot() == before
    await told(bot.eva, "maintenance", f"cancel {number}")
    assert "already cancelled" in (await bot.erik.submit(view, {"Title": "Mine"})).errors["title"]


@pytest.mark.parametrize("metadata", ["", "x:y", "1", "99:abc", "1:abc:def", "99999999999999999999:abc"])
async def test_a_form_that_carries_nonsense(bot: RunningBot, insert: Insert, snapshot: Snapshot, metadata: str) -> None:
    number = await insert()
    view = await form(bot, f"edit {number}")
    view.body["private_metadata"] = metadata
    before = await snapshot()
    refused = await bot.erik.submit(view, {"Title": "Other"})
    assert refused.errors["title"]
    assert "fault in the bot" not in refused.errors["title"]
    assert await snapshot() == before


async def test_an_assignee_outside_slack_stays(bot: RunningBot, insert: Insert) -> None:
    await bot.fetch(
        "INSERT INTO users (email, name, password_hash, role) VALUES ('dora@example.com', 'Dora', 'x', 'engineer')"
    )
    number = await insert(requested_by=ADA, assigned_to=4)
    assert (await bot.erik.submit(await form(bot, f"edit {number}"), {"Title": "Other"})).closed
    [row] = await bot.fetch(ROW, number)
    assert (row["title"], row["assigned_to"]) == ("Other", 4)
