"""A message that becomes a maintenance request: its words, its address, and what the form remembers of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# https://docs.slack.dev/messaging/formatting-message-text: what Slack writes in angle brackets.
_TOKEN: Final = re.compile(r"<([@#!][^<>|\s]+|[a-z][a-z0-9+.-]*:[^<>|\s]+)(?:\|([^<>]*))?>")
_PERSON: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})[|>]")
_SOURCE: Final = re.compile(r"([CDG][A-Z0-9]{1,30}):([0-9]{1,12}\.[0-9]{1,6})", re.ASCII)
_MOST_PEOPLE: Final = 50


@dataclass(frozen=True, slots=True)
class Source:
    """The thread that a request was raised from: its channel and the timestamp of its first message."""

    channel_id: str
    thread_ts: str


def source_token(source: Source) -> str:
    """The thread, as a form remembers it."""
    return f"{source.channel_id}:{source.thread_ts}"


def read_source(metadata: str) -> Source | None:
    """The thread that `source_token` wrote; None for any other text."""
    found = _SOURCE.fullmatch(metadata)
    return Source(found[1], found[2]) if found else None


def permalink(workspace_url: str, channel_id: str, ts: str, thread_ts: str | None) -> str:
    """The address of a message, as chat.getPermalink gives it; `workspace_url` is auth.test's.

    Built here, since another call would cost a part of the three seconds in which a form has to open.
    """
    address = f"{workspace_url.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"
    in_thread = thread_ts is not None and thread_ts != ts
    return f"{address}?thread_ts={thread_ts}&cid={channel_id}" if in_thread else address


def mentioned(text: str) -> list[str]:
    """The Slack ids of the people whom a message mentions, fifty at most."""
    return sorted(set(_PERSON.findall(text)))[:_MOST_PEOPLE]


def message_text(text: str, names: Mapping[str, str]) -> str:
    """A message as people read it: names, channels and addresses instead of Slack's codes.

    `names` of the people in it by Slack id; whoever is not there keeps the name or id that Slack gives.
    """
    shown = _TOKEN.sub(lambda found: _shown(found[1], found[2] or "", names), text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(target: str, label: str, names: Mapping[str, str]) -> str:
    match target[0]:
        case "@":
            return f"@{names.get(target[1:]) or label.lstrip('@') or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:")
    return address if not label or address.endswith(label) else f"{label} ({address})"
