import pytest

from bot.errors import BadInput
from bot.rules.mentions import parse_mention, parse_person


@pytest.mark.parametrize(
    ("word", "person"),
    [
        ("<@U1>", "U1"),
        ("<@U1|anna>", "U1"),
        ("<@W0ABC|Anna Lee>", "W0ABC"),
        ("<@U1|>", "U1"),
        ("@anna", None),
        ("U1", None),
        ("<@u1>", None),
        ("<@S1>", None),
        ("<!channel>", None),
        ("<#C1|ops>", None),
        ("<@U1><@U2>", None),
        ("", None),
    ],
)
def test_only_mentions_of_people_are_people(word: str, person: str | None) -> None:
    assert parse_mention(word) == person


def test_me_is_a_person() -> None:
    assert parse_person("ME", example="/x") == "me"
    assert parse_person("@me", example="/x") == "me"
    assert parse_person("<@U1>", example="/x") == "U1"


def test_a_name_that_slack_did_not_resolve_is_refused() -> None:
    with pytest.raises(BadInput, match=r'"@anna" is nobody I can find\. .* Example: `/worklog report @name`') as caught:
        parse_person("@anna", example="/worklog report @name", field="assignee")
    assert caught.value.field == "assignee"
