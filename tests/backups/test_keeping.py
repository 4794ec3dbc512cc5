"""What is kept, what goes, and what is alarming about it."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.context import Deps
from bot.services import backups
from bot.services.backups import files, keeping
from db.models_backups import BackupStatus
from tests.backups.conftest import Make, Place, name_of

NIGHT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
INSERT = """
INSERT INTO techops.backups (status, source, started_at, finished_at, file, size_bytes, sha256)
VALUES ('{}', 'scheduler', '{}', '{}', '{}', {}, '{}')
"""


async def insert(place: Place, name: str, at: datetime, *, status: str = "verified", size: int = 10) -> Path:
    """A backup that was made some night; its file is not one to restore."""
    name = f"{name_of(place.database)}-{name}"
    content = b"x" * size
    digest = hashlib.sha256(content).hexdigest()
    await place.execute(INSERT.format(status, at.isoformat(), at.isoformat(), name, size, digest))
    path = place.directory / name
    path.write_bytes(content)
    files.label_of(path).write_text("{}")
    return path


@pytest.fixture
def directory(place: Place) -> Path:
    place.directory.mkdir()
    return place.directory


async def test_a_month_of_nights_leaves_what_the_rules_keep(deps: Deps, place: Place, directory: Path) -> None:
    paths = [await insert(place, f"night-{day:02}.dump", NIGHT - timedelta(days=day)) for day in range(30)]
    unproven = await insert(place, "unproven.dump", NIGHT - timedelta(days=20), status="unverified")
    stranger = directory / "somebody-elses.dump"
    stranger.write_bytes(b"y")
    gone = await keeping.let_go(deps, directory, NIGHT)
    left = {path.name for path in directory.glob("*.dump")}
    kept = {0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 22}  # days, Sundays, the end of October
    assert left == {paths[day].name for day in kept} | {stranger.name, unproven.name}
    assert set(gone) == {path.name for path in paths} - left
    assert {path.name.removesuffix(".json") for path in directory.glob("*.json")} == left - {stranger.name}
    assert [row.file for row in await backups.list_backups(deps)] == sorted(left - {stranger.name}, key=by_age(paths))
    assert await keeping.let_go(deps, directory, NIGHT) == []


def by_age(paths: list[Path]) -> object:
    order = [path.name for path in paths]
    order.insert(21, paths[0].name.replace("night-00", "unproven"))
    return order.index


async def test_records_without_files_never_cost_an_archive(deps: Deps, place: Place, directory: Path) -> None:
    """Ten newer backups are recorded whose files somebody has deleted or cut off: the old one is the last good one."""
    good = await insert(place, "good.dump", NIGHT - timedelta(days=300))
    for day in range(10):
        path = await insert(place, f"night-{day}.dump", NIGHT - timedelta(days=day))
        if day % 2:
            path.unlink()
        else:
            path.write_bytes(b"")
    await keeping.let_go(deps, directory, NIGHT)
    assert good.exists()


async def test_archives_of_the_original_are_nothing_to_a_copy(deps: Deps, place: Place, directory: Path) -> None:
    """A database that was restored under another name has records of the original's archives."""
    paths = [await insert(place, f"night-{day}.dump", NIGHT - timedelta(days=day)) for day in range(3)]
    for path in paths:
        path.rename(directory / f"original-{path.name}")
    await place.execute("UPDATE techops.backups SET file = 'original-' || file, started_at = '2020-01-01'")
    newest = await insert(place, "own.dump", NIGHT)
    assert await keeping.let_go(deps, directory, NIGHT) == []
    assert len([*directory.glob("*.dump")]) == 4
    assert newest.exists()


async def test_an_archive_that_shrank_is_alarming(deps: Deps, place: Place, make: Make, directory: Path) -> None:
    await insert(place, "last.dump", NIGHT - timedelta(days=1), size=2_000_000)
    row = await make()
    assert row.status == BackupStatus.VERIFIED
    [alarm] = await place.alarms()
    assert "much smaller" in alarm
    assert "% less than" in alarm
    assert "-last.dump" in alarm
    assert "% less" in str(row.notes)
    assert await make() is not None
    assert len(await place.alarms()) == 1, "the second is like the first"


async def test_backups_that_do_not_come_are_alarming_once_a_day(deps: Deps, place: Place, directory: Path) -> None:
    now = deps.now()
    assert not await backups.watch(deps, now), "a new installation is not late"
    assert await backups.watch(deps, now + timedelta(hours=27))
    assert not await backups.watch(deps, now + timedelta(hours=27))
    assert await backups.watch(deps, now + timedelta(hours=51))
    assert ["There never was one" in alarm for alarm in await place.alarms()] == [True, True]
    await insert(place, "new.dump", now + timedelta(hours=50))
    assert not await backups.watch(deps, now + timedelta(hours=76))
    await insert(place, "unproven.dump", now + timedelta(hours=75), status="unverified")
    assert await backups.watch(deps, now + timedelta(hours=99)), "only verified ones count"


async def test_the_same_cause_is_told_once_a_day(deps: Deps, place: Place, make: Make) -> None:
    for _ in range(3):
        assert (await make(())).status == BackupStatus.FAILED
    assert len(await place.alarms()) == 1
