"""Secrets and texts are planted wherever they come in; the logs of real processes are searched for them."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
import pytest

from db.pool import DatabaseConfig
from sandbox.acts import Person
from sandbox.server import Server
from sandbox.workspace import Workspace
from tests.processes.commands import Running, environment, running, techops
from tests.strangers import payloads

# Each secret once, with letters that stand nowhere else; none of a form that a filter could know.
CANARY = "Zugvogel"
BOT_TOKEN = f"xoxb-{CANARY}-bot"
SIGNING = f"{CANARY}SigningSecret"
METRICS = f"{CANARY}Metrics"
WEBHOOK = f"{CANARY}WebhookSecret"
DSN_PASSWORD = f"{CANARY}Dsn"
PASSWORD = f"{CANARY}-and-a-long-word"
LATE_SECONDS = 30.0
FAILING = """
ALTER TABLE maintenance_requests ADD CONSTRAINT no_rows CHECK (title NOT LIKE '%Constraint%');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title LIKE '%Raised%' THEN
        RAISE EXCEPTION 'This row is refused: %', NEW USING DETAIL = NEW.description;
    END IF;
    IF NEW.title LIKE '%Cast%' THEN PERFORM NEW.description::integer; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON maintenance_requests FOR EACH ROW EXECUTE FUNCTION refuse();
"""
INSERT_REQUEST = """
INSERT INTO maintenance_requests (title, description, requested_by) VALUES ($1::text, $1::text, 1)
"""


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    ws = Workspace(bot_token=BOT_TOKEN, signing_secret=SIGNING)
    server = Server(ws)
    await server.start()
    yield ws
    await server.stop()


@pytest.fixture
async def secret_dsn(database: DatabaseConfig) -> AsyncIterator[str]:
    """The address of the database for an owner who has a password."""
    assert database.dsn is not None
    connection = await asyncpg.connect(database.dsn)
    name = f"bird_{connection.get_server_pid()}"
    await connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{DSN_PASSWORD}'")
    parts = urlsplit(database.dsn)
    netloc = f"{name}:{DSN_PASSWORD}@{parts.netloc.rpartition('@')[2]}"
    yield urlunsplit(parts._replace(netloc=netloc))
    await connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", name)
    await connection.execute(f"DROP OWNED BY {name} CASCADE")
    await connection.execute(f"DROP ROLE {name}")
    await connection.close()


def settings(home: Path, ws: Workspace, dsn: str, **more: str) -> dict[str, str]:
    return environment(
        home,
        DATABASE_URL=dsn,
        SLACK_BOT_TOKEN=BOT_TOKEN,
        SLACK_SIGNING_SECRET=SIGNING,
        SLACK_API_URL=ws.api_url,
        METRICS_TOKEN=METRICS,
        WEBHOOK_SECRET=WEBHOOK,
        LOG_LEVEL="debug",
        **more,
    )


@pytest.mark.timeout(180)
async def test_nothing_of_what_is_secret_is_logged(
    workspace: Workspace, secret_dsn: str, team: None, tmp_path: Path
) -> None:
    env = settings(tmp_path, workspace, secret_dsn)
    async with running("web", env=env, cwd=tmp_path) as web, running("worker", env=env, cwd=tmp_path) as worker:
        address = str(json.loads(await web.line('"listening"', LATE_SECONDS))["address"])
        workspace.bot_url = address
        secrets = await everything(workspace, address, secret_dsn)
        made = await techops("token", "create", "--name", "ci", "--json", env=env, cwd=tmp_path)
        secrets.append(json.loads(made.out)["token"])
        await programs(address, secrets[-1])
        await failures(workspace, secret_dsn, worker)
        control = json.loads(await web.line('"MR-4711"', LATE_SECONDS))
        assert {"request_id", "person", "record", "outcome"} <= control.keys()
        assert [await it.end() for it in (web, worker)] == [0, 0]
    for line in [*web.lines, *worker.lines]:
        assert json.loads(line)["level"]
        assert CANARY not in line
        assert not [secret for secret in secrets if secret in line], line
    assert any('"request_failed"' in line for line in web.lines), "the failures are there"
    assert made.err == "" or CANARY not in made.err


async def everything(ws: Workspace, address: str, dsn: str) -> list[str]:
    """Type, submit, press and share canaries; sign in with some. Returns the secrets that the bot has made up."""
    uma, erik = ws.person("uma"), ws.person("erik")
    await in_slack(ws, uma, erik)
    link = await secret_of(erik)
    async with aiohttp.ClientSession(address) as http:
        for path, fields in (
            ("/link", {"token": link, "email": "erik@example.com", "password": PASSWORD}),
            ("/link", {"token": f"{CANARY}token", "email": f"{CANARY}@example.com", "password": PASSWORD}),
            ("/sign-in", {"email": f"{CANARY}@example.com", "password": PASSWORD}),
            ("/sign-in", {"email": "erik@example.com", "password": f"{PASSWORD}\x00"}),
            ("/password", {"token": f"{CANARY}token", "password": PASSWORD, "repeated": PASSWORD}),
        ):
            async with http.post(path, data=fields) as response:
                assert response.status in {400, 401, 403, 410}, (path, await response.text())
        for path in (f"/link?token={link}", f"/password?token={CANARY}", f"/{CANARY}", f"/r/{CANARY}?key={CANARY}"):
            async with http.get(path, cookies={"techops_session": CANARY}, headers={"User-Agent": CANARY}) as response:
                assert response.status < 500
    await quoted_by_the_database(dsn)
    return [link]


async def in_slack(ws: Workspace, uma: Person, erik: Person) -> None:
    await erik.slash("/maintenance", "show MR-4711")
    for text in (f"{CANARY}", f"search {CANARY}", f"show {CANARY}", f'list project:"{CANARY}"', f"assign 1 {CANARY}"):
        await erik.slash("/maintenance", text)
    await erik.slash(f"/{CANARY.lower()}", CANARY)
    opened = await uma.slash("/maintenance", f"new {CANARY} title")
    assert opened.view is not None
    made = await uma.submit(opened.view, {"description": f"{CANARY} description"})
    assert not made.errors
    await erik.slash("/maintenance", f"comment 1 {CANARY} comment")
    await erik.slash("/worklog", f"1 0.5 {CANARY} work")
    message = await uma.post("ops", f"{CANARY} message")
    assert (await erik.shortcut("create_request", message)).view is not None
    for payload in (
        payloads.press(ws, "U0ENG", "maintenance.start", CANARY),
        payloads.press(ws, "U0ENG", CANARY, CANARY),
        payloads.submit(ws, "U0ENG", "maintenance.cancel", CANARY, {"reason": CANARY}),
        payloads.submit(ws, "U0ENG", CANARY, CANARY, {CANARY: CANARY}),
        payloads.suggestion(ws, "U0ENG", "maintenance.project", CANARY),
        {"type": CANARY, "user": {"id": CANARY}},
    ):
        await ws.delivery.send(payloads.prepared(ws, "interactive", payload))


async def secret_of(person: Person) -> str:
    """The secret of a link that a person has asked for."""
    ack = await person.slash("/techops", "link")
    found = re.search(r"token=([\w-]{20,})", f"{ack.text}{ack.messages[0].blocks if ack.messages else ''}")
    assert found is not None, ack
    return found[1]


async def quoted_by_the_database(dsn: str) -> None:
    """From now on some inserts fail, with errors that quote the row."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(FAILING)
    finally:
        await connection.close()


async def programs(address: str, token: str) -> None:
    """Calls of the API, right and wrong, also such as the database refuses."""
    request: dict[str, Any] = {"title": f"{CANARY} title", "description": f"{CANARY} description"}
    async with aiohttp.ClientSession(address) as http:
        for secret, body in (
            (token, request),
            (token, request | {"title": "Constraint"}),
            (token, request | {"title": "Raised"}),
            (token, request | {"title": "Cast"}),
            (token, request | {"priority": CANARY, CANARY: CANARY}),
            (f"tops_{CANARY}", request),
            (CANARY, request),
        ):
            async with http.post(
                "/api/v1/maintenance-requests", json=body, headers={"Authorization": f"Bearer {secret}"}
            ) as response:
                assert response.status in {201, 401, 422, 500}, await response.text()
        async with http.get("/metrics", headers={"Authorization": f"Bearer {METRICS}"}) as response:
            assert CANARY not in await response.text()
        signed = {"X-TechOps-Signature-256": f"sha256={CANARY}"}
        async with http.post("/api/v1/webhooks/generic", data=CANARY.encode(), headers=signed) as response:
            assert response.status == 401


async def failures(ws: Workspace, dsn: str, worker: Running) -> None:
    """The unexpected: rows that are refused, a table that is gone, Slack's answers, a queue that fails."""
    uma, erik = ws.person("uma"), ws.person("erik")
    for title in ("Constraint", "Raised", "Cast"):
        opened = await uma.slash("/maintenance", f"new {title} {CANARY}")
        assert opened.view is not None
        await uma.submit(opened.view, {"description": f"{CANARY} description"})
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("ALTER TABLE techops.comments RENAME TO elsewhere")
        await erik.slash("/maintenance", f"comment 1 {CANARY} lost")
        await connection.execute("ALTER TABLE techops.elsewhere RENAME TO comments")
        await connection.execute("ALTER TABLE techops.cards RENAME TO elsewhere")
        await connection.execute(INSERT_REQUEST, f"{CANARY} card")
        await worker.line('"error"', LATE_SECONDS)
        await connection.execute("ALTER TABLE techops.elsewhere RENAME TO cards")
    finally:
        await connection.close()


@pytest.mark.timeout(120)
async def test_a_start_that_fails_says_no_secret(workspace: Workspace, secret_dsn: str, tmp_path: Path) -> None:
    good = settings(tmp_path, workspace, secret_dsn)
    for wrong in (
        {"DATABASE_URL": f"postgresql://nobody:{CANARY}@127.0.0.1:1/nothing"},
        {"DATABASE_URL": f"{CANARY}://{CANARY}"},
        {"PORT": CANARY},
        {"SLACK_API_URL": f"ftp://{CANARY}", "LOG_LEVEL": CANARY},
    ):
        ended = await techops("doctor", env=good | wrong, cwd=tmp_path)
        assert ended.code != 0
        said = ended.out + ended.err
        assert said.strip()
        assert all(secret not in said for secret in (BOT_TOKEN, SIGNING, METRICS, WEBHOOK, DSN_PASSWORD)), said
        assert f":{CANARY}@" not in said
