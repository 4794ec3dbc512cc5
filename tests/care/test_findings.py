"""Findings become one request, which is looked at again when somebody calls it completed."""

from collections.abc import Callable
from typing import Any

from bot.context import Act, Deps
from bot.services.care import runs
from tests.care.conftest import care_worker
from tests.fixtures.delivery import Dashboard

CLI = Act(person=None, source="cli")
FIX = """
DROP INDEX idx_users_email; DROP INDEX idx_events_kind_again; DROP INDEX idx_events_once;
ALTER TABLE events DROP CONSTRAINT events_parent_fkey;
"""
IDLE = "SELECT NOT EXISTS (SELECT FROM techops.pgqueuer WHERE entrypoint = 'care_check')"
REQUEST = "SELECT * FROM maintenance_requests"


async def complete(dashboard: Dashboard, deps: Deps) -> str:
    """As the dashboard does; the request's status when the care worker is done with it."""
    await dashboard.run("UPDATE maintenance_requests SET status = 'completed'")
    async with care_worker(deps):
        await dashboard.until(IDLE)
    return str(await dashboard.run("SELECT status FROM maintenance_requests"))


async def test_all_findings_make_one_request_in_a_project_of_their_own(
    owner: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    run = await runs.run_now(owner, CLI)
    [row] = await dashboard.rows(REQUEST)
    assert row["id"] == run.request_id
    assert row["title"] == "Care: 5 findings in the database"
    assert row["requested_by"] == 1  # the first active admin
    assert await dashboard.run("SELECT name FROM projects WHERE id = $1", row["project_id"]) == "Database"
    for text in ("public.strangers", "idx_events_once", "idx_events_kind_again", "idx_users_email", "(orphans)"):
        assert text in row["description"]
    assert await dashboard.run(
        "SELECT source FROM techops.activity WHERE verb = 'created' AND subject_kind = 'maintenance'"
    )


async def test_a_project_of_that_name_is_used_again(owner: Deps, neglected: Any, dashboard: Dashboard) -> None:
    there = await dashboard.run("INSERT INTO projects (name) VALUES ('database') RETURNING id")
    await runs.run_now(owner, CLI)
    [row] = await dashboard.rows(REQUEST)
    assert row["project_id"] == there


async def test_without_an_admin_the_run_says_that_none_was_raised(
    deps: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    await dashboard.run("UPDATE users SET role = 'user'")
    run = await runs.run_now(deps, CLI)
    assert run.request_id is None
    assert "no active admin" in run.notes[-1]


async def test_a_completed_request_is_opened_again_while_it_is_still_true(
    owner: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    await runs.run_now(owner, CLI)
    await neglected.execute("DROP INDEX idx_users_email")
    assert await complete(dashboard, owner) == "open"
    note = await dashboard.run("SELECT notes FROM maintenance_status_history ORDER BY id DESC LIMIT 1")
    assert note.startswith("Still true: The table public.strangers belongs to the role ")
    assert "idx_events_once" in note
    assert "idx_users_email" not in note


async def test_a_completed_request_stays_so_when_everything_is_put_right(
    owner: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    await runs.run_now(owner, CLI)
    await neglected.execute(FIX + "DROP TABLE strangers")
    assert await complete(dashboard, owner) == "completed"
    assert await dashboard.run("SELECT count(*) FROM techops.care_findings WHERE cleared_at IS NULL") == 0
    again = await runs.run_now(owner, CLI)
    assert again.request_id is None


async def test_a_table_that_the_role_got_is_looked_after(owner: Deps, neglected: Any, dashboard: Dashboard) -> None:
    await runs.run_now(owner, CLI)
    await neglected.execute(FIX)
    role = await dashboard.run("SELECT tableowner FROM pg_tables WHERE tablename = 'events'")
    await neglected.execute(f"ALTER TABLE strangers OWNER TO {role}")
    assert await complete(dashboard, owner) == "completed"


async def test_new_findings_join_the_request_that_is_under_way(
    deps: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    first = await runs.run_now(deps, CLI)
    await neglected.execute("CREATE INDEX idx_projects_name_again ON projects (name)")
    second = await runs.run_now(deps, CLI)
    assert second.request_id == first.request_id
    [remark] = await dashboard.rows("SELECT * FROM techops.comments")
    assert remark["user_id"] is None
    assert "idx_projects_name_again" in remark["body"]
    assert "idx_events_once" not in remark["body"]


async def test_a_cancelled_request_is_the_last_word_on_its_findings(
    deps: Deps, neglected: Any, dashboard: Dashboard
) -> None:
    first = await runs.run_now(deps, CLI)
    await dashboard.run("UPDATE maintenance_requests SET status = 'cancelled'")
    assert (await runs.run_now(deps, CLI)).request_id is None
    assert len(await dashboard.rows(REQUEST)) == 1
    await neglected.execute("CREATE INDEX idx_projects_name_again ON projects (name)")
    third = await runs.run_now(deps, CLI)
    assert third.request_id not in {None, first.request_id}
    [_old, new] = await dashboard.rows(f"{REQUEST} ORDER BY id")
    assert "idx_projects_name_again" in new["description"]
    assert "idx_events_once" not in new["description"]


async def test_a_request_that_was_deleted_is_raised_anew(deps: Deps, neglected: Any, dashboard: Dashboard) -> None:
    first = await runs.run_now(deps, CLI)
    await dashboard.run("DELETE FROM maintenance_requests")
    second = await runs.run_now(deps, CLI)
    assert second.request_id not in {None, first.request_id}


async def test_what_is_locked_is_neither_found_nor_cleared(
    deps: Deps, neglected: Any, dashboard: Dashboard, with_settings: Callable[..., Deps]
) -> None:
    await runs.run_now(deps, CLI)
    async with neglected.transaction():
        await neglected.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        # the check reads what it can; the table's own findings stay as they were
        assert await complete(dashboard, deps) == "open"
    keys = {
        row["key"] for row in await dashboard.rows("SELECT key FROM techops.care_findings WHERE cleared_at IS NULL")
    }
    assert "duplicate:public.idx_events_kind_again" in keys
