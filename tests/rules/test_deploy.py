"""What people type after /deploy: words in any sensible order, and nothing half understood."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.errors import BadInput, WrongState
from bot.rules import deploy, deployments, durations
from bot.rules.deploy_forms import TakeOver, read_page_value, read_take_over, take_over_value
from bot.rules.deployments import Step
from db.models import DeploymentStatus, Environment

PRODUCTION, STAGING = Environment.PRODUCTION, Environment.STAGING


@pytest.mark.parametrize(
    ("text", "project", "version", "environment", "notes"),
    [
        ("Web v1 production", "Web", "v1", PRODUCTION, None),
        ('"Web App" v1 prod', "Web App", "v1", PRODUCTION, None),
        ("Web App v1 prod", "Web App", "v1", PRODUCTION, None),
        ("Big Web App 2026.11-rc1 Stage all of it", "Big Web App", "2026.11-rc1", STAGING, "all of it"),
        ("prod Web v1", "Web", "v1", PRODUCTION, None),
        ("Web prod v1 a note", "Web", "v1", PRODUCTION, "a note"),
        ("Staging Tools v1 production", "Staging Tools", "v1", PRODUCTION, None),
        ("Web v1 production to staging", "Web", "v1", PRODUCTION, "to staging"),
        ("env:stage Web v1 x", "Web", "v1", STAGING, "x"),
        ("x environment:stage version:v1 project:Web", "Web", "v1", STAGING, "x"),
        ("version:1 prod Web", "Web", "1", PRODUCTION, None),
        ("project:#2 v1 prod “two  words”", "#2", "v1", PRODUCTION, "two  words"),
    ],
)
def test_targets(text: str, project: str, version: str, environment: Environment, notes: str | None) -> None:
    wanted = deploy.parse_request(text)
    assert (wanted.project, wanted.version, wanted.environment, wanted.notes) == (project, version, environment, notes)


@pytest.mark.parametrize(
    ("text", "status", "duration", "notes"),
    [
        ("", "success", None, None),
        ("failed", "failed", None, None),
        ("4m", "success", 240, None),
        ("rolled-back 1h5m it broke", "rolled_back", 3900, "it broke"),
        ("300 success", "success", 300, None),
        ("in a hurry", "success", None, "in a hurry"),
        ("fixed 300 things", "success", None, "fixed 300 things"),
        ('"300" things', "success", None, '"300" things'),
        ("status:failed 90s", "failed", 90, None),
        ("duration:90s failed", "failed", 90, None),
    ],
)
def test_records(text: str, status: str, duration: int | None, notes: str | None) -> None:
    wanted = deploy.parse_record(f"Web v1 prod {text}")
    assert (wanted.status, wanted.duration, wanted.notes) == (status, duration, notes)


@pytest.mark.parametrize(
    ("text", "number", "status", "duration", "notes"),
    [
        ("17 success", 17, "success", None, None),
        ("D-17 failed 1h oh no", 17, "failed", 3600, "oh no"),
        ("success #17 300", 17, "success", 300, None),
        ("17 300 failed", 17, "failed", 300, None),
        ("17 failed “300 errors”", 17, "failed", None, "300 errors"),
    ],
)
def test_ends(text: str, number: int, status: str, duration: int | None, notes: str | None) -> None:
    it = deploy.parse_finish(text)
    assert (it.id, it.status, it.duration, it.notes) == (number, status, duration, notes)


def test_words_beside_an_override_belong_to_its_reason() -> None:
    for text in ('17 override:"hot fix"', "17 override:hot fix", "override:hot 17 fix"):
        it = deploy.parse_start(text)
        assert (it.id, it.override, it.note) == (17, "hot fix", None), text
    assert deploy.parse_start("17 on it").note == "on it"


@pytest.mark.parametrize(
    ("text", "project", "reason"),
    [
        ("Web App prod Migrating staging data", "Web App", "Migrating staging data"),
        ('prod "Web App" x', "Web App", "x"),
        ("env:prod Web x y", "Web", "x y"),
        ("project:Web prod x", "Web", "x"),
        ("env:prod project:Web x", "Web", "x"),
    ],
)
def test_locks(text: str, project: str, reason: str) -> None:
    place, why = deploy.parse_lock(text)
    assert (place.project, place.environment, why) == (project, PRODUCTION, reason)


@given(st.integers(0, durations.LONGEST))
def test_durations_come_back(seconds: int) -> None:
    assert durations.parse_duration(durations.format_duration(seconds)) == seconds
    assert durations.parse_duration(f"{seconds}") == seconds
    assert durations.looks_like_duration(f"{seconds}s")


@pytest.mark.parametrize(
    "text", ["", "-5", "\u22125m", "1h90m", "61m61s", "1.5h", "m", "1d", "1m1h", "721h", "9" * 12, "\uff11m"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        durations.parse_duration(text)
    assert refused.value.field == "duration"


PARSERS = (
    deploy.parse_request,
    deploy.parse_record,
    deploy.parse_start,
    deploy.parse_finish,
    deploy.parse_rollback,
    deploy.parse_show,
    deploy.parse_status,
    deploy.parse_list,
    deploy.parse_lock,
    deploy.parse_unlock,
)
words = st.sampled_from(
    ["Web", "prod", "stage:", "v1", "17", "D-17", "-5m", "300", "success", "failed", '"', '"a b"', "env:dev",
     "project:", "override:x", "tz:UTC", "..", "2030-01-01..2030-01-02", "\x00", "\u202e", "<@U1>", "&amp;", "x" * 300]
)  # fmt: skip


@given(st.lists(words | st.text(max_size=12), max_size=7).map(" ".join))
def test_any_text_is_understood_or_refused_in_a_sentence(text: str) -> None:
    for parse in PARSERS:
        try:
            parse(text)
        except BadInput as refused:
            assert len(str(refused)) > 15  # noqa: PT017 - of those that refuse


@given(st.text(max_size=60))
def test_any_button_value_is_read_or_refused(value: str) -> None:
    for read in (read_take_over, read_page_value):
        with pytest.raises(BadInput, match="another version"):
            read(value)


@given(st.text(min_size=1, max_size=500))
def test_the_longest_reason_fits_a_button(typed: str) -> None:
    try:
        reason = deployments.clean_reason(typed, example="/deploy lock")
    except BadInput:
        assume(False)  # noqa: FBT003 - hypothesis has no other way to say so
    wanted = TakeOver(2**31 - 1, PRODUCTION, 2**31 - 1, reason)
    assert len(take_over_value(wanted)) <= 2000
    assert read_take_over(take_over_value(wanted)) == wanted


@pytest.mark.parametrize("status", [*DeploymentStatus, "on_hold"])
@pytest.mark.parametrize("step", Step)
def test_steps(step: Step, status: str) -> None:
    allowed = {
        (Step.START, "pending"): "in_progress",
        (Step.SUCCEED, "in_progress"): "success",
        (Step.FAIL, "in_progress"): "failed",
        (Step.ROLL_BACK, "success"): "rolled_back",
        (Step.ROLL_BACK, "failed"): "rolled_back",
    }
    after = allowed.get((step, str(status)))
    if after is not None:
        assert deployments.check_step(step, status, label="D-1") == after
    else:
        with pytest.raises(WrongState, match=r"D-1 (is|was)"):
            deployments.check_step(step, status, label="D-1")
    assert (step in deployments.steps_from(status)) == (after is not None)
