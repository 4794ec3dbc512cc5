"""Who acts during a storm, and what they were told. Every act carries a word of its own, by which it is found again."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

import asyncpg

from sandbox.acts import Person
from sandbox.answers import Ack
from sandbox.records import Message
from sandbox.workspace import Workspace

DONE = re.compile(r"\b(?:D|MR)-\d+\b")
# What the bot says where it cannot know, or where a person has to look before they try again.
UNSURE = re.compile(r"look at the record|did not confirm|fault in the bot", re.IGNORECASE)
# Seconds between the acts of a person, and before they try again what did not work.
PACE = (0.02, 0.3)
PATIENCE = (0.5, 2.0)
ENVIRONMENTS = ("staging", "development")
BULK = 25


class Told(StrEnum):
    """What a person was told: that it is done, that it was refused, or nothing they could rely on."""

    DONE = "done"
    REFUSED = "refused"
    UNSURE = "unsure"


@dataclass
class Act:
    """Something that was to make one row; `kind` says in which table its word is looked for."""

    kind: str
    word: str
    told: Told
    answer: str


@dataclass
class Crowd:
    """People and the dashboard, acting until told to stop. `acts` is what came of it."""

    slack: Workspace
    owner_dsn: str
    chance: random.Random
    acts: list[Act] = field(default_factory=list)
    bulk: set[int] = field(default_factory=set)
    clicks: int = 0
    numbers: "count[int]" = field(default_factory=count)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Everybody at once."""
        async with asyncio.TaskGroup() as group:
            for name in ("erik", "eva", "ada"):
                group.create_task(self._busy(self.slack.person(name)))
            group.create_task(self._dashboard())

    async def _busy(self, person: Person) -> None:
        doings: list[Callable[[Person], Awaitable[object]]] = [
            self._record, self._record, self._ask, self._raise, self._comment, self._press, self._press,
        ]  # fmt: skip
        while not self.stop.is_set():
            failed = await self.chance.choice(doings)(person)
            await asyncio.sleep(self.chance.uniform(*(PATIENCE if failed else PACE)))

    def _word(self) -> str:
        return f"w{next(self.numbers)}x"

    async def _record(self, person: Person) -> bool:
        word = self._word()
        text = f'record "Web App" {word} {self.chance.choice(ENVIRONMENTS)} success'
        return self._note("deployment", word, await person.slash("/deploy", text, channel="ops"))

    async def _ask(self, person: Person) -> bool:
        word = self._word()
        text = f'request "Web App" {word} {self.chance.choice((*ENVIRONMENTS, "production"))}'
        return self._note("deployment", word, await person.slash("/deploy", text, channel="ops"))

    async def _comment(self, person: Person) -> None:
        cards = [it for it in self._cards("ops") if DONE.search(it.text)]
        if not cards:
            return
        label = DONE.search(self.chance.choice(cards).text)
        word = self._word()
        if label is not None:
            ack = await person.slash("/maintenance", f"comment {label.group()} {word}", channel="ops")
            self._note("comment", word, ack)

    async def _raise(self, person: Person) -> None:
        opened = await person.slash("/maintenance", "new", channel="ops")
        if opened.view is None:
            return
        word = self._word()
        # Slack delivers a submission again where the acknowledgement got lost; here, often and at once.
        values = {"title": word, "description": "It has to be done."}
        result = await person.submit(opened.view, values, repeat=self.chance.choice((1, 1, 2)))
        if result.errors:
            told = Told.UNSURE if UNSURE.search(str(result.errors)) else Told.REFUSED
        else:
            told = Told.UNSURE if result.trouble or result.ack.error else Told.DONE
        self.acts.append(Act("request", word, told, str(result.errors or result.trouble)))

    async def _press(self, person: Person) -> None:
        """A button of a card, sometimes twice at once."""
        cards = self._cards(self.chance.choice(("ops", "deployments")))
        if not cards:
            return
        card = self.chance.choice(cards[-30:])
        buttons = [it["action_id"] for block in card.blocks for it in block.get("elements", ()) if _plain(it)]
        if buttons:
            self.clicks += 1
            try:
                await person.click(card, self.chance.choice(buttons), repeat=self.chance.choice((1, 2)))
            except LookupError:
                return  # the card was edited between the look and the click

    def _cards(self, channel: str) -> list[Message]:
        found = self.slack.channel(channel).messages.values()
        return [it for it in found if it.user == self.slack.bot.id and not it.thread_ts and not it.text.startswith(":")]

    def _note(self, kind: str, word: str, ack: Ack) -> bool:
        """Keep what came of it; whether it failed."""
        if ack.error or UNSURE.search(ack.text):
            told = Told.UNSURE
        else:
            told = Told.DONE if DONE.search(ack.text) and "nothing" not in ack.text else Told.REFUSED
        self.acts.append(Act(kind, word, told, ack.error or ack.text))
        return told is not Told.DONE

    async def _dashboard(self) -> None:
        """The other program: single changes, and now and then many in one transaction."""
        while not self.stop.is_set():
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))
            try:
                await self._dashboard_writes()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
                continue  # its own affair; what it committed is in the database

    async def _dashboard_writes(self) -> None:
        connection = await asyncpg.connect(self.owner_dsn, timeout=2)
        try:
            if self.chance.random() < 0.02:
                await connection.execute(INSERT_MANY, f"bulk{next(self.numbers)}", BULK)
            elif self.chance.random() < 0.5:
                await connection.execute(INSERT_ONE, f"other{next(self.numbers)}")
            else:
                await connection.execute(CHANGE_ONE, self.chance.choice(("low", "medium", "high", "critical")))
        finally:
            await connection.close(timeout=2)


INSERT_ONE = """
INSERT INTO maintenance_requests (requested_by, assigned_to, title, description, due_date)
VALUES (1, 2, $1, 'From the dashboard.', now()::timestamp - interval '1 minute')
"""
INSERT_MANY = """
INSERT INTO maintenance_requests (requested_by, title, description)
SELECT 1, $1, 'One of many.' FROM generate_series(1, $2::integer)
"""
CHANGE_ONE = """
UPDATE maintenance_requests SET priority = $1
WHERE id = (SELECT id FROM maintenance_requests WHERE title NOT LIKE 'bulk%' ORDER BY random() LIMIT 1)
"""


def _plain(element: dict[str, object]) -> bool:
    """A button that asks nothing back and shows to everybody."""
    return element.get("type") == "button" and not element.get("url") and not element.get("visible_to_user_ids")
