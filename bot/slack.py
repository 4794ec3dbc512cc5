"""Outbound Web API: one shared session, errors named, nothing retried: the queue does that, after Slack's delay."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.meters import Meters, Outcome
from bot.settings import Settings
from bot.slack_errors import (
    SlackError,
    SlackRateLimited,
    SlackRefused,
    SlackUnavailable,
    check_status,
    named,
    result_of,
)

__all__ = [
    "BotIdentity",
    "Slack",
    "SlackError",
    "SlackRateLimited",
    "SlackRefused",
    "SlackUnavailable",
    "SlackUser",
    "parse_user",
]

_CALL_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_SLACK_HOSTS: Final = frozenset({"slack.com", "www.slack.com", "slack-gov.com"})
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]+\Z")  # names are in lower case
JsonMap = Mapping[str, object]


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

    def __init__(self, settings: Settings, meters: Meters | None = None) -> None:
        self._meters = meters or Meters()
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
        given = {name: value for name, value in arguments.items() if value is not None}
        channel = str(given.get("channel", ""))
        if channel in self._learned:
            given["channel"] = self._learned[channel]
        response = await self._send(method, deadline, **given)
        data = cast("JsonMap", response.data) if isinstance(response.data, dict) else {}
        if method == "chat.postMessage" and _text(data, "channel") not in {"", channel}:
            # a channel that is known by name only can be edited in under its id only
            self._learned[channel] = _text(data, "channel")
        return data

    async def _send(self, method: str, deadline: float | None, **given: object) -> AsyncSlackResponse:
        function = getattr(self.client, method.replace(".", "_"))
        with self._counted(method):
            try:
                async with asyncio.timeout(deadline):
                    return cast("AsyncSlackResponse", await function(**given))
            except SlackApiError as error:
                raise named(method, error) from error
            except aiohttp.ClientConnectorError as error:
                raise SlackUnavailable(method, f"cannot connect ({error})", sent=False) from error
            except (aiohttp.ClientError, TimeoutError, OSError, SlackRequestError) as error:
                raise SlackUnavailable(method, f"no answer ({type(error).__name__}: {error})", sent=True) from error

    async def respond(self, response_url: str, body: JsonMap, *, deadline: float = 2.0) -> None:
        """Post to a response_url (five uses, 30 minutes: docs.slack.dev/interactivity/handling-user-interaction).

        Raises:
            SlackUnavailable: no answer in time, or 5xx.
            SlackRefused: the address is used up or none of Slack's, or the message is not valid.
        """
        with self._counted("response_url"):
            if not may_answer(self.client.base_url, response_url):
                raise SlackRefused("response_url", "not_an_address_of_slack")
            try:
                posting = self._session.post(response_url, json=dict(body), allow_redirects=False)
                async with asyncio.timeout(deadline), posting as response:
                    text = await response.text()
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise SlackUnavailable("response_url", f"no answer ({type(error).__name__})", sent=True) from error
            check_status("response_url", response.status, text, sent=True)

    async def upload(self, upload_url: str, content: bytes) -> None:
        """Send a file's content to the address that files.getUploadURLExternal gave.

        Raises:
            SlackUnavailable: no answer, or 5xx; nobody sees the file before files.completeUploadExternal.
            SlackRefused: the address or the content was not taken.
        """
        with self._counted("upload"):
            try:
                async with self._session.post(upload_url, data=content) as response:
                    text = await response.text()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise SlackUnavailable("upload", f"no answer ({type(error).__name__})", sent=False) from error
            check_status("upload", response.status, text, sent=False)

    @contextmanager
    def _counted(self, method: str) -> Iterator[Outcome]:
        with self._meters.calling(method) as outcome:
            try:
                yield outcome
            except SlackError as error:
                outcome.name = result_of(error)
                raise
            except BaseException:
                outcome.name = "given_up"
                raise

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

    async def granted_scopes(self) -> frozenset[str]:
        """What the token may do, as Slack says with the answer to auth.test; empty where it does not say."""
        response = await self._send("auth.test", 2.0)
        said = next((str(v) for k, v in dict(response.headers).items() if k.lower() == "x-oauth-scopes"), "")
        return frozenset(filter(None, (scope.strip() for scope in said.split(","))))

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


def may_answer(api_url: str, response_url: str) -> bool:
    """Whether a response_url is one of Slack's (hooks.slack.com), or of the stand-in's host where there is one.

    Requests bring their response_url along; where one leads elsewhere, what a person is told would go there.
    """
    api, answer = urlsplit(api_url), urlsplit(response_url)
    if api.hostname in _SLACK_HOSTS:
        return (answer.scheme, answer.netloc) == ("https", f"hooks.{api.hostname.removeprefix('www.')}")
    return answer.hostname == api.hostname or {answer.hostname, api.hostname} <= _THIS_MACHINE


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
