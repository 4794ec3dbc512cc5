"""Every person at every door: those who may get in, the others are told why not, and nothing is changed."""

import re
from typing import Any

import pytest

from bot import app as bolt
from bot.registry import Kind
from tests.strangers import payloads
from tests.strangers.given import GIVEN, tie_again
from tests.strangers.house import FAULT, MEMBERS, OTHER_TEAM, OUTSIDERS, SLACK_IDS, USER_IDS, House, Told, differing
from tests.strangers.table import ONESELF, TABLE, Line, unregistered, without_line

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTRY = bolt.registry()
ENTRIES = [(kind, entry.name) for kind in Kind for entry in REGISTRY.entries(kind)]
REFUSED = re.compile(
    r"Only an? (admin|engineer)|is your own,|only its requester|is deactivated, so nothing|members of this workspace"
)
TURNED_AWAY = {
    "stranger": "another workspace",
    "guest": "guests",
    "other bot": "Bots",
    "namesake": "another workspace",
    "deactivated": "deactivated",
}
LONGEST_SECONDS = 3.0
HOME_OPENED = "app_home_opened"


async def test_everything_registered_has_a_line_and_every_line_is_registered() -> None:
    assert without_line(ENTRIES) == set()
    assert unregistered(ENTRIES) == set()


@pytest.mark.parametrize("line", TABLE, ids=str)
async def test_members(house: House, line: Line) -> None:
    for who in MEMBERS:
        if who in line.may:
            await let_in(house, line, who)
        else:
            await turned_away(house, line, who, line.told)
    await tie_again(house)


@pytest.mark.parametrize("line", TABLE, ids=str)
async def test_outsiders_and_the_deactivated(house: House, line: Line) -> None:
    given = await GIVEN[line.given](house, "requester")
    before = await house.fingerprint()
    for who in OUTSIDERS:
        check_refused(line, who, TURNED_AWAY[who], await sent(house, line, who, given))
    assert differing(before, await house.fingerprint()) == set()
    await tie_again(house)


async def let_in(house: House, line: Line, who: str) -> None:
    given = await arranged(house, line, who)
    before = await house.fingerprint()
    told = await sent(house, line, who, given)
    assert FAULT not in told.text, (who, told)
    assert not REFUSED.search(told.text), (who, told)
    changed = differing(before, await house.fingerprint())
    assert bool(changed) == line.changes_something(who), (who, changed, told)


async def turned_away(house: House, line: Line, who: str, words: str) -> None:
    given = await arranged(house, line, who)
    before = await house.fingerprint()
    told = await sent(house, line, who, given)
    assert differing(before, await house.fingerprint()) == set(), (who, told)
    check_refused(line, who, words, told)


def check_refused(line: Line, who: str, words: str, told: Told) -> None:
    if line.kind is not Kind.EVENT or line.name == HOME_OPENED:
        assert re.search(words, told.text), (who, words, told)


async def arranged(house: House, line: Line, who: str) -> dict[str, Any]:
    by = line.by if line.by != ONESELF else who if who in USER_IDS else "requester"
    return await GIVEN[line.given](house, by)


async def sent(house: House, line: Line, who: str, given: dict[str, Any]) -> Told:
    house.posts.clear()
    told = await house.send(who, *payload_of(house, line, who, given))
    assert told.status == 200, (who, told)
    assert told.seconds < LONGEST_SECONDS, (who, told)
    assert house.posts == [], (who, told)
    return told


def payload_of(house: House, line: Line, who: str, given: dict[str, Any]) -> tuple[payloads.Kind, dict[str, Any]]:
    """The request with which this person tries the line."""
    ws, me = house.slack, SLACK_IDS[who]
    team = OTHER_TEAM if who in {"stranger", "namesake"} else payloads.TEAM
    said = filled(line.send, given)
    match line.kind:
        case Kind.COMMAND:
            slash, _, verb = line.name.removeprefix("/").partition(" ")
            return "slash_commands", payloads.command(ws, me, slash, f"{verb} {said}".strip(), team=team)
        case Kind.ACTION:
            return "interactive", payloads.press(ws, me, line.name, said, surface=line.surface, team=team)
        case Kind.SUBMISSION:
            values = {block: filled(value, given) for block, value in line.values.items()}
            return "interactive", payloads.submit(ws, me, line.name, said, values, team=team)
        case Kind.OPTIONS:
            return "interactive", payloads.suggestion(ws, me, line.name, said, team=team)
        case Kind.SHORTCUT:
            entry = REGISTRY.find(Kind.SHORTCUT, line.name)
            on_message = entry is not None and entry.on_message
            return "interactive", payloads.shortcut(ws, me, line.name, on_message=on_message, team=team)
        case Kind.EVENT:
            return "events_api", payloads.event(ws, EVENTS[line.name](house, me, given), team=team)


def filled(text: str, given: dict[str, Any]) -> str:
    """The text with the numbers and names of what is given."""
    for name, value in given.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def home_opened(_house: House, me: str, _given: dict[str, Any]) -> dict[str, Any]:
    return {"type": HOME_OPENED, "user": me, "channel": "D0HOME", "tab": "home", "event_ts": "1.1"}


def user_changed(house: House, me: str, _given: dict[str, Any]) -> dict[str, Any]:
    profile = {"real_name": f"Name {house.next()}", "email": "x@example.com"}
    user = {"id": me, "team_id": payloads.TEAM, "profile": profile, "tz": "UTC"}
    return {"type": "user_change", "user": user, "event_ts": "1.1"}


def link_shared(house: House, me: str, given: dict[str, Any]) -> dict[str, Any]:
    links = [{"url": f"{house.bot.deps.settings.public_url}/r/{given['id']}", "domain": "bot.example.com"}]
    return {
        "type": "link_shared", "user": me, "channel": payloads.CHANNEL, "message_ts": f"1700000000.{house.next():06d}",
        "links": links, "source": "conversations_history", "unfurl_id": "x",
    }  # fmt: skip


EVENTS = {HOME_OPENED: home_opened, "user_change": user_changed, "link_shared": link_shared}
