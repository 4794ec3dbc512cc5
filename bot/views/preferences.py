"""A person's settings: the form, and what they come to in a sentence."""

from bot.rules.preferences import AS_IN_SLACK, OFF, ON
from bot.rules.workdays import DEFAULT, WorkingHours, spoken_hours
from bot.views import kit
from bot.views.answers import Reply, View
from bot.views.wording import line
from db.models_home import PersonSettings

OPEN = "settings.open"
ZONE = "settings.zone"
CALLBACK = "settings.save"

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHOICES = [("On", ON), ("Off", OFF)]


def form(it: PersonSettings) -> View:
    """Ask for working hours, time zone and direct messages."""
    hours = hours_of(it)
    chosen = (line(it.own_tz.replace("_", " "), 75), it.own_tz) if it.own_tz else ("As in Slack", AS_IN_SLACK)
    says = f" Slack says {line(it.slack_tz, 60)}." if it.slack_tz else ""
    blocks = [
        kit.time("from", "Working hours: from", initial=hours.start, hint="You are reminded in your working hours."),
        kit.time("until", "Working hours: until", initial=hours.end),
        kit.checkboxes(
            "days",
            "Working days",
            [(name, str(number)) for number, name in enumerate(_DAYS, 1)],
            initial=[str(day) for day in hours.days],
        ),
        kit.external_select(
            "zone",
            "Time zone",
            action_id=ZONE,
            initial=chosen,
            placeholder="Type a city",
            hint=f"What you choose here stays, whatever Slack says.{says}",
        ),
        kit.select(
            "direct_messages",
            "Reminders and notices by direct message",
            _CHOICES,
            initial=ON if it.direct_messages else OFF,
            hint="Off: no reminders, and no notice of requests that are assigned to you; both stand in the Home tab. "
            "You are still asked for approvals, told how yours were decided, and sent what you ask for.",
        ),
    ]
    return kit.modal(CALLBACK, "Settings", blocks, "Save")


def hours_of(it: PersonSettings) -> WorkingHours:
    """When a person works."""
    if it.starts_at is None or it.ends_at is None or not it.days:
        return DEFAULT
    return WorkingHours(it.starts_at, it.ends_at, tuple(it.days))


def told(it: PersonSettings) -> str:
    """Say what is set, in two sentences."""
    zone = line(it.own_tz or it.slack_tz or "UTC", 60)
    direct = "on" if it.direct_messages else "off: what is due or yours to do stands here only"
    return f"Your working hours: {spoken_hours(hours_of(it))}, {zone}. Direct messages: {direct}."


def saved(it: PersonSettings) -> Reply:
    """Confirm settings."""
    direct = "you get" if it.direct_messages else "you get no"
    return kit.say(
        f"Saved. You work from {spoken_hours(hours_of(it))}, by the clock of "
        f"{line(it.own_tz or it.slack_tz or 'UTC', 60)}, and {direct} reminders and notices by direct message."
    )
