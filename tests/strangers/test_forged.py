"""Values of buttons and forms that no button or form of ours carries: refused to everybody, and nothing is changed."""

import json
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.registry import Kind
from bot.rules.pages import pack
from bot.slack import may_answer
from tests.strangers import payloads
from tests.strangers.given import GIVEN, tie_again
from tests.strangers.house import FAULT, SLACK_IDS, House, differing
from tests.strangers.table import TABLE, Line
from tests.strangers.test_who_what import LONGEST_SECONDS, payload_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

NONSENSE = (
    "", " ", "0", "-1", "2147483647", "2147483648", "99999999999999999999", "1e9", "x", "null", "true", "[]", "{}",
    "[1]", '{"id": 1}', "\x00", "1\x00", "\u0661", "x" * 5000, "[" * 5000, "edit:", "edit:x", "edit:-1", "tomorrow:0",
    "maintenance:0", "deployment:99999999999", "account:1", "1:2:3", "1;2", "'", "%", "W10=", pack([]), pack([None]),
    pack([None] * 3), pack([None] * 5), pack([None] * 10), pack(["x"] * 5), pack([-1, "x", "y"]),
    pack([[[]]] * 5), pack([2**40, "admin", True]), '["W10=", "W10="]', '[1, "moon", 1, "x"]',
    '[1, "staging", 1, "\\u0000"]',
    '[0, "staging", 1, "x"]', "2147483647:0123456789abcdef", "999999:9999-12-31T23:59:59+00:00",
)  # fmt: skip
# What another kind of button carries, with numbers of rows that are there.
OTHERS = "{id}:x", "MR-{id}x", "x{id}", "{id} {id}", "-{id}", "{id}.0"
NAMING = [line for line in TABLE if line.kind in {Kind.ACTION, Kind.SUBMISSION} and "{" in line.send]
# Nothing is left out of these pages by what their buttons carry: any place is one.
READING = {"maintenance.list_next", "maintenance.list_previous"}


def once(lines: list[Line]) -> list[Line]:
    """One line for each name."""
    return list({(line.kind, line.name): line for line in lines}.values())


@pytest.mark.parametrize("line", once(NAMING), ids=lambda line: f"{line.kind.value} {line.name}")
async def test_values_of_no_button(house: House, line: Line) -> None:
    given = await GIVEN[line.given](house, "colleague" if line.by != "requester" else "requester")
    before = await house.fingerprint()
    for value in (*NONSENSE, *OTHERS):
        if value == line.send:
            continue
        forged = replace(line, send=value)
        kind, payload = payload_of(house, forged, "admin", given)
        told = await house.send("admin", kind, payload)
        case = (line.name, value[:80], told)
        assert told.status == 200, case
        assert told.seconds < LONGEST_SECONDS, case
        assert FAULT not in told.text, case
        assert told.text.strip() or line.name in READING, case
    assert differing(before, await house.fingerprint()) == set(), line.name
    await tie_again(house)


@pytest.mark.parametrize("line", once([line for line in NAMING if line.writes]), ids=lambda line: line.name)
async def test_a_demotion_counts_at_the_next_click(house: House, line: Line) -> None:
    """Whoever opened the form, or sees the button, as an admin: what they are now decides."""
    if "user" in line.may or "requester" in line.may:
        return
    given = await GIVEN[line.given](house, "colleague")
    kind, payload = payload_of(house, line, "admin", given)
    await house.value("UPDATE users SET role = 'user' WHERE id = 1 RETURNING id")
    try:
        before = await house.fingerprint()
        told = await house.send("admin", kind, payload)
        assert told.status == 200
        assert "role" in told.text, told
        assert differing(before, await house.fingerprint()) == set()
    finally:
        await house.value("UPDATE users SET role = 'admin' WHERE id = 1 RETURNING id")
    await house.value("UPDATE users SET is_active = false WHERE id = 1 RETURNING id")
    try:
        before = await house.fingerprint()
        told = await house.send("admin", kind, payload)
        assert "deactivated" in told.text, told
        assert differing(before, await house.fingerprint()) == set()
    finally:
        await house.value("UPDATE users SET is_active = true WHERE id = 1 RETURNING id")


async def test_answers_go_to_slack_only(house: House) -> None:
    """A response_url that a request or a form's memory brings along may lead anywhere."""
    visited: list[str] = []

    async def note(request: web.Request) -> web.Response:
        visited.append(await request.text())
        return web.Response(text="ok")

    ws, me = house.slack, SLACK_IDS["user"]
    application = web.Application()
    application.router.add_post("/", note)
    async with TestServer(application, host="127.0.0.2") as elsewhere:
        address = str(elsewhere.make_url("/"))
        pressed = payloads.press(ws, me, "maintenance.start", "1") | {"response_url": address}
        memory = json.dumps({"m": "1", "u": address, "c": ""})
        submitted = payloads.submit(ws, me, "maintenance.cancel", memory, {})
        for payload in (pressed, submitted):
            assert (await house.send("user", "interactive", payload)).status == 200
    assert visited == []


@pytest.mark.parametrize(
    ("api", "response_url", "may"),
    [
        ("https://slack.com/api/", "https://hooks.slack.com/commands/1", True),
        ("https://www.slack.com/api/", "https://hooks.slack.com/commands/1", True),
        ("https://slack.com/api/", "http://hooks.slack.com/commands/1", False),
        ("https://slack.com/api/", "https://hooks.slack.com.example.com/", False),
        ("https://slack.com/api/", "https://hooks.slack.com:8443/", False),
        ("https://slack.com/api/", "https://somebody@hooks.slack.com/", False),
        ("https://slack.com/api/", "http://127.0.0.1:4711/response/1", False),
        ("http://127.0.0.1:4711/api/", "http://localhost:4712/response/1", True),
        ("http://127.0.0.1:4711/api/", "https://example.com/", False),
        ("https://slack.com.example.com/api/", "https://slack.com.example.com/response/1", True),
    ],
)
async def test_where_answers_go(api: str, response_url: str, *, may: bool) -> None:
    assert may_answer(api, response_url) is may
