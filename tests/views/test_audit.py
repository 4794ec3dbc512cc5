"""The audit on the screen: Slack takes a page with any text in it, and no text becomes markup."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rules.audit import AuditView
from bot.services.audit_log import PEOPLE
from bot.views import audit as views
from bot.views import kit
from db.models import Page
from db.models_audit import AuditEntry
from tests.rules.test_audit import NOW, entries
from tests.rules.test_audit import views as any_view
from tests.views.checks import assert_sendable, shown

LONG = AuditEntry(
    2**62, NOW, 1, "x" * 500, "slack", dict.fromkeys(("team", "channel", "message", "user"), "🔥" * 40),
    "\"'\\" * 1000, "maintenance", 1, "edited",
    {f"column {n}": '\\"' * 500 for n in range(50)}, {f"column {n}": "\U0001f525" * 500 for n in range(50)},
)  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(entries, max_size=3), any_view, st.text(), st.booleans())
def test_slack_takes_ten_changes_with_any_text(
    found: list[AuditEntry], view: AuditView, name: str, is_guessed: bool
) -> None:
    page = Page(tuple((found * 10)[:10]), "x" * 500, "y" * 500)
    reply = views.audit_list(
        page, view, names={1: name}, people=PEOPLE, project_name=name, is_guessed=is_guessed, replace=True
    )
    assert_sendable(reply)


def test_ten_changes_of_the_longest_kind_are_all_shown() -> None:
    rows = tuple(replace(LONG, id=LONG.id + n, subject_id=n) for n in range(10, 20))
    reply = views.audit_list(Page(rows, "x" * 500, "y" * 500), AuditView(), names={}, is_guessed=True)
    assert kit.size(reply.blocks) <= kit.MESSAGE_SIZE
    assert all(f"MR-{n} edited" in shown(reply.blocks) for n in range(10, 20))


def test_what_is_left_out_of_the_file_is_said() -> None:
    assert views.export_words(1, 0) == "The audit: 1 change, the newest first."
    assert views.export_words(20_000, 5).endswith("And 5 more: ask for a shorter time to have those.")
