"""Whose time zone counts: decided by the database, whoever writes."""

from datetime import UTC, datetime

import pytest

from db.pool import Conn
from db.queries import people, person_settings

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = """
INSERT INTO users (email, name, password_hash, role)
VALUES ('a@example.com', 'A', 'x', 'user'), ('b@example.com', 'B', 'x', 'user')
"""


@pytest.fixture
async def one(conn: Conn) -> Conn:
    await conn.execute(PEOPLE)
    await people.insert_identity(conn, "T1", "U1", 1, "A", "Europe/Berlin", NOW)
    return conn


async def zones(conn: Conn) -> tuple[str, str]:
    row = await conn.fetchrow("SELECT tz, slack_tz FROM techops.slack_identities WHERE slack_user_id = 'U1'")
    assert row is not None
    return row["tz"], row["slack_tz"]


async def choose(conn: Conn, user_id: int, tz: str | None) -> None:
    await person_settings.upsert_settings(conn, user_id, tz, direct_messages=True, now=NOW)


async def test_slack_s_counts_until_one_is_chosen(one: Conn) -> None:
    assert await zones(one) == ("Europe/Berlin", "Europe/Berlin")
    await choose(one, 1, "Asia/Tokyo")
    assert await zones(one) == ("Asia/Tokyo", "Europe/Berlin")
    await people.update_identity(one, "T1", "U1", "A", "Africa/Cairo", NOW)
    assert await zones(one) == ("Asia/Tokyo", "Africa/Cairo")
    await people.update_identity(one, "T1", "U1", "A", "Asia/Tokyo", NOW)
    assert await zones(one) == ("Asia/Tokyo", "Asia/Tokyo")
    await people.update_identity(one, "T1", "U1", "A", "Africa/Cairo", NOW)
    await choose(one, 1, None)
    assert await zones(one) == ("Africa/Cairo", "Africa/Cairo")


async def test_the_choice_stays_with_the_account(one: Conn) -> None:
    await choose(one, 2, "Asia/Tokyo")
    await one.execute("UPDATE techops.slack_identities SET user_id = 2")
    assert await zones(one) == ("Asia/Tokyo", "Europe/Berlin")
    await one.execute("UPDATE techops.slack_identities SET user_id = 1")
    assert await zones(one) == ("Europe/Berlin", "Europe/Berlin")
    await one.execute("DELETE FROM techops.slack_identities")
    await people.insert_identity(one, "T1", "U1", 2, "B", "Europe/Berlin", NOW)
    assert await zones(one) == ("Asia/Tokyo", "Europe/Berlin")


async def test_looking_at_the_home_is_written_once_an_hour(one: Conn) -> None:
    async def opened() -> object:
        return await one.fetchval("SELECT home_opened_at FROM techops.person_settings WHERE user_id = 1")

    await choose(one, 1, "Asia/Tokyo")
    await person_settings.mark_opened(one, 1, NOW)
    await person_settings.mark_opened(one, 1, NOW.replace(minute=59))
    assert await opened() == NOW
    later = NOW.replace(hour=1, minute=1)
    await person_settings.mark_opened(one, 1, later)
    assert await opened() == later
    assert await zones(one) == ("Asia/Tokyo", "Europe/Berlin")
    assert (await person_settings.find_settings(one, 1)).own_tz == "Asia/Tokyo"
