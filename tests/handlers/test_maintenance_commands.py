"""Every verb of /maintenance: what it changes, who may, and what it answers."""

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, EVA, Insert, Snapshot, told

ROW = "SELECT status, assigned_to, priority, due_date FROM maintenance_requests WHERE id = $1"
HISTORY = (
    "SELECT old_status, new_status, changed_by, notes FROM maintenance_status_history"
    " WHERE maintenance_request_id = $1 ORDER BY id"
)


async def test_a_life_by_commands(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    assert "is assigned to you now" in await told(bot.erik, "maintenance", f"assign MR-{number} me")
    assert "is in progress now" in await told(bot.erik, "maintenance", f"start {number} on it")
    assert "is assigned to Eva Engineer now" in await told(bot.erik, "maintenance", f"assign @eva #{number}")
    assert "is completed now" in await told(bot.eva, "maintenance", f"complete {number} “new disk”")
    assert "is open again now" in await told(bot.ada, "maintenance", f"reopen mr-{number}")
    assert "is cancelled now" in await told(bot.ada, "maintenance", f"cancel {number} not needed & <gone>")
    [row] = await bot.fetch(ROW, number)
    assert (row["status"], row["assigned_to"]) == ("cancelled", EVA)
    history = [tuple(entry.values()) for entry in await bot.fetch(HISTORY, number)]
    assert history == [
        ("open", "in_progress", ERIK, "on it"),
        ("in_progress", "completed", EVA, "new disk"),
        ("completed", "open", ADA, None),
        ("open", "cancelled", ADA, "not needed & <gone>"),
    ]


async def test_what_is_impossible_says_the_state_and_who_brought_it_there(
    bot: RunningBot, insert: Insert, snapshot: Snapshot
) -> None:
    number = await insert()
    await told(bot.erik, "maintenance", f"start {number}")
    await told(bot.erik, "maintenance", f"complete {number}")
    before = await snapshot()
    for text in (f"complete {number}", f"start {number}", f"cancel {number}"):
        answer = await told(bot.eva, "maintenance", text)
        assert "completed (by Erik Engineer" in answer, text
        assert "reopen" in answer, text
    for text in (f"assign {number} @eva", f"priority {number} low", f"due {number} tomorrow", f"edit {number}"):
        assert "already completed" in await told(bot.eva, "maintenance", text), text
    assert await snapshot() == before


async def test_an_open_request_has_to_be_started_before_it_is_completed(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    answer = await told(bot.erik, "maintenance", f"complete {number}")
    assert f"MR-{number} is open, so you cannot complete it" in answer
    assert f"MR-{number} is already open" in await told(bot.erik, "maintenance", f"reopen {number}")


async def test_what_is_so_already_is_said_and_changes_nothing(
    bot: RunningBot, insert: Insert, snapshot: Snapshot
) -> None:
    number = await insert()
    await told(bot.erik, "maintenance", f"assign {number} @eva")
    await told(bot.erik, "maintenance", f"priority {number} high")
    await told(bot.erik, "maintenance", f"due {number} 2030-01-02 17:00")
    before = await snapshot()
    answer = await told(bot.erik, "maintenance", f"assign {number} @eva")
    assert "already assigned to Eva Engineer by Erik Engineer" in answer
    assert "already assigned to you" in await told(bot.eva, "maintenance", f"assign {number} me")
    assert "already has priority high" in await told(bot.eva, "maintenance", f"priority high {number}")
    assert "already due 2030-01-02 17:00" in await told(bot.erik, "maintenance", f"due {number} 2030-01-02")
    assert await snapshot() == before


async def test_due_dates_are_meant_in_the_persons_zone(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    assert "is due" in await told(bot.erik, "maintenance", f"due {number} 2030-07-02 17:00")
    [row] = await bot.fetch(ROW, number)
    assert row["due_date"].isoformat() == "2030-07-02T21:00:00"  # New York, on a database in UTC
    await told(bot.eva, "maintenance", f"due {number} 2030-07-02 17:00")
    [row] = await bot.fetch(ROW, number)
    assert row["due_date"].isoformat() == "2030-07-02T11:30:00"  # Kolkata
    assert "has no due date now" in await told(bot.eva, "maintenance", f"due {number} none")
    assert "already has no due date" in await told(bot.eva, "maintenance", f"due none {number}")


async def test_the_requester_may_cancel_and_comment_others_of_that_role_not(
    bot: RunningBot, insert: Insert, snapshot: Snapshot
) -> None:
    await told(bot.uma, "maintenance", "")
    [uma] = await bot.fetch("SELECT id FROM users WHERE email = 'uma@example.com'")
    mine, other = await insert(requested_by=uma["id"]), await insert()
    before = await snapshot()
    for text in (f"cancel {other}", f"comment {other} hello"):
        assert "only its requester, engineers and admins" in await told(bot.uma, "maintenance", text), text
    assert await snapshot() == before
    assert "stands in the thread" in await told(bot.uma, "maintenance", f'comment {mine} still "broken"')
    assert "is cancelled now" in await told(bot.uma, "maintenance", f"cancel {mine}")
    assert "stands in the thread" in await told(bot.eva, "maintenance", f"comment {mine} too bad")
    comments = await bot.fetch("SELECT maintenance_request_id AS r, body FROM techops.comments ORDER BY id")
    assert comments == [{"r": mine, "body": 'still "broken"'}, {"r": mine, "body": "too bad"}]


async def test_verbs_of_engineers_name_the_role_to_others(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    number = await insert()
    await told(bot.uma, "maintenance", "")
    before = await snapshot()
    verbs = ("assign {} me", "start {}", "complete {}", "reopen {}", "priority {} low", "due {} none", "edit {}")
    for text in verbs:
        assert "Only an engineer or an admin" in await told(bot.uma, "maintenance", text.format(number)), text
    assert await snapshot() == before


async def test_show_history_and_overview(bot: RunningBot, insert: Insert) -> None:
    number = await insert("Disk <full> *now*", assigned_to=EVA, project_id=2, due_date="2030-01-02 10:00")
    await told(bot.erik, "maintenance", f"start {number} having a look")
    await told(bot.eva, "maintenance", f"comment {number} thanks")
    await told(bot.eva, "worklog", f"{number} 1h30m removed logs")
    shown = await told(bot.uma, "maintenance", f"show {number}")
    for word in ("is in progress", "Web App", "thanks", "removed logs", "1.5 hours", "Ada Admin", "Disk <full> *now*"):
        assert word in shown, word
    past = await told(bot.uma, "maintenance", f"history {number}")
    for word in (
        "Erik Engineer moved it from open to in progress",
        "having a look",
        "commented",
        "1.5 hours",
        "removed logs",
    ):
        assert word in past, word
    assert "You have 1 open request, and nothing waits for you" in await told(bot.ada, "maintenance", "")
    assert "You have no open requests, and 1 request waits for you" in await told(bot.eva, "maintenance", "")
    assert "no open requests, and nothing waits" in await told(bot.uma, "maintenance", "")


async def test_changes_of_the_dashboard_are_in_the_history(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    await bot.fetch(
        "UPDATE maintenance_requests SET assigned_to = 3, due_date = '2030-01-02 10:00' WHERE id = $1", number
    )
    past = await told(bot.uma, "maintenance", f"history {number}")
    assert f"MR-{number} was assigned to Eva Engineer." in past
    assert "1893578400" in past, "the due date as an instant of the dashboard's zone"


async def test_help_and_near_misses(bot: RunningBot) -> None:
    for command in ("maintenance", "worklog"):
        answer = await told(bot.uma, command, "help")
        for word in ("Example", "list", "engineers and admins"):
            assert word in answer, (command, word)
    assert "Did you mean `/maintenance assign`" in await told(bot.erik, "maintenance", "asign 42 me")
    assert "Did you mean `/worklog report`" in await told(bot.erik, "worklog", "repotr all")


async def test_people_without_slack_can_be_shown_but_not_mentioned(bot: RunningBot, insert: Insert) -> None:
    await bot.fetch("INSERT INTO users (email, name, password_hash) VALUES ('dora@example.com', 'Dora Dashboard', 'x')")
    number = await insert(requested_by=4)
    assert "Dora Dashboard" in await told(bot.uma, "maintenance", f"show {number}")


async def test_nobody_deactivated_is_given_work(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    await told(bot.eva, "maintenance", "")
    await bot.fetch("UPDATE users SET is_active = false WHERE id = $1", EVA)
    assert "Eva Engineer has been deactivated" in await told(bot.erik, "maintenance", f"assign {number} @eva")
    assert "deactivated" in await told(bot.eva, "maintenance", f"assign {number} me")
    [row] = await bot.fetch(ROW, number)
    assert row["assigned_to"] is None


async def test_a_mention_makes_no_account(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    number = await insert()
    await told(bot.erik, "maintenance", "")
    before = await snapshot()
    assert "only to an engineer or admin" in await told(bot.erik, "maintenance", f"assign {number} @uma")
    assert "has no account yet" in await told(bot.erik, "maintenance", "list assignee:@uma")
    assert "has no account yet" in await told(bot.erik, "worklog", "report @uma")
    assert await snapshot() == before
