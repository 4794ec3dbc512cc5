from db.migrate import check, migrate
from db.pool import DatabaseConfig


async def test_an_empty_database_becomes_current(empty_database: DatabaseConfig) -> None:
    before = await check(empty_database)
    report = await migrate(empty_database)
    after = await check(empty_database)

    assert before.applied == ()
    assert tuple(applied.name for applied in report.applied) == before.pending == after.applied
    assert report.offenders == report.warnings == ()
    assert after.current
