"""A neglected database is cared for, and every line of the report is what the catalogue says."""

import re
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from bot.context import Act, Deps
from bot.rules.care import STEPS, size
from bot.services.care import runs
from db.models_care import Run, RunStatus, Step, StepStatus
from tests.care.conftest import FLUSH

CLI = Act(person=None, source="cli")
STATE = """
SELECT c.oid::regclass::text AS name, s.last_vacuum, s.last_analyze, s.n_dead_tup AS dead
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_stat_all_tables AS s ON s.relid = c.oid
WHERE n.nspname IN ('public', 'techops') AND c.relkind = 'r'
"""


def step(run: Run, name: str) -> Step:
    return next(it for it in run.steps if it.name == name)


def keys(run: Run) -> set[str]:
    return {it.key for step in run.steps for it in step.findings}


async def bytes_of(admin: Any, name: str) -> str:
    return size(await admin.fetchval("SELECT pg_relation_size($1::text::regclass)", name))


async def test_every_line_of_the_report_agrees_with_the_catalogue(owner: Deps, neglected: Any) -> None:
    before = {row["name"]: row for row in await neglected.fetch(STATE)}
    packed = await bytes_of(neglected, "events_pkey")
    run = await runs.run_now(owner, CLI)
    assert [it.name for it in run.steps] == list(STEPS)
    assert run.status == RunStatus.FAILED  # one table is not the role's own, one index cannot be made valid

    after = {row["name"]: row for row in await neglected.fetch(STATE)}
    done = [name for name in after if name != "strangers"]
    assert all(after[name]["last_analyze"] and after[name]["last_vacuum"] for name in done)
    assert after["strangers"]["last_analyze"] is None
    assert after["strangers"]["last_vacuum"] is None
    assert step(run, "analyze").summary == f"{len(done)} tables analysed. 1 failed."
    assert step(run, "vacuum").status == StepStatus.FAILED
    assert str(step(run, "vacuum").summary).startswith(f"{len(done)} tables vacuumed")
    assert all("strangers" in step(run, name).failures[0] for name in ("analyze", "vacuum"))
    [cleared] = [line for line in step(run, "vacuum").lines if line.startswith("public.events:")]
    assert (before["events"]["dead"], after["events"]["dead"]) == (28000, 0)
    assert cleared.startswith("public.events: 28,000 dead rows cleared away")

    await _indexes_agree(run, neglected, packed)
    await _sizes_agree(run, neglected)
    assert keys(run) == {
        "owner:public.strangers",
        "invalid:public.idx_events_once",
        "duplicate:public.idx_events_kind_again",
        "duplicate:public.idx_users_email",
        "constraint:public.events.events_parent_fkey",
    }
    assert "pg_read_all_stats" in run.notes[0]
    assert run.notes[1].endswith("does not own 1 of the tables.")


async def _indexes_agree(run: Run, neglected: Any, packed: str) -> None:
    rebuilt = f"{packed} → {await bytes_of(neglected, 'events_pkey')}"
    assert next(line for line in step(run, "reindex").lines if "events_pkey" in line).endswith(rebuilt)
    assert "idx_events_once (invalid): could not create unique index" in step(run, "reindex").failures[0]
    valid = dict(await neglected.fetch("SELECT indexrelid::regclass::text, indisvalid FROM pg_index"))
    assert valid["idx_events_once"] is False
    assert [name for name in valid if re.search("_cc(new|old)", name)] == []


async def _sizes_agree(run: Run, neglected: Any) -> None:
    total = await neglected.fetchval("SELECT pg_total_relation_size('events')")
    assert any(line.startswith(f"public.events: {size(total)} (new)") for line in step(run, "sizes").lines)
    lines = step(run, "indexes").lines
    assert "Invalid: public.idx_events_once on public.events" in lines
    assert any(line.startswith("Duplicate: public.idx_events_kind_again") for line in lines)
    assert "public.events, foreign key events_parent_fkey: 1,000 or more rows break it, not validated" in (
        step(run, "integrity").lines
    )


async def test_steps_and_runs_are_recorded(owner: Deps, neglected: Any) -> None:
    run = await runs.run_now(owner, CLI)
    [row] = await neglected.fetch("SELECT * FROM techops.maintenance_runs")
    assert (row["id"], row["status"], row["source"], row["current_step"]) == (run.id, "failed", "cli", 13)
    assert row["started_at"] <= row["finished_at"]
    rows = await neglected.fetch("SELECT * FROM techops.maintenance_steps ORDER BY position")
    assert [it["name"] for it in rows] == list(STEPS)
    assert all(it["duration_ms"] is not None and it["finished_at"] >= it["started_at"] for it in rows)


async def test_an_invalid_index_is_built_anew_once_the_rows_allow_it(owner: Deps, neglected: Any) -> None:
    await neglected.execute("DELETE FROM events WHERE id > 7")
    run = await runs.run_now(owner, CLI)
    assert await neglected.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_events_once'::regclass")
    assert any("idx_events_once (invalid)" in line for line in step(run, "reindex").lines)
    assert step(run, "reindex").status == StepStatus.OK
    assert "invalid:public.idx_events_once" not in keys(run)


async def test_leftovers_of_an_interrupted_build_are_dropped(owner: Deps, neglected: Any) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await neglected.execute("REINDEX INDEX CONCURRENTLY idx_events_once")
    left = "SELECT count(*) FROM pg_class WHERE relname ~ '_ccnew[0-9]*$'"
    assert await neglected.fetchval(left) == 1
    run = await runs.run_now(owner, CLI)
    assert await neglected.fetchval(left) == 0
    dropped = [line for line in step(run, "reindex").lines if "left over" in line]
    # the one that was there, and the one that our own attempt left
    assert len(dropped) == 2


async def test_the_next_run_tells_growth_and_raises_nothing_twice(owner: Deps, neglected: Any) -> None:
    first = await runs.run_now(owner, CLI)
    before = await neglected.fetchval("SELECT pg_total_relation_size('events')")
    await neglected.execute(
        "INSERT INTO events (kind, payload) SELECT n::text, repeat('y', 200) FROM generate_series(1, 5000) n"
    )
    second = await runs.run_now(owner, CLI)
    grown = await neglected.fetchval("SELECT pg_total_relation_size('events')")
    [line] = [it for it in step(second, "sizes").lines if it.startswith("public.events:")]
    assert line.startswith(f"public.events: {size(grown)} (+{size(grown - before)}, +")
    assert second.request_id == first.request_id is not None
    assert await neglected.fetchval("SELECT count(*) FROM maintenance_requests") == 1
    assert await neglected.fetchval("SELECT count(*) FROM techops.comments") == 0


async def test_a_step_that_fails_does_not_stop_the_others(deps: Deps, neglected: Any) -> None:
    await neglected.execute("DROP TABLE techops.table_sizes")
    run = await runs.run_now(deps, CLI)
    assert step(run, "sizes").status == StepStatus.FAILED
    assert "techops.table_sizes" in step(run, "sizes").failures[0]
    others = [it for it in run.steps if it.name not in {"sizes", "reindex"}]
    assert {it.status for it in others} == {StepStatus.OK}


async def test_a_superuser_can_do_all_of_it(deps: Deps, neglected: Any) -> None:
    await neglected.execute("DELETE FROM events WHERE id > 7; CREATE TABLE strangers (id integer)")
    run = await runs.run_now(deps, CLI)
    assert run.status == RunStatus.SUCCEEDED
    assert run.notes == ()


async def available(admin: Any, extension: str) -> bool:
    return bool(await admin.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = $1", extension))


async def test_slow_queries_are_those_since_the_last_run(deps: Deps, neglected: Any) -> None:
    loaded = await neglected.fetchval("SELECT current_setting('shared_preload_libraries')")
    if "pg_stat_statements" not in loaded:
        run = await runs.run_now(deps, CLI)
        assert "not installed" in str(step(run, "slow").summary)
        return
    await neglected.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    await neglected.fetch("SELECT pg_sleep(0.3) AS before_the_first FROM events LIMIT 1")
    first = await runs.run_now(deps, CLI)
    assert "since the statistics began" in str(step(first, "slow").summary)
    for _ in range(3):
        await neglected.fetch("SELECT pg_sleep(0.2) AS after_the_first")
    second = await runs.run_now(deps, CLI)
    assert "no earlier run" not in str(step(second, "slow").summary)
    [line] = [it for it in step(second, "slow").lines if "after_the_first" in it]
    assert " in 3 calls (mean " in line
    assert not any("before_the_first" in it for it in step(second, "slow").lines)


async def test_an_extension_without_its_library_is_told(deps: Deps, neglected: Any) -> None:
    loaded = await neglected.fetchval("SELECT current_setting('shared_preload_libraries')")
    if "pg_stat_statements" in loaded or not await available(neglected, "pg_stat_statements"):
        return
    await neglected.execute("CREATE EXTENSION pg_stat_statements")
    run = await runs.run_now(deps, CLI)
    assert "must be loaded via" in str(step(run, "slow").summary)
    assert step(run, "connections").status == StepStatus.OK


async def test_bloat_is_measured_where_pgstattuple_is_and_else_named_an_estimate(deps: Deps, neglected: Any) -> None:
    run = await runs.run_now(deps, CLI)
    assert str(step(run, "bloat").summary).endswith("estimated from statistics, not measured.")
    if not await available(neglected, "pgstattuple"):
        return
    await neglected.execute("CREATE EXTENSION pgstattuple")
    await neglected.execute("INSERT INTO events (kind) SELECT 'late' FROM generate_series(1, 20000)")
    await neglected.execute("DELETE FROM events WHERE kind = 'late' AND id % 50 > 0")
    await neglected.execute(FLUSH)
    again = await runs.run_now(deps, CLI)
    assert str(step(again, "bloat").summary).endswith("measured with pgstattuple.")
    [events] = [line for line in step(again, "bloat").lines if line.startswith("public.events:")]
    free = await neglected.fetchrow("SELECT * FROM pgstattuple('events')")
    assert abs(free["free_percent"] - float(events.rsplit("(", 1)[1].split(" ")[0])) <= 3
    [rebuilt] = [line for line in step(again, "reindex").lines if "events_pkey" in line]
    assert "% unused, measured" in rebuilt


async def test_the_request_can_be_done_without(with_settings: Callable[..., Deps], owner: Deps, neglected: Any) -> None:
    run = await runs.run_now(with_settings(owner, care_requests=False), CLI)
    assert run.request_id is None
    assert await neglected.fetchval("SELECT count(*) FROM maintenance_requests") == 0
    assert await neglected.fetchval("SELECT count(*) FROM techops.care_findings WHERE cleared_at IS NULL") == 5
