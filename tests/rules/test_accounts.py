"""Accounts and projects: what buttons and dialogs carry comes back, and nothing else is taken for it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules import accounts, projects
from bot.rules.accounts import Part, UserView, Who
from bot.rules.projects import ProjectView, is_web_address
from db.models import Role, User

numbers = st.integers(1, 2**31 - 1)
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
user_views = st.builds(UserView, words, st.none() | st.sampled_from(Role), st.booleans(), st.none() | numbers)
project_views = st.builds(
    ProjectView, words, st.none() | numbers, st.none() | st.sampled_from(("active", "all")), st.none() | numbers
)
garbage = st.text() | st.text(alphabet="WzEsMiwzXQ=-_", max_size=60) | st.integers().map(str)
SOMEBODY = User(7, "Ada", "ada@example.com", "engineer", True, None, None)  # noqa: FBT003 - its columns in order


@given(user_views)
def test_a_page_of_accounts_comes_back(view: UserView) -> None:
    assert accounts.read_page_value(accounts.page_value(view)) == view
    assert len(accounts.page_value(view)) < 2000


@given(project_views)
def test_a_page_of_projects_comes_back(view: ProjectView) -> None:
    assert projects.read_page_value(projects.page_value(view)) == view
    assert len(projects.page_value(view)) < 2000


@given(garbage)
def test_anything_else_is_refused_in_words(text: str) -> None:
    for read in (accounts.read_page_value, accounts.read_managed, projects.read_page_value):
        with suppress(BadInput):
            read(text)


@given(garbage)
def test_a_number_is_one_of_a_record(text: str) -> None:
    with suppress(BadInput):
        assert 0 < accounts.read_user(text) <= 2**31 - 1


def test_the_dialog_of_an_account_says_what_it_showed() -> None:
    form = accounts.read_manage(accounts.manage_metadata(SOMEBODY), {"role": "admin", "state": "inactive"})
    assert (form.user_id, form.seen, form.role, form.is_active) == (7, ("engineer", True), Role.ADMIN, False)
    kept = accounts.read_manage(accounts.manage_metadata(SOMEBODY), {})
    assert (kept.role, kept.is_active) == (Role.ENGINEER, True)
    with pytest.raises(BadInput):
        accounts.read_manage(accounts.manage_metadata(SOMEBODY), {"state": "gone"})


def test_what_is_handed_over_needs_somebody_unless_it_ends() -> None:
    assert accounts.read_hand_over("7", {"parts": "locks,tokens"}).to is None
    assert accounts.read_hand_over("7", {"parts": "requests", "to": "U1"}).parts == {Part.REQUESTS}
    for values, field in (({"parts": "requests"}, "to"), ({"to": "U1"}, "parts")):
        with pytest.raises(BadInput) as refusal:
            accounts.read_hand_over("7", values)
        assert refusal.value.field == field
    with pytest.raises(BadInput, match="another version"):
        accounts.read_hand_over("7", {"parts": "everything", "to": "U1"})


@pytest.mark.parametrize(
    ("text", "who", "role"),
    [
        ("<@U1|ada> admin", Who("U1", None), Role.ADMIN),
        ("ENGINEER <@U1>", Who("U1", None), Role.ENGINEER),
        ("<mailto:ada@example.com|ada@example.com> user", Who(None, "ada@example.com"), Role.USER),
    ],
)
def test_who_and_what_in_either_order(text: str, who: Who, role: Role) -> None:
    assert accounts.parse_role(text) == (who, role)


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://example.com", True),
        ("http://localhost:3000/health?x=1#y", True),
        ("HTTPS://Example.com", True),
        ("https://[::1]:8080/", True),
        ("javascript:alert(1)", False),
        ("https:///path", False),
        ("https://x:y@example.com", False),
        ("https://example.com:port", False),
        ("https://example.com/a b", False),
        ("https://example.com/|x", False),
        ("https://example.com/>", False),
        ("//example.com", False),
        ("", False),
    ],
)
def test_an_address_is_one_of_the_web(address: str, good: bool) -> None:
    assert is_web_address(address) is good


@given(st.text())
def test_any_text_is_an_address_or_not(text: str) -> None:
    assert is_web_address(text) in {True, False}
