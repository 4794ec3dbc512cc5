"""What cannot be meant by /deploy gets a clear private answer, and changes nothing."""

import json

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told
from tests.handlers.deployments import held_now, row_of

# what is typed (1 is pending, 2 has succeeded), and words of the answer
COMMANDS = [
    ("request Web App v2", "is no environment"),
    ("request Web", "a project, a version and an environment"),
    ("request", "a project, a version and an environment"),
    (f"request Web App {'v' * 101} prod", "101 characters"),
    (f"record Web App {'v' * 101} prod", "101 characters"),
    ("request Webapp v1 prod", "Did you mean Web App?"),
    ("request Nothing v1 prod", "There is no project"),
    ("request Old v1 prod", "is archived and takes no new deployments"),
    ("record Old v1 prod", "is archived and takes no new deployments"),
    ("request Twin v1 prod", "2 projects are called"),
    ("request Web v1 prodd", "Did you mean production?"),
    ("request Web v1 qa", "is no environment"),
    ("request env:qa Web v1", "is no environment"),
    ("request proj:Web v1 prod", "Did you mean project:?"),
    ('request "Web App v1 prod', "quote"),
    ("request Web a\u202eb prod", "character"),
    ("record Web App v1 prod -5m", "negative"),
    ("record Web App v1 prod success -300", "negative"),
    ("record Web App v1 prod 1h90m", "59"),
    ("record Web App v1 prod 1.5h", "is no duration"),
    ("record Web App v1 prod 9999h", "more than 30 days"),
    ("record Web App v1 prod sucess", "Did you mean success?"),
    ("record Web App v1 prod pending", "not recorded but requested"),
    ("record Web App v1", "is no environment"),
    ("start 99", "There is no deployment D-99"),
    ("start", "Say which deployment"),
    ("start x", "is no number of a deployment"),
    ("start 0", "numbers start at 1"),
    ("start 12345678901234567890", "larger than any number"),
    ("start 2", "finished with success"),
    ("finish 1 success", "was never started"),
    ("finish 1 failed", "was never started"),
    ("finish 2 failed", "finished with success"),
    ("finish 2 success", "already finished with success"),
    ("finish 99 success", "There is no deployment D-99"),
    ("finish 2", "success or failed"),
    ("finish success", "Say which deployment"),
    ("finish 2 succes", "Did you mean success?"),
    ("finish 2 success -1", "negative"),
    ("finish 2 rolled_back", "a step of its own"),
    ("finish 2 pending", "ends as success or failed"),
    ("rollback 1", "was never started"),
    ("rollback 99", "There is no deployment D-99"),
    ("show 99", "There is no deployment D-99"),
    ("show 1 2", "Give one deployment"),
    ("list status:brokn", "is no status"),
    ("list env:qa", "is no environment"),
    ("list faild", "Did you mean failed?"),
    ("list project:Nothing", "There is no project"),
    ("status Nothing", "There is no project"),
    ("freeze production 2030-12-26..2030-12-24 x", "ends before it starts"),
    ("freeze production 2030-12-24T17:00..2030-12-24T16:00 x", "ends before it starts"),
    ("freeze production 2020-12-24..2020-12-26 x", "is over already"),
    ("freeze production 2030-02-30..2030-12-26 x", "not in the calendar"),
    ("freeze production 2030-12-24T25:00..2030-12-26 x", "is no time of day"),
    ("freeze production 2030-12-24..2030-12-26 x tz:Mars/Base", "is no time zone"),
    ("freeze production 2030-12-24..2030-12-26 x tz:Berlin", "Did you mean Europe/Berlin?"),
    ("freeze production 2030-12-24..2030-12-26", "Say why"),
    ("freeze production Holidays", "as FROM..TO"),
    ("freeze production 2030..2031 x", "is no window"),
    ("freeze 2030-12-24..2030-12-26 x", "is no environment"),
    ("freeze qa 2030-12-24..2030-12-26 x", "is no environment"),
    ("freeze", "as FROM..TO"),
    (f"freeze all 2030-12-24..2030-12-26 {'x' * 501}", "at most 500"),
    ("unfreeze", "Say which freeze"),
    ("unfreeze 9", "There is no freeze F-9"),
    ("unfreeze x", "is no number of a freeze"),
    ("lock", "which project and which environment"),
    ("lock Web App prod", "Say why"),
    ("lock Web App qa x", "is no environment"),
    ("lock Old prod x", "is archived"),
    ("lock Nothing prod x", "There is no project"),
    ("unlock Web App prod", "is not locked"),
    ("unlock Web App prod now", "nothing else"),
    ("deploi", "does not know"),
    ("finsh 1 success", "Did you mean `/deploy finish`"),
]


async def test_commands(bot: RunningBot) -> None:
    await told(bot.ada, "deploy", "")
    await told(bot.ada, "deploy", 'request "Web App" v1 staging')
    await told(bot.ada, "deploy", 'record "Web App" v1 staging')
    await bot.fetch("INSERT INTO projects (name) VALUES ('Twin'), ('twin')")
    before = await held_now(bot)
    missed = {}
    for text, words in COMMANDS:
        answer = await bot.ada.slash("deploy", text)
        if words not in answer.text or answer.view is not None or "gives an admin" in answer.text:
            missed[text] = answer.text or answer.view
    assert missed == {}
    assert await held_now(bot) == before


async def test_the_project_meant_among_two_of_one_name(bot: RunningBot) -> None:
    await bot.fetch("INSERT INTO project_groups (name) VALUES ('Mobile')")
    await bot.fetch("INSERT INTO projects (name, group_id) VALUES ('web app', 1)")
    answer = await told(bot.erik, "deploy", 'request "Web App" v1 staging')
    assert "#2 (no group) and #4 (Mobile)" in answer
    await told(bot.erik, "deploy", "request #4 v1 staging")
    await told(bot.erik, "deploy", "request v2 staging project:#2")
    rows = await bot.fetch("SELECT project_id FROM deployments ORDER BY id")
    assert [row["project_id"] for row in rows] == [4, 2]


async def test_environments_are_understood_and_shown_whole(bot: RunningBot) -> None:
    for typed, whole in (
        ("prod", "production"),
        ("Stage", "staging"),
        ("DEV", "development"),
        ("production", "production"),
    ):
        assert f"to {whole} was requested" in await told(bot.erik, "deploy", f"request Web App v1 {typed}"), typed
    rows = await bot.fetch("SELECT environment FROM deployments ORDER BY id")
    assert [row["environment"] for row in rows] == ["production", "staging", "development", "production"]


async def test_page_buttons_that_carry_nonsense(bot: RunningBot) -> None:
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment)"
        " SELECT 1, n, 'staging' FROM generate_series(1, 11) AS n"
    )
    page = (await bot.erik.slash("deploy", "list")).messages[0]
    for value in ("", "x", "W10=", json.dumps([1, 2]), "9" * 500):
        await bot.erik.click(page, "deploy.list_next", value=value)
        assert "another version" in bot.erik.ephemerals("general")[-1].text, value


async def test_notes_keep_what_was_typed(bot: RunningBot) -> None:
    await told(bot.erik, "deploy", 'request "Web App" v1 dev <!channel> & *bold* "quoted" http://example.com/a?b=c:d')
    row = await row_of(bot, 1)
    assert row["notes"] == '<!channel> & *bold* "quoted" http://example.com/a?b=c:d'
