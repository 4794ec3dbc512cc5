"""Requests from Slack to the bot: signed over HTTP, or in envelopes over Socket Mode.

https://docs.slack.dev/authentication/verifying-requests-from-slack, https://docs.slack.dev/apis/events-api,
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from sandbox import records
from sandbox.exchange import Answer, Kind, Prepared
from sandbox.records import Channel, Json, Message

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


class Delivery:
    """Sends to the bot of one workspace and keeps the log."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Open the connection pool to the bot."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200))

    async def stop(self) -> None:
        """End what is still to be retried and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def spawn(self, work: Coroutine[Any, Any, object]) -> "asyncio.Task[Any]":
        """Do something beside the present request; kept, and ended by `stop`."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def sign(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """The two headers of a request signed at `at` (epoch seconds; now, by the machine's own clock).

        The bot checks the age against its machine's clock, so the workspace's movable clock has no say here.
        """
        stamp = str(int(time.time() if at is None else at))
        base = b"v0:" + stamp.encode() + b":" + body
        digest = hmac.new(self._ws.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def prepare(
        self, kind: Kind, payload: Json, summary: str, *, retry_num: int = 0, retry_reason: str = ""
    ) -> Prepared:
        """Build the request as Slack would send it: a form for commands and interactions, JSON for events."""
        if kind == "events_api":
            content_type, body = "application/json", json.dumps(payload).encode()
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            content_type, body = "application/x-www-form-urlencoded", urlencode(form).encode()
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if retry_num:
            headers |= {"X-Slack-Retry-Num": str(retry_num), "X-Slack-Retry-Reason": retry_reason}
        return Prepared(kind, payload, summary, body, headers | self.sign(body), retry_num, retry_reason)

    async def send(self, prepared: Prepared) -> Answer:
        """Send one request and wait for its acknowledgement, `ack_timeout` seconds at most. Logs it."""
        ws = self._ws
        by_socket = ws.manifest.socket_mode or (ws.bot_url is None and ws.sockets.connected)
        line = records.Delivery(
            seq=ws.next_seq(),
            at=ws.now(),
            kind=prepared.kind,
            summary=prepared.summary,
            payload=prepared.payload,
            transport="socket" if by_socket else "http",
            retry_num=prepared.retry_num,
        )
        ws.deliveries.append(line)
        answer = await (ws.sockets.send(prepared) if by_socket else self._post(prepared))
        line.status, line.body, line.ms, line.error = answer.status, answer.body, answer.ms, answer.error
        if answer.error:
            ws.refuse(prepared.summary, answer.error, [f"status {answer.status}, {answer.ms:.0f} ms"])
        ws.feed.publish("delivery", request=line.kind, summary=line.summary, error=line.error, ms=line.ms)
        return answer

    def target(self) -> str | None:
        """The bot's request URL; an address without a path means /slack/events there."""
        url = self._ws.bot_url
        if url is None:
            return None
        return url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/slack/events"

    async def _post(self, prepared: Prepared) -> Answer:
        url = self.target()
        if url is None or self._http is None:
            return Answer(None, "", 0.0, "dispatch_failed")
        started = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=self._ws.ack_timeout)
        try:
            async with self._http.post(url, data=prepared.body, headers=prepared.headers, timeout=timeout) as answer:
                body = await answer.text()
                elapsed = (time.perf_counter() - started) * 1000
                ok = 200 <= answer.status < 300  # noqa: PLR2004 - the class of success
                return Answer(answer.status, body, elapsed, "" if ok else "dispatch_failed")
        except TimeoutError:
            return Answer(None, "", (time.perf_counter() - started) * 1000, "operation_timeout")
        except aiohttp.ClientError as fault:
            return Answer(None, str(fault), (time.perf_counter() - started) * 1000, "dispatch_failed")

    # --- events -------------------------------------------------------------------------------------------------

    async def event(self, event: Json, *, scope: str | None = None) -> Answer | None:
        """Tell the bot of an event when its manifest subscribes to it (under the name `scope`, else its type).

        Waits for the first try only; further tries follow after `event_retry_delays`, as
        https://docs.slack.dev/apis/events-api#retries describes.
        """
        ws = self._ws
        if (scope or event["type"]) not in ws.manifest.events:
            return None
        envelope: Json = {
            "team_id": ws.team["id"],
            "api_app_id": ws.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": ws.new_id("Ev"),
            "event_time": int(ws.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": ws.team["id"],
                    "user_id": ws.bot.id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": self._is_shared(event.get("channel")),
            "event_context": ws.new_id("EC"),
        }
        answer = await self.send(self.prepare("events_api", envelope, f"event {event['type']}"))
        if answer.error:
            self.spawn(self._retry(envelope, answer))
        return answer

    def _is_shared(self, channel_id: object) -> bool:
        channel = self._ws.channels.get(channel_id) if isinstance(channel_id, str) else None
        return channel is not None and channel.is_ext_shared

    async def posted(self, channel: Channel, message: Message) -> None:
        """Tell the bot of a person's message: as message, app_mention and link_shared, where it subscribes.

        https://docs.slack.dev/reference/events/message; of links it hears from channels, too, that it is not in.
        """
        ws = self._ws
        if ws.bot.id in channel.members:
            kind = {"public": "channel", "private": "group"}.get(channel.kind, channel.kind)
            event = ws.messages.as_json(message) | {"channel": channel.id, "event_ts": message.ts}
            plural = "channels" if kind == "channel" else "groups" if kind == "group" else kind
            await self.event(event | {"channel_type": kind}, scope=f"message.{plural}")
            if f"<@{ws.bot.id}" in message.text:
                await self.event(event | {"type": "app_mention"})
        await ws.links.posted(channel, message)

    async def _retry(self, envelope: Json, answer: Answer) -> None:
        for number, delay in enumerate(self._ws.event_retry_delays, start=1):
            await asyncio.sleep(delay)
            reason = {"operation_timeout": "http_timeout"}.get(answer.error, "http_error")
            summary = f"event {envelope['event']['type']}"
            prepared = self.prepare("events_api", envelope, summary, retry_num=number, retry_reason=reason)
            answer = await self.send(prepared)
            if not answer.error:
                return

    async def verify_url(self) -> Answer:
        """The handshake when a request URL is entered: https://docs.slack.dev/reference/events/url_verification."""
        challenge = self._ws.new_id("challenge")
        payload = {"type": "url_verification", "challenge": challenge, "token": "unused"}
        answer = await self.send(self.prepare("events_api", payload, "url_verification"))
        if challenge not in answer.body:
            self._ws.refuse("url_verification", "challenge_failed", [answer.body[:200]])
        return answer
