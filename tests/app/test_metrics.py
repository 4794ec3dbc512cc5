"""/metrics: what is counted, whose figures they are, who may see them, and that the document names them all."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.context import Deps
from bot.meters import Meters
from bot.services import figures
from bot.views import maintenance_modals as modals
from db.pool import DatabaseConfig, open_pool
from scheduler import registry as schedule
from tests.fixtures.bot import RunningBot
from tests.fixtures.logs import Written

DOCUMENT: Final = Path(__file__).parents[2] / "docs/operations.md"
NAMED: Final = re.compile(r"^\| `(techops_[a-z_]+)` \|", re.MULTILINE)


@pytest.fixture
async def http(bot: RunningBot) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(bot.address) as session:
        yield session


async def samples(http: aiohttp.ClientSession) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of a scrape, by name and labels without the node's."""
    async with http.get("/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name, tuple(sorted((k, v) for k, v in sample.labels.items() if k != "node"))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, /, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted({"process": "test", **labels}.items()))


async def test_answers_are_counted_by_entry_and_outcome(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    await bot.uma.slash("/maintenance", "list", channel="ops")
    await bot.uma.slash("/maintenance", "list", channel="ops")
    await bot.uma.slash("/maintenance", "show 4711", channel="ops")
    await bot.uma.slash("/maintenance", "assign MR-1 me", channel="ops")
    await bot.uma.slash("/maintenance", "help", channel="ops")
    await bot.uma.slash("/maintenance", "xoxb-secret-word", channel="ops")
    seen = await samples(http)

    def acks(name: str, outcome: str) -> float:
        return seen.get(key("techops_acks_total", kind="command", name=name, outcome=outcome), 0)

    assert acks("/maintenance list", "ok") == 2
    assert acks("/maintenance show", "refused") == 1
    assert acks("/maintenance assign", "refused") == 1
    assert acks("/maintenance", "ok") == 1
    assert acks("/maintenance", "refused") == 1
    assert seen[key("techops_ack_seconds_count", kind="command")] == 6
    assert not any("xoxb" in str(sample) for sample in seen)


async def test_a_fault_of_ours_counts_as_failed(written: Written, bot: RunningBot, http: aiohttp.ClientSession) -> None:
    await bot.uma.slash("/maintenance", "list", channel="ops")
    await bot.fetch("ALTER TABLE maintenance_requests RENAME TO elsewhere")
    ack = await bot.uma.slash("/maintenance", "list", channel="ops")
    assert "give an admin this id" in ack.messages[0].text
    seen = await samples(http)
    assert seen[key("techops_acks_total", kind="command", name="/maintenance list", outcome="failed")] == 1
    assert seen[key("techops_database_errors_total", **{"class": "42"})] >= 1
    assert written.named("request_failed")


async def test_slacks_answers_and_jobs_are_counted(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    bot.slack.faults.add("ratelimited", "chat.postMessage", times=1, retry_after=1)
    opened = await bot.uma.slash("/maintenance", "new Disk", channel="ops")
    assert opened.view is not None
    await bot.uma.submit(opened.view, {"description": "full"})
    await bot.card(1)
    seen = await samples(http)
    assert seen[key("techops_slack_calls_total", method="chat.postMessage", result="rate_limited")] == 1
    assert seen[key("techops_slack_rate_limited_total", method="chat.postMessage")] == 1
    assert seen[key("techops_slack_calls_total", method="chat.postMessage", result="ok")] >= 1
    assert seen[key("techops_slack_call_seconds_count", method="views.open")] == 1
    assert seen[key("techops_queue_jobs_total", entrypoint="lane", result="again")] >= 1
    assert seen[key("techops_queue_jobs_total", entrypoint="announce", result="done")] >= 1
    assert seen[key("techops_pool_wait_seconds_count")] > 1
    assert seen[key("techops_acks_total", kind="submission", name=modals.NEW_CALLBACK, outcome="ok")] == 1


async def test_http_requests_are_counted_by_pattern(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    for path in ("/api/v1/deployments/17", "/api/v1/deployments/18", "/nothing/here", "/wp-login.php"):
        async with http.get(path) as response:
            assert response.headers["X-Request-Id"]
    async with http.request("PROPFIND", "/healthz") as response:
        assert response.status == 405
    seen = await samples(http)
    route = "/api/v1/deployments/{id}"
    found = {name: value for name, value in seen.items() if name[0] == "techops_http_requests_total"}
    assert sum(v for (_, labels), v in found.items() if dict(labels)["route"].startswith("/api/v1/deployments/{")) == 2
    assert found[key("techops_http_requests_total", route="other", method="GET", status="404")] == 2
    assert {dict(labels)["method"] for _, labels in found} <= {"GET", "POST", "other"}, route


async def test_figures_of_other_processes_come_with_them(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    theirs = Meters("worker")
    theirs.node = "elsewhere:1"
    with theirs.calling("chat.update") as outcome:
        outcome.name = "rate_limited"
    await figures.keep(replace(bot.deps, meters=theirs))
    await figures.keep(bot.deps)
    seen = await samples(http)
    theirs_now = ("techops_slack_rate_limited_total", (("method", "chat.update"), ("process", "worker")))
    assert seen[theirs_now] == 1
    assert seen[("techops_processes", (("process", "worker"),))] == 1
    assert seen[("techops_processes", (("process", "test"),))] == 1
    await bot.fetch("UPDATE techops.process_figures SET figures = 'x{' WHERE process = 'worker'")
    assert theirs_now not in await samples(http)
    await bot.fetch("UPDATE techops.process_figures SET at = at - interval '2 minutes' WHERE process = 'worker'")
    assert ("techops_processes", (("process", "worker"),)) not in await samples(http)
    await bot.fetch("UPDATE techops.process_figures SET at = at - interval '1 hour' WHERE process = 'worker'")
    await figures.keep(bot.deps)
    assert [row["process"] for row in await bot.fetch("SELECT process FROM techops.process_figures")] == ["test"]
    await figures.forget(bot.deps)
    assert await bot.fetch("SELECT process FROM techops.process_figures") == []


async def test_without_its_database_a_process_tells_of_itself(deps: Deps) -> None:
    pool = await open_pool(DatabaseConfig(dsn="postgresql://nobody@127.0.0.1:1/none"), connect_now=False)
    try:
        text = (await metrics.render(replace(deps, pool=pool), schedule.collect())).decode()
    finally:
        await pool.close()
    assert "techops_database_up 0.0" in text
    assert "techops_acks_total" in text
    assert "techops_queue_due" not in text


async def test_only_this_machine_sees_figures(bot: RunningBot, http: aiohttp.ClientSession) -> None:
    async with http.get("/metrics") as response:
        assert response.status == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        async with http.get("/metrics", headers={header: "127.0.0.1"}) as response:
            assert response.status == 401, header
            assert "METRICS_TOKEN" in await response.text()


class TestWithToken:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"metrics_token": "a-long-token"}

    async def test_it_is_asked_for_on_this_machine_too(self, http: aiohttp.ClientSession) -> None:
        for wrong in ("", "a-long-token", "Bearer", "Bearer a-long-toke", "Bearer a-long-token2", "Basic a-long-token"):
            async with http.get("/metrics", headers={"Authorization": wrong}) as response:
                assert response.status == 401, wrong
        right = {"Authorization": "Bearer a-long-token", "X-Forwarded-For": "192.0.2.1"}
        async with http.get("/metrics", headers=right) as response:
            assert response.status == 200


async def test_the_document_names_every_figure_and_no_other(deps: Deps) -> None:
    text = (await metrics.render(deps, schedule.collect())).decode()
    told = set(re.findall(r"^# TYPE (techops_[a-z_]+) ", text, re.MULTILINE))
    named = NAMED.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(set(named))
    assert told == set(named)
