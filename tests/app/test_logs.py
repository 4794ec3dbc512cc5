"""What is logged: one line a request, the same id everywhere, and nothing that people typed or that opens a door."""

import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import redaction
from bot.errors import BadInput
from db.errors import DataRejected, translate
from db.pool import Conn
from tests.fixtures.bot import RunningBot
from tests.fixtures.logs import Written

SECRETS = (
    "xoxb-1234-abcdEFG",
    "xapp-1-A02-99-abcdef",
    "tops_Zm9vYmFyYmF6cXV4",
    "$2b$12$abcdefghijklmnopqrstuuK1Rj0tq3ZlJx1eQ7F8s9T0u1v2w3x4y",
)


@pytest.fixture
async def http(bot: RunningBot) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(bot.address) as session:
        yield session


async def test_a_request_has_one_line(written: Written, bot: RunningBot) -> None:
    await bot.erik.slash("/maintenance", "show MR-4711", channel="ops")
    (line,) = written.named("request")
    erik = (await bot.fetch("SELECT id FROM users WHERE email = 'erik@example.com'"))[0]["id"]
    told = {name: line[name] for name in ("transport", "kind", "entry", "record", "person", "outcome", "status")}
    assert told == {
        "transport": "http",
        "kind": "command",
        "entry": "/maintenance show",
        "record": "MR-4711",
        "person": erik,
        "outcome": "refused",
        "status": 200,
    }
    assert isinstance(line["ms"], float)
    assert line["level"] == "info"


async def test_texts_of_people_stay_out(written: Written, bot: RunningBot) -> None:
    opened = await bot.uma.slash("/maintenance", "new Canary title", channel="ops")
    assert opened.view is not None
    await bot.uma.submit(opened.view, {"description": "Canary description"})
    await bot.card(1)
    await bot.uma.slash("/maintenance", "comment 1 Canary comment", channel="ops")
    await bot.uma.slash("/maintenance", "Canary verb", channel="ops")
    assert len(written.named("request")) == 4
    assert "anary" not in written.text


async def test_the_id_people_are_told_is_that_of_the_request(written: Written, bot: RunningBot) -> None:
    await bot.uma.slash("/maintenance", "list", channel="ops")
    await bot.fetch("ALTER TABLE maintenance_requests RENAME TO elsewhere")
    ack = await bot.uma.slash("/maintenance", "search Canary", channel="ops")
    (fault,) = written.named("request_failed")
    assert str(fault["error_id"]) in ack.messages[0].text
    assert fault["error_id"] == fault["request_id"]
    assert [line["outcome"] for line in written.named("request") if line["request_id"] == fault["request_id"]] == [
        "failed"
    ]
    assert "anary" not in written.text
    assert "42P01" in str(fault["exception"])
    assert "dispatch.py" in str(fault["exception"])


async def test_calls_of_the_api_have_a_line_and_the_same_id(
    written: Written, bot: RunningBot, http: aiohttp.ClientSession
) -> None:
    async with http.get("/api/v1/deployments?project=Canary", headers={"Authorization": "Bearer tops_x"}) as response:
        assert response.status == 401
        request_id = response.headers["X-Request-Id"]
    async with http.get("/healthz") as response:
        assert response.status == 200
    (line,) = written.named("request")
    assert (line["request_id"], line["route"], line["outcome"]) == (request_id, "/api/v1/deployments", "refused")
    assert "anary" not in written.text


def test_libraries_are_held_down_and_their_words_withheld(written: Written) -> None:
    for name in ("slack_bolt.AsyncApp", "techops:AsyncApp", "slack_sdk.web.async_base_client", "pgqueuer", "x.y"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)  # as Bolt does with its own, whatever the application has set
        logger.debug("Canary %s", "body")
        logger.info("Canary")
        logger.error("Canary body: %s", {"token": "xoxb-1-2"})
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: Canary")
    lines = written.lines()
    assert [line["event"] for line in lines] == ["library_message_withheld"] * 5 + [
        "Task exception was never retrieved"
    ]
    assert all("test_logs" in str(line["place"]) for line in lines[:5])
    assert "anary" not in written.text


def fail(error: Exception) -> None:
    raise error


def fail_because_of(error: Exception) -> None:
    try:
        fail(error)
    except Exception as caught:
        raise RuntimeError("the outer one") from caught


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Canary"),
        KeyError("Canary"),
        BadInput("`Canary` is no day"),
        DataRejected("Canary"),
        ExceptionGroup("Canary", [ValueError("Canary")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_are_logged_without_what_they_quote(written: Written, error: Exception) -> None:
    try:
        fail_because_of(error)
    except RuntimeError:
        structlog.get_logger("bot.example").exception("failed", reason=error)
    (line,) = written.named("failed")
    assert "RuntimeError: the outer one" in str(line["exception"])
    assert type(error).__name__ in str(line["exception"])
    assert "test_logs.py" in str(line["exception"])
    assert "Canary" not in written.text


async def test_what_postgresql_quotes_is_cut_off(written: Written, conn: Conn) -> None:
    log = structlog.get_logger("bot.example")
    statements = (
        "SELECT 'Canary'::integer",
        "SELECT 'Canary'::date",
        "INSERT INTO users (email, name, password_hash) VALUES ('Canary', 'x', 'x'), ('Canary', 'x', 'x')",
        "INSERT INTO users (email, name, password_hash, role) VALUES ('Canary', 'x', 'x', 'Canary')",
        "INSERT INTO projects (name) VALUES (NULL)",
    )
    for statement in statements:
        try:
            async with conn.transaction():
                await conn.execute(statement)
        except Exception as error:
            log.warning("refused", reason=str(translate(error)))
            log.exception("failed")
    assert len(written.named("refused")) == len(written.named("failed")) == len(statements)
    assert "Canary" not in written.text
    assert "23505" in written.text


@given(st.text(), st.sampled_from(SECRETS), st.text())
def test_no_secret_of_a_known_form_survives(before: str, secret: str, after: str) -> None:
    cleaned = redaction.clean(None, "info", {"event": f"{before} {secret} {after}", "more": [{"x": secret}]})
    assert secret not in json.dumps(cleaned, default=str)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("postgresql://techops_app:hunter2@db/dashboard", "hunter2"),
        ("postgresql://techops_app:hun@ter2@db/dashboard", "ter2"),
        ("Authorization: Bearer abcdefghij", "abcdefghij"),
        ("POST https://hooks.slack.com/commands/T1/2/abc failed", "abc"),
        ("GET /link?token=abcdef&x=1", "abcdef"),
        ("password=hunter2", "hunter2"),
        ("{'token': 'hunter2'}", "hunter2"),
    ],
)
def test_known_forms_of_secrets(text: str, gone: str) -> None:
    assert gone not in redaction.scrub(text)


def test_long_lines_are_cut_and_numbers_kept() -> None:
    cleaned = redaction.clean(None, "info", {"event": "x" * 1000, "ms": 1.5, "ok": True, "body": b"abc", "none": None})
    assert cleaned["event"] == "x" * redaction.LONGEST + "... (1000 characters)"
    assert (cleaned["ms"], cleaned["ok"], cleaned["body"], cleaned["none"]) == (1.5, True, "[3 bytes]", None)
