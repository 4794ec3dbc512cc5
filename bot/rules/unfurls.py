"""Links to records that somebody shares, and where a preview of them may stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.rules.ids import DIGITS, LARGEST
from db.models import SubjectKind

# Previews below one message; more would bury it.
MOST_LINKS: Final = 5
COMPOSER: Final = "composer"
_MOST_READ: Final = 100
_LONGEST: Final = 2000
_CHANNEL: Final = re.compile(r"[CDG][A-Z0-9]{1,30}", re.ASCII)
_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}", re.ASCII)
_UNFURL_ID: Final = re.compile(r"[\w.:-]{1,500}", re.ASCII)
_RECORD: Final = re.compile(rf"/([rd])/0*([1-9][0-9]{{0,{DIGITS - 1}}})/?", re.ASCII)
_KINDS: Final = {"r": SubjectKind.MAINTENANCE, "d": SubjectKind.DEPLOYMENT}
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a record, exactly as it was shared."""

    url: str
    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Shared:
    """Links in a message (`channel` and `ts`), or in one that is being written (`unfurl_id`).

    `abroad`: whether Slack says that another workspace reads along; None where it says nothing.
    """

    links: tuple[Link, ...]
    channel: str
    ts: str
    unfurl_id: str
    abroad: bool | None


def read_shared(event: Mapping[str, object], base: str) -> Shared | None:
    """The links to our records in a link_shared event, five at most; None where there are none or no place for them.

    `base` is the address below which the records' pages are. https://docs.slack.dev/reference/events/link_shared
    """
    told = event.get("links")
    listed = told[:_MOST_READ] if isinstance(told, list) else []
    urls = dict.fromkeys(str(it.get("url") or "") for it in listed if isinstance(it, dict))
    links = [link for url in urls if (link := read_link(url, base)) is not None]
    abroad = event.get("is_ext_shared_channel")
    channel, ts, unfurl_id = (str(event.get(name) or "") for name in ("channel", "message_ts", "unfurl_id"))
    if event.get("source") == COMPOSER:
        channel, ts, placed = "", "", _UNFURL_ID.fullmatch(unfurl_id)
    else:
        unfurl_id, placed = "", _CHANNEL.fullmatch(channel) and _TS.fullmatch(ts)
    if not links or not placed:
        return None
    return Shared(tuple(links[:MOST_LINKS]), channel, ts, unfurl_id, abroad if isinstance(abroad, bool) else None)


def read_link(url: str, base: str) -> Link | None:
    """The record that an address below `base` shows: /r/42 or /d/17, with any query and fragment; None for others."""
    try:
        given, ours = urlsplit(url), urlsplit(base)
        same = (given.scheme, given.hostname, _port(given.scheme, given.port)) == (
            ours.scheme,
            ours.hostname,
            _port(ours.scheme, ours.port),
        )
    except ValueError:
        return None
    root = ours.path.rstrip("/")
    found = _RECORD.fullmatch(given.path[len(root) :]) if same and given.path.startswith(root) else None
    # the address is sent back to Slack as it came, while reading it drops blanks and line ends
    if found is None or len(url) > _LONGEST or re.search(r"\s", url) or int(found[2]) > LARGEST:
        return None
    return Link(url, _KINDS[found[1]], int(found[2]))


def _port(scheme: str, port: int | None) -> int | None:
    return port if port is not None else _PORTS.get(scheme)


def may_show(abroad: bool | None, channel: "Place | None", *, composing: bool) -> bool:
    """Whether a preview may stand there: never where another workspace reads along, or may, for all that is known.

    `channel` is None where the bot cannot see it; then Slack's word with the event counts.
    """
    if abroad or (channel is not None and channel.is_shared):
        return False
    return abroad is False or (channel is not None and not composing)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel: whether one has to be a member to read it, and whether another workspace does, or is invited to."""

    is_private: bool
    is_shared: bool


def read_place(channel: Mapping[str, object]) -> Place:
    """What a conversation object says: https://docs.slack.dev/reference/objects/conversation-object."""
    shared = any(channel.get(name) is True for name in ("is_ext_shared", "is_pending_ext_shared"))
    invited = any(channel.get(name) for name in ("pending_shared", "pending_connected_team_ids"))
    elsewhere = channel.get("is_shared") is True and channel.get("is_org_shared") is not True
    private = any(channel.get(name) is True for name in ("is_private", "is_im", "is_mpim", "is_group"))
    return Place(is_private=private, is_shared=shared or invited or elsewhere)
