"""Whatever is sent, the answer is none of the server's faults."""

import asyncio
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.api.bodies import parse
from bot.api.cursors import cursor_after, read_cursor
from bot.api.limits import Buckets
from bot.api.models import DeploymentChange, HookEvent, NewDeployment, NewRequest
from bot.api.problems import Problem
from tests.api.conftest import Client

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
LIKELY = st.sampled_from(
    ["Web App", "web app", "#2", 2, "production", "prod", "staging", "v1", "pending", "success", "in_progress", 0, -1,
     "critical", "2026-01-01T00:00:00Z", "2999-12-31T23:59:59+14:00", "erik@example.com", "k", None]
)  # fmt: skip
FIELDS = sorted({*NewDeployment.model_fields, *NewRequest.model_fields})
BODIES = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), LIKELY | ANYTHING, max_size=7)


def refused(work: Callable[[], object]) -> Problem | None:
    """How it is refused, None where it is not."""
    try:
        work()
    except Problem as problem:
        return problem
    return None


@given(
    model=st.sampled_from([NewDeployment, DeploymentChange, NewRequest, HookEvent]),
    body=st.binary(max_size=200) | BODIES,
)
def test_any_body_is_read_or_refused(model: Any, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal = refused(lambda: parse(raw, model))
    assert refusal is None or (refusal.status in {400, 422} and refusal.detail)


@given(number=st.integers(1, 2**31 - 1))
def test_cursors_there_and_back(number: int) -> None:
    assert read_cursor(cursor_after(number)) == number


@given(text=st.text(max_size=40))
def test_any_other_cursor_is_refused(text: str) -> None:
    refusal = refused(lambda: read_cursor(text))
    assert refusal is not None
    assert refusal.faults[0].field == "cursor"


@given(calls=st.lists(st.floats(0, 30), max_size=60), rate=st.integers(1, 20))
def test_no_minute_has_more_calls_than_twice_the_rate(calls: list[float], rate: int) -> None:
    buckets, now, allowed = Buckets(rate), 0.0, []
    for pause in calls:
        now += pause
        wait = buckets.wait("a", now)
        if wait == 0.0:
            buckets.take("a", now)
            allowed.append(now)
        else:
            assert copy.deepcopy(buckets).wait("a", now + wait + 1e-6) == 0.0
            assert buckets.wait("b", now) == 0.0
    for begin in allowed:
        assert sum(begin <= at < begin + 60 for at in allowed) <= 2 * rate


PATHS = ("/deployments", "/maintenance-requests", "/deployments/1", "/webhooks/github", "/webhooks/generic")
QUERIES = ("", "", "", "?wait=1", "?x=%00", "?cursor=", "?%ff=1")


def any_requests() -> list[tuple[str, object, bytes | None, str]]:
    """Requests to send, made before any is sent: hypothesis wants nobody else to draw random numbers meanwhile."""
    made = []

    @given(path=st.sampled_from(PATHS), body=BODIES | ANYTHING, raw=st.none() | st.binary(max_size=50))
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    def make(path: str, body: object, raw: bytes | None) -> None:
        made.append((path, body, raw, QUERIES[len(made) % len(QUERIES)]))

    make()
    return made


async def test_any_request_gets_an_answer_below_500(api: Client) -> None:
    for path, body, raw, query in any_requests():
        method = "PATCH" if path == "/deployments/1" else "POST"
        data = json.dumps(body).encode() if raw is None else raw
        answer = await api.send(method, path + query, data=data, headers={"Content-Type": "application/json"})
        assert answer.status < 500, (method, path, query, data)


@pytest.mark.parametrize("header", ["Idempotency-Key", "Authorization", "Content-Type", "Content-Length", "Cookie"])
async def test_odd_headers_get_an_answer_below_500(api: Client, header: str) -> None:
    body = json.dumps({"project": 2, "version": "1", "environment": "dev"}).encode()
    for value in (b"", b"\x7f", b"a" * 5000, b"a" * 50_000, b"\xe9\xff", b"%00", b"\t", b"-1", b"9" * 30, b"\x00"):
        sent = {
            "Host": b"localhost",
            "Connection": b"close",
            "Authorization": f"Bearer {api.token}".encode(),
            "Content-Type": b"application/json",
            "Content-Length": str(len(body)).encode(),
        } | {header: value}
        lines = [f"{name}: ".encode() + text for name, text in sent.items()]
        raw = b"\r\n".join([b"POST /api/v1/deployments HTTP/1.1", *lines, b"", body])
        assert 200 <= await status_of(api.address, raw) < 500, (header, value[:10])


async def status_of(address: str, raw: bytes) -> int:
    """What a server answers to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    try:
        writer.write(raw)
        async with asyncio.timeout(10):
            return int((await reader.readline()).split()[1])
    finally:
        writer.close()
