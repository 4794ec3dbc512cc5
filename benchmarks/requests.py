"""Goals 1, 2 and 4: requests a second and how long one takes, beside the least that can serve them.

Every server is a process of its own and all of them run at once; rounds go from one to the next, so that what else the
machine does hits all alike. The median round counts.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks._load import Timing, command, drive
from benchmarks._place import Place, execute, serving
from benchmarks._results import Result
from db.pool import DatabaseConfig

ROUNDS: Final = 7
CLIENTS: Final = 16
REQUESTS: Final = 800
ALONE: Final = 200
IDENTITY: Final = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name) VALUES ('T0SANDBOX', 'U0ERIK', 1, 'Erik')
"""
FILL: Final = (
    "INSERT INTO public.users (name, email, password_hash, role) VALUES ('Erik', 'erik@example.com', 'x', 'engineer')",
    IDENTITY,
    "INSERT INTO public.projects (name) VALUES ('shop')",
    "INSERT INTO public.maintenance_requests (project_id, requested_by, title, description) VALUES (1, 1, 'T', 'D')",
    "VACUUM ANALYZE",
)
# As the worker and the nightly care would: rows that wait for nobody slow down who writes the next.
BETWEEN: Final = (
    "TRUNCATE techops.pgqueuer, public.deployments, techops.approvals CASCADE",
    "VACUUM ANALYZE techops.activity",
)


@dataclass
class Rounds:
    """The rounds of one server."""

    many: list[Timing] = field(default_factory=list)
    alone: list[Timing] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second of many clients."""
        return statistics.median(it.rate for it in self.many)

    @property
    def p50(self) -> float:
        """Milliseconds of one client."""
        return 1000 * statistics.median(statistics.median(it.durations) for it in self.alone)


async def run(place: Place) -> list[Result]:
    """Goals 1, 2 and 4."""
    async with place.database() as config, serving("slack", "-") as slack:
        dsn = str(config.dsn)
        await execute(config, *FILL)
        async with (
            serving("bot", dsn, slack) as bot,
            serving("raw", dsn, slack) as raw,
            serving("bolt", dsn, slack) as bolt,
            serving("peer", dsn, slack) as peer,
        ):
            wrote = await measure(config, {"ours": bot, "floor": raw, "peer": peer}, record)
            read = await measure(config, {"ours": bot, "floor": bolt}, show)
    return [throughput(wrote), reading(read), latency(wrote)]


def record(number: int) -> bytes:
    """/deploy record."""
    return command("/deploy", f"record shop v1.0.{number} staging success", number)


def show(number: int) -> bytes:
    """/maintenance show."""
    return command("/maintenance", "show 1", number)


async def measure(config: DatabaseConfig, ports: dict[str, int], body: Callable[[int], bytes]) -> dict[str, Rounds]:
    """All servers, round after round; the first warms them up and is thrown away."""
    rounds = {name: Rounds() for name in ports}
    for number in range(ROUNDS + 1):
        for name, port in ports.items():
            await execute(config, *BETWEEN)
            many = await drive(port, body, clients=CLIENTS, requests=REQUESTS if number else REQUESTS // 4)
            alone = await drive(port, body, clients=1, requests=ALONE if number else 1)
            if number:
                rounds[name].many.append(many)
                rounds[name].alone.append(alone)
    return rounds


def throughput(it: dict[str, Rounds]) -> Result:
    ours, floor, peer = it["ours"].rate, it["floor"].rate, it["peer"].rate
    return Result(
        "1",
        f"/deploy record, {CLIENTS} clients",
        ours / floor,
        "at least",
        0.8,
        "",
        f"{ours:.0f}/s",
        f"{floor:.0f}/s aiohttp + signature + INSERT; {peer:.0f}/s usual Bolt app",
        "1",
    )


def reading(it: dict[str, Rounds]) -> Result:
    ours, floor = it["ours"].rate, it["floor"].rate
    return Result(
        "2",
        f"/maintenance show, {CLIENTS} clients",
        ours / floor,
        "at least",
        0.5,
        "",
        f"{ours:.0f}/s",
        f"{floor:.0f}/s bare Bolt",
        "1",
    )


def latency(it: dict[str, Rounds]) -> Result:
    ours, floor, peer = it["ours"].p50, it["floor"].p50, it["peer"].p50
    return Result(
        "4",
        "/deploy record, one client, p50",
        ours / floor,
        "at most",
        1.5,
        "",
        f"{ours:.2f} ms",
        f"{floor:.2f} ms; {peer:.1f} ms usual Bolt app",
        "1",
    )
