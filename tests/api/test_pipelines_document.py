"""The shell lines of docs/pipelines.md do what they say, run against the bot."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.api.conftest import Client
from tests.fixtures.bot import RunningBot
from tests.fixtures.delivery import shown

TEXT: Final = (Path(__file__).parents[2] / "docs/pipelines.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)

MISSING: Final = [program for program in ("curl", "openssl") if shutil.which(program) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {' '.join(MISSING)}")


@dataclass
class Finished:
    code: int
    out: str
    err: str


def block(kind: str, name: str) -> str:
    [text] = [body for found, title, body in BLOCKS if (found, title) == (kind, name)]
    return str(text)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with gate.sh and something to deploy."""
    (tmp_path / "gate.sh").write_text(block("sh", "gate.sh"), encoding="utf-8")
    deploy = tmp_path / "deploy.sh"
    deploy.write_text('#!/bin/sh\ntest -z "${BROKEN:-}"\n', encoding="utf-8")
    deploy.chmod(0o755)
    return tmp_path


@pytest.fixture
def variables(api: Client) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"]}
    return kept | {
        "TECHOPS_URL": api.address,
        "TECHOPS_TOKEN": api.token,
        "BUILD": "1",
        "WEBHOOK_SECRET": "0123456789abcdef",
    }


async def run(script: str, place: Path, variables: Mapping[str, str]) -> Finished:
    """As CI systems run it: every line has to succeed."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-e", "-c", script, cwd=place, env=dict(variables), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


async def press(bot: RunningBot, button: str, action_id: str, number: int = 1) -> None:
    """Somebody presses a button of the deployment's card."""
    channel = "deployments"
    await bot.until(lambda: any(f"D-{number}" in shown(card) and button in shown(card) for card in bot.cards(channel)))
    card = next(card for card in bot.cards(channel) if f"D-{number}" in shown(card))
    assert (await bot.eva.click(card, action_id)).status == 200


async def statuses(bot: RunningBot) -> list[tuple[Any, ...]]:
    rows = await bot.fetch("SELECT version, environment, status FROM deployments ORDER BY id")
    return [tuple(row.values()) for row in rows]


async def test_the_gate_opens_within_a_second_of_the_click(
    bot: RunningBot, place: Path, variables: dict[str, str]
) -> None:
    begun = asyncio.create_task(run('sh gate.sh begin "E-commerce Platform" v2.1.0 production', place, variables))
    await bot.eva.slash("/maintenance", "list")
    await press(bot, "Approve", "approvals.approve")
    clicked = time.monotonic()
    finished = await begun
    assert time.monotonic() - clicked < 2  # the click's own way included
    assert (finished.code, finished.out) == (0, "1\n"), finished
    assert "waiting" in finished.err
    assert await statuses(bot) == [("v2.1.0", "production", "in_progress")]
    assert (await run("sh gate.sh end 1 success", place, variables)).code == 0
    assert await statuses(bot) == [("v2.1.0", "production", "success")]


async def test_a_rejection_closes_it(bot: RunningBot, place: Path, variables: dict[str, str]) -> None:
    begun = asyncio.create_task(run('sh gate.sh begin "E-commerce Platform" v1 production', place, variables))
    async with asyncio.timeout(10):
        while not await bot.fetch("SELECT FROM techops.approvals"):
            await asyncio.sleep(0.02)
    await bot.fetch("UPDATE techops.approvals SET status = 'rejected', decided_at = now()")
    finished = await begun
    assert finished.code != 0
    assert "rejected" in finished.err


async def test_what_is_refused_is_said(place: Path, variables: dict[str, str]) -> None:
    for command, changed, word in (
        ('sh gate.sh begin "E-commerce Platfrm" v1 staging', {}, "E-commerce Platform"),
        ('sh gate.sh begin "Web App" v1 staging', {"TECHOPS_TOKEN": "tops_x"}, "token"),
        ("sh gate.sh end 4711 success", {}, "D-4711"),
    ):
        finished = await run(command, place, variables | changed)
        assert finished.code != 0
        assert word in finished.err, finished


async def test_a_build_that_is_run_again_makes_no_second_deployment(
    bot: RunningBot, place: Path, variables: dict[str, str]
) -> None:
    for _ in range(2):
        finished = await run('sh gate.sh begin "Web App" v1 staging', place, variables)
        assert (finished.code, finished.out) == (0, "1\n"), finished
    assert len(await statuses(bot)) == 1


async def test_the_plain_lines_work(bot: RunningBot, place: Path, variables: dict[str, str]) -> None:
    plain = [body for kind, title, body in BLOCKS if (kind, title) == ("sh", "")]
    assert len(plain) == 4
    for script in plain:
        lines = script.replace("production)", "staging)")  # nobody is there to approve
        finished = await run(lines, place, variables)
        assert finished.code == 0, (script, finished)
    assert await statuses(bot) == [
        ("v2.1.0", "staging", "success"),
        ("v2.1.1", "staging", "success"),
        ("v2.1.0", "staging", "success"),
    ]
    assert len(await bot.fetch("SELECT FROM maintenance_requests")) == 1


@pytest.mark.parametrize("broken", [False, True])
async def test_the_github_steps_work(bot: RunningBot, place: Path, variables: dict[str, str], broken: bool) -> None:
    steps = yaml.safe_load(block("yaml", "github"))["jobs"]["deploy"]["steps"]
    kept = place / "env"
    kept.touch()
    given = variables | {"GITHUB_REF_NAME": "v3", "GITHUB_ENV": str(kept)} | ({"BROKEN": "1"} if broken else {})
    failed = False
    for step in (step for step in steps if "run" in step):
        if failed != ("failure()" in step.get("if", "")):
            continue
        known = dict(line.split("=", 1) for line in kept.read_text(encoding="utf-8").splitlines())
        finished = await run(step["run"].replace(" production", " staging"), place, given | known)
        failed = failed or finished.code != 0
        assert failed == broken or step["name"] == "Wait for the approval", finished
    assert await statuses(bot) == [("v3", "staging", "failed" if broken else "success")]


@pytest.mark.parametrize("broken", [False, True])
async def test_the_gitlab_script_works(bot: RunningBot, place: Path, variables: dict[str, str], broken: bool) -> None:
    lines = yaml.safe_load(block("yaml", "gitlab"))["deploy"]["script"]
    given = variables | {"CI_COMMIT_TAG": "v3"} | ({"BROKEN": "1"} if broken else {})
    finished = await run("\n".join(lines).replace(" production", " staging"), place, given)
    assert (finished.code != 0) == broken, finished
    assert await statuses(bot) == [("v3", "staging", "failed" if broken else "success")]
