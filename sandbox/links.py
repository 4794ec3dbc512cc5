"""Links under the app's domains: the app is told of them and may put a preview below the message.

https://docs.slack.dev/messaging/unfurling-links-in-messages, https://docs.slack.dev/reference/events/link_shared
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.limits import check_message
from sandbox.records import Channel, Json, Message, SlackRefusal, User

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

_URL = re.compile(r"https?://[^\s<>|]+")
_DRAFTS = 100  # kept; a person writes one message at a time


@dataclass(slots=True)
class Draft:
    """A message that is being written: its links, and the previews the app has given for them."""

    id: str
    user: str
    urls: list[str]
    unfurls: Json = field(default_factory=dict)


class Links:
    """Tells the app of links, and takes its previews."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace
        self._drafts: dict[str, Draft] = {}

    def found(self, text: str) -> list[Json]:
        """The links in a message that belong to the app, each once, without the full stop that ends a sentence."""
        urls = dict.fromkeys(url.replace("&amp;", "&").rstrip(".,;:!?)") for url in _URL.findall(text))
        links = [{"url": url, "domain": urlsplit(url).netloc.rpartition("@")[2]} for url in urls]
        return [link for link in links if self._ws.manifest.unfurls(link["domain"])]

    async def posted(self, channel: Channel, message: Message) -> None:
        """Tell the app of a posted message's links, in any channel, be the app in it or not."""
        ws = self._ws
        links = self.found(message.text)
        if not links:
            return
        event: Json = {
            "type": "link_shared",
            "user": message.user,
            "channel": channel.id,
            "message_ts": message.ts,
            "is_bot_user_member": ws.bot.id in channel.members,
            "source": "conversations_history",
            "unfurl_id": f"{channel.id}.{message.ts}",
            "event_ts": message.ts,
            "links": links,
        }
        if message.is_reply:
            event["thread_ts"] = message.thread_ts
        await ws.delivery.event(event)

    async def composed(self, user: User, text: str) -> Draft:
        """Tell the app of links in a message that is being written; where it will stand is not told."""
        ws = self._ws
        links = self.found(text)
        draft = Draft(ws.new_id("DRAFT").lower(), user.id, [link["url"] for link in links])
        self._drafts[draft.id] = draft
        if len(self._drafts) > _DRAFTS:
            del self._drafts[next(iter(self._drafts))]
        event = {
            "type": "link_shared",
            "user": user.id,
            "channel": "COMPOSER",
            "message_ts": draft.id,
            "is_bot_user_member": True,
            "source": "composer",
            "unfurl_id": draft.id,
            "event_ts": ws.next_ts(),
            "links": links,
        }
        if links:
            await ws.delivery.event(event)
        return draft

    def preview_by_id(self, source: str, unfurl_id: str, unfurls: Json) -> None:
        """Keep previews for what an event named `unfurl_id`: a draft, or a posted message. Raises SlackRefusal."""
        if source == "conversations_history":
            channel_id, _, ts = unfurl_id.partition(".")
            channel = self._ws.channels.get(channel_id)
            message = channel.messages.get(ts) if channel else None
            if channel is None or message is None:
                raise SlackRefusal("invalid_unfurl_id")
            self.preview(channel, message, unfurls)
            return
        if source != "composer":
            raise SlackRefusal("invalid_source")
        draft = self._drafts.get(unfurl_id)
        if draft is None:
            raise SlackRefusal("invalid_unfurl_id")
        self._check(unfurls, draft.urls)
        draft.unfurls |= unfurls
        self._ws.feed.publish("draft", id=draft.id)

    def preview(self, channel: Channel, message: Message, unfurls: Json) -> None:
        """Put previews below a message that has the links in it; a second one of a link replaces the first.

        Raises SlackRefusal.
        """
        if channel.archived:
            raise SlackRefusal("cannot_unfurl_message")
        self._check(unfurls, [link["url"] for link in self.found(message.text)])
        message.unfurls |= unfurls
        self._ws.messages.announce("message_changed", message)

    def _check(self, unfurls: Json, urls: list[str]) -> None:
        for url, unfurled in unfurls.items():
            if url not in urls:
                raise SlackRefusal("cannot_unfurl_url")
            if not isinstance(unfurled, dict):
                raise SlackRefusal("invalid_unfurls_format")
            if unfurled.get("blocks"):
                check_message(unfurled["blocks"])
            elif not any(unfurled.get(name) for name in ("title", "text", "fallback", "pretext", "image_url")):
                raise SlackRefusal("cannot_parse_attachment")
