"""What PostgreSQL does for a statement: as it is planned at first, and as it is planned once it is a prepared one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

# From the sixth run on, a plan for any arguments is taken where it looks no dearer.
GENERIC_AFTER: Final = 6


@dataclass(frozen=True, slots=True)
class Cost:
    """Pages of 8 KiB that were touched, rows that scans looked at, milliseconds, and tables that were read whole."""

    pages: int
    rows: int
    ms: float
    whole: frozenset[str]


async def cost_of(conn: Any, statement: str, arguments: str, settings: Mapping[str, str] | None = None) -> Cost:
    """The dearer of the first and the sixth run of a prepared statement; what it writes is rolled back."""
    transaction = conn.transaction()
    await transaction.start()
    try:
        for name, value in (settings or {}).items():
            await conn.execute("SELECT set_config($1, $2, true)", name, value)
        # a subquery is no argument of EXECUTE
        values = await _evaluated(conn, arguments)
        await conn.execute(f"PREPARE probe AS {statement}")
        call = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE probe{f'({values})' if values else ''}"
        costs = []
        for _ in range(GENERIC_AFTER):
            savepoint = conn.transaction()
            await savepoint.start()
            found = await conn.fetchval(call)
            await savepoint.rollback()
            costs.append(_cost(json.loads(found) if isinstance(found, str) else found))
    finally:
        await transaction.rollback()
        # it outlives the transaction, except where making it has failed
        if await conn.fetchval("SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'probe')"):
            await conn.execute("DEALLOCATE probe")
    first, last = costs[1], costs[-1]
    return max(first, last, key=lambda it: (len(it.whole), it.pages))


def literal(value: object) -> str:
    """A Python value as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case datetime() | date():
            return f"'{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def literals(values: Sequence[object]) -> str:
    """Python values as the arguments of EXECUTE."""
    return ", ".join(literal(value) for value in values)


async def _evaluated(conn: Any, arguments: str) -> str:
    if not re.search(r"\bSELECT\b", arguments):
        return arguments
    row = await conn.fetchrow(f"SELECT {arguments}")
    return ", ".join("'{" + ",".join(map(str, it)) + "}'" if isinstance(it, list) else literal(it) for it in row)


def _cost(found: list[dict[str, Any]]) -> Cost:
    plan = found[0]["Plan"]
    nodes = list(_nodes(plan))
    return Cost(
        pages=plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0),
        rows=round(sum(_looked_at(node) for node in nodes if "Scan" in node["Node Type"])),
        ms=found[0]["Execution Time"],
        whole=frozenset(node["Relation Name"] for node in nodes if "Seq Scan" in node["Node Type"]),
    )


def _looked_at(node: dict[str, Any]) -> float:
    left_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + left_out) * node["Actual Loops"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
