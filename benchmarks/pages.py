"""Goal 6: the thousandth page of every list against its first, over 300,000 requests."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks._dataset import fill
from benchmarks._measure import interleaved
from benchmarks._place import Place
from benchmarks._results import Result
from db.pool import Conn, open_pool
from db.queries import deployment_pages, request_pages

PAGE: Final = 10
THOUSANDTH: Final = 999
PageOf = Callable[[Conn, Any, int], Awaitable[Any]]


async def run(place: Place) -> list[Result]:
    """Goal 6, for the list where it is worst."""
    async with place.database() as config:
        await fill(config, 1)
        pool = await open_pool(config)
        async with pool.acquire() as conn:
            found = {name: await one(conn, page) for name, page in lists().items()}
        await pool.close()
    worst = max(found, key=lambda name: found[name][1] / found[name][0])
    first, last = found[worst]
    told = "; ".join(f"{name} {last:.2f} ms" for name, (_, last) in found.items())
    return [
        Result(
            "6",
            f"page 1000 of a list ({worst})",
            last / first,
            "at most",
            1.5,
            "x",
            told,
            f"page 1 {first:.2f} ms",
            "1",
        )
    ]


def lists() -> dict[str, PageOf]:
    """The lists that reach a thousand pages, by what they are narrowed to."""
    requests = {
        "all requests": request_pages.Narrowing(),
        "open requests": request_pages.Narrowing(open_only=True),
        "completed requests": request_pages.Narrowing(status="completed"),
        "requests of a project": request_pages.Narrowing(project_id=1),
    }
    deployments = {
        "all deployments": deployment_pages.Narrowing(),
        "deployments of a project": deployment_pages.Narrowing(project_id=1),
        "failed deployments": deployment_pages.Narrowing(status="failed"),
    }
    by_request = {name: _requests(it) for name, it in requests.items()}
    return by_request | {name: _deployments(it) for name, it in deployments.items()}


def _requests(narrowing: request_pages.Narrowing) -> PageOf:
    return lambda conn, cursor, size: request_pages.list_page(conn, narrowing, cursor, size)


def _deployments(narrowing: deployment_pages.Narrowing) -> PageOf:
    return lambda conn, cursor, size: deployment_pages.list_page(conn, narrowing, cursor, size)


async def one(conn: Conn, page: PageOf) -> tuple[float, float]:
    """Milliseconds of the first page and of the thousandth."""
    cursor = (await page(conn, None, PAGE * THOUSANDTH)).after
    if cursor is None:
        raise RuntimeError("the list has no thousand pages")
    first, last = await interleaved(lambda: page(conn, None, PAGE), lambda: page(conn, cursor, PAGE), repeats=41)
    return first, last
