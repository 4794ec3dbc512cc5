"""Accounts, departures and projects, whatever their names and numbers: Slack takes it, and no text acts as markup."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.accounts import Part
from bot.rules.workdays import DEFAULT
from bot.views import accounts, departures, project_modals, projects
from db.models import Page, User
from db.models_accounts import Account, Left, Some
from db.models_projects import Group, ProjectDetails, ProjectSummary, Unfinished
from tests.views import builders as make
from tests.views.checks import assert_openable, assert_sendable, shown
from tests.views.test_limits import several

roles = make.text.map(lambda text: text[:50])  # the column is no wider
users = st.builds(User, make.numbers, make.text, make.text, roles, st.booleans(), make.maybe_text, make.maybe_text)
account_rows = st.builds(Account, users, st.none() | make.when, st.booleans())
numbered = st.builds(Some, st.lists(make.numbers.map(str), max_size=10).map(tuple), make.numbers)
named = st.builds(Some, st.lists(make.text, max_size=10).map(tuple), make.numbers)
subjects = st.builds(
    Some,
    st.lists(st.tuples(st.sampled_from(("maintenance", "deployment")), make.numbers), max_size=10).map(
        lambda pairs: tuple(f"{kind}:{number}" for kind, number in pairs)
    ),
    make.numbers,
)
lefts = st.builds(Left, numbered, numbered, numbered, subjects, subjects, named, named, named)
details = st.builds(
    ProjectDetails,
    make.numbers,
    make.text,
    make.maybe_text,
    make.text,
    st.none() | make.numbers,
    *[make.maybe_text] * 6,
)
summaries = st.builds(
    ProjectSummary,
    make.numbers,
    make.text,
    make.text,
    make.maybe_text,
    make.numbers,
    make.maybe_text,
    make.maybe_text,
    make.maybe_text,
    st.none() | make.when,
)
groups = st.builds(Group, make.numbers, make.text, make.maybe_text, make.numbers)
some_numbers = st.lists(make.numbers, max_size=5).map(tuple)
unfinished = st.builds(Unfinished, some_numbers, make.numbers, some_numbers, make.numbers)


@several
@given(st.lists(account_rows, max_size=10), make.text, lefts, st.lists(make.text, max_size=20))
def test_accounts(rows: list[Account], words: str, left: Left, tokens: list[str]) -> None:
    heading = accounts.list_heading(words, "admin", inactive=True)
    assert_sendable(accounts.user_list(Page(tuple(rows), "a", "b"), heading=heading))
    for account in rows[:2]:
        user = account.user
        assert_sendable(accounts.whoami(account, DEFAULT, tokens, words))
        assert_openable(accounts.manage(account))
        assert_openable(accounts.password_link(user, "https://bot.example.com/password?token=x"))
        assert_sendable(accounts.changed(user, replace(user, is_active=not user.is_active), left))


@several
@given(users, lefts, make.text)
def test_departures(user: User, left: Left, source: str) -> None:
    assert_sendable(departures.departed_dm(user, left, source))
    assert_sendable(departures.outside_dm(user, left))
    assert_openable(departures.hand_over(Account(user, None, is_outside=False), left))
    assert_sendable(departures.handed(user, user, dict.fromkeys(Part, 3)))
    assert_sendable(departures.many_dm(12))
    assert_sendable(departures.last_admin_notice(user.name))


@several
@given(st.lists(summaries, max_size=10), details, unfinished, st.lists(groups, max_size=60), make.text)
def test_projects(
    rows: list[ProjectSummary], row: ProjectDetails, left: Unfinished, known: list[Group], words: str
) -> None:
    heading = projects.list_heading(words, words, words)
    assert_sendable(projects.project_list(Page(tuple(rows), "a", "b"), heading=heading))
    assert_sendable(projects.show(row, [], left, may_change=True))
    for answer in (projects.created(row), projects.edited(row, changed=False), projects.unarchived(row)):
        assert_sendable(answer)
    assert_sendable(projects.archived(row, left))
    assert_sendable(projects.assigned(row))
    assert_sendable(projects.group_list(known))
    assert_openable(project_modals.edit_project(row))
    assert_openable(project_modals.archive_project(row, left))
    for group in known[:2]:
        assert_sendable(projects.group_saved(group))
        assert_openable(project_modals.edit_group(group))


def test_what_is_left_is_counted_beyond_what_is_named() -> None:
    left = Left(assigned=Some(("4", "7"), 12), tokens=Some(("ci",), 1))
    user = User(2, "Erik", "erik@example.com", "engineer", False, None, None)  # noqa: FBT003 - its columns in order
    text = shown(departures.left_blocks(user, left))
    assert "12 open requests" in text
    assert "MR-4, MR-7 and 10 more" in text
    assert "Hand over" in text
