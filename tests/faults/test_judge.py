"""The judge of the storms finds each fault that is planted; one that finds none would be worth nothing."""

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from db.pool import DatabaseConfig
from sandbox.records import Json, Message
from sandbox.workspace import Workspace
from tests.faults import judge
from tests.faults.people import Act, Crowd, Told
from tests.fixtures.bot import INSERT_PROJECTS
from tests.fixtures.delivery import Dashboard, Workers, cards, thread

DUE = """
INSERT INTO maintenance_requests (requested_by, assigned_to, title, description, due_date)
VALUES (4, 2, 'Due', 'It is late.', now()::timestamp - interval '1 minute') RETURNING id
"""
DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, status) VALUES (1, $1, 'staging', 'pending')
"""
COMMENT = "INSERT INTO techops.comments (maintenance_request_id, user_id, body) VALUES (1, 2, $1)"
REMINDED = """
INSERT INTO techops.reminders_sent (request_id, due_at, step, user_id, reached, sent_at)
SELECT 1, due_date::timestamptz, 'due', 2, true, $1 FROM maintenance_requests WHERE id = 1
"""
PLANNED = "INSERT INTO techops.messages (key, target, planned_at) VALUES ('reminder:2:abc', 'user:U0ENG', $1)"
HOLD = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
VALUES (0, 'dm', '', now(), 'failed')
"""


@dataclass
class Calm:
    """After a storm that did no harm: MR-1 with a comment, D-1, and what the people were told of them."""

    dashboard: Dashboard
    slack: Workspace
    crowd: Crowd
    dsn: str

    async def faults(self) -> list[str]:
        return await judge.faults(self.crowd, self.slack, self.dsn)

    @property
    def request(self) -> Message:
        return cards(self.slack)[0]

    def say(self, where: str, content: Json) -> Message:
        """The bot says something."""
        return self.slack.messages.post(self.slack.channel(where), self.slack.bot.id, content)

    def again(self, message: Message, *, key: str = "another") -> Message:
        """The bot says it once more, under another key."""
        metadata = {"event_type": "techops", "event_payload": {"key": key}}
        return self.say(message.channel, {"text": message.text, "blocks": message.blocks, "metadata": metadata})

    def remove(self, message: Message) -> None:
        channel = self.slack.channels[message.channel]
        del channel.messages[message.ts]
        if message.thread_ts:
            channel.threads[message.thread_ts].remove(message)


@pytest.fixture
async def calm(dashboard: Dashboard, slack: Workspace, database: DatabaseConfig, workers: Workers) -> Calm:
    assert database.dsn is not None
    await dashboard.run(INSERT_PROJECTS)
    async with workers():
        await dashboard.run(DUE)
        await dashboard.run(DEPLOYMENT, "w1x")
        await slack.wait_for(lambda: cards(slack) and cards(slack, "deployments"))
        await dashboard.run(COMMENT, "w2x")
        await slack.wait_for(lambda: thread(slack, cards(slack)[0]))
        await dashboard.settled()
    crowd = Crowd(slack, database.dsn, random.Random(1))  # noqa: S311 - nothing is drawn
    crowd.acts += [
        Act("deployment", "w1x", Told.DONE, "D-1 was requested"),
        Act("comment", "w2x", Told.DONE, "MR-1 has a comment"),
        Act("deployment", "w3x", Told.REFUSED, "no"),
        Act("deployment", "w4x", Told.UNSURE, "the database did not confirm"),
    ]
    calm = Calm(dashboard, slack, crowd, database.dsn)
    await noted(calm)
    calm.say(slack.dm("U0ENG").id, {"text": "Due.", "metadata": reminder("reminder:2:abc")})
    return calm


def reminder(key: str) -> Json:
    return {"event_type": "techops", "event_payload": {"key": key}}


async def noted(calm: Calm) -> None:
    """That person 2 was to be reminded of MR-1, an hour from now, so that nothing has happened to it since."""
    at = await calm.dashboard.run("SELECT now() + interval '1 hour'")
    await calm.dashboard.run(REMINDED, at)
    await calm.dashboard.run(PLANNED, at)


async def test_where_all_is_well_it_says_nothing(calm: Calm) -> None:
    assert await calm.faults() == []


async def no_card(calm: Calm) -> None:
    calm.remove(calm.request)


async def no_card_of_a_deployment(calm: Calm) -> None:
    calm.remove(cards(calm.slack, "deployments")[0])


async def two_cards(calm: Calm) -> None:
    calm.again(calm.request)


async def an_old_status(calm: Calm) -> None:
    await calm.dashboard.run("SET app.announce = off")
    await calm.dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = 1")


async def no_line_of_a_comment(calm: Calm) -> None:
    [line] = calm.slack.messages_in("ops", thread_ts=calm.request.ts)
    calm.remove(line)


async def two_lines_of_a_comment(calm: Calm) -> None:
    [line] = calm.slack.messages_in("ops", thread_ts=calm.request.ts)
    calm.say("ops", {"text": line.text, "blocks": line.blocks, "thread_ts": calm.request.ts})


async def a_key_twice(calm: Calm) -> None:
    [dm] = [it for it in calm.slack.messages_in(calm.slack.dm("U0ENG").id) if "assigned" in str(it.metadata)]
    assert dm.metadata is not None
    calm.again(dm, key=dm.metadata["event_payload"]["key"])


async def done_without_a_row(calm: Calm) -> None:
    calm.crowd.acts.append(Act("deployment", "w9x", Told.DONE, "D-9 was requested"))


async def done_twice(calm: Calm) -> None:
    await calm.dashboard.run("SET app.announce = off")
    await calm.dashboard.run(DEPLOYMENT, "w4x")
    await calm.dashboard.run(DEPLOYMENT, "w4x")
    for number in (2, 3):
        calm.again(cards(calm.slack, "deployments")[0], key=f"D-{number}").blocks[0]["text"]["text"] = f"D-{number} x"


async def refused_with_a_row(calm: Calm) -> None:
    await calm.dashboard.run("SET app.announce = off")
    await calm.dashboard.run(DEPLOYMENT, "w3x")
    calm.again(cards(calm.slack, "deployments")[0], key="D-2").blocks[0]["text"]["text"] = "D-2 x"


async def a_held_job(calm: Calm) -> None:
    await calm.dashboard.run(HOLD)


async def a_reminder_that_nobody_got(calm: Calm) -> None:
    dm = calm.slack.dm("U0ENG")
    calm.remove(next(it for it in calm.slack.messages_in(dm.id) if it.text == "Due."))


async def a_reminder_without_a_message(calm: Calm) -> None:
    await calm.dashboard.run("DELETE FROM techops.messages WHERE key LIKE 'reminder:%'")


async def a_reminder_twice(calm: Calm) -> None:
    calm.say(calm.slack.dm("U0ENG").id, {"text": "Now!", "metadata": reminder("reminder:2:abc")})


async def a_due_request_nobody_heard_of(calm: Calm) -> None:
    await calm.dashboard.run("DELETE FROM techops.reminders_sent")


PLANTED: list[tuple[Callable[[Calm], Awaitable[None]], str]] = [
    (no_card, "MR-1 has 0 cards"),
    (no_card_of_a_deployment, "D-1 has 0 cards"),
    (two_cards, "MR-1 has 2 cards"),
    (an_old_status, "MR-1 does not show in_progress"),
    (no_line_of_a_comment, "w2x is told 0 times"),
    (two_lines_of_a_comment, "w2x is told 2 times"),
    (a_key_twice, "said 2 times"),
    (done_without_a_row, "w9x was told as done and has 0 rows"),
    (done_twice, "w4x was told as unsure and has 2 rows"),
    (refused_with_a_row, "w3x was told as refused and has 1 rows"),
    (a_held_job, "held: 1 of dm"),
    (a_reminder_that_nobody_got, "reminded 0 times"),
    (a_reminder_without_a_message, "reminded 0 times"),
    (a_reminder_twice, "reminded 2 times"),
    (a_due_request_nobody_heard_of, "nobody was reminded of MR-1"),
]


@pytest.mark.parametrize(("plant", "found"), PLANTED, ids=lambda it: it.__name__ if callable(it) else "")
async def test_it_finds_what_is_planted(calm: Calm, plant: Callable[[Calm], Awaitable[Any]], found: str) -> None:
    await plant(calm)
    faults = await calm.faults()
    assert any(found in fault for fault in faults), json.dumps(faults)


async def test_what_was_settled_before_it_was_said_may_stay_unsaid(calm: Calm) -> None:
    await a_reminder_that_nobody_got(calm)
    await calm.dashboard.run("SET app.announce = off")
    await calm.dashboard.run("UPDATE maintenance_requests SET status = 'completed' WHERE id = 1")
    await calm.dashboard.run("UPDATE techops.activity SET at = at + interval '2 hours' WHERE verb <> 'created'")
    assert not [fault for fault in await calm.faults() if "reminded" in fault]
