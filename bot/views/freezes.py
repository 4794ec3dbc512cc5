"""Freezes: what is frozen, until when, and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.deployments import ALL
from bot.rules.freezes import freeze_label, last_minute
from bot.rules.zones import local
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Part
from bot.views.wording import line
from db.models import Freeze

_MINUTE = timedelta(minutes=1)


def frozen_name(freeze: Freeze) -> str:
    """Name what is frozen."""
    return "Every environment" if freeze.environment == ALL else line(freeze.environment, 30).capitalize()


def window(freeze: Freeze) -> str:
    """Write the window in its own zone, both ends included."""
    return f"{local(freeze.starts_at, freeze.tz):%Y-%m-%d %H:%M} to {last_minute(freeze)}"


def freeze_parts(freeze: Freeze) -> list[Part]:
    """Say what is frozen until when, in the reader's own zone, and why."""
    return [
        kit.Bold(frozen_name(freeze)),
        " is frozen until ",
        freeze.ends_at - _MINUTE,
        f": {line(freeze.reason, 500)}",
    ]


def added(freeze: Freeze, *, now: datetime) -> Reply:
    """Confirm a freeze."""
    verb = "is frozen" if freeze.starts_at <= now else "will be frozen"
    parts: list[Part] = [kit.Bold(freeze_label(freeze.id)), f": {frozen_name(freeze)} {verb}, {window(freeze)}."]
    way = kit.note("To lift it: ", kit.Code(f"/deploy unfreeze {freeze_label(freeze.id)}"))
    return kit.say(*parts, blocks=[way])


def lifted(freeze: Freeze) -> Reply:
    """Confirm that a freeze was lifted."""
    return kit.say(kit.Bold(freeze_label(freeze.id)), f" was lifted: {frozen_name(freeze)}, {window(freeze)}.")


def freeze_list(freezes: Sequence[Freeze], *, now: datetime) -> Reply:
    """Show the freezes that last, the soonest to end first, then those to come."""
    if not freezes:
        return kit.say("Nothing is frozen, and no freeze is planned.")
    active = [freeze for freeze in freezes if freeze.starts_at <= now]
    told = f"{kit.count(len(active), 'freeze')} now, {len(freezes) - len(active)} to come."
    return kit.reply(told, kit.stack([kit.section(told)], [_item(freeze, now) for freeze in freezes]))


def _item(freeze: Freeze, now: datetime) -> list[Block]:
    parts: list[Part] = [kit.Bold(freeze_label(freeze.id)), f"  {frozen_name(freeze)}: {line(freeze.reason, 300)}"]
    when: list[Part] = (
        ["Frozen until ", freeze.ends_at - _MINUTE] if freeze.starts_at <= now else ["From ", freeze.starts_at]
    )
    who = line(freeze.creator_name or "", 80, empty="a former colleague")
    return [kit.rich(*parts), kit.note(*when, f" · {window(freeze)} · by {who}")]
