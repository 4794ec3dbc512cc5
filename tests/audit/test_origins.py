"""Each change says from where it came: a token by its name and number, the command line, a job, or another program."""

import json
from datetime import timedelta

import aiohttp

from bot.context import Act
from bot.services import tokens
from scheduler.jobs import approvals_expiry
from tests.fixtures.bot import RunningBot

BODY = {"project": "Web App", "version": "v1", "environment": "production", "status": "pending"}
FOUND = "SELECT subject_kind || ' ' || verb AS what, source, origin, actor_id FROM techops.activity ORDER BY id"


async def found(bot: RunningBot) -> list[tuple[str, str, dict[str, str] | None, int | None]]:
    rows = await bot.fetch(FOUND)
    return [(r["what"], r["source"], json.loads(r["origin"]) if r["origin"] else None, r["actor_id"]) for r in rows]


async def test_programs_and_jobs_are_told_apart(bot: RunningBot) -> None:
    before = len(await found(bot))
    secret, _ = await tokens.create(bot.deps, Act(None, "cli"), "ci", owner="erik@example.com", scopes=[], expires="")
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as client,
        client.post(f"{bot.address}/api/v1/deployments", json=BODY) as answer,
    ):
        assert answer.status == 201, await answer.text()
    await bot.fetch("UPDATE deployments SET notes = 'by hand'")
    bot.clock.offset = timedelta(hours=25)
    await approvals_expiry.run(bot.deps, bot.clock())
    told = (await found(bot))[before:]
    by_token = {"token": "ci", "token_id": "1"}
    assert [it for it in told if it[0] == "token created"] == [("token created", "cli", None, None)]
    by_api = [it for it in told if it[1] == "api"]
    assert ("deployment created", "api", by_token, 2) in by_api
    assert all(it[2:] == (by_token, 2) for it in by_api)
    assert ("deployment edited", "dashboard", None, None) in told
    expired = [it for it in told if it[0] == "deployment approval_expired"]
    assert expired == [("deployment approval_expired", "scheduler", {"job": "approvals_expiry"}, None)]
