"""Subscriptions: confirmed, listed, and what a subscriber is told where a channel cannot be written to any more."""

from collections.abc import Sequence

from bot.rules.workdays import spoken_days
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Message, Part
from bot.views.maintenance import channel_name
from bot.views.wording import count, join_words, line
from db.models_subscriptions import Subscription, Topic

_REASONS = {
    "not_in_channel": "I am no longer in that channel",
    "channel_not_found": "that channel does not exist any more, or is private and I am not in it",
    "is_archived": "that channel is archived",
}
_NAMES = {
    Topic.MAINTENANCE: "Cards of maintenance requests",
    Topic.DEPLOYMENTS: "Cards of deployments",
    Topic.DATABASE: "Reports of database care",
    Topic.REMINDERS: "Urgent requests that are overdue by two days",
}


def subscribed(it: Subscription) -> Reply:
    """Confirm a subscription."""
    end = f" It is subscription {it.id}; to end it, type "
    return kit.say(f"This channel gets: {described(it)}.{end}", kit.Code(f"/techops unsubscribe {it.id}"), ".")


def unsubscribed(it: Subscription) -> Reply:
    """Confirm the end of a subscription."""
    return kit.say(f"Subscription {it.id} has ended: {described(it)}.")


def subscription_list(every: Sequence[Subscription], channel_id: str | None) -> Reply:
    """Show all subscriptions, those of this channel first."""
    if not every:
        return kit.say("There are no subscriptions. For a digest every morning, type ", kit.Code(_EXAMPLE), ".")
    ordered = sorted(every, key=lambda it: (it.channel_id != channel_id, it.id))
    told = f"{count(len(every), 'subscription')}."
    tail = [kit.note("To end one, type ", kit.Code("/techops unsubscribe N"), " with its number.")]
    return kit.reply(told, kit.stack([kit.section(told)], [_item(it) for it in ordered], tail))


def paused_dm(paused: Sequence[Subscription]) -> Message:
    """Tell a subscriber that a channel cannot be written to, so that its subscriptions rest."""
    where, reason = channel_name(paused[0].channel_id), _REASONS.get(paused[0].paused_reason or "", "Slack refused it")
    named = join_words([f"{it.id} ({described(it)})" for it in paused[:10]])
    text = (
        f"I could not post in {where}, because {reason}. What you subscribed to there is paused: {kit.escape(named)}. "
        "To go on, type `/invite @techops` in the channel and subscribe there again."
    )
    return Message(kit.truncate(text, 2900), [kit.section(kit.mrkdwn(text, 2900))])


def described(it: Subscription) -> str:
    """Say what a subscription brings, and when."""
    of = f" of {line(it.project_name, 80)}" if it.project_name else ""
    if it.kind != Topic.DIGEST:
        return f"{_NAMES.get(Topic(it.kind), it.kind)}{f', project{of[3:]}' if of else ''}"
    at = f"{it.at:%H:%M}" if it.at else ""
    return f"{(it.cadence or '').capitalize()} digest{of}, {spoken_days(it.days or ())} at {at} ({it.tz})"


def _item(it: Subscription) -> list[Block]:
    who = f", subscribed by {line(it.creator_name, 80)}" if it.creator_name else ""
    paused: list[Part] = [". Paused since ", it.paused_at] if it.paused_at else []
    place = kit.context(kit.mrkdwn(f"in {channel_name(it.channel_id)}"))
    return [kit.rich(kit.Bold(f"{it.id}"), f"  {described(it)}{who}", *paused), place]


_EXAMPLE = "/techops subscribe digest daily at 09:00"
