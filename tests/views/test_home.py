"""The App Home: what it says, and that Slack takes it with any text and any number of records."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.views import home as views
from db.models import Deployment, Request
from db.models_approvals import Approval
from db.models_home import DatabaseHealth, Health, Home, OpenRequests, Part, PersonSettings
from sandbox.limits import check_view
from tests.views import builders as make
from tests.views.checks import assert_harmless, labels, shown
from tests.views.test_approvals import PENDING, approvals
from tests.views.test_deployments import deployments

PLENTY = 500
ILL = DatabaseHealth(
    verified_at=make.NOW - timedelta(days=400),
    last_backup_at=make.NOW,
    last_backup_status="damaged",
    care_at=make.NOW - timedelta(days=3),
    care_status="stopped",
    care_failed=4,
    table_bytes=2**50,
    measured_at=make.NOW,
    long_transactions=3,
    longest_seconds=900.0,
    hidden_sessions=1,
)
several = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def home(it: Home, role: str = "engineer", name: str = "Erik") -> dict[str, object]:
    view = views.home(it, name=name, role=role, now=make.NOW)
    check_view(view, "home")
    assert_harmless(view)
    return view


def part(rows: list[Request]) -> Part:
    return Part(tuple(rows), len(rows))


@several
@given(
    st.lists(make.requests, min_size=1, max_size=4),
    st.lists(approvals, min_size=1, max_size=3),
    st.lists(deployments, min_size=1, max_size=3),
    make.text,
    st.sampled_from(["user", "engineer", "admin"]) | make.text,
)
def test_slack_takes_500_of_each_with_any_text(
    rows: list[Request], asked: list[Approval], deployed: list[Deployment], name: str, role: str
) -> None:
    many = part((rows * PLENTY)[:PLENTY])
    it = Home(
        approvals=tuple((asked * PLENTY)[:PLENTY]),
        approvals_total=PLENTY,
        requests=OpenRequests(many, many, many, many),
        deployments=tuple((deployed * PLENTY)[:PLENTY]),
        more_deployments=True,
        health=Health(10**9, 1e12, 10**9, 10**9, ILL),
        settings=PersonSettings(own_tz=name, slack_tz=name, direct_messages=False),
    )
    view = home(it, role, name)
    assert len(view["blocks"]) <= 100  # type: ignore[arg-type] # a list of blocks
    assert shown(view).count(f"and {PLENTY - 10} more, type `/maintenance list mine`") == 1


@given(st.text() | st.sampled_from(["`code`", "<!channel>", ""]))
def test_slack_takes_any_refusal(sentence: str) -> None:
    view = views.refused(sentence)
    check_view(view, "home")
    assert_harmless(view)


def test_it_says_in_words_what_waits() -> None:
    late = make.taken(due_at=make.NOW - timedelta(days=1))
    it = Home((PENDING,), 1, OpenRequests(part([late, late]), part([make.taken(id=7)]), part([]), part([])))
    told = shown(home(it))
    assert "3 open requests assigned to you" in told
    assert "Waiting for you: 1 approval, 2 overdue requests, 1 request due within three days." in told
    assert "Overdue since" in told
    assert labels(home(it))[:4] == ["New request", "Record deployment", "My hours report", "Settings"]
    assert labels(home(it)).count("Approve") == labels(home(it)).count("Reject") == 1


def test_nothing_to_do_is_said() -> None:
    view = home(Home(), "user")
    assert "Nothing is due, nothing to decide." in shown(view)
    assert labels(view) == ["New request", "Settings"]


def test_a_title_stays_as_it_was_typed() -> None:
    row = make.taken(title="*not bold* <!channel> :smile:")
    view = home(Home(requests=OpenRequests(mine=part([row]))))
    assert "MR-42  *not bold* <!channel> :smile:" in shown(view)
    assert view == home(Home(requests=OpenRequests(mine=part([replace(row, description="else")]))))


def test_health_says_what_to_do() -> None:
    fine = DatabaseHealth(
        verified_at=make.NOW,
        last_backup_at=make.NOW,
        last_backup_status="verified",
        care_at=make.NOW,
        care_status="succeeded",
        table_bytes=3 * 2**20,
        measured_at=make.NOW,
    )
    well = shown(home(Home(health=Health(2, 1.0, 0, 0, fine)), "admin"))
    assert "2 jobs due, 0 waiting, none held" in well
    assert "last one proved by a restore" in well
    assert "succeeded" in well
    assert "3 MB in tables and indexes" in well
    assert "none is longer than five minutes" in well
    assert not any(word in well for word in ("ago", "newest", "failed", "running?", "looked into"))
    bare = shown(home(Home(health=Health(1, 900.0, 3, 4)), "admin"))
    assert "is a worker running?" in bare
    assert "4 held: `techops queue list`" in bare
    assert "no verified backup yet; make one: `/techops db backup run`" in bare
    assert "has not run yet" in bare
    ill = shown(home(Home(health=Health(0, 0.0, 0, 0, ILL)), "admin"))
    assert "(more than two days ago). The newest (damaged) is of" in ill
    assert "4 steps failed: see its thread" in ill
    assert "is a scheduler running?" in ill
    assert "3 transactions longer than five minutes, the longest 15 min: `/techops db long`" in ill
    assert "1 session of other roles cannot be looked into" in ill


def test_what_is_set_is_said() -> None:
    usual = shown(home(Home(settings=PersonSettings(slack_tz="Asia/Tokyo"))))
    assert "09:00 to 17:00, Monday to Friday, Asia/Tokyo. Direct messages: on." in usual
    quiet = shown(home(Home(settings=PersonSettings("Europe/Berlin", "Asia/Tokyo", direct_messages=False))))
    assert "Europe/Berlin. Direct messages: off" in quiet
