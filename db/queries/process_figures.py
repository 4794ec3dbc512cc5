"""What each running process has counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Conn


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """A process by its kind and node, when it wrote, and what: figures in Prometheus' text form."""

    process: str
    node: str
    at: datetime
    figures: str


UPDATE_FIGURES: Final = """
INSERT INTO techops.process_figures AS f (process, node, at, figures) VALUES ($1, $2, $3, $4)
ON CONFLICT (process, node) DO UPDATE SET at = excluded.at, figures = excluded.figures
"""


async def update_figures(conn: Conn, it: ProcessFigures) -> None:
    """Keep what a process has counted, in the place of what it wrote before."""
    await conn.execute(UPDATE_FIGURES, it.process, it.node, it.at, it.figures)


LIST_SINCE: Final = """
SELECT f.process, f.node, f.at, f.figures FROM techops.process_figures AS f WHERE f.at >= $1 ORDER BY f.process, f.node
"""


async def list_since(conn: Conn, since: datetime) -> list[ProcessFigures]:
    """What was written since then."""
    return [ProcessFigures(**dict(row)) for row in await conn.fetch(LIST_SINCE, since)]


DELETE_OWN: Final = "DELETE FROM techops.process_figures WHERE process = $1 AND node = $2"


async def delete_own(conn: Conn, process: str, node: str) -> None:
    """Remove what one process wrote."""
    await conn.execute(DELETE_OWN, process, node)


DELETE_BEFORE: Final = "DELETE FROM techops.process_figures WHERE at < $1"


async def delete_before(conn: Conn, before: datetime) -> None:
    """Remove what was written before that moment."""
    await conn.execute(DELETE_BEFORE, before)
