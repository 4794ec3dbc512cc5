"""Whatever is typed: an answer or a refusal that can be read, never another error."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BotError
from bot.rules import hours, ids, maintenance, mentions, suggest, text, validate, when, worklog

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
LORD_HOWE = "Australia/Lord_Howe"
PARSERS: dict[str, Callable[[str], object]] = {
    "new": lambda typed: maintenance.parse_new(typed, now=NOW, tz="Asia/Kathmandu"),
    "list": maintenance.parse_list,
    "one": partial(maintenance.parse_one, verb="show"),
    "noted": partial(maintenance.parse_noted, verb="start"),
    "assign": maintenance.parse_assign,
    "priority": maintenance.parse_priority,
    "due": partial(maintenance.parse_due_command, now=NOW, tz=LORD_HOWE),
    "comment": maintenance.parse_comment,
    "search": maintenance.parse_search,
    "log": partial(worklog.parse_log, now=NOW, tz=LORD_HOWE),
    "report": partial(worklog.parse_report, now=NOW, tz=LORD_HOWE),
    "delete": worklog.parse_delete,
    "list_logs": worklog.parse_list_logs,
    "when": partial(when.parse_due, now=NOW, tz=LORD_HOWE),
    "work_date": partial(when.parse_work_date, now=NOW, tz=LORD_HOWE),
    "period": partial(when.parse_period, now=NOW, tz=LORD_HOWE),
    "modal": lambda typed: when.combine_due(typed, typed, now=NOW, tz=typed),
    "zone": lambda typed: when.parse_due("tomorrow", now=NOW, tz=typed),
    "hours": hours.parse_hours,
    "id": ids.parse_id,
    "mention": mentions.parse_mention,
    "suggest": lambda typed: suggest.closest(typed, ("start", "complete", "")),
    "split": lambda typed: text.split(typed, ("project", "due"), timed=("due",)).rest(1),
    "title": text.clean_title,
    "validate": lambda typed: validate.validate_new(typed, typed, typed),
    "status": validate.status_named,
}
PIECES = st.one_of(
    st.text(st.characters(), max_size=8),
    st.sampled_from(
        [
            *("42", "MR-42", "#7", "-1", "0", "1.5", "1h", "30m", "9" * 20, "me", "mine", "all", "<@U1>", "<@U1|a b>"),
            *("friday", "17:00", "2026-02-30", "2026-11-01..", "today", "in", "3", "days", "none", "high", "noon"),
            *("project:", "priority:low", "due:friday", "assignee:@x", "prio:x", "a:", ":", "\u2028", "\u202e", "\x00"),
            *('"', "\u201c", "\u201d", "<", ">", "&lt;", "&amp;", "'", "\ud800", "\u0663", "\u00b2", "\u200d", "\xa0"),
        ]
    ),
)
TYPED = st.builds(
    lambda pieces, glue: glue.join(pieces), st.lists(PIECES, max_size=7), st.sampled_from([" ", "", "\n"])
)


@pytest.mark.parametrize("parser", PARSERS)
@settings(deadline=None, max_examples=120)
@given(typed=TYPED)
def test_any_text_is_answered(parser: str, typed: str) -> None:
    try:
        PARSERS[parser](typed)
    except BotError as refused:
        sentence = str(refused)
    else:
        return
    assert sentence[:1].isupper() or sentence[:1] in set('"0123456789')
    assert len(sentence) <= 500
    sentence.encode()
    assert not {"\u202e", "\x00", "\n"} & set(sentence)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "unit", ["a", '"', "<", "a:", "9", " ", "\n", "1h", "<@U1|", "&lt;", '"a" ', "in ", "\u202e", "m "]
)
def test_long_text_is_answered_at_once(parser: str, unit: str) -> None:
    started = datetime.now(UTC)
    try:
        PARSERS[parser](unit * (40_000 // len(unit)))
    except BotError as refused:
        assert len(str(refused)) <= 500  # noqa: PT017 - a refusal is one of two good ends
    assert (datetime.now(UTC) - started).total_seconds() < 2
