"""Backups in Slack: whatever a program has said fits, and no one's text acts as markup."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.views import backups as views
from db.models_backups import Backup, BackupStatus, Contents
from tests.views import builders as make
from tests.views.checks import assert_sendable, shown
from tests.views.test_limits import several

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)

rows = st.builds(
    Backup,
    id=st.integers(1, 10**9),
    status=st.sampled_from(BackupStatus),
    source=st.just("cli"),
    asked_by=st.none(),
    started_at=st.just(AT),
    finished_at=st.just(AT),
    seconds=st.none() | st.floats(0, 10**6),
    file=make.maybe_text,
    size_bytes=st.none() | st.integers(0, 2**60),
    sha256=st.none(),
    tool_version=make.maybe_text,
    server_version=make.maybe_text,
    contents=st.none() | st.just(Contents({"public.users": 12}, frozenset())),
    verified_at=st.none(),
    copied_at=st.none(),
    removed_at=st.none(),
    fault=make.maybe_text,
    notes=make.maybe_text,
)


@several
@given(rows, st.lists(rows, max_size=30))
def test_results_and_lists(row: Backup, more: list[Backup]) -> None:
    assert_sendable(views.made(row))
    assert_sendable(views.backup_list([row, *more]))


@several
@given(make.text, make.maybe_text, st.lists(make.text, max_size=20))
def test_checks_and_alarms(name: str, fault: str | None, notes: list[str]) -> None:
    assert_sendable(views.checked(name, fault, notes))
    assert_sendable(views.alarm("failed", name))
    assert_sendable(views.alarm(name, fault or ""))
    assert_sendable(views.told(name))


def test_a_backup_says_its_state_in_a_word() -> None:
    made = Backup(
        1, "verified", "cli", None, AT, AT, 61.4, "d-1.dump", 1536, "", "15.18", "15.18",
        Contents({"public.users": 1200}, frozenset()), AT, None, None, None, None,
    )  # fmt: skip
    text = shown(views.backup_list([made]).blocks)
    assert "verified" in text
    assert "d-1.dump, 1.5 kB, 1,200 rows, in 1m 1s, pg_dump 15.18" in text
