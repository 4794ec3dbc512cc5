"""Outbound Web API: one shared session, errors named, nothing retried: the queue does that, after Slack's delay."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings

_CALL_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]+\Z")  # names are in lower case
_TRANSIENT: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
JsonMap = Mapping[str, object]


class SlackError(Exception):
    """A call of the Web API did not succeed."""


class SlackRateLimited(SlackError):
    """HTTP 429: not done; to be tried again after `retry_after` seconds."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(f"{method}: rate limited, again in {retry_after:g} s")
        self.retry_after = retry_after


class SlackUnavailable(SlackError):
    """No answer, or a server error. Where `sent`, the call may have been carried out all the same."""

    def __init__(self, method: str, reason: str, *, sent: bool) -> None:
        super().__init__(f"{method}: {reason}")
        self.sent = sent


class SlackRefused(SlackError):
    """Slack answered `ok: false`; `code` is its error code, `messages` the detail it gives for invalid blocks."""

    def __init__(self, method: str, code: str, messages: tuple[str, ...] = ()) -> None:
        super().__init__(f"{method}: {code}" + (f" ({'; '.join(messages)})" if messages else ""))
        self.code = code
        self.messages = messages


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who the token is: from auth.test."""

    team_id: str
    bot_user_id: str
    bot_id: str
    url: str


@dataclass(frozen=True, slots=True)
class SlackUser:
    """What users.info tells of a person. `email` is None where it is hidden or not confirmed; `tz` is an IANA name."""

    id: str
    team_id: str
    name: str
    email: str | None
    tz: str
    is_deleted: bool
    is_bot: bool
    is_guest: bool
    is_stranger: bool


class Slack:
    """The Web API for one workspace. Create it inside a running event loop and close it at the end."""

    def __init__(self, settings: Settings) -> None:
        token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
        timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS, sock_connect=_CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        self.client = AsyncWebClient(
            token=token, base_url=settings.slack_api_url, session=self._session, retry_handlers=[]
        )
        self._identity: BotIdentity | None = None
        self._channels: dict[str, str] = {}
        self._learned: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Close the shared session."""
        await self._session.close()

    async def call(self, method: str, *, deadline: float | None = None, **arguments: object) -> JsonMap:
        """Call a Web API method once, by its Slack name (`chat.postMessage`).

        Args:
            method: the method's name.
            deadline: seconds to wait at most; the session's own limit is 10 s.
            arguments: the method's arguments; those that are None are left out.

        Raises:
            SlackRateLimited: 429.
            SlackUnavailable: no answer, or 5xx.
            SlackRefused: `ok: false`.
        """
        function = getattr(self.client, method.replace(".", "_"))
        given = {name: value for name, value in arguments.items() if value is not None}
        channel = str(given.get("channel", ""))
        if channel in self._learned:
            given["channel"] = self._learned[channel]
        try:
            async with asyncio.timeout(deadline):
                response = await function(**given)
        except SlackApiError as error:
            raise _named(method, error) from error
        except aiohttp.ClientConnectorError as error:
            raise SlackUnavailable(method, f"cannot connect ({error})", sent=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError, SlackRequestError) as error:
            raise SlackUnavailable(method, f"no answer ({type(error).__name__}: {error})", sent=True) from error
        data = cast("JsonMap", response.data) if isinstance(response.data, dict) else {}
        if method == "chat.postMessage" and _text(data, "channel") not in {"", channel}:
            # a channel that is known by name only can be edited in under its id only
            self._learned[channel] = _text(data, "channel")
        return data

    async def respond(self, response_url: str, body: JsonMap, *, deadline: float = 2.0) -> None:
        """Post to a response_url (five uses, 30 minutes: docs.slack.dev/interactivity/handling-user-interaction).

        Raises:
            SlackUnavailable: no answer in time, or 5xx.
            SlackRefused: the address is used up, or the message is not valid.
        """
        try:
            async with asyncio.timeout(deadline), self._session.post(response_url, json=dict(body)) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackUnavailable("response_url", f"no answer ({type(error).__name__})", sent=True) from error
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SlackUnavailable("response_url", f"HTTP {response.status}", sent=True)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise SlackRefused("response_url", text[:200] or f"HTTP {response.status}")

    async def upload(self, upload_url: str, content: bytes) -> None:
        """Send a file's content to the address that files.getUploadURLExternal gave.

        Raises:
            SlackUnavailable: no answer, or 5xx; nobody sees the file before files.completeUploadExternal.
            SlackRefused: the address or the content was not taken.
        """
        try:
            async with self._session.post(upload_url, data=content) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailable("upload", f"no answer ({type(error).__name__})", sent=False) from error
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SlackUnavailable("upload", f"HTTP {response.status}", sent=False)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise SlackRefused("upload", text[:200] or f"HTTP {response.status}")

    async def identity(self) -> BotIdentity:
        """Who we are, from auth.test; asked once."""
        async with self._lock:
            if self._identity is None:
                data = await self.call("auth.test", deadline=2.0)
                self._identity = BotIdentity(
                    team_id=_text(data, "team_id"),
                    bot_user_id=_text(data, "user_id"),
                    bot_id=_text(data, "bot_id"),
                    url=_text(data, "url"),
                )
        return self._identity

    def known_identity(self) -> BotIdentity | None:
        """Who we are where auth.test has answered already, else None; never waits."""
        return self._identity

    async def user(self, slack_user_id: str) -> SlackUser:
        """Ask users.info about a person."""
        data = await self.call("users.info", user=slack_user_id, deadline=1.5)
        return parse_user(_mapping(data, "user"))

    async def channel_id(self, name_or_id: str) -> str | None:
        """The id of a channel given by name or id; None where the bot sees no such channel.

        Where Slack lists no channels at all (a missing scope), the name itself, which chat.postMessage takes as well.
        """
        name = name_or_id.lstrip("#")
        if _CHANNEL_ID.match(name):
            return name
        if name not in self._channels and not await self._load_channels(name):
            return name
        return self._channels.get(name)

    async def open_dm(self, slack_user_id: str) -> str:
        """The id of the direct message channel with a person (conversations.open)."""
        key = f"@{slack_user_id}"
        if key not in self._channels:
            data = await self.call("conversations.open", users=slack_user_id)
            self._channels[key] = _text(_mapping(data, "channel"), "id")
        return self._channels[key]

    async def _load_channels(self, wanted: str) -> bool:
        """Look through the channels for one; False where Slack lists none."""
        cursor: str | None = None
        listed = False
        for _page in range(20):
            try:
                data = await self.call(
                    "conversations.list",
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=1000,
                    cursor=cursor,
                )
            except SlackRefused:
                return False
            channels = cast("list[JsonMap]", data.get("channels") or [])
            self._channels |= {_text(channel, "name"): _text(channel, "id") for channel in channels}
            listed = listed or bool(channels)
            cursor = _text(_mapping(data, "response_metadata"), "next_cursor")
            if wanted in self._channels or not cursor:
                break
        return listed


def _named(method: str, error: SlackApiError) -> SlackError:
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    data = getattr(response, "data", None)
    body: JsonMap = data if isinstance(data, dict) else {}
    code = str(body.get("error") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        return SlackRateLimited(method, _retry_after(getattr(response, "headers", {})))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not code or code in _TRANSIENT:
        return SlackUnavailable(method, code or f"HTTP {status}", sent=True)
    messages = _mapping(body, "response_metadata").get("messages")
    detail = tuple(str(message) for message in messages) if isinstance(messages, list) else ()
    return SlackRefused(method, code, detail)


def _retry_after(headers: object) -> float:
    value = next((v for k, v in dict(cast("JsonMap", headers)).items() if k.lower() == "retry-after"), "1")
    first = value[0] if isinstance(value, list) else value
    try:
        return min(max(float(str(first)), 0.1), 3600.0)
    except ValueError:
        return 1.0


def parse_user(data: JsonMap) -> SlackUser:
    """A user object, as in users.info and the user_change event (docs.slack.dev/reference/objects/user-object)."""
    profile = _mapping(data, "profile")
    confirmed = data.get("is_email_confirmed", True) is not False
    name = _text(profile, "display_name") or _text(profile, "real_name") or _text(data, "real_name")
    return SlackUser(
        id=_text(data, "id"),
        team_id=_text(data, "team_id"),
        name=name or _text(data, "name") or _text(data, "id"),
        email=(_text(profile, "email") or None) if confirmed else None,
        tz=_text(data, "tz") or "UTC",
        is_deleted=data.get("deleted") is True,
        is_bot=data.get("is_bot") is True or data.get("id") == "USLACKBOT",
        is_guest=data.get("is_restricted") is True or data.get("is_ultra_restricted") is True,
        is_stranger=data.get("is_stranger") is True,
    )


def _text(data: JsonMap, key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _mapping(data: JsonMap, key: str) -> JsonMap:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
