"""Goal 3: a command's way to its handler and back, with every feature registered and with it alone."""

from typing import Final

from slack_bolt.app.async_app import AsyncApp

from benchmarks._load import command
from benchmarks._measure import interleaved
from benchmarks._parts import parts
from benchmarks._place import Place, execute, serving
from benchmarks._results import Result
from benchmarks.requests import FILL
from bot import app as bolt
from bot.context import Deps
from bot.envelope import Envelope, parse_body
from bot.registry import Ask, Entry, Kind, Registry
from bot.views import kit
from bot.views.answers import Answer
from db.models import Role

REQUESTS: Final = 300
ALONE: Final = "ping"


async def ping(_ask: Ask, _deps: Deps) -> Answer:
    """Answer."""
    return kit.say("pong")


async def run(place: Place) -> list[Result]:
    """Goal 3."""
    entries = [entry for kind in Kind for entry in bolt.registry().entries(kind)]
    alone = Entry(Kind.COMMAND, f"/bench {ALONE}", ping, Role.USER, "bench", ALONE)
    async with place.database() as config, serving("slack", "-") as slack:
        await execute(config, *FILL)
        async with parts(config, api_url=f"http://127.0.0.1:{slack}/api/") as deps:
            with_all, with_one = (bolt.build(deps, Registry(it)) for it in ([*entries, alone], [alone]))
            many, one = await interleaved(lambda: series(with_all), lambda: series(with_one))
    return [
        Result(
            "3",
            f"dispatch among {len(entries)} entries",
            one / many,
            "at least",
            0.85,
            "",
            f"{1000 * REQUESTS / many:.0f}/s",
            f"{1000 * REQUESTS / one:.0f}/s with one entry",
            "1",
        )
    ]


async def series(app: AsyncApp) -> None:
    """One request after the other.

    Raises:
        RuntimeError: one was not answered by the handler.
    """
    for number in range(REQUESTS):
        body = command("/bench", ALONE, number).decode()
        envelope = parse_body(body, "application/x-www-form-urlencoded")
        if not isinstance(envelope, Envelope):
            raise TypeError(envelope)
        response = await bolt.dispatch(app, envelope, body)
        if "pong" not in response.body:
            raise RuntimeError(response.body)
