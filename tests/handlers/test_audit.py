"""`/techops audit`: what it shows of whom, its pages, its file; and each act recorded with where it was done."""

import csv
import io
import json

import pytest

from bot.rules.pages import pack
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, Insert, told, whispered

INSERT_ACTIVITY = """
INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, old, new)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
"""
# nothing narrowed, then a place that is no number of a change
FORGED = pack([None] * 8 + [-1, True])
ORIGINS = "SELECT verb, source, origin, actor_id FROM techops.activity WHERE subject_kind = $1 ORDER BY id"


async def origins(bot: RunningBot, kind: str = "maintenance") -> list[tuple[str, str, dict[str, str], int | None]]:
    rows = await bot.fetch(ORIGINS, kind)
    return [(r["verb"], r["source"], json.loads(r["origin"] or "{}"), r["actor_id"]) for r in rows]


async def record(bot: RunningBot, verb: str, *, old: object = None, new: object = None, actor: int = ERIK) -> None:
    values = [json.dumps(it) if it is not None else None for it in (old, new)]
    await bot.fetch(INSERT_ACTIVITY, actor, "slack", None, "maintenance", 1, verb, *values)


async def test_it_shows_who_what_when_and_from_where(bot: RunningBot, insert: Insert) -> None:
    request_id = await insert()
    await told(bot.erik, "maintenance", f"start {request_id} on it")
    answer = await told(bot.ada, "techops", f"audit MR-{request_id}")
    assert f"Audit, MR-{request_id}: 2 changes on this page" in answer
    assert f"MR-{request_id} started" in answer
    assert "by Erik Engineer" in answer
    assert f"slack (team {bot.slack.team['id']}, user {bot.erik.id}, channel " in answer
    assert "status: open → in_progress" in answer
    assert "note: on it" in answer
    assert "dashboard" in answer, "the request itself was made by another writer"
    assert "A number alone" not in answer


async def test_a_number_alone_means_a_request_and_that_is_said(bot: RunningBot, insert: Insert) -> None:
    request_id = await insert()
    for number in (str(request_id), f"#{request_id}"):
        answer = await told(bot.ada, "techops", f"audit {number}")
        assert f"Audit, MR-{request_id}: 1 change on this page" in answer
        assert "A number alone means a request; for a deployment write D-" in answer
    assert "nothing is recorded" in await told(bot.ada, "techops", f"audit D-{request_id}")


async def test_filters(bot: RunningBot, insert: Insert) -> None:
    project = await insert("in a project", project_id=1)
    other = await insert("in none")
    await told(bot.erik, "maintenance", f"start {other}")
    await told(bot.ada, "deploy", 'record "Web App" v1 staging success')
    erik = f"<@{bot.erik.id}|erik>"
    answer = await told(bot.ada, "techops", f"audit {erik}")
    assert "Audit, by Erik Engineer: 1 change" in answer
    answer = await told(bot.ada, "techops", 'audit project:"E-commerce Platform"')
    assert f"MR-{project} created" in answer
    assert f"MR-{other}" not in answer
    answer = await told(bot.ada, "techops", 'project:"Web App" audit')
    assert "D-1 created" in answer
    assert "MR-" not in answer
    assert "1 change on" in await told(bot.ada, "techops", "audit verb:started source:slack today")
    assert "nothing is recorded" in await told(bot.ada, "techops", "audit verb:started source:api")
    assert "nothing is recorded" in await told(bot.ada, "techops", "audit 2020-01-01..2020-12-31")
    assert "1 change on" in await told(bot.ada, "techops", "audit D-1 me")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("audit erik", "neither a record, a person nor a period"),
        ("audit @nobody", "nobody I can find"),
        ("audit todya", "Did you mean today"),
        ("audit MR-1 D-2", "takes one record"),
        ("audit today week", "takes one period"),
        ("audit me me", "takes one person"),
        ("audit source:slak", "Did you mean slack"),
        ("audit verb:;", "cannot be a verb"),
        ("audit verb:a verb:b", "given twice"),
        ("audit MR-99999999999", "larger than any number"),
        ('audit project:"Wep App"', "Did you mean Web App"),
        ("audit 2026-13-01..2026-13-02", "not in the calendar"),
        ("audit projct:Shop", "Did you mean project:"),
    ],
)
async def test_what_makes_no_sense_is_said(bot: RunningBot, text: str, said: str) -> None:
    assert said in await told(bot.ada, "techops", text)


async def test_only_admins_may(bot: RunningBot, insert: Insert) -> None:
    await insert()
    for person in (bot.erik, bot.uma):
        assert "Only an admin" in await told(person, "techops", "audit")
    answer = await bot.ada.slash("techops", "audit")
    for person in (bot.erik, bot.uma):
        await person.click(answer.messages[0], "audit.export")
        assert "Only an admin" in whispered(person, "general")
    assert await bot.fetch("SELECT FROM techops.pgqueuer WHERE entrypoint = 'audit_export'") == []


async def test_pages_turn_both_ways_and_what_comes_meanwhile_shifts_nothing(bot: RunningBot) -> None:
    for n in range(25):
        await record(bot, f"step_{n:02}")
    first = await told(bot.ada, "techops", f"audit <@{bot.erik.id}>")
    assert "10 changes on this page" in first
    assert "step 24" in first
    assert "step 14" not in first
    await record(bot, "step_25")
    await bot.ada.click(bot.ada.ephemerals("general")[-1], "audit.list_next")
    second = whispered(bot.ada, "general")
    assert "step 14" in second
    assert "step 05" in second
    assert "step 15" not in second
    await bot.ada.click(bot.ada.ephemerals("general")[-1], "audit.list_next")
    third = whispered(bot.ada, "general")
    assert "5 changes on this page" in third
    assert "audit.list_next" not in third
    await bot.ada.click(bot.ada.ephemerals("general")[-1], "audit.list_previous")
    assert "step 14" in whispered(bot.ada, "general")
    assert "step 05" in whispered(bot.ada, "general")


async def test_people_s_text_is_shown_as_text_and_short(bot: RunningBot) -> None:
    await record(bot, "edited", old={"title": "<!channel> *x*", "assigned_to": ADA}, new={"title": "y" * 5000})
    await record(bot, "edited", new={f"column_{n}": n for n in range(30)})
    answer = await told(bot.ada, "techops", f"audit <@{bot.erik.id}>")
    assert "'text': '<!channel>" not in bot.ada.ephemerals("general")[-1].text
    assert "title: <!channel> *x* → yyyy" in answer
    assert "y" * 100 not in answer
    assert "Ada Admin (1)" in answer
    assert "and 25 more" in answer


async def test_the_file_has_all_of_it_and_no_formulas(bot: RunningBot) -> None:
    for n in range(12):
        await record(bot, f"step_{n:02}", new={"title": "=HYPERLINK()"})
    await bot.fetch("UPDATE users SET name = '=cmd()' WHERE id = 2")
    await told(bot.ada, "techops", f"audit <@{bot.erik.id}>")
    await bot.ada.click(bot.ada.ephemerals("general")[-1], "audit.export", repeat=5)
    assert "in a direct message" in whispered(bot.ada, "general")
    await bot.until(lambda: any(message.files for message in bot.ada.dms_from_bot()))
    [message] = bot.ada.dms_from_bot()
    assert "12 changes, the newest first" in message.text
    file = bot.slack.files[message.files[0]["id"]]
    assert file.content is not None
    rows = list(csv.reader(io.StringIO(file.content.decode())))
    assert rows[0][:5] == ["Number", "Time (UTC)", "Person", "Account", "Source"]
    assert [row[7] for row in rows[1:]] == [f"step_{n:02}" for n in reversed(range(12))]
    assert {row[2] for row in rows[1:]} == {"'=cmd()"}
    assert json.loads(rows[1][9]) == {"title": "=HYPERLINK()"}


@pytest.mark.parametrize("action_id", ["audit.list_next", "audit.list_previous", "audit.export"])
@pytest.mark.parametrize("value", ["", "x", "W10=", "WzEsMiwzXQ==", FORGED])
async def test_a_button_of_nobody_s_is_refused(bot: RunningBot, insert: Insert, action_id: str, value: str) -> None:
    await insert()
    answer = await bot.ada.slash("techops", "audit")
    element = {"text": {"type": "plain_text", "text": "x"}, "action_id": action_id, "value": value}
    await bot.ada.click(answer.messages[0], action_id, element=element)
    assert "another version" in whispered(bot.ada, "general")


async def test_a_form_opened_from_a_card_remembers_the_message(bot: RunningBot) -> None:
    opened = await bot.ada.slash("maintenance", "new")
    assert opened.view is not None
    await bot.ada.submit(opened.view, {"Title": "Disk", "Description": "full"})
    card = await bot.card(1)
    await bot.erik.click(card, "maintenance.start")
    await bot.until(lambda: "In progress" in str(card.blocks))
    opened = await bot.erik.click(card, "maintenance.complete")
    assert opened.view is not None
    await bot.erik.submit(opened.view, {"Note": "done"})
    team, general = str(bot.slack.team["id"]), bot.slack.channel("general").id
    here = {"team": team, "user": bot.erik.id, "channel": card.channel, "message": card.ts}
    assert await origins(bot) == [
        ("created", "slack", {"team": team, "user": bot.ada.id, "channel": general}, ADA),
        ("started", "slack", here, ERIK),
        ("completed", "slack", here, ERIK),
    ]


async def test_a_message_shortcut_keeps_the_message(bot: RunningBot) -> None:
    message = await bot.uma.post("general", "The printer burns")
    opened = await bot.uma.shortcut("create_request", message)
    assert opened.view is not None
    await bot.uma.submit(opened.view, {"Title": "Printer"})
    [(_, source, origin, _)] = await origins(bot)
    assert source == "slack"
    assert (origin["channel"], origin["message"], origin["user"]) == (message.channel, message.ts, bot.uma.id)
