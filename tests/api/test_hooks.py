"""Webhooks: signed, taken once, mapped to projects by their repository."""

import asyncio
import hashlib
import hmac
import json
import uuid
from typing import Any

import pytest

from bot.rules.hooks import github_version, repository_name, same_repository
from tests.api.conftest import Answer, Client
from tests.fixtures.bot import RunningBot

SECRET = "0123456789abcdef"
SHA = "9f3c2ab1d0e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8"


@pytest.fixture(autouse=True)
async def repository(bot: RunningBot) -> None:
    await bot.fetch("UPDATE projects SET repository_url = 'https://github.com/company/ecommerce' WHERE id = 1")


def event(state: str, *, number: int = 7, ref: str = "v2.1.0", environment: str = "production") -> dict[str, Any]:
    """What GitHub sends, shortened."""
    return {
        "action": "created",
        "deployment_status": {
            "id": 1, "state": state, "environment": environment, "description": "Deployed by Actions",
            "target_url": "https://github.com/company/ecommerce/actions/runs/1", "creator": {"login": "eva"},
        },
        "deployment": {"id": number, "ref": ref, "sha": SHA, "environment": environment, "payload": {}},
        "repository": {"id": 99, "full_name": "Company/Ecommerce", "html_url": "https://github.com/company/Ecommerce"},
    }  # fmt: skip


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def github(
    api: Client, body: object, *, delivery: str = "", name: str = "deployment_status", **more: str
) -> Answer:
    raw = json.dumps(body).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": name,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": signature(raw),
    }
    return await api.send("POST", "/webhooks/github", data=raw, headers=headers | more)


async def generic(api: Client, body: object, secret: str = SECRET) -> Answer:
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-TechOps-Signature-256": signature(raw, secret)}
    return await api.send("POST", "/webhooks/generic", data=raw, headers=headers)


async def deployments(bot: RunningBot) -> list[tuple[Any, ...]]:
    rows = await bot.fetch("SELECT project_id, version, environment, status FROM deployments ORDER BY id")
    return [tuple(row.values()) for row in rows]


async def test_githubs_events_of_one_deployment_are_one_deployment(bot: RunningBot, api: Client) -> None:
    assert (await github(api, {"zen": "Keep it logically awesome."}, name="ping")).body["outcome"] == "pong"
    for state in ("queued", "waiting", "pending"):
        assert (await github(api, event(state))).status == 202
    assert await deployments(bot) == []
    begun = await github(api, event("in_progress"))
    assert (begun.status, begun.body["outcome"]) == (200, "recorded")
    ended = await github(api, event("success"))
    assert (ended.status, ended.body) == (200, {"outcome": "updated", "deployment_id": begun.body["deployment_id"]})
    assert (await github(api, event("inactive"))).status == 202
    late = await github(api, event("in_progress"))
    assert late.status == 202
    assert await deployments(bot) == [(1, "v2.1.0", "production", "success")]
    [row] = await bot.fetch("SELECT notes, duration FROM deployments")
    assert "actions/runs/1" in row["notes"]
    assert row["duration"] is not None
    [approval] = await bot.fetch("SELECT status FROM techops.approvals")
    assert approval["status"] == "skipped"
    assert {row["source"] for row in await bot.fetch("SELECT source FROM techops.activity")} >= {"github"}


async def test_a_delivery_counts_once(bot: RunningBot, api: Client) -> None:
    first = await github(api, event("success"), delivery="d-1")
    again = await github(api, event("success"), delivery="d-1")
    assert (again.status, again.body) == (200, {"outcome": "repeated", "deployment_id": first.body["deployment_id"]})
    answers = await asyncio.gather(*(github(api, event("failure", number=8), delivery="d-2") for _ in range(8)))
    assert sorted(answer.body["outcome"] for answer in answers) == ["recorded"] + ["repeated"] * 7
    assert len(await deployments(bot)) == 2


async def test_deliveries_at_the_same_moment_find_each_other(bot: RunningBot, api: Client) -> None:
    states = ["in_progress", "success", "in_progress", "success", "in_progress", "success"]
    answers = await asyncio.gather(*(github(api, event(state)) for state in states))
    assert {answer.status for answer in answers} <= {200, 202}
    assert await deployments(bot) == [(1, "v2.1.0", "production", "success")]


async def test_what_is_not_signed_is_refused(bot: RunningBot, api: Client) -> None:
    for wrong in ("", "sha256=", "sha1=0", signature(b"{}"), "x" * 500):
        answer = await github(api, event("success"), **{"X-Hub-Signature-256": wrong})
        assert answer.status == 401, wrong
    assert (await generic(api, {}, secret="another secret!!")).status == 401
    assert await deployments(bot) == []


async def test_what_cannot_be_mapped_is_ignored_and_says_why(bot: RunningBot, api: Client) -> None:
    elsewhere = event("success") | {"repository": {"id": 1, "html_url": "https://github.com/company/other"}}
    for body, word in (
        (elsewhere, "repository"),
        (event("success", environment="github-pages"), "environment"),
    ):
        answer = await github(api, body)
        assert answer.status == 202
        assert word in answer.body["outcome"]
    await bot.fetch("UPDATE projects SET repository_url = 'git@github.com:company/ecommerce.git' WHERE id = 2")
    several = await github(api, event("success"))
    assert "#1" in several.body["outcome"]
    assert "#2" in several.body["outcome"]
    assert (await github(api, event("success"), name="push")).status == 202
    assert (await github(api, {"deployment_status": {}})).status == 422
    assert (await github(api, event("success"), **{"X-GitHub-Delivery": " "})).field == "X-GitHub-Delivery"
    assert await deployments(bot) == []


async def test_other_systems_use_the_generic_one(bot: RunningBot, api: Client) -> None:
    body = {
        "delivery": "1", "deployment": "argo-1", "repository": "git@github.com:company/ecommerce.git",
        "version": "v3", "environment": "stage", "status": "in_progress",
    }  # fmt: skip
    made = await generic(api, body)
    assert (made.status, made.body["outcome"]) == (200, "recorded")
    assert (await generic(api, body | {"delivery": "2", "status": "success", "duration": 30})).body[
        "outcome"
    ] == "updated"
    assert (await generic(api, body | {"delivery": "3", "status": "rolled_back"})).body["outcome"] == "updated"
    assert (await generic(api, body)).body["outcome"] == "repeated"
    by_name = {key: value for key, value in body.items() if key not in {"repository", "deployment"}}
    assert (await generic(api, by_name | {"delivery": "4", "project": "web app"})).body["outcome"] == "recorded"
    assert await deployments(bot) == [(1, "v3", "staging", "rolled_back"), (2, "v3", "staging", "in_progress")]
    for field, value in (("status", "pending"), ("environment", "moon"), ("version", ""), ("project", "Nothing")):
        wrong = {key: value for key, value in body.items() if key not in {"repository", "deployment"}}
        wrong |= {"project": 1, "delivery": field}
        assert (await generic(api, wrong | {field: value})).field == field
    assert (await generic(api, body | {"project": 1})).field == "project"
    assert (
        await generic(api, by_name | {"delivery": "9", "repository": "https://example.com/x"})
    ).field == "repository"


class TestWithoutSecret:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {}

    async def test_there_are_no_webhooks(self, api: Client) -> None:
        assert (await github(api, event("success"))).status == 404
        assert (await generic(api, {})).status == 404


def test_addresses_of_one_repository() -> None:
    ours = "https://github.com/company/ecommerce"
    for same in (
        "https://github.com/company/Ecommerce/", "https://github.com/company/ecommerce.git",
        "git@github.com:company/ecommerce.git", "ssh://git@github.com/company/ecommerce",
        "github.com/company/ecommerce",
    ):  # fmt: skip
        assert same_repository(ours, same), same
    for other in ("https://github.com/company/ecommerce2", "https://example.com/company/ecommerce", "", "https://["):
        assert not same_repository(ours, other), other
    assert repository_name("git@github.com:company/ecommerce.git") == "ecommerce"


def test_versions_of_github() -> None:
    assert github_version("v2.1.0", SHA) == "v2.1.0"
    assert github_version("main", SHA) == "main@9f3c2ab"
    assert github_version(SHA, SHA) == "9f3c2ab1d0e4"
    assert len(github_version("x" * 300, SHA)) == 100
