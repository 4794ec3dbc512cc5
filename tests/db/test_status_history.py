"""Who is named in the history of a request, and with which words."""

import pytest

from db.pool import Conn, Pool

UNKNOWN = "Status changed automatically (actor unknown)"
PEOPLE = """
INSERT INTO users (id, email, name, password_hash) VALUES
    (1, 'requester@x', 'R', 'x'), (2, 'assignee@x', 'A', 'x'), (3, 'actor@x', 'C', 'x')
"""
REQUEST = """
INSERT INTO maintenance_requests (id, requested_by, assigned_to, title, description) VALUES (1, 1, $1, 'T', 'D')
"""
HISTORY = "SELECT old_status, new_status, changed_by, notes FROM maintenance_status_history ORDER BY id"


async def prepare(conn: Conn, assignee: int | None) -> None:
    await conn.execute(PEOPLE)
    await conn.execute(REQUEST, assignee)


@pytest.mark.parametrize(
    ("settings", "assignee", "by", "note"),
    [
        ({"app.current_user_id": "3", "app.note": "done"}, 2, 3, "done"),
        ({"app.current_user_id": "3"}, 2, 3, None),
        ({"app.current_user_id": "3", "app.note": ""}, None, 3, None),
        ({}, 2, 2, UNKNOWN),
        ({}, None, 1, UNKNOWN),
        ({"app.note": "by hand"}, None, 1, "by hand"),
        ({"app.current_user_id": "99"}, 2, 2, UNKNOWN),
        ({"app.current_user_id": "me", "app.note": "by hand"}, 2, 2, "by hand"),
    ],
)
async def test_a_change_of_status_names_the_best_known(
    pool: Pool, settings: dict[str, str], assignee: int | None, by: int, note: str | None
) -> None:
    async with pool.transaction() as conn:
        await prepare(conn, assignee)
    async with pool.transaction(settings) as conn:
        await conn.execute("UPDATE maintenance_requests SET status = 'in_progress'")
    async with pool.acquire() as conn:
        assert [tuple(row.values()) for row in await conn.fetch(HISTORY)] == [("open", "in_progress", by, note)]


async def test_nothing_is_written_where_the_status_stays(pool: Pool) -> None:
    async with pool.transaction() as conn:
        await prepare(conn, None)
        await conn.execute("UPDATE maintenance_requests SET status = 'open', title = 'Another'")
        assert await conn.fetch(HISTORY) == []


async def test_updated_at_moves_in_the_zone_of_the_session(pool: Pool) -> None:
    async with pool.transaction() as conn:
        await conn.execute("INSERT INTO project_groups (name, updated_at) VALUES ('G', '2001-01-01')")
        await conn.execute("SET LOCAL TimeZone = 'Asia/Tokyo'")
        await conn.execute("UPDATE project_groups SET name = 'H'")
        assert await conn.fetchval("SELECT updated_at = now()::timestamp FROM project_groups")
