"""What somebody leaves behind, to whom it goes, and what admins are told when somebody leaves."""

from collections.abc import Mapping, Sequence

from bot.rules.accounts import Part
from bot.rules.deployments import deployment_label
from bot.rules.ids import card_label
from bot.views import kit
from bot.views.answers import Block, Reply, View
from bot.views.kit import Message
from bot.views.kit import Part as Words
from bot.views.wording import count, join_words, line
from db.models import SubjectKind, User
from db.models_accounts import Account, Left, Some

HAND_OVER = "accounts.hand_over"
HAND_OVER_CALLBACK = "accounts.hand_over"
_SOURCES = {
    "slack": "Slack has deactivated that person",
    "cli": "it was done at the command line",
    "dashboard": "it was done in the dashboard",
    "api": "it was done through the API",
}


def left_lines(left: Left) -> list[list[Words]]:
    """Say what somebody has open, each kind in a line; none where there is nothing."""
    kinds = [
        (left.assigned, "open request", "assigned to them", [card_label(int(name)) for name in left.assigned.names]),
        (left.raised, "open request", "raised by them", [card_label(int(name)) for name in left.raised.names]),
        (left.asked, "pending approval", "they asked for", [_subject(name) for name in left.asked.names]),
        (left.deciding, "pending approval", "they could have given", [_subject(name) for name in left.deciding.names]),
        (
            left.deployments,
            "deployment",
            "of theirs, pending or in progress",
            [deployment_label(int(name)) for name in left.deployments.names],
        ),
        (left.locks, "lock", "held by them", left.locks.names),
        (left.subscriptions, "subscription", "made by them", left.subscriptions.names),
        (left.tokens, "token", "of theirs, refused until they are active again", left.tokens.names),
    ]
    return [_line(some, noun, whose, names) for some, noun, whose, names in kinds if some.total]


def left_blocks(user: User, left: Left) -> list[Block]:
    """Show what somebody has open, with the button that hands it over where something can be."""
    lines = left_lines(left)
    if not lines:
        return [kit.note("Nothing is left without an owner.")]
    shown: list[Block] = [kit.rich(*parts) for parts in lines]
    button = kit.button("Hand over", HAND_OVER, str(user.id), "primary")
    return [*shown, *([kit.actions(button)] if _choices(left) else [])]


def hand_over(account: Account, left: Left) -> View:
    """Ask what goes to whom."""
    user, choices = account.user, _choices(left)
    if not choices:
        told = f"{line(user.name, 100)} has nothing left that could be handed over."
        return kit.modal("departures.nothing", "Hand over", [kit.section(told)], None, close="Close")
    hint = "An active engineer or admin. Locks and tokens need nobody: they end."
    blocks = [
        kit.section(f"What {line(user.name, 100)} has open"),
        kit.checkboxes("parts", "Hand over", choices, initial=[value for _, value in choices]),
        kit.users_select("to", "To", optional=True, hint=hint),
    ]
    return kit.modal(HAND_OVER_CALLBACK, "Hand over", blocks, "Hand over", str(user.id))


def handed(user: User, to: User | None, counts: Mapping[Part, int]) -> Reply:
    """Confirm what was handed over."""
    done = {part: count(number, _NOUNS[part]) for part, number in counts.items() if number}
    given = [told for part, told in done.items() if part not in _ENDED]
    ended = [f"{told} {_ENDED[part]}" for part, told in done.items() if part in _ENDED]
    now = f" {join_words(given)} of {line(user.name, 80)} went to {line(to.name, 80)}." if given and to else ""
    over = f" {_capital(join_words(ended))}." if ended else ""
    return kit.say(f"Done.{now}{over}")


def departed_dm(user: User, left: Left, source: str) -> Message:
    """Tell an admin that somebody was deactivated, and what is left."""
    why = _SOURCES.get(source, "somebody did it")
    text = f"The account of {line(user.name, 80)} ({line(user.email, 120)}) is deactivated: {why}."
    return Message(kit.escape(text), [kit.rich(text), *left_blocks(user, left)])


def outside_dm(user: User, left: Left) -> Message:
    """Tell an admin that somebody is no full member of the workspace any more."""
    text = (
        f"{line(user.name, 80)} ({line(user.email, 120)}) is no full member of the workspace any more, so TechOps "
        "refuses them here. Their dashboard account is as it was."
    )
    return Message(kit.escape(text), [kit.rich(text), *left_blocks(user, left)])


def many_dm(number: int) -> Message:
    """Tell an admin that many people were deactivated at once."""
    parts: list[Words] = [f"{count(number, 'account')} were deactivated at once. ", kit.Code("/techops users inactive")]
    return Message(kit.spoken(parts), [kit.rich(*parts, " shows them, with what each has left under Manage.")])


def last_admin_notice(name: str) -> Message:
    """Warn that the last admin has left."""
    parts: list[Words] = [
        f"Slack has deactivated {line(name, 80)}, the last active admin of TechOps. ",
        "The account stays active. Make somebody else an admin on the server, then deactivate it: ",
        kit.Code("techops user role EMAIL admin"),
    ]
    return Message(kit.spoken(parts), [kit.rich(*parts)])


def _choices(left: Left) -> list[tuple[str, str]]:
    offered = [
        (left.assigned, Part.REQUESTS, "{} assigned to them"),
        (left.deployments, Part.DEPLOYMENTS, "pending deployments they were to do, of {}"),
        (left.subscriptions, Part.SUBSCRIPTIONS, "{} made by them"),
        (left.locks, Part.LOCKS, "release {}"),
        (left.tokens, Part.TOKENS, "revoke {}"),
    ]
    nouns = {**_NOUNS, Part.DEPLOYMENTS: "deployment"}
    return [
        (_capital(words.format(count(some.total, nouns[part]))), part.value)
        for some, part, words in offered
        if some.total
    ]


def _line(some: Some, noun: str, whose: str, names: Sequence[str]) -> list[Words]:
    shown = [line(name, 60) for name in names]
    more = [f"{some.total - len(shown)} more"] if some.total > len(shown) else []
    return [kit.Bold(count(some.total, noun)), f" {whose}: {join_words([*shown, *more])}"]


def _subject(name: str) -> str:
    kind, _, number = name.partition(":")
    return deployment_label(int(number)) if kind == SubjectKind.DEPLOYMENT else card_label(int(number))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_NOUNS = {
    Part.REQUESTS: "request",
    Part.DEPLOYMENTS: "pending deployment",
    Part.SUBSCRIPTIONS: "subscription",
    Part.LOCKS: "lock",
    Part.TOKENS: "token",
}
_ENDED = {Part.LOCKS: "released", Part.TOKENS: "revoked"}
