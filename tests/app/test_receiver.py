"""What comes in at the HTTP side: signatures, shapes, limits, and how the process says it is well."""

import hashlib
import hmac
import io
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.envelope import EnvelopeError, parse_body, parse_payload
from tests.fixtures.bot import RunningBot

FORM = "application/x-www-form-urlencoded"
COMMAND = {
    "command": "/maintenance",
    "text": "help",
    "team_id": "T0SANDBOX",
    "user_id": "U0ENG",
    "channel_id": "C0OPS",
    "trigger_id": "1.2.3",
    "response_url": "http://127.0.0.1:1/",
}


def signed(body: str, secret: str, *, at: float | None = None, content_type: str = FORM) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": content_type}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def send(bot: RunningBot, http: aiohttp.ClientSession, body: str, headers: dict[str, str]) -> tuple[int, str]:
    async with http.post(f"{bot.address}/slack/events", data=io.BytesIO(body.encode()), headers=headers) as response:
        return response.status, await response.text()


async def test_a_signed_command_is_answered_privately(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    body = urlencode(COMMAND)
    status, text = await send(bot, http, body, signed(body, bot.slack.signing_secret))
    assert status == 200
    assert json.loads(text)["response_type"] == "ephemeral"


async def test_requests_that_are_not_slacks_get_401(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    body = urlencode(COMMAND)
    good = signed(body, bot.slack.signing_secret)
    bad = [
        {"Content-Type": FORM},
        {k: v for k, v in good.items() if k != "X-Slack-Signature"},
        {k: v for k, v in good.items() if k != "X-Slack-Request-Timestamp"},
        good | {"X-Slack-Signature": "v0=0"},
        good | {"X-Slack-Signature": ""},
        good | {"X-Slack-Request-Timestamp": "soon"},
        good | {"X-Slack-Request-Timestamp": "1e9"},
        good | {"X-Slack-Request-Timestamp": "9" * 400},
        good | {"X-Slack-Request-Timestamp": "-1"},
        signed(body, "another secret"),
        signed(body, bot.slack.signing_secret, at=time.time() - 301),
        signed(body, bot.slack.signing_secret, at=time.time() + 301),
        signed(body + "x", bot.slack.signing_secret),
    ]
    for headers in bad:
        assert (await send(bot, http, body, headers))[0] == 401, headers


async def test_signed_nonsense_gets_400(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    press = {"type": "block_actions", "user": {"id": "U0ENG"}, "actions": [{"action_id": "x"}]}
    submission = {"type": "view_submission", "user": {"id": "U0ENG"}, "view": None}
    payloads: list[object] = [
        [1], None, "x", 1, {}, {"type": "nothing"}, press | {"actions": []}, press | {"actions": [{"value": "1"}]},
        press | {"user": None}, press | {"user": {}}, submission,
        {"type": "shortcut", "user": {"id": "U0ENG"}},
    ]  # fmt: skip
    bodies = [urlencode({"payload": json.dumps(payload)}) for payload in payloads]
    bodies += ["payload=x", "payload=", "", "command=maintenance", urlencode(COMMAND | {"user_id": ""})]
    for body in bodies:
        assert (await send(bot, http, body, signed(body, bot.slack.signing_secret)))[0] == 400, body
    for body in ("", "[1]", "null", '{"type": "event_callback"}', "{" * 100_000):
        headers = signed(body, bot.slack.signing_secret, content_type="application/json")
        assert (await send(bot, http, body, headers))[0] == 400, body[:50]


async def test_a_body_over_the_limit_is_refused(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    body = "x" * (1024 * 1024 + 1)
    assert (await send(bot, http, body, signed(body, bot.slack.signing_secret)))[0] == 413


async def test_bytes_that_are_no_text_are_no_signature(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    headers = signed("", bot.slack.signing_secret)
    async with http.post(f"{bot.address}/slack/events", data=b"\xff\xfe", headers=headers) as response:
        assert response.status == 401


async def test_url_verification_and_ssl_check(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "t"})
    headers = signed(body, bot.slack.signing_secret, content_type="application/json")
    assert await send(bot, http, body, headers) == (200, '{"challenge": "c-1"}')
    body = "ssl_check=1&token=t"
    assert (await send(bot, http, body, signed(body, bot.slack.signing_secret)))[0] == 200


async def test_an_unknown_command_is_answered_with_200(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    body = urlencode(COMMAND | {"command": "/nothing"})
    status, text = await send(bot, http, body, signed(body, bot.slack.signing_secret))
    assert status == 200
    assert "/nothing" in json.loads(text)["text"]
    assert "/maintenance" in json.loads(text)["text"]


async def test_an_unknown_button_is_answered(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    press = {
        "type": "block_actions",
        "user": {"id": "U0ENG"},
        "team": {"id": "T0SANDBOX"},
        "actions": [{"action_id": "gone", "action_ts": "1.1", "type": "button"}],
        "trigger_id": "1.2.3",
    }
    body = urlencode({"payload": json.dumps(press)})
    assert (await send(bot, http, body, signed(body, bot.slack.signing_secret)))[0] == 200


async def test_health_and_metrics(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{bot.address}/healthz") as response:
        assert response.status == 200
    async with http.get(f"{bot.address}/readyz") as response:
        assert response.status == 200
        checks = (await response.json())["checks"]
        assert {"database", "migrations", "queue"} <= set(checks)
    async with http.get(f"{bot.address}/metrics") as response:
        assert response.status == 200
        text = await response.text()
        for name in ("database_up 1.0", "queue_due", "queue_held 0.0", "job_next_seconds", "maybe_duplicate_total 0.0"):
            assert f"techops_{name}" in text
    async with http.get(f"{bot.address}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}) as response:
        assert response.status == 401


async def test_readyz_names_what_is_wrong(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    await bot.fetch("DELETE FROM techops.schema_migrations WHERE version = 9")
    async with http.get(f"{bot.address}/readyz") as response:
        assert response.status == 503
        assert "techops migrate" in (await response.json())["checks"]["migrations"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4),
    max_leaves=12,
)


@given(payload=json_values, kind=st.sampled_from(["block_actions", "view_submission", "shortcut", "event_callback"]))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_is_an_envelope_or_an_envelope_error(payload: object, kind: str) -> None:
    shaped = payload | {"type": kind} if isinstance(payload, dict) else payload
    for candidate in (payload, shaped):
        try:
            parse_payload(candidate)
        except EnvelopeError:
            continue


@given(body=st.text(max_size=200), content_type=st.sampled_from([FORM, "application/json", "text/plain"]))
def test_any_body_is_an_envelope_or_an_envelope_error(body: str, content_type: str) -> None:
    try:
        parse_body(body, content_type)
    except EnvelopeError:
        return
