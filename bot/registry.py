"""One registry for everything a person can do: what is called, who may, and the function that does it.

Decorators mark a handler where it is written; `Registry.collect` gathers the marks from the modules of a package. Bolt,
the manifest, `help`, "did you mean" and the tests all read the same registry.
"""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Final, TypeVar

from bot.auth import Actor, require
from bot.context import Act, Deps
from bot.rules.ids import looks_like_id
from bot.rules.suggest import closest
from bot.views.answers import Answer
from db.models import Role

_MARK: Final = "__techops_entries__"
# a word, or an option `key:value` whose value may be quoted; what comes before the verb
_OPTIONS_FIRST: Final = re.compile(r"""\s*(?:[a-z_]+:(?:["“][^"”]*["”]|\S+)\s+)*""", re.IGNORECASE)


class Kind(StrEnum):
    """How a request reaches us; names are unique within a kind."""

    COMMAND = "command"
    ACTION = "action"
    SUBMISSION = "submission"
    OPTIONS = "options"
    SHORTCUT = "shortcut"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal that was submitted, or clicked in. `values` maps block ids to what stands there, None where empty."""

    id: str
    callback_id: str
    private_metadata: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class MessageRef:
    """The message clicked in, or used a shortcut on."""

    channel_id: str
    ts: str
    thread_ts: str | None
    text: str
    user: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, in a handler's terms. Which fields are filled depends on the kind.

    `text` are the words after a command's verb, `value` is what a pressed button or chosen option carries, `query` what
    was typed into an external select so far.
    """

    act: Act
    person: Actor
    name: str
    text: str = ""
    value: str = ""
    view: Submitted | None = None
    message: MessageRef | None = None
    channel_id: str | None = None
    query: str = ""
    event: Mapping[str, object] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[str, str | None]:
        """What stands in the modal's blocks; nothing outside of one."""
        return self.view.values if self.view else {}

    @property
    def metadata(self) -> str:
        """What the modal was given to remember; empty outside of one."""
        return self.view.private_metadata if self.view else ""


Handler = Callable[[Ask, Deps], Awaitable[Answer]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be done. For commands, `name` is `/slash verb`, and the help lines are filled."""

    kind: Kind
    name: str
    handler: Handler
    role: Role
    slash: str = ""
    verb: str = ""
    usage: str = ""
    help: str = ""
    examples: tuple[str, ...] = ()
    default: bool = False
    title: str = ""
    on_message: bool = False
    introduces: bool = True
    account: bool = True


def command(
    slash: str,
    verb: str = "",
    *,
    role: Role = Role.USER,
    usage: str = "",
    help: str = "",  # noqa: A002 - it is the command's help
    examples: Iterable[str] = (),
    default: bool = False,
    account: bool = True,
) -> Callable[[H], H]:
    """A slash command's verb; `verb` is empty for the command alone.

    Args:
        slash: the command without its slash.
        verb: the first word of the text, or the first two ("db backup"), lower case.
        role: the lowest role that may do it.
        usage: verb and arguments, as help shows them.
        help: one line on what it does.
        examples: texts that can be copied, without the command.
        default: this handler also gets texts that begin with a number or a sign instead of a verb.
        account: off, members of the workspace who have no account may do it too, and are not given one by it.
    """
    name = f"/{slash} {verb}".strip()

    def mark(handler: H) -> H:
        words = (slash, verb, usage or verb, help, tuple(examples))
        return _mark(handler, Entry(Kind.COMMAND, name, handler, role, *words, default=default, account=account))

    return mark


def action(action_id: str, *, role: Role = Role.USER, account: bool = True) -> Callable[[H], H]:
    """A button, menu or other element with this action_id; `account` as for commands."""
    return lambda handler: _mark(handler, Entry(Kind.ACTION, action_id, handler, role, account=account))


def submission(callback_id: str, *, role: Role = Role.USER) -> Callable[[H], H]:
    """The submit of the modal with this callback_id."""
    return lambda handler: _mark(handler, Entry(Kind.SUBMISSION, callback_id, handler, role))


def options(action_id: str, *, role: Role = Role.USER) -> Callable[[H], H]:
    """The options of the external select with this action_id."""
    return lambda handler: _mark(handler, Entry(Kind.OPTIONS, action_id, handler, role))


def shortcut(callback_id: str, title: str, *, on_message: bool = False, role: Role = Role.USER) -> Callable[[H], H]:
    """A global shortcut, or one in the menu of messages; `title` is what the menu shows, 24 characters at most."""

    def mark(handler: H) -> H:
        return _mark(handler, Entry(Kind.SHORTCUT, callback_id, handler, role, title=title, on_message=on_message))

    return mark


def event(event_type: str, *, introduces: bool = True) -> Callable[[H], H]:
    """An event of the Events API. Unless it `introduces`, it is ignored for people who have no account yet."""
    return lambda handler: _mark(handler, Entry(Kind.EVENT, event_type, handler, Role.USER, introduces=introduces))


def _mark(handler: H, entry: Entry) -> H:
    setattr(handler, _MARK, (*getattr(handler, _MARK, ()), entry))
    return handler


@dataclass(frozen=True, slots=True)
class UnknownVerb:
    """A command's text that begins with no verb, with the nearest one where there is one."""

    slash: str
    word: str
    suggestion: str | None


class Registry:
    """Everything that can be done, by kind and name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Raises ValueError where two entries share kind and name, or two of a command are its default."""
        self._by_name: dict[tuple[Kind, str], Entry] = {}
        self._commands: dict[str, dict[str, Entry]] = {}
        self._defaults: dict[str, Entry] = {}
        for entry in entries:
            self._add(entry)

    @classmethod
    def collect(cls, package: ModuleType) -> "Registry":
        """Import every module of the package and gather what its functions are marked with."""
        modules = (
            importlib.import_module(info.name)
            for info in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
        )
        return cls(
            entry
            for module in modules
            for function in vars(module).values()
            if getattr(function, "__module__", None) == module.__name__
            for entry in getattr(function, _MARK, ())
        )

    def _add(self, entry: Entry) -> None:
        key = (entry.kind, entry.name)
        if key in self._by_name:
            raise ValueError(f"{entry.kind} {entry.name} is registered twice")
        self._by_name[key] = entry
        if entry.kind is Kind.COMMAND:
            self._commands.setdefault(entry.slash, {})[entry.verb] = entry
        if entry.default:
            if entry.slash in self._defaults:
                raise ValueError(f"/{entry.slash} has two defaults")
            self._defaults[entry.slash] = entry

    def entries(self, kind: Kind) -> tuple[Entry, ...]:
        """All entries of a kind, in the order they were found."""
        return tuple(entry for (its_kind, _), entry in self._by_name.items() if its_kind is kind)

    def slashes(self) -> tuple[str, ...]:
        """The slash commands, without slash."""
        return tuple(self._commands)

    def commands(self, slash: str) -> tuple[Entry, ...]:
        """The verbs of a slash command."""
        return tuple(self._commands.get(slash, {}).values())

    def find(self, kind: Kind, name: str) -> Entry | None:
        """The entry for a name, None where nobody registered it."""
        return self._by_name.get((kind, name))

    def find_command(self, slash: str, text: str) -> tuple[Entry, str] | UnknownVerb:
        """The entry for a command's text, and the text without the verb; of verbs, that of two words goes first.

        Options may stand before the verb, and a record's number too (`/maintenance 42 start`), except where the command
        has a default, whose texts begin with a number. A number alone shows the record.
        """
        verbs = self._commands.get(slash, {})
        if not text.strip() and "" in verbs:
            return verbs[""], ""
        before = _OPTIONS_FIRST.match(text)
        start = before.end() if before else 0
        words = list(re.finditer(r"\S+", text[start:]))
        for index in range(min(len(words), 1 if slash in self._defaults else 2)):
            found = _longest_verb(verbs, words[index : index + 2])
            if found is not None:
                entry, end = found
                rest = text[: start + words[index].start()] + text[start + end :]
                return entry, rest.strip()
        word = words[0].group() if words else text.strip()
        if slash in self._defaults and not word.isalpha():
            return self._defaults[slash], text.strip()
        if "show" in verbs and len(words) == 1 and (looks_like_id(word) or looks_like_id(word, prefix="D")):
            return verbs["show"], text.strip()
        return UnknownVerb(slash, word, closest(word.lower(), [*filter(None, verbs), "help"]))


def _longest_verb(verbs: Mapping[str, Entry], words: Sequence[re.Match[str]]) -> tuple[Entry, int] | None:
    """The entry whose verb the words begin with, and where that verb ends."""
    for last in reversed(range(len(words))):
        entry = verbs.get(" ".join(word.group().lower() for word in words[: last + 1]))
        if entry is not None:
            return entry, words[last].end()
    return None


async def run(entry: Entry, ask: Ask, deps: Deps) -> Answer:
    """Check the role, then run the handler.

    Raises:
        Forbidden: the person's role is not enough.
    """
    require(ask.person, entry.role, what=entry.name)
    return await entry.handler(ask, deps)
