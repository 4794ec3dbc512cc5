"""Who may call, with what, and how often."""

import io
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.context import Act
from bot.errors import BadInput, Missing, WrongState
from bot.rules.tokens import Scope, parse_lifetime, parse_scopes
from bot.services import tokens
from tests.api.conftest import STAGING, Client, new_token
from tests.fixtures.bot import RunningBot

CLI = Act(None, "cli")


async def test_tokens_that_say_nothing_get_401(bot: RunningBot, api: Client) -> None:
    good = api.token
    changed = good[:-1] + ("a" if good[-1] != "a" else "b")
    for wrong in (
        "",
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        good,
        "Bearer tops_x",
        f"Bearer {changed}",
        "Bearer \udcff",
    ):
        answer = await api.get("/deployments", headers={"Authorization": wrong.encode("utf-8", "ignore").decode()})
        assert answer.status == 401, wrong
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await api.get("/deployments", headers={"Authorization": f"bearer {good}"})).status == 200


async def test_expired_and_revoked_tokens_say_so(bot: RunningBot, api: Client) -> None:
    short = Client(api.http, api.address, await new_token(bot, expires="1h"))
    assert (await short.get("/deployments")).status == 200
    bot.clock.offset += timedelta(hours=2)
    answer = await short.get("/deployments")
    assert answer.status == 401
    assert "expired" in answer.detail
    await tokens.revoke(bot.deps, CLI, "1")
    answer = await api.get("/deployments")
    assert answer.status == 401
    assert "revoked" in answer.detail


async def test_scope_and_role_are_both_needed(bot: RunningBot, api: Client) -> None:
    reads = Client(api.http, api.address, await new_token(bot, "erik@example.com", "deployments:read,requests:read"))
    assert (await reads.get("/deployments")).status == 200
    for refused in (
        await reads.post("/deployments", STAGING),
        await reads.patch("/deployments/1", {"status": "success"}),
        await reads.post("/maintenance-requests", {"title": "a", "description": "b"}),
    ):
        assert refused.status == 403
        assert ":write" in refused.detail
    await bot.fetch("INSERT INTO users (email, name, password_hash) VALUES ('uma@example.com', 'Uma', 'x')")
    user = Client(api.http, api.address, await new_token(bot, "uma@example.com"))
    refused = await user.post("/deployments", STAGING)
    assert refused.status == 403
    assert "engineer" in refused.detail
    assert (await user.get("/deployments")).status == 200
    assert (await user.post("/maintenance-requests", {"title": "a", "description": "b"})).status == 201
    await bot.fetch("UPDATE users SET is_active = false WHERE email = 'erik@example.com'")
    refused = await api.get("/deployments")
    assert refused.status == 403
    assert "deactivated" in refused.detail


async def test_secrets_are_kept_as_hashes_and_their_use_to_the_minute(bot: RunningBot, api: Client) -> None:
    kept = str(await bot.fetch("TABLE techops.api_tokens")) + str(await bot.fetch("SELECT new FROM techops.activity"))
    assert api.token not in kept
    assert api.token.removeprefix("tops_") not in kept
    used = "SELECT last_used_at FROM techops.api_tokens"
    await api.get("/deployments")
    first = (await bot.fetch(used))[0]["last_used_at"]
    await api.get("/deployments")
    assert (await bot.fetch(used))[0]["last_used_at"] == first is not None
    bot.clock.offset += timedelta(seconds=61)
    await api.get("/deployments")
    assert (await bot.fetch(used))[0]["last_used_at"] > first
    verbs = [row["verb"] for row in await bot.fetch("SELECT verb FROM techops.activity WHERE subject_kind = 'token'")]
    assert verbs == ["created"]


async def test_the_dashboard_may_delete_a_tokens_owner(bot: RunningBot, api: Client) -> None:
    await api.post("/deployments", STAGING | {"idempotency_key": "k"})
    await bot.fetch("DELETE FROM users WHERE id = 2")
    assert (await api.get("/deployments")).status == 401


async def test_tokens_are_made_for_somebody(bot: RunningBot) -> None:
    _, token = await tokens.create(bot.deps, CLI, "ci", owner="", scopes=[], expires="")
    assert (token.owner_email, token.scopes) == ("ada@example.com", tuple(Scope))
    assert token.expires_at is not None
    with pytest.raises(Missing, match="no account"):
        await tokens.create(bot.deps, CLI, "ci", owner="nobody@example.com", scopes=[], expires="")
    await bot.fetch("UPDATE users SET is_active = false WHERE role = 'admin'")
    with pytest.raises(BadInput, match="--owner"):
        await tokens.create(bot.deps, CLI, "ci", owner="", scopes=[], expires="")
    with pytest.raises(WrongState, match="deactivated"):
        await tokens.create(bot.deps, CLI, "ci", owner="ada@example.com", scopes=[], expires="")


async def test_tokens_are_revoked_by_number_or_name(bot: RunningBot) -> None:
    for _ in range(2):
        await new_token(bot, "erik@example.com")
    with pytest.raises(BadInput, match="1, 2"):
        await tokens.revoke(bot.deps, CLI, "ci")
    await tokens.revoke(bot.deps, CLI, "#1")
    assert (await tokens.revoke(bot.deps, CLI, "CI")).id == 2
    with pytest.raises(WrongState, match="already"):
        await tokens.revoke(bot.deps, CLI, "2")
    with pytest.raises(Missing):
        await tokens.revoke(bot.deps, CLI, "other")


def test_lifetimes_and_scopes_are_read() -> None:
    assert parse_lifetime("90d") == timedelta(days=90)
    assert parse_lifetime("12h") == timedelta(hours=12)
    assert parse_lifetime(" 2 W ") == timedelta(weeks=2)
    assert parse_lifetime("never") is None
    for wrong in ("0d", "-1d", "90", "d", "11y", "99999y", "soon", "9" * 20 + "d"):
        with pytest.raises(BadInput, match="never"):
            parse_lifetime(wrong)
    assert parse_scopes([]) == tuple(Scope)
    assert parse_scopes(["requests:read deployments:read", "requests:read"]) == (
        Scope.REQUESTS_READ,
        Scope.DEPLOYMENTS_READ,
    )
    with pytest.raises(BadInput, match="deployments:write"):
        parse_scopes(["deployment:write"])


class TestRate:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"rate_limit": 6}

    async def test_a_token_that_calls_too_often_is_told_when_to_come_back(self, bot: RunningBot, api: Client) -> None:
        bot.clock.set(datetime(2026, 11, 22, 12, tzinfo=UTC))
        answers = [await api.get("/deployments") for _ in range(9)]
        assert [answer.status for answer in answers].count(200) in range(6, 8)
        assert answers[-1].status == 429
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
        other = Client(api.http, api.address, await new_token(bot, "eva@example.com"))
        assert (await other.get("/deployments")).status == 200
        bot.clock.offset += timedelta(seconds=int(answers[-1].headers["Retry-After"]))
        assert (await api.get("/deployments")).status == 200


async def test_what_is_no_json_is_refused(bot: RunningBot, api: Client) -> None:
    async def raw(body: bytes, content_type: str | None = "application/json", path: str = "/deployments") -> int:
        headers = {"Authorization": f"Bearer {api.token}"}
        skip = ["Content-Type"] if content_type is None else []
        if content_type is not None:
            headers["Content-Type"] = content_type
        async with api.http.post(
            f"{bot.address}/api/v1{path}", data=io.BytesIO(body), headers=headers, skip_auto_headers=skip
        ) as response:
            assert response.content_type == "application/problem+json"
            return response.status

    for body in (b"", b"{", b"\xff\xfe", b"{" * 5000, b'{"a": NaN', b'{"project": "\\ud800"}'):
        assert await raw(body) == 400, body[:20]
    for body in (b"[1]", b"null", b"1", b'"x"'):
        assert await raw(body) == 422, body
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None, ""):
        assert await raw(b"{}", content_type) == 415, content_type
    assert await raw(b'{"notes": "' + b"x" * 5_000_000 + b'"}') == 413
    assert await raw(b"{}", "application/json; charset=utf-8") == 422


async def test_five_megabytes_without_a_length_are_refused(bot: RunningBot, api: Client) -> None:
    async def endless():  # type: ignore[no-untyped-def] # noqa: ANN202 - aiohttp wants a generator
        for _ in range(80):
            yield b"x" * 65_536

    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    try:
        async with api.http.post(f"{bot.address}/api/v1/deployments", data=endless(), headers=headers) as response:
            assert response.status == 413
    except (aiohttp.ClientConnectionError, ConnectionError):
        pass  # the server had answered and hung up while we were still sending
    assert (await api.get("/deployments")).status == 200


async def test_addresses_and_methods_that_do_not_exist(api: Client) -> None:
    assert (await api.get("/nothing")).status == 404
    assert (await api.get("/deployments/1/more")).status == 404
    wrong = await api.send("DELETE", "/deployments/1")
    assert wrong.status == 405
    assert set(wrong.headers["Allow"].split(",")) == {"GET", "HEAD", "PATCH"} or "PATCH" in wrong.headers["Allow"]
