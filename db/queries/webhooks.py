"""Deliveries of webhooks: each is taken once, and those of one deployment find each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.patterns import literal
from db.pool import Conn


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of a delivery: `outcome` is recorded, updated or ignored with the reason."""

    outcome: str
    deployment_id: int | None


INSERT_DELIVERY: Final = """
INSERT INTO techops.webhook_deliveries (source, delivery_id, external_id, outcome, at) VALUES ($1, $2, $3, '', $4)
ON CONFLICT (source, delivery_id) DO NOTHING
RETURNING true
"""


async def insert_delivery(conn: Conn, source: str, delivery_id: str, external_id: str | None, now: datetime) -> bool:
    """Take a delivery in this transaction; False where it was taken before. Waits for a concurrent one to end."""
    return await conn.fetchval(INSERT_DELIVERY, source, delivery_id, external_id, now) is True


MARK_DELIVERY: Final = """
UPDATE techops.webhook_deliveries SET outcome = $3, deployment_id = $4 WHERE source = $1 AND delivery_id = $2
"""


async def mark_delivery(conn: Conn, source: str, delivery_id: str, delivery: Delivery) -> None:
    """Keep what came of it."""
    await conn.execute(MARK_DELIVERY, source, delivery_id, delivery.outcome, delivery.deployment_id)


# The triggers have told of the deployment already: the first activity of this transaction names it.
MARK_TOLD: Final = """
UPDATE techops.webhook_deliveries AS w SET outcome = $3, deployment_id = (
    SELECT a.subject_id FROM techops.activity AS a
    WHERE a.xid = pg_current_xact_id() AND a.subject_kind = 'deployment'
    ORDER BY a.id LIMIT 1
)
WHERE w.source = $1 AND w.delivery_id = $2
"""


async def mark_told(conn: Conn, source: str, delivery_id: str, outcome: str) -> None:
    """Keep that a delivery led to the deployment which this transaction has made or changed."""
    await conn.execute(MARK_TOLD, source, delivery_id, outcome)


FIND_DELIVERY: Final = """
SELECT d.outcome, d.deployment_id FROM techops.webhook_deliveries AS d WHERE d.source = $1 AND d.delivery_id = $2
"""


async def find_delivery(conn: Conn, source: str, delivery_id: str) -> Delivery | None:
    """What came of a delivery, None where it never arrived."""
    row = await conn.fetchrow(FIND_DELIVERY, source, delivery_id)
    return Delivery(row["outcome"], row["deployment_id"]) if row else None


LOCK_EXTERNAL: Final = "SELECT pg_advisory_xact_lock(hashtextextended('webhook ' || $1 || ' ' || $2, 0))"


async def lock_external(conn: Conn, source: str, external_id: str) -> None:
    """Make deliveries that tell of the same deployment wait for each other, until the end of the transaction."""
    await conn.execute(LOCK_EXTERNAL, source, external_id)


FIND_EXTERNAL: Final = """
SELECT d.deployment_id FROM techops.webhook_deliveries AS d
JOIN public.deployments AS p ON p.id = d.deployment_id
WHERE d.source = $1 AND d.external_id = $2 AND d.deployment_id IS NOT NULL
ORDER BY d.at DESC LIMIT 1
"""


async def find_external(conn: Conn, source: str, external_id: str) -> int | None:
    """The deployment that earlier deliveries told of, None where there is none (any more)."""
    deployment_id = await conn.fetchval(FIND_EXTERNAL, source, external_id)
    return int(deployment_id) if deployment_id is not None else None


LIST_REPOSITORIES: Final = r"""
SELECT p.id, p.name, p.repository_url
FROM public.projects AS p
WHERE p.status IS DISTINCT FROM 'archived' AND p.repository_url ILIKE '%' || $1::text || '%'
ORDER BY p.id
LIMIT 100
"""


async def list_repositories(conn: Conn, name: str) -> list[tuple[int, str, str]]:
    """Projects (number, name, address) that are not archived and whose repository's address contains the name."""
    rows = await conn.fetch(LIST_REPOSITORIES, literal(name))
    return [(row["id"], row["name"], row["repository_url"]) for row in rows]
