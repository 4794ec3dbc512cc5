from collections.abc import Iterator

from bot.errors import BadInput
from bot.views import refusals
from bot.views.help import HelpLine, help_for, unknown_verb
from db.models import Role
from tests.views.checks import assert_openable, assert_sendable, plain_of, shown, walk

ASSIGN = HelpLine("assign ID @x|me", "Gives a request to an engineer", ("assign 42 me",), Role.ENGINEER)
LIST = HelpLine("list [mine|open]", "Lists requests.", ("list mine", "/maintenance list"))


def codes(value: object) -> Iterator[str]:
    for part in walk(value):
        if part.get("style") == {"code": True}:
            yield str(part["text"])


def test_help_shows_each_verb_who_may_and_what_to_copy() -> None:
    reply = help_for("maintenance", [ASSIGN, LIST])
    assert_sendable(reply)
    assert list(codes(list(reply.blocks))) == [
        "/maintenance assign ID @x|me",
        "/maintenance assign 42 me",
        "/maintenance list [mine|open]",
        "/maintenance list mine",
        "/maintenance list",
    ]
    assert "Gives a request to an engineer. For engineers and admins." in shown(reply.blocks)
    assert "Lists requests." in shown(reply.blocks)
    assert reply.text == "/maintenance understands assign and list."


def test_help_does_not_call_an_argument_a_verb() -> None:
    log = HelpLine("ID HOURS [DATE] WHAT", "Logs work")
    assert help_for("worklog", [log, HelpLine("", "Shows yours"), LIST]).text == "/worklog understands list."


def test_an_unknown_verb_gets_the_likeliest() -> None:
    reply = unknown_verb("maintenance", "asign", "assign", [ASSIGN, LIST])
    assert reply.text.startswith("/maintenance does not know “asign”. Did you mean `/maintenance assign`?")
    assert "/maintenance assign 42 me" in codes(list(reply.blocks))
    assert "/maintenance list mine" not in codes(list(reply.blocks))


def test_a_hopeless_verb_gets_the_way_to_help() -> None:
    reply = unknown_verb("/maintenance", "<!here>", None, [ASSIGN, LIST])
    assert reply.text == "/maintenance does not know “&lt;!here&gt;”. All it can do is under `/maintenance help`."


def test_a_refusal_says_the_error_s_own_sentence() -> None:
    reply = refusals.refusal(BadInput("MR-42 is <open>. You can start it: `/maintenance start MR-42`"))
    assert reply.text == "MR-42 is &lt;open&gt;. You can start it: `/maintenance start MR-42`"
    assert list(codes(list(reply.blocks))) == ["/maintenance start MR-42"]
    assert "MR-42 is <open>." in shown(reply.blocks)


def test_an_example_can_be_copied() -> None:
    reply = refusals.refusal(BadInput("That is no date. Example: friday 17:00 or none"))
    assert list(codes(list(reply.blocks))) == ["friday 17:00 or none"]


def test_a_failure_gives_the_id_and_no_guess() -> None:
    reply = refusals.failure("a1b2c3")
    assert "fault in the bot" in reply.text
    assert list(codes(list(reply.blocks))) == ["a1b2c3"]


def test_a_database_that_is_away_changes_nothing_and_says_so() -> None:
    assert "nothing was read or changed" in refusals.database_away().text


def test_refusals_fit_a_dialog_without_a_submit() -> None:
    view = refusals.refusal_modal("You cannot do that. Example: /maintenance new")
    assert_openable(view)
    assert "submit" not in view
    assert plain_of(view["close"]) == "Close"


def test_an_answer_shown_in_a_dialog_is_not_escaped_twice() -> None:
    view = refusals.reply_modal(refusals.refusal("a < b & c"))
    assert "a < b & c" in [part.get("text") for part in walk(view)]
