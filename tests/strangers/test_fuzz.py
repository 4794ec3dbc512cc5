"""Signed payloads of every kind, spoiled: an answer each time, no fault, and no write beyond a person's rights.

`TECHOPS_FUZZ_EXAMPLES` asks for more examples than the usual ones, and for other ones each time.
"""

import logging
import os
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot import app as bolt
from bot.registry import Kind
from tests.strangers import payloads
from tests.strangers.given import GIVEN, tie_again
from tests.strangers.house import FAULT, SLACK_IDS, USER_IDS, Fingerprint, House, differing
from tests.strangers.mutations import CUTS, MUTATIONS, TYPES, Mutation, body_of, mutated
from tests.strangers.table import TABLE
from tests.strangers.test_who_what import payload_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = int(os.environ.get("TECHOPS_FUZZ_EXAMPLES", "0"))
EXAMPLES = MORE or 250
LONGEST_SECONDS = 3.0
NAMES = sorted({entry.name for kind in Kind for entry in bolt.registry().entries(kind)})
ROLES = {"admin": "admin", "engineer": "engineer", "requester": "user", "user": "user"}
# What a person with the role `user` may do to a record; their own one, where the second says so.
RIGHTS_OF_A_USER = {
    ("maintenance", "created"): False,
    ("maintenance", "commented"): True,
    ("maintenance", "cancelled"): True,
    ("maintenance", "approval_requested"): True,
    ("maintenance", "approval_voided"): True,
    ("maintenance", "assigned"): True,
    ("user", "linked"): True,
    ("user", "unlinked"): True,
    ("deployment", "created"): False,
    ("subscription", "created"): False,
    ("subscription", "edited"): False,
    ("subscription", "deleted"): False,
    ("deployment", "approval_requested"): False,
}
USERS_TABLES = {
    "public.maintenance_requests", "public.maintenance_status_history", "public.deployments", "techops.acts",
    "techops.activity", "techops.approvals", "techops.comments", "techops.pgqueuer", "techops.ledger", "techops.cards",
    "techops.messages", "techops.snoozes", "techops.reminders_sent", "techops.working_hours", "techops.subscriptions",
    "techops.digests_sent", "techops.deployment_details", "techops.slack_identities", "techops.person_settings",
    "techops.links", "techops.untied",
}  # fmt: skip
ACTS = """
SELECT a.actor_id, a.subject_kind, a.verb, a.subject_id, a.source,
    coalesce(r.requested_by, CASE WHEN a.subject_kind = 'user' THEN a.subject_id END) IS NOT DISTINCT FROM a.actor_id
        AS own,
    d.status
FROM techops.activity AS a
LEFT JOIN public.maintenance_requests AS r ON a.subject_kind = 'maintenance' AND r.id = a.subject_id
LEFT JOIN public.deployments AS d ON a.subject_kind = 'deployment' AND d.id = a.subject_id
WHERE a.id > $1
"""


@dataclass(frozen=True)
class Example:
    """A line of the table, tried by somebody, spoiled."""

    line: int
    who: str
    mutations: list[Mutation]
    cut: int | None
    content_type: str | None


@dataclass(frozen=True)
class Outcome:
    status: int
    text: str
    seconds: float


def drawn() -> list[Example]:
    """Every example, before any is sent: hypothesis wants nobody else to draw random numbers meanwhile."""
    made: list[Example] = []

    @given(
        line=st.integers(0, len(TABLE) - 1), who=st.sampled_from(sorted(SLACK_IDS)), mutations=MUTATIONS, cut=CUTS,
        content_type=TYPES,
    )  # fmt: skip
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=not MORE, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def draw(line: int, who: str, mutations: list[Mutation], cut: int | None, content_type: str | None) -> None:
        made.append(Example(line, who, mutations, cut, content_type))

    draw()
    return made


@pytest.mark.timeout(300)
async def test_spoiled_payloads(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for given_name in sorted(GIVEN):
        await GIVEN[given_name](house, "requester")
    examples = drawn()
    assert len(examples) > EXAMPLES // 2
    # every line once as it is, and spoiled once by somebody without any right
    examples += [Example(index, "user", [], None, None) for index in range(len(TABLE))]
    with caplog.at_level(logging.ERROR), capture_logs() as logs:
        failures = [failure for example in examples if (failure := await failure_of(house, example, logs))]
    assert failures == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def failure_of(house: House, example: Example, logs: list[Any]) -> str:
    """What is wrong with the answer to an example; empty where nothing is."""
    try:
        await try_out(house, example, logs)
    except AssertionError as error:
        return str(error)[:2000]
    return ""


async def try_out(house: House, example: Example, logs: list[Any]) -> None:
    line = TABLE[example.line]
    given_rows = await GIVEN[line.given](house, "colleague" if line.by == "colleague" else "requester")
    kind, payload = payload_of(house, line, example.who, given_rows)
    payload = mutated(payload, example.mutations, NAMES)
    sender = sender_of(kind, payload)
    await tie_again(house)
    before, last = await house.fingerprint(), await house.value("SELECT max(id) FROM techops.activity")
    logs.clear()
    body, content_type = body_of(kind, payload)
    outcome = await post(house, body[: example.cut], example.content_type or content_type)
    faults = [str(entry.get("exc_info") or entry) for entry in logs if entry["log_level"] in {"error", "critical"}]
    case = (faults, outcome, str(line), example, payload)
    assert outcome.status < 500, case
    assert outcome.seconds < LONGEST_SECONDS, case
    assert FAULT not in outcome.text, case
    assert faults == [], case
    await check_rights(house, sender, before, last, case)


async def post(house: House, body: bytes, content_type: str) -> Outcome:
    headers = house.slack.delivery.sign(body) | {"Content-Type": content_type}
    timeout = aiohttp.ClientTimeout(total=2 * LONGEST_SECONDS)
    url, begin = f"{house.bot.address}/slack/events", house.slack.now()
    async with house.http.post(url, data=body, headers=headers, timeout=timeout) as response:
        return Outcome(response.status, await response.text(), house.slack.now() - begin)


def sender_of(kind: payloads.Kind, payload: dict[str, Any]) -> str | None:
    """Whom Slack names as the one who acts, in their own workspace; None for anybody else."""
    if kind == "slash_commands":
        user, team = payload.get("user_id"), payload.get("team_id")
    else:
        place = payload.get("event") if kind == "events_api" else payload
        given_user = place.get("user") if isinstance(place, dict) else None
        user = given_user.get("id") if isinstance(given_user, dict) else given_user
        outer = payload.get("team")
        team = payload.get("team_id") if kind == "events_api" else outer.get("id") if isinstance(outer, dict) else None
        if kind == "interactive" and isinstance(given_user, dict) and given_user.get("team_id"):
            team = given_user["team_id"]
    found = [who for who in ROLES if SLACK_IDS[who] == user]
    return found[0] if found and team == payloads.TEAM else None


async def check_rights(house: House, sender: str | None, before: Fingerprint, last: int, case: object) -> None:
    after = await house.fingerprint()
    if sender is None:
        assert differing(before, after) == set(), case
        return
    acts = await house.rows(ACTS, last)
    assert {act["actor_id"] for act in acts} <= {USER_IDS[sender]}, (acts, case)
    assert {act["source"] for act in acts} <= {"slack"}, (acts, case)
    if ROLES[sender] != "user":
        return
    assert differing(before, after) <= USERS_TABLES, case
    for act in acts:
        own_only = RIGHTS_OF_A_USER.get((act["subject_kind"], act["verb"]))
        assert own_only is not None, (act, case)
        assert act["own"] or not own_only, (act, case)
        assert act["status"] in {None, "pending"}, (act, case)
