"""Slack's app manifest, generated from the registry: what the code answers to is what the app asks for.

Its form: docs.slack.dev/reference/app-manifest.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from bot.registry import Entry, Kind, Registry
from db.models import JsonObject

# Each scope with what it is for; fewer would break what is named here.
SCOPES: Final = {
    "commands": "slash commands and shortcuts",
    "chat:write": "cards, thread replies, direct messages",
    "users:read": "names and time zones",
    "users:read.email": "to know which dashboard account is whose",
    "im:write": "to open a direct message",
    "files:write": "exports by direct message",
    "channels:read": "to find a channel by its name",
    "groups:read": "the same for private channels",
    "channels:history": "to find a message whose posting was not confirmed, before posting it again",
    "groups:history": "the same in private channels",
    "im:history": "the same in direct messages",
}
# Asked for only where there are links to be known by: an address that people's browsers reach.
LINK_EVENT: Final = "link_shared"
LINK_SCOPES: Final = {
    "links:read": "to hear of links to records",
    "links:write": "to show the records below them",
}
_DESCRIPTIONS: Final = {
    "maintenance": "Raise, take and follow maintenance requests",
    "worklog": "Log work and report hours",
    "deploy": "Record, request and approve deployments",
    "project": "See and manage projects",
    "techops": "Your account, subscriptions, administration",
}
_HINTS: Final = {
    "maintenance": "new | list | show ID | help",
    "worklog": "ID HOURS WHAT | report | help",
    "deploy": "status | request PROJECT VERSION ENV | help",
    "project": "list | show P | help",
    "techops": "help | whoami | subscribe",
}


def build(registry: Registry, *, url: str | None, links: Sequence[str] | None = None) -> JsonObject:
    """The manifest. With `url` requests come by HTTP to url/slack/events; without, over Socket Mode.

    `links` are the domains of links that the app shows previews of; by default that of `url`.
    """
    domains = list(unfurl_domains(url) if links is None else links)
    endpoint = f"{url.rstrip('/')}/slack/events" if url else None
    interactivity: JsonObject = {"is_enabled": True}
    heard = sorted(entry.name for entry in registry.entries(Kind.EVENT) if domains or entry.name != LINK_EVENT)
    events: JsonObject = {"bot_events": heard}
    if endpoint:
        interactivity |= {"request_url": endpoint, "message_menu_options_url": endpoint}
        events |= {"request_url": endpoint}
    settings: JsonObject = {
        "interactivity": interactivity,
        "org_deploy_enabled": False,
        "socket_mode_enabled": url is None,
        "token_rotation_enabled": False,
    }
    # Slack refuses these lists where they are empty.
    if heard:
        settings["event_subscriptions"] = events
    scopes = scopes_for(domains) if LINK_EVENT in heard else SCOPES
    return {
        "display_information": {
            "name": "TechOps",
            "description": "Maintenance requests, work logs and deployments of the TechOps Dashboard",
            "background_color": "#1f3a4d",
        },
        "features": _features(registry, endpoint, domains if LINK_EVENT in heard else []),
        "oauth_config": {"scopes": {"bot": sorted(scopes)}},
        "settings": settings,
    }


def unfurl_domains(address: str | None) -> list[str]:
    """The domain of an address as Slack takes it; none for an IP address and for this machine's own name."""
    host = urlsplit(address or "").hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return [host] if "." in host else []
    return []


def scopes_for(domains: Sequence[str]) -> dict[str, str]:
    """The scopes that an app with these domains of links asks for, each with what it is for."""
    return {**SCOPES, **(LINK_SCOPES if domains else {})}


def _features(registry: Registry, endpoint: str | None, domains: Sequence[str]) -> JsonObject:
    features: JsonObject = {
        "app_home": {
            "home_tab_enabled": registry.find(Kind.EVENT, "app_home_opened") is not None,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "techops", "always_online": True},
    }
    if registry.slashes():
        features["slash_commands"] = [_command(slash, endpoint) for slash in sorted(registry.slashes())]
    if registry.entries(Kind.SHORTCUT):
        features["shortcuts"] = [_shortcut(entry) for entry in registry.entries(Kind.SHORTCUT)]
    if domains:
        features["unfurl_domains"] = list(domains)
    return features


def _command(slash: str, endpoint: str | None) -> JsonObject:
    command: JsonObject = {
        "command": f"/{slash}",
        "description": _DESCRIPTIONS.get(slash, f"TechOps: {slash}"),
        "usage_hint": _HINTS.get(slash, "help"),
        "should_escape": True,
    }
    return command | ({"url": endpoint} if endpoint else {})


def _shortcut(entry: Entry) -> JsonObject:
    return {
        "name": entry.title,
        "type": "message" if entry.on_message else "global",
        "callback_id": entry.name,
        "description": entry.title,
    }
