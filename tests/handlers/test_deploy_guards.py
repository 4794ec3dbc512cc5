"""Freezes and locks: who is kept out, until when, who may pass all the same, and who is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.acts import Person
from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, EVA, labels, told, whispered
from tests.handlers.deployments import ACTIVITY, CHANNEL, card_of, held_now, row_of

FREEZES = "SELECT environment, starts_at, ends_at, tz, reason, created_by FROM techops.freezes ORDER BY id"
LOCKS = "SELECT project_id, environment, holder_id, reason FROM techops.deployment_locks"
PAGE = 'request "Web App" v2 staging'


@pytest.fixture
async def pending(bot: RunningBot) -> None:
    """Deployment 1 of the Web App to staging, pending; people whose accounts are known."""
    for person in (bot.ada, bot.eva, bot.uma):
        await told(person, "deploy", "")
    await told(bot.erik, "deploy", PAGE)


async def zone_of(bot: RunningBot, person: Person, tz: str) -> None:
    await bot.fetch("UPDATE techops.slack_identities SET tz = $1 WHERE slack_user_id = $2", tz, person.id)


@pytest.mark.parametrize(
    ("tz", "text", "first", "after"),
    [
        # whole days in the admin's own zone, both included
        ("America/New_York", "2030-12-24..2030-12-26", "2030-12-24T05:00", "2030-12-27T05:00"),
        # in a zone that is named, also in the wrong case
        ("America/New_York", "2030-12-24..2030-12-26 tz:europe/berlin", "2030-12-23T23:00", "2030-12-26T23:00"),
        # the last minute is frozen too
        ("Asia/Kolkata", "2030-12-24 17:00..2030-12-26 09:00", "2030-12-24T11:30", "2030-12-26T03:31"),
        ("UTC", '"2030-12-24 17:00 .. 2030-12-24 18:00"', "2030-12-24T17:00", "2030-12-24T18:01"),
        ("UTC", "2030-12-24T17:00..19:30", "2030-12-24T17:00", "2030-12-24T19:31"),
        # a day of 23 hours, and one of 25
        ("Europe/Berlin", "2030-03-31..2030-03-31", "2030-03-30T23:00", "2030-03-31T22:00"),
        ("Europe/Berlin", "2030-10-27..2030-10-27", "2030-10-26T22:00", "2030-10-27T23:00"),
        # 02:30 comes twice: from its first coming to its last; it never comes: moved forward with the clock
        ("Europe/Berlin", "2030-10-27T02:30..2030-10-27T02:30", "2030-10-27T00:30", "2030-10-27T01:31"),
        ("Europe/Berlin", "2030-03-31T02:30..2030-03-31T04:00", "2030-03-31T01:30", "2030-03-31T02:01"),
    ],
)
async def test_windows_are_local_times(bot: RunningBot, tz: str, text: str, first: str, after: str) -> None:
    await told(bot.ada, "deploy", "")
    await zone_of(bot, bot.ada, tz)
    assert "will be frozen" in await told(bot.ada, "deploy", f"freeze production {text} Holidays")
    [made] = await bot.fetch(FREEZES)
    assert made["starts_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M") == first
    assert made["ends_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M") == after
    assert (made["environment"], made["reason"], made["created_by"]) == ("production", "Holidays", ADA)


async def test_a_freeze_begins_and_ends_with_its_minutes(bot: RunningBot, pending: None) -> None:
    await zone_of(bot, bot.ada, "Europe/Berlin")
    await told(bot.ada, "deploy", "freeze stage 2030-12-24..2030-12-26 Holidays")
    moments = {
        "2030-12-23T22:59:50": "was requested",
        "2030-12-23T23:00:01": "Staging is frozen until 2030-12-26 23:59 (Europe/Berlin)",
        "2030-12-26T22:59:50": "Reason: Holidays (F-1, by Ada Admin)",
        "2030-12-26T23:00:01": "was requested",
    }
    for moment, answer in moments.items():
        bot.clock.set(datetime.fromisoformat(moment).replace(tzinfo=UTC))
        assert answer in await told(bot.erik, "deploy", PAGE), moment
    assert "was requested" in await told(bot.erik, "deploy", 'request "Web App" v2 dev')


async def test_of_overlapping_freezes_the_soonest_end_is_shown(bot: RunningBot, pending: None) -> None:
    now = bot.clock()
    day = (now + timedelta(days=1)).date()
    await told(bot.ada, "deploy", f"freeze all {now.date()}..{day + timedelta(days=3)} Long one tz:UTC")
    await told(bot.ada, "deploy", f"freeze staging {now.date()}..{day} Short one tz:UTC")
    answer = await told(bot.erik, "deploy", "start 1")
    assert f"Staging is frozen until {day} 23:59 (UTC)" in answer
    assert "Short one" in answer
    listed = await told(bot.uma, "deploy", "freezes")
    assert listed.index("F-2") < listed.index("F-1")
    assert "2 freezes now, 0 to come" in listed
    assert "was lifted" in await told(bot.ada, "deploy", "unfreeze F-2")
    assert "already lifted" in await told(bot.ada, "deploy", "unfreeze 2")
    assert "Everything is frozen until" in await told(bot.erik, "deploy", "start 1")
    assert "Long one" in await told(bot.uma, "deploy", "")
    await told(bot.ada, "deploy", "unfreeze #1")
    assert "is in progress" in await told(bot.erik, "deploy", "start 1")
    assert "Nothing is frozen" in await told(bot.uma, "deploy", "freezes")
    verbs = await bot.fetch("SELECT verb, actor_id FROM techops.activity WHERE subject_kind = 'freeze' ORDER BY id")
    assert [tuple(row.values()) for row in verbs] == [
        ("created", ADA), ("created", ADA), ("edited", ADA), ("edited", ADA),
    ]  # fmt: skip


async def test_an_admin_overrides_a_freeze_and_it_is_on_record(bot: RunningBot, pending: None) -> None:
    await told(bot.ada, "deploy", "freeze all today..tomorrow Audit")
    before = await held_now(bot)
    assert "override:REASON" in await told(bot.erik, "deploy", "start 1")
    assert "Only an admin can override" in await told(bot.erik, "deploy", "start 1 override:please")
    assert "is frozen until" in await told(bot.ada, "deploy", "start 1")
    assert await held_now(bot) == before
    assert "Freeze overridden" in await told(bot.ada, "deploy", 'start D-1 override:"Security fix"')
    assert ("started", ADA, "Override: Security fix") in [tuple(it.values()) for it in await bot.fetch(ACTIVITY, 1)]
    card = await card_of(bot, 1)
    await bot.until(lambda: "by Ada Admin: Security fix" in str(card.blocks))
    await told(bot.erik, "deploy", "finish 1 success")
    await bot.until(lambda: labels(card) == ["Roll back"])
    assert "Security fix" in str(card.blocks), "it stays on the card"
    await told(bot.ada, "deploy", "request Web App v3 staging override:hot fix")
    assert (await row_of(bot, 2))["notes"] == "fix"


async def test_recording_what_has_happened_is_possible_in_a_freeze(bot: RunningBot, pending: None) -> None:
    await told(bot.ada, "deploy", "freeze all today..tomorrow Audit")
    assert "was recorded" in await told(bot.erik, "deploy", "record Web App v2 staging success")
    assert "is frozen until" in await told(bot.erik, "deploy", "record Web App v2 staging in_progress")


async def test_a_lock_keeps_others_out_and_who_was_refused_is_told(bot: RunningBot, pending: None) -> None:
    assert "is locked by you now" in await told(bot.eva, "deploy", "lock Web App stage Load test")
    assert "stays locked by you" in await told(bot.eva, "deploy", 'lock "web app" staging Longer load test')
    assert "is locked by Eva Engineer" in await told(bot.erik, "deploy", PAGE)
    refused = await told(bot.erik, "deploy", "start 1")
    for words in (
        "Web App on staging is locked by Eva Engineer",
        "Longer load test",
        "by direct message when it is free",
    ):
        assert words in refused, words
    card = await card_of(bot, 1)
    await bot.erik.click(card, "deploy.start")
    assert "locked by Eva Engineer" in whispered(bot.erik, CHANNEL)
    assert (await row_of(bot, 1))["status"] == "pending"
    assert "locked by Eva Engineer" in await told(bot.uma, "deploy", "status Web App")
    before = await held_now(bot)
    assert "Only its holder or an admin" in await told(bot.erik, "deploy", "unlock Web App stage")
    assert await held_now(bot) == before
    assert "1 waiting person will be told" in await told(bot.eva, "deploy", "unlock Web App stage")
    await bot.until(lambda: len(bot.erik.dms_from_bot()) == 1)
    assert (
        "Web App on staging is free again: Eva Engineer unlocked it. D-1 can be started"
        in bot.erik.dms_from_bot()[0].text
    )
    assert "is not locked" in await told(bot.eva, "deploy", "unlock Web App stage")
    assert "is in progress now" in await told(bot.erik, "deploy", "start 1")
    assert await bot.fetch(LOCKS) == []


async def test_the_holder_starts_and_other_places_are_open(bot: RunningBot, pending: None) -> None:
    await told(bot.eva, "deploy", "lock Web App stage Load test")
    await told(bot.erik, "deploy", 'request "Web App" v2 dev')
    assert "is in progress now" in await told(bot.erik, "deploy", "start 2")
    assert "is in progress now" in await told(bot.eva, "deploy", "start 1")


async def offer(bot: RunningBot, person: Person, reason: str = "Hotfix") -> Message:
    """The answer that asks whether to take the lock over."""
    ack = await person.slash("deploy", f"lock Web App staging {reason}")
    [message] = ack.messages
    assert labels(message) == ["Take over"]
    return message


async def test_taking_a_lock_over_asks_first_and_tells_the_former_holder(bot: RunningBot, pending: None) -> None:
    await told(bot.eva, "deploy", "lock Web App staging Load test")
    message = await offer(bot, bot.erik, "“Hotfix” for <checkout> & co")
    [button] = [it for block in message.blocks if block["type"] == "actions" for it in block["elements"]]
    assert "Eva Engineer" in str(button["confirm"])
    assert [row["holder_id"] for row in await bot.fetch(LOCKS)] == [EVA]
    await bot.erik.click(message, "deploy.lock_take_over", repeat=3)
    assert await bot.fetch(LOCKS) == [
        {"project_id": 2, "environment": "staging", "holder_id": ERIK, "reason": "“Hotfix” for <checkout> & co"}
    ]
    await bot.until(lambda: len(bot.eva.dms_from_bot()) == 1)
    assert "Erik Engineer took over your lock of Web App on staging" in bot.eva.dms_from_bot()[0].text
    assert len(await bot.fetch("SELECT FROM techops.activity WHERE subject_kind = 'lock' AND verb = 'edited'")) == 1
    await bot.ada.slash("deploy", "unlock Web App staging")
    await bot.until(lambda: len(bot.erik.dms_from_bot()) == 1)
    assert "Ada Admin released your lock" in bot.erik.dms_from_bot()[0].text


async def test_what_changed_before_the_confirmation_is_asked_again(bot: RunningBot, pending: None) -> None:
    await told(bot.eva, "deploy", "lock Web App staging Load test")
    by_erik, by_ada = await offer(bot, bot.erik), await offer(bot, bot.ada)
    await bot.ada.click(by_ada, "deploy.lock_take_over")
    await bot.erik.click(by_erik, "deploy.lock_take_over")
    assert "somebody else than you were asked about" in whispered(bot.erik, "general")
    assert [row["holder_id"] for row in await bot.fetch(LOCKS)] == [ADA]
    for value in (
        "",
        "x",
        "[]",
        "[1, 2, 3, 4]",
        '[2, "staging", 0, "x"]',
        '[2, "qa", 1, "x"]',
    ):
        await bot.erik.click(by_erik, "deploy.lock_take_over", value=value)
        assert "another version" in whispered(bot.erik, "general"), value
    assert [row["holder_id"] for row in await bot.fetch(LOCKS)] == [ADA]


async def test_two_people_lock_at_once(bot: RunningBot, pending: None) -> None:
    text = "lock Web App production Hotfix"
    answers = await asyncio.gather(told(bot.erik, "deploy", text), told(bot.eva, "deploy", text))
    assert sorted("is locked by you now" in answer for answer in answers) == [False, True]
    assert sorted("Take over" in answer for answer in answers) == [False, True]
    assert len(await bot.fetch(LOCKS)) == 1


async def test_a_lock_of_the_longest_reason_can_be_taken_over(bot: RunningBot, pending: None) -> None:
    await told(bot.eva, "deploy", "lock Web App staging Load test")
    reason = "”ß👩" * 166
    await bot.erik.click(await offer(bot, bot.erik, reason), "deploy.lock_take_over")
    [lock] = await bot.fetch(LOCKS)
    assert (lock["holder_id"], lock["reason"]) == (ERIK, reason)
