"""The state of a workspace: team, people, channels, messages, files, views, and the log of what happened."""

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox import sample
from sandbox.acts import Person
from sandbox.deliver import Delivery as Deliverer
from sandbox.faults import Faults
from sandbox.feed import Feed
from sandbox.links import Links
from sandbox.manifest import Manifest
from sandbox.messages import Messages
from sandbox.records import Call, Channel, Delivery, File, Json, Message, Refusal, User, View
from sandbox.sockets import Sockets
from sandbox.tickets import Tickets
from sandbox.views import Views

T = TypeVar("T")
LOG_LENGTH = 5_000  # lines of each log that are kept; a call holds its arguments and its answer


class Workspace:
    """One Slack workspace with one app installed.

    `clock` gives epoch seconds and decides about triggers, response addresses and timestamps; `ack_timeout`
    is in seconds (Slack: 3); `event_retry_delays` are the waits in seconds before each further try of an event.
    """

    def __init__(
        self,
        *,
        manifest: Json | None = None,
        users: Iterable[User] | None = None,
        channels: Iterable[Channel] | None = None,
        bot_token: str = "xoxb-sandbox-bot",  # noqa: S107 - a token of this stand-in only
        app_token: str = "xapp-sandbox-app",  # noqa: S107 - as above
        signing_secret: str = "sandbox-signing-secret",  # noqa: S107 - as above
        control_key: str = "",
        clock: Callable[[], float] = time.time,
        ack_timeout: float = 3.0,
        event_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0),
    ) -> None:
        self.team = {"id": sample.TEAM_ID, "name": sample.TEAM_NAME, "domain": sample.TEAM_DOMAIN}
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.control_key = control_key
        self.clock, self.ack_timeout, self.event_retry_delays = clock, ack_timeout, event_retry_delays
        self.base_url = ""  # set by the server once its port is known
        self.bot_url: str | None = None
        self.manifest = Manifest(manifest)
        self.users: dict[str, User] = {u.id: u for u in (sample.users() if users is None else users)}
        self.users.setdefault(sample.BOT_USER, sample.bot_user())
        self.channels: dict[str, Channel] = {c.id: c for c in (sample.channels() if channels is None else channels)}
        self.files: dict[str, File] = {}
        self.calls: deque[Call] = deque(maxlen=LOG_LENGTH)
        self.deliveries: deque[Delivery] = deque(maxlen=LOG_LENGTH)
        self.refusals: deque[Refusal] = deque(maxlen=LOG_LENGTH)
        self.feed, self.faults, self.tickets = Feed(), Faults(), Tickets(clock)
        self.views, self.messages, self.links = Views(self), Messages(self), Links(self)
        self.sockets, self.delivery = Sockets(self), Deliverer(self)
        self._persons: dict[str, Person] = {}
        self._last_micros = 0
        self._sequence = 0

    # --- addresses and identities -------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """The base of the Web API, ending in a slash, as slack_sdk's `base_url` wants it."""
        return f"{self.base_url}/api/"

    @property
    def bot(self) -> User:
        """The app's bot user."""
        return self.users[sample.BOT_USER]

    @property
    def app_id(self) -> str:
        """The app's id."""
        return sample.APP_ID

    @property
    def bot_id(self) -> str:
        """The bot's id (not its user id)."""
        return sample.BOT_ID

    def now(self) -> float:
        """The present, epoch seconds."""
        return self.clock()

    def next_ts(self) -> str:
        """A message timestamp, later than every one before."""
        self._last_micros = max(self._last_micros + 1, int(self.clock() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id in Slack's style, such as V0K3J2H1G0."""
        self._sequence += 1
        return f"{prefix}{self._sequence:04X}{secrets.token_hex(3).upper()}"

    def next_seq(self) -> int:
        """The number of the next line of the log."""
        self._sequence += 1
        return self._sequence

    # --- people and channels ------------------------------------------------------------------------------------

    def person(self, who: str) -> Person:
        """The person with this id or username (`U_ENG` and `U0ENG` are the same); keeps what they see."""
        user = self.find_user(who)
        if user is None:
            raise KeyError(f"nobody is called {who!r}; there are {', '.join(self.users)}")
        return self._persons.setdefault(user.id, Person(self, user))

    def find_user(self, who: str) -> User | None:
        """The user with this id or username, None when there is none."""
        if user := self.users.get(who) or self.users.get(who.replace("_", "0", 1)):
            return user
        return next((u for u in self.users.values() if u.name == who.removeprefix("@")), None)

    def find_channel(self, where: str) -> Channel | None:
        """The channel with this id or name, with or without #; None when there is none."""
        if channel := self.channels.get(where) or self.channels.get(where.replace("_", "0", 1)):
            return channel
        name = where.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def channel(self, where: str) -> Channel:
        """As find_channel. Raises KeyError when there is none."""
        channel = self.find_channel(where)
        if channel is None:
            raise KeyError(f"there is no channel {where!r}; there are {', '.join(self.channels)}")
        return channel

    def add_user(self, user: User) -> User:
        """A new person, without any event."""
        self.users[user.id] = user
        self.feed.publish("user", id=user.id)
        return user

    def add_channel(self, name: str, *, bot: bool = True, kind: str = "public", members: Iterable[str] = ()) -> Channel:
        """A new channel; everyone who is no bot is in it unless `members` are named."""
        inside = set(members) or {u.id for u in self.users.values() if not u.is_bot and not u.deleted}
        if bot:
            inside.add(self.bot.id)
        channel = Channel(self.new_id("C"), name, kind, inside, created=int(self.now()))
        self.channels[channel.id] = channel
        self.feed.publish("channel", id=channel.id)
        return channel

    def dm(self, user_id: str) -> Channel:
        """The direct message between the bot and a person, made when it does not exist."""
        pair = {user_id, self.bot.id}
        found = next((c for c in self.channels.values() if c.is_im and c.members == pair), None)
        if found is None:
            found = Channel(self.new_id("D"), "", "im", pair, created=int(self.now()))
            self.channels[found.id] = found
            self.feed.publish("channel", id=found.id)
        return found

    async def join(self, who: str, where: str) -> None:
        """Someone, or with `techops` the bot, comes into a channel; the bot is told (`member_joined_channel`)."""
        user, channel = self.person(who).user, self.channel(where)
        channel.members.add(user.id)
        self.feed.publish("channel", id=channel.id)
        event = {"type": "member_joined_channel", "user": user.id, "channel": channel.id, "channel_type": "C"}
        await self.delivery.event(event | {"team": self.team["id"], "event_ts": self.next_ts()})

    async def change_user(self, who: str, **changes: object) -> User:
        """Change fields of a user and tell the bot (`user_change`), as when someone is deactivated."""
        user = self.person(who).user
        for name, value in changes.items():
            setattr(user, name, value)
        user.updated = int(self.now())
        self.feed.publish("user", id=user.id)
        as_json = user.as_json(self.now(), with_email="users:read.email" in self.manifest.scopes)
        await self.delivery.event({"type": "user_change", "user": as_json, "event_ts": self.next_ts()})
        return user

    # --- log and waiting ----------------------------------------------------------------------------------------

    def refuse(self, where: str, error: str, messages: Iterable[str] = (), detail: Json | None = None) -> Refusal:
        """Record that Slack refused or ignored something that the bot did."""
        refusal = Refusal(self.next_seq(), self.now(), where, error, list(messages), detail or {})
        self.refusals.append(refusal)
        self.feed.publish("refusal", where=where, error=error, messages=refusal.messages)
        return refusal

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one Web API method, oldest first."""
        return [c for c in self.calls if c.method == method]

    def messages_in(self, where: str, *, thread_ts: str | None = None) -> list[Message]:
        """The messages of a channel, oldest first: without replies, or those replying to `thread_ts`."""
        channel = self.channel(where)
        if thread_ts is not None:
            return list(channel.threads.get(thread_ts, []))
        return [m for m in channel.messages.values() if not m.is_reply or m.broadcast]

    def view(self, view_id: str) -> View:
        """An open view. Raises KeyError when it is closed."""
        return self.views.open[view_id]

    async def wait_for(self, condition: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109 - see Feed
        """Wait until `condition()` is true and return its value; it is looked at again after each change.

        Raises AssertionError after `timeout` seconds, with the last lines of the log.
        """
        try:
            return await self.feed.wait_for(condition, timeout)
        except TimeoutError:
            calls = [f"{c.method} -> {'ok' if c.ok else c.error}" for c in list(self.calls)[-8:]]
            asked = [f"{d.kind} {d.summary} -> {d.error or d.status}" for d in list(self.deliveries)[-8:]]
            refused = [f"{r.where}: {r.error} {r.messages}" for r in list(self.refusals)[-4:]]
            raise AssertionError(
                f"still false after {timeout} s; last calls {calls}; last requests to the bot {asked}; "
                f"refused {refused}"
            ) from None
