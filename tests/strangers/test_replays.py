"""Requests that come again, late, altered, or from elsewhere."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.exchange import Prepared
from tests.strangers import payloads
from tests.strangers.given import GIVEN
from tests.strangers.house import SLACK_IDS, USER_IDS, House, differing

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = {"title": "Fan", "description": "It is loud", "priority": "low"}
TIMES = 5
OLD_SECONDS = 360


async def cases(house: House) -> dict[str, Prepared]:
    """One request of each kind that writes, each on rows of its own."""
    ws, me = house.slack, SLACK_IDS["engineer"]
    made = {name: await GIVEN[name](house, "requester") for name in ("open_request", "critical_request", "project")}
    fan, critical = made["open_request"]["id"], made["critical_request"]["approval"]
    comment = payloads.command(ws, me, "maintenance", f"comment {fan} Once")
    record = payloads.command(ws, me, "deploy", f'record "{made["project"]["project"]}" v1 staging')
    values = {"hours": "0.01", "work_date": "2026-01-02", "description": "Once"}
    shared = {
        "type": "link_shared", "user": me, "channel": payloads.CHANNEL, "message_ts": "1700000000.000100",
        "links": [{"url": f"https://bot.example.com/r/{fan}"}], "source": "conversations_history",
    }  # fmt: skip
    return {
        "a comment": payloads.prepared(ws, "slash_commands", comment),
        "a record": payloads.prepared(ws, "slash_commands", record),
        "a vote": payloads.prepared(ws, "interactive", payloads.press(ws, me, "approvals.approve", str(critical))),
        "a take": payloads.prepared(ws, "interactive", payloads.press(ws, me, "maintenance.assign_me", str(fan))),
        "a form": payloads.prepared(ws, "interactive", payloads.submit(ws, me, "maintenance.new", "", NEW)),
        "a log": payloads.prepared(ws, "interactive", payloads.submit(ws, me, "worklog.log", str(fan), values)),
        "an event": payloads.prepared(ws, "events_api", payloads.event(ws, shared)),
        "a menu": payloads.prepared(ws, "interactive", payloads.suggestion(ws, me, "maintenance.project", "shop")),
    }


async def test_sent_again_it_has_one_effect(house: House) -> None:
    for what, request in (await cases(house)).items():
        first = await house.slack.delivery.send(request)
        assert first.status == 200, what
        after = await house.fingerprint()
        again = [await house.slack.delivery.send(request) for _ in range(2)]
        assert [answer.status for answer in again] == [200, 200], what
        assert differing(after, await house.fingerprint()) == set(), what
        if what in {"a form", "a menu"}:
            assert [answer.json for answer in again] == [first.json] * 2, what


async def test_sent_several_times_at_once_it_has_one_effect(house: House) -> None:
    for what, request in (await cases(house)).items():
        last = await house.value("SELECT max(id) FROM techops.activity")
        jobs = await house.value("SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'unfurl'")
        answers = await asyncio.gather(*(house.slack.delivery.send(request) for _ in range(TIMES)))
        assert {answer.status for answer in answers} == {200}, what
        acts = await house.rows("SELECT verb FROM techops.activity WHERE id > $1", last)
        verbs = [act["verb"] for act in acts]
        assert len(verbs) == len(set(verbs)), (what, verbs)
        assert bool(verbs) == (what not in {"an event", "a menu"}), what
        now = await house.value("SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'unfurl'")
        assert now - jobs == (what == "an event"), what


async def test_old_and_altered_requests_are_not_slacks(house: House) -> None:
    for what, request in (await cases(house)).items():
        before = await house.fingerprint()
        other = request.body.replace(b"U0ENG", b"U0ADMIN")
        assert other != request.body
        for body, headers in (
            (request.body, house.slack.delivery.sign(request.body, at=time.time() - OLD_SECONDS)),
            (request.body, house.slack.delivery.sign(request.body, at=time.time() + OLD_SECONDS)),
            (other, {}),
            (request.body + b" ", {}),
            (b"", {}),
            (request.body, {"X-Slack-Signature": ""}),
            (request.body, {"X-Slack-Request-Timestamp": str(int(time.time()) - 1)}),
        ):
            status, text = await post(house, body, request.headers | headers)
            assert status == 401, (what, body[:80], text)
        assert differing(before, await house.fingerprint()) == set(), what


async def test_another_persons_form_sent_again_is_not_answered_as_theirs(house: House) -> None:
    ws = house.slack
    form = payloads.submit(ws, SLACK_IDS["engineer"], "maintenance.new", "", NEW | {"title": "Between us"})
    first = await ws.delivery.send(payloads.prepared(ws, "interactive", form))
    assert first.status == 200
    form["user"]["id"] = SLACK_IDS["user"]
    last = await house.value("SELECT max(id) FROM techops.activity")
    await ws.delivery.send(payloads.prepared(ws, "interactive", form))
    [act] = await house.rows("SELECT actor_id, verb FROM techops.activity WHERE id > $1", last)
    assert act == {"actor_id": USER_IDS["user"], "verb": "created"}, "it is a form of their own"


ABROAD: list[dict[str, Any]] = [
    {"team": {"id": "T0ELSEWHERE"}, "user": {"id": "U0ADMIN", "team_id": "T0ELSEWHERE"}},
    {"user": {"id": "U0ADMIN", "team_id": "T0ELSEWHERE"}},
    {"team": None, "enterprise": {"id": "E0ELSEWHERE"}, "user": {"id": "U0ADMIN", "team_id": "E0ELSEWHERE"}},
    {"team": None, "user": {"id": "U0ADMIN"}},
    {"user": {"id": "U0OUT", "team_id": "T0SANDBOX", "is_stranger": True}},
    {"user": {"id": "U0GUEST", "team_id": "T0SANDBOX"}},
    {"user": {"id": "U0NOBODY", "team_id": "T0SANDBOX"}},
    {"user": {"id": "U0GONE", "team_id": "T0SANDBOX"}},
    {"user": {"id": "USLACKBOT", "team_id": "T0SANDBOX"}},
]


@pytest.mark.parametrize("fields", ABROAD, ids=lambda fields: json.dumps(fields)[:60])
async def test_people_of_elsewhere(house: House, fields: dict[str, Any]) -> None:
    ws = house.slack
    fan = (await GIVEN["open_request"](house, "requester"))["id"]
    before = await house.fingerprint()
    pressed = payloads.press(ws, "U0ADMIN", "maintenance.start", str(fan)) | fields
    submitted = payloads.submit(ws, "U0ADMIN", "maintenance.cancel", str(fan), {"reason": "x"}) | fields
    for payload in (pressed, submitted):
        answer = await ws.delivery.send(payloads.prepared(ws, "interactive", payload))
        assert answer.status == 200, answer
    user, team = fields["user"]["id"], fields["user"].get("team_id", "")
    command = payloads.command(ws, user, "maintenance", f"start {fan}") | {"team_id": team or "T0ELSEWHERE"}
    status, text = await post_signed(house, urlencode(command).encode())
    assert status == 200
    assert "nothing" in text or "cannot" in text or "deactivated" in text, text
    assert differing(before, await house.fingerprint()) == set()


async def post_signed(house: House, body: bytes) -> tuple[int, str]:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return await post(house, body, house.slack.delivery.sign(body) | kind)


async def post(house: House, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with house.http.post(f"{house.bot.address}/slack/events", data=body, headers=headers) as response:
        return response.status, await response.text()
