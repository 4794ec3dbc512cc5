"""The registry: verbs found in texts, names used once."""

from types import ModuleType

import pytest

import handlers
from bot.context import Deps
from bot.registry import Ask, Entry, Kind, Registry, UnknownVerb
from bot.views.answers import Answer, Done
from db.models import Role


async def nothing(ask: Ask, deps: Deps) -> Answer:
    return Done()


def entry(slash: str, verb: str, *, default: bool = False) -> Entry:
    return Entry(Kind.COMMAND, f"/{slash} {verb}".strip(), nothing, Role.USER, slash, verb, default=default)


@pytest.fixture
def registry() -> Registry:
    verbs = [entry("m", verb) for verb in ("", "list", "show", "start")]
    kept = [entry("t", verb) for verb in ("db", "db backup")]
    return Registry([*verbs, entry("w", "list"), entry("w", "log", default=True), *kept])


@pytest.mark.parametrize(
    ("slash", "text", "name", "rest"),
    [
        ("m", "", "/m", ""),
        ("m", "   ", "/m", ""),
        ("m", "list", "/m list", ""),
        ("m", "LIST mine", "/m list", "mine"),
        ("m", "priority:high list mine", "/m list", "priority:high  mine"),
        ("m", 'project:"Web App" list', "/m list", 'project:"Web App"'),
        ("m", "42 start now", "/m start", "42  now"),
        ("m", "MR-42", "/m show", "MR-42"),
        ("m", "#42", "/m show", "#42"),
        ("w", "42 list", "/w log", "42 list"),
        ("w", "list 42", "/w list", "42"),
        ("t", "db sizes", "/t db", "sizes"),
        ("t", "DB  Backup list", "/t db backup", "list"),
        ("t", "db backups", "/t db", "backups"),
    ],
)
def test_the_verb_is_found(registry: Registry, slash: str, text: str, name: str, rest: str) -> None:
    found = registry.find_command(slash, text)
    assert not isinstance(found, UnknownVerb)
    assert (found[0].name, found[1].split()) == (name, rest.split())


@pytest.mark.parametrize(("text", "suggestion"), [("lits", "list"), ("hlp", "help"), ("xyzzy", None), ("?", None)])
def test_what_begins_with_no_verb_gets_a_suggestion(registry: Registry, text: str, suggestion: str | None) -> None:
    assert registry.find_command("m", text) == UnknownVerb("m", text, suggestion)


def test_a_name_used_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="twice"):
        Registry([entry("m", "list"), entry("m", "list")])
    with pytest.raises(ValueError, match="two defaults"):
        Registry([entry("m", "list", default=True), entry("m", "log", default=True)])


def test_what_is_marked_is_collected_where_it_is_written() -> None:
    assert isinstance(handlers, ModuleType)
    found = Registry.collect(handlers)
    assert {"maintenance", "worklog"} <= set(found.slashes())
    assert all(entry.help for slash in found.slashes() for entry in found.commands(slash))
