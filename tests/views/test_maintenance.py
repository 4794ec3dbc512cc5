from datetime import timedelta

import pytest

from bot.views import maintenance
from db.models import Page, Project
from tests.views.builders import ACTIVITY, COMMENT, DUE, ENTRY, LOG, NOW, activity, request, taken
from tests.views.checks import assert_openable, assert_sendable, element, inputs, labels, menu, plain_of, shown, walk

PROJECT = Project(7, "Payments", "active", None)


def field_labels(view: dict[str, object]) -> dict[str, str]:
    return {block_id: plain_of(block["label"]) for block_id, block in inputs(view).items()}


def test_new_request_has_the_promised_fields() -> None:
    view = maintenance.new_request(tz="Europe/Berlin")
    assert_openable(view)
    assert plain_of(view["title"]) == "New maintenance request"
    assert plain_of(view["submit"]) == "Create"
    assert field_labels(view) == {
        "title": "Title",
        "description": "Description",
        "project": "Project",
        "priority": "Priority",
        "due_date": "Due date",
        "due_time": "Due time",
        "assignee": "Assignee",
    }
    required = [block_id for block_id, block in inputs(view).items() if not block.get("optional")]
    assert required == ["title", "description"]


def test_new_request_asks_for_projects_before_the_first_letter() -> None:
    project = element(maintenance.new_request(tz="UTC"), "project")
    assert (project["action_id"], project["min_query_length"]) == ("maintenance.project", 0)


def test_new_request_starts_with_what_is_known() -> None:
    view = maintenance.new_request(
        tz="Europe/Berlin",
        title="Disk",
        description="full",
        project=PROJECT,
        priority="high",
        due_at=DUE,
        assignee_slack_id="U2",
    )
    assert element(view, "title")["initial_value"] == "Disk"
    assert element(view, "description")["initial_value"] == "full"
    assert element(view, "project")["initial_option"]["value"] == "7"  # type: ignore[index] # an option
    assert element(view, "priority")["initial_option"]["value"] == "high"  # type: ignore[index] # an option
    assert element(view, "due_date")["initial_date"] == "2026-11-29"
    assert element(view, "due_time")["initial_time"] == "18:00"
    assert element(view, "assignee")["initial_user"] == "U2"


def test_new_request_has_medium_priority_unless_told() -> None:
    assert element(maintenance.new_request(tz="UTC"), "priority")["initial_option"]["value"] == "medium"  # type: ignore[index] # an option


def test_a_due_time_past_midnight_moves_the_date() -> None:
    view = maintenance.new_request(tz="Pacific/Auckland", due_at=DUE)
    assert element(view, "due_date")["initial_date"] == "2026-11-30"
    assert element(view, "due_time")["initial_time"] == "06:00"


def test_a_message_becomes_a_description_with_its_whole_link() -> None:
    link = "https://acme.slack.example/archives/C1/p1"
    assert maintenance.message_description(" broken ", link) == f"broken\n\n{link}"
    long = maintenance.message_description("x" * 4000, link)
    assert len(long) == 3000
    assert long.endswith(f"…\n\n{link}")


def test_edit_shows_the_request_and_remembers_it() -> None:
    view = maintenance.edit_request(taken(), tz="UTC")
    assert (plain_of(view["title"]), plain_of(view["submit"]), view["private_metadata"]) == ("Edit MR-42", "Save", "42")
    assert element(view, "title")["initial_value"] == "Disk full on db-1"
    assert element(view, "assignee")["initial_user"] == "U2"


def test_edit_never_cuts_what_it_saves() -> None:
    fits = maintenance.edit_request(request(description="x" * 3000), tz="UTC")
    assert element(fits, "description")["initial_value"] == "x" * 3000
    longer = maintenance.edit_request(request(description="x" * 3001), tz="UTC")
    assert "description" not in inputs(longer)
    assert "3,001 characters" in shown(longer["blocks"])


def test_edit_keeps_an_assignee_outside_slack_and_says_so() -> None:
    view = maintenance.edit_request(request(assigned_to=9, assignee_name="Olga Old"), tz="UTC")
    assert "initial_user" not in element(view, "assignee")
    assert "Olga Old, who is not in this workspace, stays" in shown(inputs(view)["assignee"])


def test_edit_of_an_unknown_priority_chooses_none() -> None:
    assert "initial_option" not in element(maintenance.edit_request(request(priority="urgent"), tz="UTC"), "priority")


def test_complete_asks_for_note_and_hours_and_needs_neither() -> None:
    view = maintenance.complete_request(taken())
    assert (plain_of(view["title"]), plain_of(view["submit"])) == ("Complete MR-42", "Complete")
    assert field_labels(view) == {"note": "Note", "hours": "Hours"}
    assert all(block["optional"] for block in inputs(view).values())


def test_cancel_asks_why() -> None:
    view = maintenance.cancel_request(taken(id=2**31 - 1))
    assert_openable(view)
    assert field_labels(view) == {"reason": "Reason"}
    assert plain_of(view["close"]) != plain_of(view["submit"])


def test_a_list_shows_each_request_in_words() -> None:
    reply = maintenance.request_list(Page((request(), taken(id=43)), None, None), heading="Open", filter_token="open")
    text = shown(reply.blocks)
    assert "MR-42" in text
    assert "Open · High priority · Payments · not assigned" in text
    assert "In progress · High priority · Payments · Elena Engineer" in text
    assert labels(reply.blocks) == []


def test_pages_are_turned_by_buttons_that_carry_the_filter() -> None:
    page = Page((request(),), "b4", "a4")
    blocks = maintenance.request_list(page, heading="Open", filter_token="open|high", replace=True).blocks
    assert labels(blocks) == ["Previous", "Next"]
    pressed = {
        str(part["action_id"]): str(part["value"]) for part in walk(list(blocks)) if part.get("type") == "button"
    }
    assert maintenance.read_page_token(pressed["maintenance.list_previous"]) == ("open|high", "b4")
    assert maintenance.read_page_token(pressed["maintenance.list_next"]) == ("open|high", "a4")


def test_a_filter_too_long_for_a_button_is_told() -> None:
    reply = maintenance.request_list(Page((request(),), None, "a"), heading="Open", filter_token="x" * 2000)
    assert labels(reply.blocks) == []
    assert "too long to turn pages" in shown(reply.blocks)


@pytest.mark.parametrize("value", ["", "{}", '["a"]', '["a",1]', "null"])
def test_foreign_page_tokens_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        maintenance.read_page_token(value)


def test_an_empty_list_says_where_to_look() -> None:
    reply = maintenance.request_list(Page((), None, None), heading="Overdue requests", filter_token="overdue")
    assert reply.text.startswith("Overdue requests: no request is on this list.")
    assert "/maintenance list all" in shown(reply.blocks)


def test_overdue_is_said_in_words_and_only_of_open_ones() -> None:
    def listed(status: str, late: timedelta) -> str:
        page = Page((taken(status),), None, None)
        return shown(maintenance.request_list(page, heading="x", filter_token="", now=DUE + late).blocks)

    assert "Overdue since <!date" in listed("open", timedelta(seconds=1))
    assert "Overdue" not in listed("open", timedelta(0))
    assert "Overdue" not in listed("completed", timedelta(days=3))


def test_overview_counts_and_offers_a_new_request() -> None:
    reply = maintenance.overview([request(id=n) for n in range(1, 13)], [taken()])
    assert reply.text == "You have 12 open requests, and 1 request waits for you."
    assert labels(reply.blocks) == ["New request"]
    text = shown(reply.blocks)
    assert "and 7 more: `/maintenance list mine`" in text
    assert text.index("Waiting for you") < text.index("Your open requests")
    assert maintenance.overview([], []).text == "You have no open requests, and nothing waits for you."


def test_show_has_the_card_s_buttons_and_the_detail() -> None:
    reply = maintenance.show(taken(description="line one\nline two"), [LOG] * 7, [COMMENT])
    assert_sendable(reply)
    assert labels(reply.blocks) == ["Log work", "Complete"]
    assert menu(reply.blocks)[-1] == ("History", "history:42")
    text = shown(reply.blocks)
    for wanted in (
        "line one\nline two",
        "any news?",
        "cleaned up",
        "1.5 hours · 2026-11-21",
        "and 2 more: `/worklog list MR-42`",
    ):
        assert wanted in text


def test_show_says_how_much_of_a_long_description_is_missing() -> None:
    text = shown(maintenance.show(request(description="x" * 5_000), [], []).blocks)
    assert "goes on for 2,100 characters" in text


def test_history_is_newest_first_and_ends_with_the_beginning() -> None:
    later = activity("commented", id=9, at=NOW + timedelta(hours=1), new={"body": "any news?"})
    told_twice = ACTIVITY
    reply = maintenance.history(
        taken(), [ENTRY], [told_twice, later, activity("assigned", new={"assigned_to": 5})], names={5: "Eve"}
    )
    text = shown(reply.blocks)
    assert "3 changes" in reply.text
    order = ["commented on MR-42", "assigned MR-42 to Eve", "moved it from open to in progress", "Uma User raised it"]
    assert sorted(order, key=text.index) == order
    assert "on it" in text
    assert "started work" not in text


def test_a_long_history_says_how_much_is_left_out() -> None:
    text = shown(maintenance.history(taken(), [ENTRY] * 200, []).blocks)
    assert "earlier changes" in text
    shown_entries = text.count("moved it from")
    assert f"and {200 - shown_entries} earlier changes" in text


def test_search_says_what_was_found() -> None:
    assert maintenance.search_results([request()], words="disk").text == "1 request found for “disk”."
    assert maintenance.search_results([request()] * 10, words="disk", more=True).text.startswith(
        "More than 10 requests"
    )
    assert maintenance.search_results([], words="<!here>").text.startswith("No request contains “&lt;!here&gt;”.")


def test_confirmations_are_sentences() -> None:
    name = "MR-42 “Disk full on db-1”"
    assert maintenance.created(request()).text == f"{name} was created."
    assert maintenance.created(request(), "C0OPS").text == f"{name} was created. Its card is in <#C0OPS>."
    assert maintenance.created(request(), "ops").text == f"{name} was created. Its card is in #ops."
    assert maintenance.assigned(taken()).text == f"{name} is assigned to Elena Engineer now."
    assert maintenance.assigned(taken(), to_self=True).text == f"{name} is assigned to you now."
    assert maintenance.moved(taken(), "started").text == f"{name} is in progress now."
    assert maintenance.moved(request(), "reopened").text == f"{name} is open again now."
    assert maintenance.prioritised(request()).text == f"{name} has priority high now."
    assert maintenance.due_changed(request(due_at=None)).text == f"{name} has no due date now."
    assert maintenance.due_changed(request()).text.startswith(f"{name} is due <!date^")
    assert maintenance.edited(request()).text == f"{name} was saved."
    assert maintenance.commented(request()).text.startswith(f"Your comment on {name} ")


def test_a_channel_name_cannot_ping() -> None:
    assert_sendable(maintenance.created(request(), "<!channel>"))


def test_projects_are_offered_by_name() -> None:
    choices = maintenance.project_choices([PROJECT] * 101)
    assert len(choices.options) == 100
    assert choices.options[:2] == [("None", "none"), ("Payments", "7")]


def test_an_offered_project_names_its_group() -> None:
    project = Project(7, "P" * 80, "active", "Web Applications")
    label, value = maintenance.project_choices([project]).options[1]
    assert (len(label), label.endswith("… (Web Applications)"), value) == (75, True, "7")
