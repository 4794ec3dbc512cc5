from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.views import cards
from bot.views.kit import Message
from db.models import JsonObject
from tests.views.builders import ENTRY, NOW, activity, request, taken
from tests.views.checks import assert_sendable, labels, menu, shown


def told(verb: str, **changes: object) -> str:
    line = cards.activity_line(activity(verb, **changes), names={2: "Elena Engineer", 5: "Eve Engineer"})
    assert line is not None
    assert_sendable(line)
    return line.text


def test_shows_everything_a_reader_asks_for() -> None:
    card = cards.request_card(taken(requester_name="Uma User"))
    text = shown(card.blocks)
    for wanted in (
        "MR-42 · Disk full on db-1",
        "Payments",
        "High",
        "In progress",
        "Uma User",
        "Elena Engineer",
        "1.75 hours",
    ):
        assert wanted in text
    assert "<!date^1795971600^{date_short_pretty} {time}|2026-11-29 17:00 UTC>" in text


def test_names_what_is_missing_in_words() -> None:
    text = shown(cards.request_card(request(project_name=None, project_id=None, due_at=None)).blocks)
    for wanted in ("No project", "No due date", "Nobody yet"):
        assert wanted in text


def test_the_text_is_a_sentence_with_the_state() -> None:
    assert cards.request_card(taken()).text.startswith(
        "MR-42 “Disk full on db-1” is in progress, assigned to Elena Engineer, priority high. It is due "
    )
    assert cards.request_card(taken("completed")).text == "MR-42 “Disk full on db-1” is completed."


@pytest.mark.parametrize(
    ("status", "assigned", "buttons", "entries"),
    [
        ("open", False, ["Assign to me", "Start", "Log work"], ["Edit", "Cancel request", "History"]),
        ("open", True, ["Start", "Log work"], ["Edit", "Cancel request", "History"]),
        ("in_progress", True, ["Log work", "Complete"], ["Edit", "Cancel request", "History"]),
        ("in_progress", False, ["Assign to me", "Log work", "Complete"], ["Edit", "Cancel request", "History"]),
        ("completed", True, [], ["History", "Reopen"]),
        ("cancelled", False, [], ["History", "Reopen"]),
        ("on_hold", True, ["Log work"], ["Edit", "History"]),
    ],
)
def test_offers_what_makes_sense_in_each_state(
    status: str, assigned: bool, buttons: list[str], entries: list[str]
) -> None:
    blocks = cards.request_card(taken(status) if assigned else request(status=status)).blocks
    assert labels(blocks) == buttons
    assert [label for label, _ in menu(blocks)] == entries


def test_buttons_and_menu_carry_the_request() -> None:
    blocks = cards.request_card(request(id=7)).blocks
    elements = blocks[-1]["elements"]
    assert isinstance(elements, list)
    assert [(e["action_id"], e.get("value")) for e in elements] == [
        ("maintenance.assign_me", "7"),
        ("maintenance.start", "7"),
        ("maintenance.log_work", "7"),
        ("maintenance.more", None),
    ]
    assert menu(blocks) == [("Edit", "edit:7"), ("Cancel request", "cancel:7"), ("History", "history:7")]


def test_nobody_is_pinged_by_a_card() -> None:
    card = cards.request_card(taken(), last=activity("started"))
    assert "<@" not in card.text + shown(card.blocks)


def test_says_who_did_what_last() -> None:
    assert "Started by Elena Engineer, <!date^" in shown(cards.request_card(taken(), last=activity("started")).blocks)
    outside = activity("started", actor_id=None, actor_name=None, source="dashboard")
    assert "Started outside Slack, <!date^" in shown(cards.request_card(taken(), last=outside).blocks)
    assert "Raised by Uma User, <!date^" in shown(cards.request_card(request()).blocks)


def test_a_closed_card_says_who_closed_it_whatever_came_after() -> None:
    done = cards.request_card(taken("completed"), last=activity("commented"), closed=ENTRY)
    assert "Completed by Elena Engineer, <!date^" in shown(done.blocks)
    assert "Comment added by Elena Engineer" in shown(done.blocks)
    once = cards.request_card(taken("completed"), last=activity("completed"), closed=ENTRY)
    assert shown(once.blocks).count("Completed by") == 1
    bare = cards.request_card(taken("cancelled", updated_at=NOW + timedelta(hours=1)))
    assert "Cancelled <!date^" in shown(bare.blocks)


def test_a_title_too_long_for_the_heading_follows_whole() -> None:
    title = "long " * 50 + "end"
    blocks = cards.request_card(request(title=title)).blocks
    assert len(str(blocks[0]["text"]["text"])) <= 150  # type: ignore[index] # a header
    assert title in shown(blocks)


def test_markup_in_people_s_text_stays_text() -> None:
    evil = "<!channel> & <@U1>"
    row = taken(title=evil, description=evil, project_name=evil, requester_name=evil)
    card = cards.request_card(row, last=activity("commented", actor_name=evil))
    assert_sendable(card)
    assert "&lt;!channel&gt;" in card.text
    assert f"MR-42 · {evil}" in shown(card.blocks)


def test_formatting_in_a_project_s_name_is_shown_as_typed() -> None:
    blocks = cards.request_card(request(project_name="*pay*_api_ :fire:")).blocks
    fields = blocks[1]["fields"]
    assert isinstance(fields, list)
    assert {"type": "plain_text", "text": "Project\n*pay*_api_ :fire:", "emoji": False} in fields


def test_direction_marks_and_controls_are_gone() -> None:
    assert "MR-42 · gnp.exe" in shown(cards.request_card(request(title="\u202egnp\x00.exe")).blocks)


@pytest.mark.parametrize(
    ("verb", "new", "old", "sentence"),
    [
        ("started", {}, {}, "Elena Engineer started work on MR-42."),
        ("completed", {}, {}, "Elena Engineer completed MR-42."),
        ("cancelled", {}, {}, "Elena Engineer cancelled MR-42."),
        ("reopened", {}, {}, "Elena Engineer reopened MR-42."),
        ("assigned", {"assigned_to": 2}, {}, "Elena Engineer took MR-42."),
        ("assigned", {"assigned_to": 5}, {}, "Elena Engineer assigned MR-42 to Eve Engineer."),
        ("assigned", {"assigned_to": 99}, {}, "Elena Engineer assigned MR-42 to someone else."),
        ("unassigned", {"assigned_to": None}, {"assigned_to": 5}, "Elena Engineer removed the assignee of MR-42."),
        (
            "prioritised",
            {"priority": "critical"},
            {"priority": "low"},
            "Elena Engineer changed the priority of MR-42 from low to critical.",
        ),
        (
            "status_changed",
            {"status": "on_hold"},
            {"status": "open"},
            "Elena Engineer changed the status of MR-42 from open to on hold.",
        ),
        ("due_changed", {"due_date": None}, {}, "Elena Engineer removed the due date of MR-42."),
        ("edited", {"title": "b", "project_id": 1}, {}, "Elena Engineer edited the title and project of MR-42."),
        (
            "work_logged",
            {"hours_spent": 1.5, "work_date": "2026-11-20", "work_description": "swept"},
            None,
            "Elena Engineer logged work on MR-42: 1.5 hours on 2026-11-20. swept",
        ),
        ("work_deleted", None, {"hours_spent": 1}, "Elena Engineer deleted work on MR-42: 1 hour."),
        ("commented", {"body": "any news?"}, None, "Elena Engineer commented on MR-42. any news?"),
        ("of_tomorrow", {}, {}, "Elena Engineer changed MR-42."),
    ],
)
def test_thread_lines(verb: str, new: JsonObject | None, old: JsonObject | None, sentence: str) -> None:
    assert told(verb, new=new, old=old) == sentence


def test_a_due_date_is_told_in_the_reader_s_zone() -> None:
    change = activity("due_changed", new={"due_date": "2026-12-01T17:00:00"})
    line = cards.activity_line(change, names={}, zone=ZoneInfo("Europe/Berlin"))
    assert line is not None
    assert "to <!date^1796140800^{date_short_pretty} {time}|" in line.text
    assert "T17:00" not in line.text


@pytest.mark.parametrize("due", ["infinity", "20026-12-01T17:00:00", "soon"])
def test_a_due_date_no_calendar_holds_is_told_without_it(due: str) -> None:
    assert told("due_changed", new={"due_date": due}) == "Elena Engineer changed the due date of MR-42."


def test_an_act_that_changed_more_tells_all_of_it() -> None:
    new: JsonObject = {"status": "in_progress", "assigned_to": 5, "priority": "low", "title": "x"}
    assert told("started", new=new) == (
        "Elena Engineer started work on MR-42. Assignee: Eve Engineer. Priority: low. Also edited: title."
    )


def test_where_the_actor_is_unknown_nobody_is_named() -> None:
    unknown: dict[str, object] = {"actor_id": None, "actor_name": None}
    assert told("completed", **unknown) == "MR-42 was completed."
    assert told("assigned", new={"assigned_to": 5}, **unknown) == "MR-42 was assigned to Eve Engineer."
    assert told("work_logged", new={"user_id": 5}, **unknown) == "Eve Engineer logged work on MR-42."


def test_a_note_is_quoted_below_its_change() -> None:
    line = cards.activity_line(activity("completed", note="<!here> fixed"), names={})
    assert line is not None
    assert line.blocks[1]["elements"][0]["type"] == "rich_text_quote"  # type: ignore[index] # rich text
    assert "<!here> fixed" in shown(line.blocks[1])
    assert "&lt;!here&gt; fixed" in line.text


@pytest.mark.parametrize("verb", ["created", "deleted"])
def test_what_the_card_says_itself_has_no_line(verb: str) -> None:
    assert cards.activity_line(activity(verb), names={}) is None


def test_a_deleted_record_offers_nothing_more() -> None:
    gone = cards.deleted_card("maintenance", 42, {"title": "Disk <!channel>"})
    assert gone.text.startswith("MR-42 “Disk &lt;!channel&gt;” was deleted")
    assert not labels(gone.blocks)
    assert not menu(gone.blocks)
    assert cards.deleted_card("deployment", 9, {"version": "v2"}).text.startswith("D-9 “v2” was deleted")


def test_the_dm_says_whose_turn_it_is_and_leads_to_the_card() -> None:
    link = "https://acme.slack.example/archives/C1/p1"
    dm = cards.assigned_dm(taken("open"), "Max Admin", link)
    assert dm.text.startswith("Max Admin assigned MR-42 “Disk full on db-1” to you. It is due ")
    assert f"<{link}|Open the card>" in shown(dm.blocks)
    assert_sendable(dm, f"<{link}|Open the card>")
    alone = cards.assigned_dm(taken("open"), None, None)
    assert alone.text.startswith("MR-42 “Disk full on db-1” is assigned to you.")
    assert "/maintenance show MR-42" in shown(alone.blocks)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x|<!channel>", "https://x> <!channel"])
def test_a_link_that_is_none_is_not_linked(link: str) -> None:
    assert_sendable(cards.assigned_dm(taken(), "Max", link))


def test_many_changes_make_one_summary() -> None:
    message: Message = cards.summary(
        {"created": 1_200, "assigned": 34}, list(range(1, 1_235)), total=1_234, actor_name="Max"
    )
    assert message.text == "1,234 maintenance requests changed at once by Max: 1,200 raised and 34 assigned."
    assert "MR-1, MR-2" in shown(message.blocks)
    assert "MR-10 and 1,224 more" in shown(message.blocks)
    assert "MR-11" not in shown(message.blocks)
