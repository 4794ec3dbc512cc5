"""Deployments, freezes, locks: Slack takes what is shown, whatever people write; nobody's text acts as markup."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rules.freezes import zone_named
from bot.views import deployment_cards as cards
from bot.views import deployment_modals as modals
from bot.views import deployments as views
from bot.views import freezes, locks
from bot.views.activity import activity_line
from db.models import Activity, Collision, Deployment, Freeze, Lock, Page, Running
from tests.views import builders as make
from tests.views.checks import assert_openable, assert_sendable, labels, shown

several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DEPLOYMENT = Deployment(
    id=17,
    project_id=7,
    project_name="Payments",
    version="v2.1.0",
    environment="production",
    status="pending",
    deployed_by=None,
    deployer_name=None,
    deployer_slack_id=None,
    deployed_at=None,
    duration=None,
    notes=None,
    created_at=make.NOW,
    updated_at=make.NOW,
    requested_by=3,
    requester_name="Uma User",
    requester_slack_id="U3",
    started_at=None,
    override=None,
    overrider_name=None,
)
VERBS = ["created", "started", "succeeded", "failed", "rolled_back", "status_changed", "edited", "deleted", "approved"]
ordinary = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
deployments = st.builds(
    Deployment,
    id=make.numbers,
    project_id=make.numbers,
    project_name=make.text,
    version=make.text,
    environment=st.sampled_from(["production", "staging", "development"]) | make.text,
    status=st.sampled_from(["pending", "in_progress", "success", "failed", "rolled_back"]) | make.text,
    deployed_by=st.none() | make.numbers,
    deployer_name=make.maybe_text,
    deployer_slack_id=make.slack_ids,
    deployed_at=st.none() | make.when,
    duration=st.none() | st.integers(-(2**31), 2**31 - 1),
    notes=make.maybe_text,
    created_at=make.when,
    updated_at=make.when,
    requested_by=st.none() | make.numbers,
    requester_name=make.maybe_text,
    requester_slack_id=make.slack_ids,
    started_at=st.none() | make.when,
    override=make.maybe_text,
    overrider_name=make.maybe_text,
)
collisions = st.builds(Collision, kind=st.sampled_from(["request", "care"]), id=make.numbers, title=make.text)
held = st.builds(
    Lock,
    project_id=make.numbers,
    project_name=make.text,
    environment=st.sampled_from(["production", "staging", "development"]),
    holder_id=make.numbers,
    holder_name=make.text,
    holder_slack_id=make.slack_ids,
    reason=make.text,
    taken_at=make.when,
)
windows = st.builds(
    Freeze,
    id=make.numbers,
    environment=st.sampled_from(["production", "all"]),
    starts_at=ordinary,
    ends_at=ordinary,
    tz=st.sampled_from(["UTC", "Europe/Berlin"]).map(zone_named),
    reason=make.text,
    creator_name=make.maybe_text,
    lifted_at=st.none(),
)
changes = st.builds(
    Activity,
    id=make.numbers,
    at=make.when,
    actor_id=st.none() | make.numbers,
    actor_name=make.maybe_text,
    actor_slack_id=make.slack_ids,
    source=st.sampled_from(["slack", "dashboard", "api"]),
    subject_kind=st.just("deployment"),
    subject_id=make.numbers,
    verb=st.sampled_from(VERBS),
    old=st.none(),
    new=st.none()
    | st.dictionaries(st.sampled_from(["status", "version", "duration", "notes"]), make.text | make.numbers),
    note=make.maybe_text,
)


@several
@given(deployments, st.none() | changes, make.many(collisions, 9))
def test_card(row: Deployment, last: Activity | None, found: list[Collision]) -> None:
    assert_sendable(cards.deployment_card(row, last=last, collisions=found))


@several
@given(changes)
def test_thread_line(change: Activity) -> None:
    told = activity_line(change, names={})
    if told is not None:
        assert_sendable(told)
        assert "MR-" not in told.text or "MR-" in str(change)


@several
@given(make.many(deployments), make.text, st.none() | st.just("token"))
def test_list(rows: list[Deployment], heading: str, cursor: str | None) -> None:
    assert_sendable(views.deployment_list(Page(tuple(rows), cursor, cursor), heading=heading))


@several
@given(make.many(deployments, 20), make.many(held, 9), make.many(windows, 3), make.maybe_text, st.booleans())
def test_what_runs(
    rows: list[Deployment], locked: list[Lock], frozen: list[Freeze], name: str | None, more: bool
) -> None:
    places = [Running(row if row.id % 2 else None, row) for row in rows]
    assert_sendable(views.what_runs(places, locked, frozen, project_name=name, more=more))


@several
@given(deployments, make.many(changes, 10), make.many(collisions, 9), st.none() | held)
def test_show(row: Deployment, told: list[Activity], found: list[Collision], lock: Lock | None) -> None:
    assert_sendable(views.show(row, told, found, lock))


@several
@given(deployments, make.text, st.none() | held, make.many(collisions, 9))
def test_confirmations(row: Deployment, where: str, lock: Lock | None, found: list[Collision]) -> None:
    for reply in (
        views.requested(row, where, lock=lock, collisions=found, approval=None),
        views.recorded(row, where, collisions=found),
        views.started(row, collisions=found),
        views.ended(row),
    ):
        assert_sendable(reply)


@several
@given(deployments)
def test_dialogs(row: Deployment) -> None:
    for view in (modals.record_deployment(), modals.succeeded(row), modals.failed(row), modals.roll_back(row)):
        assert_openable(view)


@several
@given(held, make.text, make.many(make.numbers, 30))
def test_locks(lock: Lock, who: str, waiting: list[int]) -> None:
    for told in (
        locks.locked(lock, kept=True),
        locks.held(lock, "x" * 500),
        locks.taken_over(lock),
        locks.unlocked(lock, len(waiting)),
        locks.lost_dm(lock, who, None),
        locks.lost_dm(lock, who, lock.reason),
        locks.free_dm(lock, who, waiting),
    ):
        assert_sendable(told)


@several
@given(make.many(windows, 40))
def test_freezes(frozen: list[Freeze]) -> None:
    assert_sendable(freezes.freeze_list(frozen, now=make.NOW))
    for freeze in frozen[:1]:
        assert_sendable(freezes.added(freeze, now=make.NOW))
        assert_sendable(freezes.lifted(freeze))


def test_the_card_says_what_a_person_has_to_know() -> None:
    card = cards.deployment_card(DEPLOYMENT)
    assert card.text == "D-17 Payments v2.1.0 to production is pending."
    assert labels(card.blocks) == ["Start"]
    for words in ("D-17 · Payments v2.1.0 to production", "Requested by", "Uma User", "Not yet", "Nobody yet"):
        assert words in shown(card.blocks)
