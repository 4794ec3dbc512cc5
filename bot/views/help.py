"""What `help` and a word that is no verb are answered with."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Part
from bot.views.wording import join_words, line
from db.models import Role

_WHO = {Role.ENGINEER: "engineers and admins", Role.ADMIN: "admins"}


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One verb of a command: how it is written (without the command), what it does, examples to copy, who may."""

    usage: str
    help: str
    examples: Sequence[str] = ()
    role: Role = Role.USER


def help_for(slash: str, entries: Sequence[HelpLine]) -> Reply:
    """Explain a command: each verb with what it does, who may, and examples to copy."""
    name = _name(slash)
    head = [kit.header(f"What {name} can do")]
    tail = [kit.context("Words and options may stand in any order. MR-42, #42 and 42 mean the same.")]
    verbs = dict.fromkeys(_verb(entry) for entry in entries)
    text = f"{name} understands {join_words([line(verb, 40) for verb in verbs if verb.islower()]) or 'no verbs'}."
    return kit.reply(kit.escape(text), kit.stack(head, [_entry(name, entry) for entry in entries], tail))


def unknown_verb(slash: str, word: str, suggestion: str | None, entries: Sequence[HelpLine]) -> Reply:
    """Answer a word that is no verb: the likeliest one, else all of them."""
    name = _name(slash)
    told: list[Part] = [f"{name} does not know “{line(word, 60)}”."]
    if suggestion:
        told += [" Did you mean ", kit.Code(f"{name} {line(suggestion, 60)}"), "?"]
    told += [" All it can do is under ", kit.Code(f"{name} help"), "."]
    near = [entry for entry in entries if suggestion and _verb(entry) == suggestion]
    return kit.say(*told, blocks=[block for entry in near[:1] for block in _entry(name, entry)])


def _name(slash: str) -> str:
    return f"/{line(slash, 40).lstrip('/')}"


def _verb(entry: HelpLine) -> str:
    """Take the first word of a usage; in capitals it is an argument, not a verb."""
    return entry.usage.split(" ")[0]


def _entry(name: str, entry: HelpLine) -> list[Block]:
    who = f" For {_WHO[entry.role]}." if entry.role in _WHO else ""
    does = line(entry.help, 300, empty="").removesuffix(".")
    parts: list[Part] = [kit.Code(f"{name} {entry.usage}".strip()), f"\n{does}.{who}" if does else f"\n{who.strip()}"]
    for example in entry.examples[:3]:
        shown = example if example.startswith("/") else f"{name} {example}"
        parts += ["\nExample: ", kit.Code(shown.strip())]
    return [kit.rich(*parts)]
