"""Every address of the HTTP server, tried by everybody who may know of it: programs with tokens, browsers, anybody."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot import app as bolt
from bot.api.application import PREFIX, Api
from bot.context import Act
from bot.pages.application import Pages
from bot.receiver import Receiver, wall_clock
from bot.services import tokens
from bot.services.health import Finding
from tests.strangers.given import GIVEN
from tests.strangers.house import House, differing

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "0123456789abcdef"
OWNERS = {"admin": "ada@example.com", "engineer": "erik@example.com", "user": "uma@example.com"}
ENGINEERS = {"admin": 201, "engineer": 201, "user": 403}
READERS = {"admin": 200, "engineer": 200, "user": 200}
NEW_DEPLOYMENT = {"project": "{project}", "version": "v1", "environment": "staging"}
HOOK = {"delivery": "d-{n}", "deployment": "x-{n}", "project": "{project}", "version": "v1", "environment": "staging",
        "status": "success"}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """An address; `answers` of the API to tokens of these owners, `plain` to whoever brings nothing."""

    method: str
    path: str
    plain: int = 401
    answers: Mapping[str, int] = field(default_factory=dict)
    given: str = "nothing"
    body: Mapping[str, str] | None = None
    scope: str = ""


ROUTES = [
    Route("POST", "/slack/events"),
    Route("GET", "/healthz", 200),
    Route("GET", "/readyz", 200),
    Route("GET", "/metrics", 200),  # from this machine; another one needs METRICS_TOKEN
    Route("GET", "/link", 410),
    Route("POST", "/link", 410),
    Route("GET", "/password", 410),
    Route("POST", "/password", 410),
    Route("GET", "/sign-in", 200),
    Route("POST", "/sign-in", 400),
    Route("POST", "/sign-out", 200),
    Route("GET", "/r/{id}", 303, given="open_request"),
    Route("GET", "/d/{id}", 303, given="pending_deployment"),
    Route("GET", f"{PREFIX}/openapi.json", 200),
    Route("POST", f"{PREFIX}/deployments", 401, ENGINEERS, "project", NEW_DEPLOYMENT, scope="deployments:read"),
    Route("GET", f"{PREFIX}/deployments", 401, READERS, scope="requests:read"),
    Route("GET", f"{PREFIX}/deployments/{{id}}", 401, READERS, "pending_deployment", scope="requests:read"),
    Route(
        "PATCH", f"{PREFIX}/deployments/{{id}}", 401, READERS | {"user": 403}, "pending_deployment",
        {"status": "in_progress"}, scope="deployments:read",
    ),
    Route(
        "POST", f"{PREFIX}/maintenance-requests", 401, {"admin": 201, "engineer": 201, "user": 201}, "nothing",
        {"title": "Fan {n}", "description": "It is loud"}, scope="requests:read",
    ),
    Route("GET", f"{PREFIX}/maintenance-requests/{{id}}", 401, READERS, "open_request", scope="deployments:read"),
    Route("POST", f"{PREFIX}/webhooks/github", 401, body={"action": "created"}),
    Route("POST", f"{PREFIX}/webhooks/generic", 401, given="project", body=HOOK),
]  # fmt: skip


async def test_every_route_has_a_line(house: House) -> None:
    async def examine() -> list[Finding]:
        return []

    async def measure() -> bytes:
        return b""

    deps = house.bot.deps
    app, pages = bolt.build(deps, bolt.registry()), Pages(deps).routes()
    receiver = Receiver(app, deps.settings, examine, measure, wall_clock, Api(deps), deps.meters, pages)
    served = {
        (route.method, route.resource.canonical)
        for route in receiver.application().router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert served == {(route.method, route.path) for route in ROUTES}


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_who_brings_nothing(house: House, route: Route) -> None:
    given = await GIVEN[route.given](house, "requester")
    before = await house.fingerprint()
    status, text = await asked(house, route, given, {})
    assert status == route.plain, text[-300:]
    assert "Fan" not in text
    assert differing(before, await house.fingerprint()) <= {"techops.sign_in_attempts"}


@pytest.mark.parametrize("route", [route for route in ROUTES if route.answers], ids=named)
async def test_tokens(house: House, route: Route) -> None:
    for owner, email in OWNERS.items():
        given = await GIVEN[route.given](house, "requester")
        secret = await token(house, email)
        before = await house.fingerprint()
        status, text = await asked(house, route, given, {"Authorization": f"Bearer {secret}"})
        assert status == route.answers[owner], (owner, text)
        changed = differing(before, await house.fingerprint())
        writes = route.method != "GET" and status < 300
        assert bool(changed) == writes, (owner, changed)
        if status == 403:
            assert "engineer" in json.loads(text)["detail"], text


@pytest.mark.parametrize("route", [route for route in ROUTES if route.answers], ids=named)
async def test_tokens_that_open_nothing(house: House, route: Route) -> None:
    given = await GIVEN[route.given](house, "requester")
    revoked, expired, leaver = [await token(house, "ada@example.com", name=f"t{house.next()}") for _ in range(3)]
    narrow = await token(house, "ada@example.com", route.scope)
    digests = [hashlib.sha256(secret.encode()).digest() for secret in (revoked, expired, leaver)]
    await house.value("UPDATE techops.api_tokens SET revoked_at = now() WHERE token_sha256 = $1", digests[0])
    await house.value(
        "UPDATE techops.api_tokens SET expires_at = now() - interval '1 second' WHERE token_sha256 = $1", digests[1]
    )
    await house.value("UPDATE techops.api_tokens SET owner_id = 6 WHERE token_sha256 = $1", digests[2])
    before = await house.fingerprint()
    tried = {
        "Bearer tops_nothing": 401, "Bearer": 401, "": 401, f"Basic {narrow}": 401, f"Bearer {narrow}x": 401,
        f"Bearer {narrow[:-1]}": 401, f"Bearer {revoked}": 401, f"Bearer {expired}": 401, f"Bearer {leaver}": 403,
        f"Bearer {narrow}": 403, "Bearer " + "x" * 5000: 401, "Bearer tops_\u00e9": 401,
    }  # fmt: skip
    for authorization, expected in tried.items():
        status, text = await asked(house, route, given, {"Authorization": authorization})
        assert status == expected, (authorization, text)
        assert json.loads(text)["detail"]
    assert differing(before, await house.fingerprint()) == set()


async def test_webhooks_take_only_what_is_signed(house: House) -> None:
    for route in ROUTES:
        if "/webhooks/" not in route.path:
            continue
        given = await GIVEN[route.given](house, "requester") | {"n": house.next()}
        header = "X-Hub-Signature-256" if "github" in route.path else "X-TechOps-Signature-256"
        body = json.dumps(filled(route.body or {}, given)).encode()
        good = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        others = "sha256=" + hmac.new(b"another secret", body, hashlib.sha256).hexdigest()
        before = await house.fingerprint()
        for signature in ("", "sha256=", others, good[:-1], good.upper(), "sha1=" + good[7:]):
            status, text = await asked(house, route, given, {header: signature})
            assert status == 401, (route.path, signature, text)
        assert differing(before, await house.fingerprint()) == set()


@pytest.mark.parametrize("path", ["/link", "/password", "/sign-in", "/sign-out"])
async def test_forms_of_pages_never_fail(house: House, path: str) -> None:
    for body in (
        b"", b"%00", b"token=%00&email=%00&password=%00", b"email=a%00b@example.com&password=x", b"\xff\xfe",
        b"email=%ff&password=%ff", b"token=" + b"x" * 7000, b"email=" + b"a" * 7000, b"x=1&" * 100, b"email=%ed%a0%80",
        b"password=" + b"p" * 5000 + b"&email=ada@example.com", b"token[]=1&email[]=2", b"x" * 20_000,
        b"next=//evil.example.com/r/1&email=x&password=y", b"next=javascript:alert(1)&email=x&password=y",
    ):  # fmt: skip
        for content_type in (
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data; boundary=x",
        ):
            async with house.http.post(
                house.bot.address + path, data=body, headers={"Content-Type": content_type}, allow_redirects=False
            ) as response:
                assert response.status < 500, (path, body[:60])
                assert "evil" not in response.headers.get("Location", "")


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "%00", "x", "1%2f..", "\u0661", "1e3", "%2e%2e"])
async def test_numbers_of_records_in_addresses(house: House, number: str) -> None:
    secret = await token(house, "uma@example.com")
    headers = {"Authorization": f"Bearer {secret}"}
    for path in (f"/r/{number}", f"/d/{number}"):
        async with house.http.get(house.bot.address + path, allow_redirects=False) as response:
            assert response.status in {303, 404}, path
            assert response.headers.get("Location", "/sign-in").startswith("/sign-in")
    for path in (f"{PREFIX}/deployments/{number}", f"{PREFIX}/maintenance-requests/{number}"):
        async with house.http.get(house.bot.address + path, headers=headers) as response:
            assert response.status == 404, path


async def asked(house: House, route: Route, given: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[int, str]:
    known = dict(given) | {"n": house.next()}
    path = route.path
    for name, value in known.items():
        path = path.replace("{" + name + "}", str(value))
    data = json.dumps(filled(route.body, known)).encode() if route.body is not None else None
    kind = "application/json" if data is not None else "application/x-www-form-urlencoded"
    sent = {"Content-Type": kind} | dict(headers)
    url = house.bot.address + path
    async with house.http.request(route.method, url, data=data, headers=sent, allow_redirects=False) as response:
        return response.status, await response.text()


def filled(body: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    return {key: text.format(**given) for key, text in body.items()}


async def token(house: House, owner: str, *scopes: str, name: str = "ci") -> str:
    secret, _ = await tokens.create(house.bot.deps, Act(None, "cli"), name, owner=owner, scopes=scopes, expires="")
    return secret
