"""`/techops policy`: what it says, sets and removes, and who may."""

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told

POLICIES = """
SELECT subject_kind, match, project_id, required, role, own_counts, hours FROM techops.approval_policies ORDER BY id
"""
SHIPPED = [
    ("maintenance", "critical", None, 1, "engineer", False, 24),
    ("deployment", "production", None, 1, "engineer", False, 24),
]


async def policies(bot: RunningBot) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in await bot.fetch(POLICIES)]


async def test_shipped_policies_are_shown(bot: RunningBot) -> None:
    for text in ("policy", "policy list", "POLICY List"):
        answer = await told(bot.ada, "techops", text)
        assert "2 policies" in answer, text
        assert "Deployments to production" in answer
        assert "Maintenance requests of priority critical" in answer
        assert "1 approval by an engineer or admin" in answer
    assert await policies(bot) == SHIPPED


async def test_a_policy_is_set_changed_and_removed(bot: RunningBot) -> None:
    text = 'policy set deployment prod project:"web app" required:2 role:admin own:yes hours:48'
    answer = await told(bot.ada, "techops", text)
    assert "Deployments to production in Web App" in answer
    assert "2 approvals by an admin" in answer
    assert (await policies(bot))[2:] == [("deployment", "production", 2, 2, "admin", True, 48)]
    await told(bot.ada, "techops", 'required:3 policy set project:"Web App" deployments production')
    assert (await policies(bot))[2:] == [("deployment", "production", 2, 3, "admin", True, 48)], "the rest stays"
    answer = await told(bot.ada, "techops", 'policy remove deployment production project:"Web App"')
    assert "1 approval by an engineer or admin" in answer, "what holds in its place"
    assert await policies(bot) == SHIPPED
    assert "need no approval" in await told(bot.ada, "techops", "policy set maintenance critical required:0")
    assert "no approval from now on" in await told(bot.ada, "techops", "policy remove maintenance critical")
    verbs = await bot.fetch("SELECT actor_id, verb FROM techops.activity WHERE subject_kind = 'policy' ORDER BY id")
    assert [row["verb"] for row in verbs] == ["created", "edited", "deleted", "edited", "deleted"]
    assert {row["actor_id"] for row in verbs} == {1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy sett deployment production", "Did you mean set"),
        ("policy set", "Say what to set a policy for"),
        ("policy set deployment", "Say what to set a policy for"),
        ("policy set deployment production staging", "Say what to set a policy for"),
        ("policy set deploymnet production", "Did you mean deployment"),
        ("policy set deployment mars", "is no environment"),
        ("policy set maintenance urgent", "is no priority"),
        ("policy set deployment production required:-1", "from 0 to 10"),
        ("policy set deployment production required:11", "from 0 to 10"),
        ("policy set deployment production required:two", "from 0 to 10"),
        ("policy set deployment production hours:0", "from 1 to 720"),
        ("policy set deployment production hours:99999999999999999999", "from 1 to 720"),
        ("policy set deployment production role:boss", "is no role"),
        ("policy set deployment production role:enginer", "Did you mean engineer"),
        ("policy set deployment production own:maybe", "yes or no"),
        ("policy set deployment production projct:Shop", "Did you mean project:"),
        ('policy set deployment production project:"Wep App"', "Did you mean Web App"),
        ("policy remove deployment staging", "no policy for deployment staging"),
        ("policy remove deployment production required:2", "only what it is for"),
        ("policy remove deployment production project:Old", "no policy for deployment production in Old"),
        ("policy list production", "takes nothing else"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(bot: RunningBot, text: str, said: str) -> None:
    assert said in await told(bot.ada, "techops", text)
    assert await policies(bot) == SHIPPED


async def test_only_admins_may(bot: RunningBot) -> None:
    for person in (bot.erik, bot.uma):
        assert "Only an admin" in await told(person, "techops", "policy set deployment production required:0")
        assert "Only an admin" in await told(person, "techops", "policy list")
    assert await policies(bot) == SHIPPED
    assert "policy list|set|remove" in await told(bot.uma, "techops", "help")
