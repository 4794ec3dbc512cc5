"""Processes killed with -9 at a chosen point of their work: what they left is finished by others, once."""

import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from db.queries import outbox
from sandbox.faults import Fault
from sandbox.workspace import Workspace
from tests.faults import judge
from tests.faults.holds import Gate, age, buried, cut_off, eventually
from tests.fixtures.delivery import Dashboard, Workers, cards, shown
from tests.processes.commands import Running, running

PROJECT = "INSERT INTO projects (name, status) VALUES ('Web App', 'active')"
DEPLOYMENT = "INSERT INTO deployments (project_id, version, environment, status) VALUES (1, 'v7', 'staging', 'pending')"
START = "UPDATE deployments SET status = 'in_progress', deployed_at = now() WHERE id = 1"
NOTED = "SELECT (SELECT count(*) FROM techops.messages WHERE message_ts IS NOT NULL) >= $1"
POSTED = "SELECT NOT EXISTS (SELECT FROM techops.ledger WHERE posted_at IS NULL)"
IN_DOUBT = "SELECT count(*) FROM techops.messages WHERE message_ts IS NULL"
SLOW_SECONDS = 0.7
Point = Callable[["House"], Awaitable[None]]
# What is on its way when the worker is killed: a card, a line below a card that was edited, a person's assignment, a
# direct message, a notice, a reply, a file.
AT_ONCE = 7


@dataclass
class House:
    """A worker of its own process, the database it works on, and the workspace it writes to."""

    dashboard: Dashboard
    slack: Workspace
    gate: Gate
    worker: Running
    cut: bool = False
    faults: list[Fault] = field(default_factory=list)

    async def one_deployment(self) -> None:
        """D-1 with its card, before anything happens."""
        await self.dashboard.run(PROJECT)
        await self.dashboard.run(DEPLOYMENT)
        await self.slack.wait_for(lambda: cards(self.slack, "deployments"), timeout=20)
        await self.dashboard.settled()

    async def everything(self) -> None:
        """One of each kind of message at once, as soon as this is committed."""
        [card] = cards(self.slack, "deployments")
        dashboard, now = self.dashboard, await self.dashboard.run("SELECT now()")
        async with dashboard.turn, dashboard.connection.transaction():
            conn = dashboard.connection
            await conn.execute("INSERT INTO maintenance_requests (requested_by, assigned_to, title, description)"
                               " VALUES (4, 2, 'Replace the fan', 'It squeaks.')")  # fmt: skip
            await conn.execute(START)
            await outbox.enqueue_dm(conn, user="U0ENG2", text="Hello.", blocks=[], key="hello", now=now)
            await outbox.enqueue_notice(conn, channel="ops", text="Heard.", blocks=[], key="heard", now=now)
            await outbox.enqueue_reply(
                conn, channel=card.channel, thread_ts=card.ts, text="Well done.", blocks=[], key="well", now=now
            )
            await outbox.enqueue_file(
                conn, user="U0ENG2", filename="a.csv", title="A", content=b"a,b\n", key="a", now=now, text="See."
            )

    def slow(self, *methods: str, kind: str = "delay", after: bool = False) -> None:
        """Slack takes its time over all of these calls, before the work or after it."""
        for method in methods:
            fault = self.slack.faults.add(kind, method, times=None, delay=SLOW_SECONDS, after=after)  # type: ignore[arg-type] # a kind by its name
            self.faults.append(fault)

    async def asked(self, number: int) -> None:
        """Wait until so many slow calls have reached Slack."""
        await eventually(lambda: sum(fault.hits for fault in self.faults) >= number)

    async def worked(self, number: int) -> None:
        """Wait until Slack has done the work of so many of these calls."""
        await eventually(lambda: sum(1 for call in self.slack.calls if call.fault) >= number)

    async def kill(self) -> None:
        """End the worker as the kernel does; where it is to be `cut`, the server gets nothing more of it."""
        await self.worker.end(signal.SIGKILL)
        if self.cut:
            await cut_off(self.dashboard, "worker")


@pytest.fixture
async def house(dashboard: Dashboard, slack: Workspace, env: dict[str, str], tmp_path: Path) -> AsyncIterator[House]:
    async with running("worker", env=env, cwd=tmp_path) as worker:
        yield House(dashboard, slack, Gate(dashboard), worker)


def keys(slack: Workspace) -> Counter[str]:
    """How often each key was said."""
    said = [it.metadata for it in judge.bots(slack) if it.metadata]
    return Counter(str(it["event_payload"]["key"]).split(":", 1)[0] for it in said)


async def once(house: House) -> None:
    """Every message is there, none is there twice, and nothing is left to do or to doubt."""
    slack = house.slack
    assert list(judge.said_twice(slack)) == []
    assert keys(slack) == {"card": 2, "line": 1, "assigned": 1, "dm": 1, "notice": 1, "reply": 1}
    files = [file["name"] for message in slack.messages_in(slack.dm("U0ENG2").id) for file in message.files]
    assert len(files) == 1, files
    await well(house)


async def well(house: House) -> None:
    [card] = cards(house.slack, "deployments")
    assert "In progress" in shown(card), shown(card)
    assert await house.dashboard.run(IN_DOUBT) == 0


async def before_the_intent(house: House) -> None:
    await house.gate.build("INSERT ON techops.messages")
    async with house.gate.closed():
        await house.everything()
        await house.gate.waiting(AT_ONCE)
        await house.kill()


async def during_the_call(house: House) -> None:
    """Slack does the work although nobody is there any more to hear of it."""
    house.slow("chat.postMessage", "files.completeUploadExternal")
    await house.everything()
    await house.asked(AT_ONCE)
    await house.kill()
    await house.worked(AT_ONCE)


async def during_a_call_that_comes_to_nothing(house: House) -> None:
    house.slow("chat.postMessage", "files.completeUploadExternal", kind="drop_before")
    await house.everything()
    await house.asked(AT_ONCE)
    await house.kill()
    await house.worked(AT_ONCE)


async def before_the_answer(house: House) -> None:
    house.slow("chat.postMessage", "files.completeUploadExternal", after=True)
    await house.everything()
    await house.worked(AT_ONCE)
    await house.kill()


async def before_it_is_marked(house: House) -> None:
    await house.gate.build("UPDATE OF message_ts ON techops.messages")
    async with house.gate.closed():
        await house.everything()
        await house.gate.waiting(AT_ONCE)
        await house.kill()


async def before_the_ledger(house: House) -> None:
    await house.gate.build("UPDATE OF posted_at ON techops.ledger")
    async with house.gate.closed():
        await house.everything()
        await house.gate.waiting(3)  # the two records and the person
        await house.dashboard.until(NOTED, AT_ONCE + 1)
        await house.kill()


async def before_the_job_is_completed(house: House) -> None:
    await house.gate.build("DELETE ON techops.pgqueuer")
    house.slow("chat.postMessage", "files.completeUploadExternal", after=True)
    await house.everything()
    await house.worked(AT_ONCE)
    async with house.gate.closed():
        await house.dashboard.until(NOTED, AT_ONCE + 1)
        await house.dashboard.until(POSTED)
        await house.gate.waiting(1)
        await house.kill()


async def during_the_edit(house: House) -> None:
    house.slow("chat.update")
    await house.everything()
    await house.asked(1)
    await house.kill()
    await house.worked(1)


async def before_the_edit_is_kept(house: House) -> None:
    await house.gate.build("UPDATE OF shown ON techops.cards")
    async with house.gate.closed():
        await house.everything()
        await house.gate.waiting(2)  # the edit, and the other card that is about to be posted
        await eventually(lambda: bool(house.slack.calls_of("chat.update")))
        await house.kill()


POINTS: tuple[Point, ...] = (
    before_the_intent,
    during_the_call,
    during_a_call_that_comes_to_nothing,
    before_the_answer,
    before_it_is_marked,
    before_the_ledger,
    before_the_job_is_completed,
    during_the_edit,
    before_the_edit_is_kept,
)
# Where a statement was on its way, the server may have got it or not.
CUT = (before_it_is_marked,)
CASES = [(point, False) for point in POINTS] + [(point, True) for point in CUT]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("point", "cut"), CASES, ids=lambda it: it.__name__ if callable(it) else f"cut={it}")
async def test_a_worker_killed_at_this_point_loses_and_doubles_nothing(
    house: House, workers: Workers, point: Point, *, cut: bool
) -> None:
    house.cut = cut
    await house.one_deployment()
    await point(house)
    await buried(house.dashboard, "worker")
    house.slack.faults.clear()
    await age(house.dashboard)
    async with workers():
        await house.dashboard.settled(within=20)
    await once(house)
