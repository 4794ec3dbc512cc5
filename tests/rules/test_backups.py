"""Backups: retention never costs the last good one; complaints of pg_restore are told apart."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules import backups
from bot.rules.backups import Point
from db.models_backups import Contents

NIGHT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
KNOWN = """\
pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
Command was: SET transaction_timeout = 0;
pg_restore: warning: errors ignored on restore: 1
"""
EXTENSION = """\
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 2; 3079 17187 EXTENSION pg_stat_statements (no owner)
pg_restore: error: could not execute query: ERROR:  permission denied to create extension "pg_stat_statements"
HINT:  Must be superuser to create this extension.
Command was: CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA public;


pg_restore: warning: errors ignored on restore: 1
"""
ROLE = """\
pg_restore: error: could not execute query: ERROR:  role "clerk" does not exist
Command was: GRANT SELECT ON TABLE public.users TO clerk;


pg_restore: error: could not execute query: ERROR:  role "boss" does not exist
Command was: ALTER TABLE public.users OWNER TO boss;

pg_restore: warning: errors ignored on restore: 2
"""

several = settings(max_examples=50, deadline=None)
moments = st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: NIGHT - timedelta(minutes=minutes))
points = st.lists(moments, max_size=60).map(lambda every: [Point(number, at) for number, at in enumerate(every)])
zones = st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"])


def nights(number: int) -> list[Point]:
    return [Point(day, NIGHT - timedelta(days=day)) for day in range(number)]


@several
@given(points, points, zones)
def test_the_newest_verified_one_never_goes(verified: list[Point], others: list[Point], zone: str) -> None:
    unproven = [Point(1000 + point.id, point.at) for point in others]
    going = set(backups.condemned(verified, unproven, zone))
    staying = [point for point in verified if point.id not in going]
    assert bool(staying) == bool(verified)
    if verified:
        assert max(point.at for point in staying) == max(point.at for point in verified)
    assert len(staying) <= backups.DAILY + backups.WEEKLY + backups.MONTHLY


@several
@given(points, points, zones)
def test_unproven_ones_displace_no_verified_one(verified: list[Point], others: list[Point], zone: str) -> None:
    unproven = [Point(1000 + point.id, point.at) for point in others]
    with_them = [it for it in backups.condemned(verified, unproven, zone) if it < 1000]
    assert with_them == backups.condemned(verified, [], zone)


@several
@given(points, zones)
def test_where_nothing_is_verified_the_newest_stays_all_the_same(unproven: list[Point], zone: str) -> None:
    going = set(backups.condemned([], unproven, zone))
    assert going == {point.id for point in unproven} - backups.kept(unproven, zone)
    assert len(going) < len(unproven) or not unproven


@several
@given(points, zones)
def test_what_was_kept_is_kept_again(verified: list[Point], zone: str) -> None:
    staying = backups.kept(verified, zone)
    assert backups.kept([point for point in verified if point.id in staying], zone) == staying


@several
@given(points, zones)
def test_there_is_one_for_each_of_the_last_days(verified: list[Point], zone: str) -> None:
    def day(point: Point) -> object:
        return point.at.astimezone(ZoneInfo(zone)).date()

    staying = {day(point) for point in verified if point.id in backups.kept(verified, zone)}
    assert set(sorted({day(point) for point in verified}, reverse=True)[: backups.DAILY]) <= staying  # type: ignore[type-var]


def test_a_year_of_nights_leaves_seven_days_four_weeks_six_months() -> None:
    every = nights(365)
    staying = sorted(backups.kept(every, "UTC"))
    days = [(NIGHT - timedelta(days=number)).date().isoformat() for number in staying]
    assert days == [
        *("2026-11-22", "2026-11-21", "2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17", "2026-11-16"),
        *("2026-11-15", "2026-11-08", "2026-11-01"),
        *("2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30"),
    ]
    assert len(backups.condemned(every, [], "UTC")) == 365 - len(staying)


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [(None, 5, None), (0, 5, None), (100, 70, None), (100, 69, 31), (100, 0, 100), (100, 200, None)],
)
def test_a_drop_of_more_than_thirty_percent_is_alarming(before: int | None, now: int, percent: int | None) -> None:
    assert backups.shrunk(before, now) == percent


def test_a_backup_is_late_after_26_hours() -> None:
    assert not backups.is_late(NIGHT, NIGHT + timedelta(hours=26))
    assert backups.is_late(NIGHT, NIGHT + timedelta(hours=26, seconds=1))


def test_the_known_complaint_is_harmless_of_a_newer_tool_only() -> None:
    said = backups.read_complaints(KNOWN)
    assert backups.harmless(said, tool_major=18, server_major=15)
    assert not backups.harmless(said, tool_major=15, server_major=15)


@pytest.mark.parametrize(
    "said",
    [
        EXTENSION,
        KNOWN.replace("restore: 1", "restore: 2"),
        KNOWN.replace("transaction_timeout = 0", "transaction_timeout = 1"),
        KNOWN.replace("transaction_timeout", "statement_timeout"),
        KNOWN + "pg_restore: error: could not read from input file: end of file\n",
        "pg_restore: error: could not read from input file: end of file\n",
    ],
)
def test_every_other_complaint_is_a_failure(said: str) -> None:
    found = backups.read_complaints(said)
    assert found.others
    assert not backups.harmless(found, tool_major=18, server_major=15)


def test_nothing_said_is_no_complaint_and_harmless_to_nobody() -> None:
    found = backups.read_complaints("")
    assert found == backups.Complaints(0, (), ())
    assert not backups.harmless(found, tool_major=18, server_major=15)


def test_rights_of_roles_that_do_not_exist_are_told_apart() -> None:
    found = backups.read_complaints(ROLE)
    assert (found.missing_roles, found.others) == (("clerk", "boss"), ())
    assert backups.read_complaints(ROLE.replace("GRANT SELECT ON TABLE", "CREATE POLICY p ON")).others


def test_the_servers_own_troubles_say_nothing_about_the_archive() -> None:
    full = "pg_restore: error: COPY failed for table users: ERROR:  could not extend file: No space left on device"
    assert backups.read_complaints(full).is_server
    assert not backups.read_complaints(EXTENSION).is_server


def test_differences_are_named() -> None:
    one = Contents({"public.users": 12, "public.old": 1}, frozenset({"public.users pk p valid"}))
    other = Contents({"public.users": 11}, frozenset({"public.users pk p not valid"}))
    assert backups.differences(one, one) == []
    assert backups.differences(one, other) == [
        "public.old: 1 row in the database, no such table in the backup",
        "public.users: 12 rows in the database, 11 rows in the backup",
        "constraint public.users pk p valid is missing in the backup",
        "constraint public.users pk p not valid is only in the backup",
    ]
    assert backups.few(["a"] * 7).endswith("; and 2 more")
