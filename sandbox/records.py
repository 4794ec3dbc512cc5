"""What a workspace holds: people, channels, messages, files, views, and the log lines of what happened."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = dict[str, Any]


class SlackRefusal(Exception):
    """Slack's answer `{"ok": false, "error": ...}`; `extra` are further fields of the answer."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(slots=True)
class User:
    """A person or bot; the fields are those of https://docs.slack.dev/reference/objects/user-object."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "Etc/UTC"
    team_id: str = "T0SANDBOX"
    display_name: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_email_confirmed: bool = True
    deleted: bool = False
    bot_id: str = ""
    updated: int = 0

    def tz_offset(self, now: float) -> int:
        """Seconds east of UTC at `now` (epoch seconds)."""
        offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def profile(self, *, with_email: bool) -> Json:
        """The `profile` object; the address is there only for apps with `users:read.email`."""
        profile: Json = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.display_name,
            "display_name_normalized": self.display_name,
            "title": "",
            "phone": "",
            "status_text": "",
            "status_emoji": "",
            "team": self.team_id,
        }
        if with_email and self.email and not self.is_bot:
            profile["email"] = self.email
        if self.bot_id:
            profile["bot_id"] = self.bot_id
        return profile

    def as_json(self, now: float, *, with_email: bool) -> Json:
        """The user object as users.info returns it at `now` (epoch seconds)."""
        user: Json = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.deleted,
            "profile": self.profile(with_email=with_email),
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": self.updated,
        }
        if self.deleted:  # Slack leaves zone and roles out of the object of a deactivated person
            return user
        user |= {
            "color": "9f69e7",
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset(now),
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_primary_owner": self.is_owner,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_email_confirmed": self.is_email_confirmed,
            "who_can_share_contact_card": "EVERYONE",
        }
        if self.is_stranger:
            user["is_stranger"] = True
        return user


@dataclass(slots=True)
class Message:
    """A message in a channel, or an ephemeral one when `ephemeral_to` names its only reader."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    bot_id: str = ""
    thread_ts: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    files: list[Json] = field(default_factory=list)
    reactions: list[Json] = field(default_factory=list)
    unfurls: Json = field(default_factory=dict)
    broadcast: bool = False
    subtype: str | None = None
    ephemeral_to: str | None = None
    revisions: list[list[Json]] = field(default_factory=list)
    edits: int = 0

    @property
    def is_reply(self) -> bool:
        """Whether it lives in a thread only, so that conversations.history leaves it out."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True)
class Channel:
    """A conversation; `kind` is public, private, im or mpim."""

    id: str
    name: str
    kind: str = "public"
    members: set[str] = field(default_factory=set)
    archived: bool = False
    is_ext_shared: bool = False
    topic: str = ""
    created: int = 0
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    last_post: float = 0.0

    @property
    def is_im(self) -> bool:
        """Whether it is a direct message between two."""
        return self.kind == "im"

    def as_json(self, reader: str) -> Json:
        """The conversation object as seen by the user id `reader`."""
        base: Json = {"id": self.id, "created": self.created, "is_archived": self.archived, "updated": 0}
        if self.is_im:
            other = next((m for m in self.members if m != reader), reader)
            return base | {"is_im": True, "user": other, "is_user_deleted": False, "priority": 0, "is_open": True}
        return base | {
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": False,
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_general": self.name == "general",
            "is_ext_shared": self.is_ext_shared,
            "is_shared": self.is_ext_shared,
            "is_org_shared": False,
            "is_member": reader in self.members,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(slots=True)
class File:
    """An uploaded file; `content` is None until the bytes have arrived."""

    id: str
    name: str
    length: int
    title: str = ""
    user: str = ""
    alt_txt: str = ""
    snippet_type: str = ""
    content: bytes | None = None
    complete: bool = False
    channels: list[str] = field(default_factory=list)
    created: int = 0
    url: str = ""

    def as_json(self) -> Json:
        """The file object, https://docs.slack.dev/reference/objects/file-object."""
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "user": self.user,
            "filetype": self.snippet_type or self.name.rpartition(".")[2],
            "mode": "snippet" if self.snippet_type else "hosted",
            "alt_txt": self.alt_txt,
            "is_external": False,
            "is_public": False,
            "channels": list(self.channels),
            "url_private": self.url,
            "url_private_download": self.url,
        }


@dataclass(slots=True)
class View:
    """A modal on a person's stack, or their App Home."""

    id: str
    user: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    state: Json = field(default_factory=dict)
    updates: int = 0
    trouble: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`modal` or `home`."""
        return str(self.body.get("type", "modal"))

    @property
    def title(self) -> str:
        """The modal's title, empty for a Home."""
        return str((self.body.get("title") or {}).get("text", ""))

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, each with a block_id."""
        blocks: list[Json] = self.body["blocks"]
        return blocks


@dataclass(slots=True)
class Call:
    """One call of the Web API by the bot; `ms` is the time until the answer was ready."""

    seq: int
    at: float
    method: str
    args: Json
    ok: bool
    error: str
    response: Json
    ms: float
    fault: str = ""
    status: int = 200


@dataclass(slots=True)
class Delivery:
    """One request of Slack to the bot and what came back; `error` is empty when it was acknowledged in time."""

    seq: int
    at: float
    kind: str
    summary: str
    payload: Json
    transport: str
    status: int | None = None
    body: str = ""
    ms: float = 0.0
    error: str = ""
    retry_num: int = 0


@dataclass(slots=True)
class Refusal:
    """Something the bot did that Slack refuses or ignores; `where` names the method or the kind of answer."""

    seq: int
    at: float
    where: str
    error: str
    messages: list[str] = field(default_factory=list)
    detail: Json = field(default_factory=dict)
