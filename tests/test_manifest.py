"""The manifest asks Slack for what the code answers to, no more and no less, in a form that Slack takes."""

import ast
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot import app, manifest
from bot.registry import Kind, Registry

ROOT: Final = Path(__file__).parents[1]
SCHEMA: Final = json.loads((ROOT / "tests/data/slack_manifest.schema.json").read_text())
URL: Final = "https://bot.example.com"
Json = dict[str, Any]

# What each method needs of a bot token, as we call it (docs.slack.dev/reference/methods). conversations.list asks for
# public and private channels; messages in doubt are searched in both and in direct messages.
_HISTORY: Final = {"channels:history", "groups:history", "im:history"}
SCOPES_OF_METHODS: Final[dict[str, set[str]]] = {
    "apps.connections.open": set(),
    "auth.test": set(),
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.unfurl": {"links:write"},
    "conversations.history": _HISTORY,
    "conversations.replies": _HISTORY,
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "users.info": {"users:read", "users:read.email"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}
# docs.slack.dev/reference/events
SCOPES_OF_EVENTS: Final[dict[str, set[str]]] = {
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "link_shared": {"links:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}


def built(*, socket: bool = False) -> Json:
    return manifest.build(app.registry(), url=None if socket else URL)


def check(candidate: Json) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(candidate)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("socket", [False, True])
def test_manifest_is_valid_against_slacks_schema(*, socket: bool) -> None:
    check(built(socket=socket))


@pytest.mark.parametrize("url", [URL, None])
def test_an_app_that_can_do_nothing_yet_is_valid_too(url: str | None) -> None:
    check(manifest.build(Registry([]), url=url))


def _long_command(it: Json) -> None:
    it["features"]["slash_commands"][0]["command"] = "/" + "a" * 32


def _long_name(it: Json) -> None:
    it["display_information"]["name"] = "n" * 36


def _long_display_name(it: Json) -> None:
    it["features"]["bot_user"]["display_name"] = "b" * 81


def _long_shortcut(it: Json) -> None:
    it["features"]["shortcuts"][0]["name"] = "s" * 25


def _long_callback_id(it: Json) -> None:
    it["features"]["shortcuts"][0]["callback_id"] = "c" * 256


def _unknown_feature(it: Json) -> None:
    it["features"]["teleport"] = True


def _command_without_url(it: Json) -> None:
    del it["features"]["slash_commands"][0]["url"]


def _interactivity_without_url(it: Json) -> None:
    del it["settings"]["interactivity"]["request_url"]


def _events_without_url(it: Json) -> None:
    del it["settings"]["event_subscriptions"]["request_url"]


def _domain_with_scheme(it: Json) -> None:
    it["features"]["unfurl_domains"] = [URL]


def _six_domains(it: Json) -> None:
    it["features"]["unfurl_domains"] = [f"{name}.example.com" for name in "abcdef"]


def _colour_by_name(it: Json) -> None:
    it["display_information"]["background_color"] = "navy"


@pytest.mark.parametrize(
    "spoil",
    [
        _long_command,
        _long_name,
        _long_display_name,
        _long_shortcut,
        _long_callback_id,
        _unknown_feature,
        _command_without_url,
        _interactivity_without_url,
        _events_without_url,
        _domain_with_scheme,
        _six_domains,
        _colour_by_name,
    ],
)
def test_the_schema_refuses_what_slack_refuses(spoil: Callable[[Json], None]) -> None:
    candidate = deepcopy(built())
    candidate["features"]["shortcuts"] = [
        {"name": "A shortcut", "type": "global", "callback_id": "a", "description": "It does a thing"}
    ]
    candidate["features"]["slash_commands"] = [
        {"command": "/a", "description": "It does a thing", "url": f"{URL}/slack/events"}
    ]
    check(candidate)
    spoil(candidate)
    with pytest.raises(jsonschema.ValidationError):
        check(candidate)


def test_every_command_is_declared_and_no_other() -> None:
    declared = {command["command"] for command in built()["features"]["slash_commands"]}
    assert declared == {f"/{slash}" for slash in app.registry().slashes()}


def test_mentions_reach_us_as_ids() -> None:
    assert all(command["should_escape"] is True for command in built()["features"]["slash_commands"])


def test_every_command_has_words_of_its_own() -> None:
    commands = built()["features"]["slash_commands"]
    assert all(not command["description"].startswith("TechOps: ") for command in commands)


def test_every_shortcut_is_declared_and_no_other() -> None:
    declared = {(it["callback_id"], it["type"], it["name"]) for it in built()["features"].get("shortcuts", [])}
    entries = app.registry().entries(Kind.SHORTCUT)
    assert declared == {(it.name, "message" if it.on_message else "global", it.title) for it in entries}


def test_every_event_is_declared_and_no_other() -> None:
    declared = built()["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert sorted(declared) == sorted(entry.name for entry in app.registry().entries(Kind.EVENT))


@pytest.mark.parametrize(
    ("address", "domains"),
    [
        (f"{URL}:8443/below", ["bot.example.com"]),
        ("https://BOT.example.com", ["bot.example.com"]),
        ("http://127.0.0.1:3000", []),
        ("http://[::1]:3000", []),
        ("http://localhost:3000", []),
        (None, []),
    ],
)
def test_links_are_known_by_the_public_address(address: str | None, domains: list[str]) -> None:
    made = manifest.build(app.registry(), url=None, links=manifest.unfurl_domains(address))
    check(made)
    features: Json = made["features"]  # type: ignore[assignment] # an object
    assert features.get("unfurl_domains", []) == domains


def test_without_such_an_address_nothing_is_asked_for_links() -> None:
    bare = built(socket=True)
    assert "link_shared" not in json.dumps(bare)
    assert "links:" not in json.dumps(bare)
    whole = built()
    assert whole["features"]["unfurl_domains"] == ["bot.example.com"]
    assert "link_shared" in whole["settings"]["event_subscriptions"]["bot_events"]


def test_home_tab_is_declared_where_something_fills_it() -> None:
    declared = built()["features"]["app_home"]["home_tab_enabled"]
    assert declared == (app.registry().find(Kind.EVENT, "app_home_opened") is not None)


def test_addresses_are_those_of_the_receiver() -> None:
    whole = json.dumps(built())
    assert whole.count(URL) == whole.count(f"{URL}/slack/events")
    assert URL not in json.dumps(built(socket=True))
    assert built(socket=True)["settings"]["socket_mode_enabled"] is True


def test_a_trailing_slash_of_the_address_does_not_matter() -> None:
    assert manifest.build(app.registry(), url=URL + "/") == built()


def called_methods() -> Iterator[str]:
    """Names of Web API methods that stand in the code as strings of their own."""
    for package in ("bot", "handlers", "scheduler"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_method(node.value):
                    yield node.value


def _is_method(text: str) -> bool:
    family, dot, name = text.partition(".")
    return bool(dot and family.isalpha() and name) and hasattr(AsyncWebClient, text.replace(".", "_"))


def needed_scopes() -> set[str]:
    registry = app.registry()
    unknown = set(called_methods()) - SCOPES_OF_METHODS.keys()
    assert not unknown, f"say above which scopes these methods need: {sorted(unknown)}"
    events = {entry.name for entry in registry.entries(Kind.EVENT)}
    assert events <= SCOPES_OF_EVENTS.keys(), f"say above which scopes these events need: {sorted(events)}"
    needed = set().union(*(SCOPES_OF_METHODS[name] for name in called_methods()))
    needed |= set().union(*(SCOPES_OF_EVENTS[name] for name in events))
    return needed | ({"commands"} if registry.slashes() or registry.entries(Kind.SHORTCUT) else set())


def test_the_code_calls_what_it_is_known_to_call() -> None:
    assert {"chat.postMessage", "chat.update", "views.open", "users.info"} <= set(called_methods())


def test_scopes_are_exactly_those_that_are_needed() -> None:
    assert set(built()["oauth_config"]["scopes"]["bot"]) == needed_scopes()
