"""A running bot that a whole module shares: the people at its door, rows to act on, and what an act left behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg

from bot.context import Deps
from bot.processes.web import serve_web
from bot.slack import Slack
from db.pool import DatabaseConfig, open_pool
from sandbox.records import Message, User
from sandbox.server import Server
from sandbox.workspace import Workspace
from tests.fixtures.bot import RunningBot, TestClock, settings_for
from tests.strangers.payloads import Kind, prepared

OTHER_TEAM = "T0ELSEWHERE"
# who they are, their account's number, and the workspace that Slack says they are of
SLACK_IDS = {
    "admin": "U0ADMIN",
    "engineer": "U0ENG",
    "requester": "U0RITA",
    "user": "U0USER",
    "stranger": "U0OUT",
    "guest": "U0GUEST",
    "other bot": "U0OTHERBOT",
    # an id of our own workspace, signed for another one: it must not be taken for the admin's
    "namesake": "U0ADMIN",
    "deactivated": "U0DORA",
}
USER_IDS = {"admin": 1, "engineer": 2, "colleague": 3, "requester": 4, "user": 5, "deactivated": 6}
MEMBERS = ("admin", "engineer", "requester", "user")
OUTSIDERS = ("stranger", "guest", "other bot", "namesake", "deactivated")
PEOPLE = """
INSERT INTO users (id, email, name, password_hash, role, is_active) VALUES
    (1, 'ada@example.com', 'Ada Admin', 'x', 'admin', true),
    (2, 'erik@example.com', 'Erik Engineer', 'x', 'engineer', true),
    (3, 'eva@example.com', 'Eva Engineer', 'x', 'engineer', true),
    (4, 'rita@example.com', 'Rita Requester', 'x', 'user', true),
    (5, 'uma@example.com', 'Uma User', 'x', 'user', true),
    (6, 'dora@example.com', 'Dora Deactivated', 'x', 'admin', false),
    (7, 'alba@example.com', 'Alba Admin', 'x', 'admin', true);
SELECT setval('users_id_seq', 100);
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz) VALUES
    ('T0SANDBOX', 'U0ADMIN', 1, 'Ada Admin', 'UTC'),
    ('T0SANDBOX', 'U0ENG', 2, 'Erik Engineer', 'UTC'),
    ('T0SANDBOX', 'U0ENG2', 3, 'Eva Engineer', 'UTC'),
    ('T0SANDBOX', 'U0RITA', 4, 'Rita Requester', 'UTC'),
    ('T0SANDBOX', 'U0USER', 5, 'Uma User', 'UTC'),
    ('T0SANDBOX', 'U0DORA', 6, 'Dora Deactivated', 'UTC');
-- opened a moment ago, which is noted once an hour
INSERT INTO techops.person_settings (user_id, home_opened_at, updated_at) SELECT id, now(), now() FROM users;
"""
LIST_TABLES = """
SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
WHERE table_schema IN ('public', 'techops') AND table_type = 'BASE TABLE' ORDER BY 1
"""
# Nobody's rights are in these: attempts at signing in are counted, and the queue keeps statistics.
UNWATCHED = {"techops.pgqueuer_log", "techops.pgqueuer_statistics", "techops.pgqueuer_schedules", "techops.claims"}
FAULT = "because of a fault in the bot"

Fingerprint = dict[str, tuple[int, int]]


@dataclass
class Told:
    """What came of a request: its status and body, and what the person was shown besides."""

    status: int
    body: str
    shown: str
    seconds: float

    @property
    def text(self) -> str:
        """Everything that was said."""
        return f"{self.body}\n{self.shown}"


@dataclass
class House:
    """The bot, without a worker, so that whatever it means to post stays in the queue, where it is counted."""

    bot: RunningBot
    owner: Any
    http: aiohttp.ClientSession
    fingerprint_query: str
    counter: Iterator[int]
    posts: list[str] = field(default_factory=list)

    @property
    def slack(self) -> Workspace:
        return self.bot.slack

    def next(self) -> int:
        """A number that nothing else has."""
        return next(self.counter)

    async def value(self, query: str, *args: object) -> Any:
        """The first column of the first row, read or written by the owner of the tables."""
        return await self.owner.fetchval(query, *args)

    async def rows(self, query: str, *args: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.owner.fetch(query, *args)]

    async def fingerprint(self) -> Fingerprint:
        """Of each table how many rows it has, and a hash of them."""
        rows = await self.owner.fetch(self.fingerprint_query)
        return {row["name"]: (row["rows"], row["hash"]) for row in rows}

    async def send(self, who: str, kind: Kind, payload: dict[str, Any]) -> Told:
        """Sign a payload, send it, and gather what the person was told; nobody else may have been told anything."""
        ws, me = self.slack, SLACK_IDS[who]
        calls, deliveries = ws.calls[-1].seq if ws.calls else 0, ws.next_seq()
        before = {id(message): message.text for message in self._private(me)}
        answer = await ws.delivery.send(prepared(ws, kind, payload))
        assert answer.status is not None, answer
        made = [call for call in ws.calls if call.seq > max(calls, deliveries)]
        self.posts += [f"{call.method} {call.args}" for call in made if not _is_private(ws, me, call.method, call.args)]
        shown = [_shown(it) for it in self._private(me) if before.get(id(it)) != it.text]
        shown += [json.dumps(call.args, default=str) for call in made if call.method.startswith("views.")]
        return Told(answer.status, answer.body, "\n".join(shown), answer.ms / 1000)

    def _private(self, me: str) -> list[Message]:
        return [m for channel in self.slack.channels.values() for m in channel.ephemerals if m.ephemeral_to == me]


def _shown(message: Message) -> str:
    return f"{message.text}\n{message.blocks}"


def _is_private(ws: Workspace, me: str, method: str, args: dict[str, Any]) -> bool:
    match method:
        case "users.info" | "auth.test" | "views.open" | "views.push" | "views.update" | "conversations.info":
            return True
        case "views.publish":
            return bool(args.get("user_id") == me)
        case "chat.postEphemeral":
            return bool(args.get("user") == me)
        case "conversations.open":
            return bool(args.get("users") == me)
        case "chat.postMessage":
            return bool(args.get("channel") in {me, ws.dm(me).id})
    return False


@asynccontextmanager
async def open_house(database: DatabaseConfig, **more: object) -> AsyncIterator[House]:
    """A workspace, the bot in it, its people, and the owner's own connection to its database."""
    ws = Workspace()
    ws.add_user(User("U0RITA", "rita", "Rita Requester", "rita@example.com"))
    ws.add_user(User("U0DORA", "dora", "Dora Deactivated", "dora@example.com"))
    server = Server(ws)
    await server.start()
    owner = await asyncpg.connect(database.dsn)
    try:
        await owner.execute("SET app.announce = off")
        await owner.execute(PEOPLE)
        settings = settings_for(ws, database, **more)
        async with _running(settings, ws, database) as bot, aiohttp.ClientSession() as http:
            yield House(bot, owner, http, await _fingerprint_query(owner), iter(range(1, 1_000_000)))
    finally:
        await owner.close()
        await server.stop()


@asynccontextmanager
async def _running(settings: Any, ws: Workspace, database: DatabaseConfig) -> AsyncIterator[RunningBot]:
    pool, slack = await open_pool(settings.database("test")), Slack(settings)
    deps = Deps(settings, pool, slack, TestClock())
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_web(deps, stop, ready.set_result))
    try:
        await asyncio.wait([serving, ready], timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        address = await asyncio.wait_for(ready, 1)
        ws.bot_url = f"{address}/slack/events"
        assert isinstance(deps.clock, TestClock)
        yield RunningBot(deps, ws, database, deps.clock, address, [serving])
    finally:
        stop.set()
        await serving
        await slack.close()
        await pool.close()


async def _fingerprint_query(owner: Any) -> str:
    tables = [row[0] for row in await owner.fetch(LIST_TABLES) if row[0] not in UNWATCHED]
    return " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS rows,"  # noqa: S608 - names of the catalogue
        f" coalesce(bit_xor(hashtextextended((to_jsonb(x) - 'last_used_at')::text, 0)), 0) AS hash FROM {table} AS x"
        for table in tables
    )


def differing(before: Fingerprint, after: Fingerprint) -> set[str]:
    """The tables that are not as they were."""
    return {table for table in before.keys() | after.keys() if before.get(table) != after.get(table)}
