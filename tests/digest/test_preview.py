"""`techops digest preview` and `techops run-job`, as an operator types them."""

import json
from pathlib import Path

import asyncpg
import pytest

from db.pool import DatabaseConfig
from tests.processes.commands import environment, techops


@pytest.fixture
def env(tmp_path: Path, database: DatabaseConfig) -> dict[str, str]:
    assert database.dsn is not None
    return environment(tmp_path, DATABASE_URL=database.dsn)


@pytest.mark.timeout(120)
async def test_a_preview_is_printed_and_jobs_run_as_of_a_moment(
    tmp_path: Path, env: dict[str, str], database: DatabaseConfig
) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(
        "INSERT INTO users (id, email, name, password_hash) VALUES (1, 'a@example.com', 'Ada', 'x');"
        "INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name) VALUES ('T1', 'U1', 1, 'Ada');"
        "INSERT INTO maintenance_requests (requested_by, title, description, due_date)"
        " VALUES (1, 'Late thing', 'd', '2026-11-20 10:00');"
        "INSERT INTO techops.subscriptions (channel_id, kind, cadence, at, tz, days, created_at)"
        " VALUES ('C1', 'digest', 'daily', '09:00', 'UTC', '{1,2,3,4,5,6,7}', '2026-01-01')"
    )
    try:
        printed = await techops("digest", "preview", "--weekly", "--tz", "europe/berlin", env=env, cwd=tmp_path)
        assert printed.code == 0, printed.err
        assert "Weekly digest" in printed.out
        assert "Late thing" in printed.out
        listed = await techops("digest", "preview", "--json", env=env, cwd=tmp_path)
        assert json.loads(listed.out)["overdue_total"] == 1
        wrong = await techops("digest", "preview", "--project", "None such", env=env, cwd=tmp_path)
        assert wrong.code == 1
        assert "There is no project" in wrong.err
        for job, moment in (("reminders", "2026-11-23T09:15+00:00"), ("digest", "2026-11-23T09:15+00:00")):
            for _ in range(2):
                done = await techops("run-job", job, "--now", moment, env=env, cwd=tmp_path)
                assert done.code == 0, done.err
        rows = await connection.fetch("SELECT entrypoint FROM techops.pgqueuer WHERE entrypoint <> 'announce'")
        assert sorted(row["entrypoint"] for row in rows) == ["digest", "remind"]
    finally:
        await connection.close()
