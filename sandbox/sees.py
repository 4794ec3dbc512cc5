"""What a person sees: their modals, their Home, what is private to them."""

from typing import TYPE_CHECKING

from sandbox.records import Channel, Json, Message, User, View

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


class Sight:
    """One person's view of a workspace."""

    def __init__(self, workspace: "Workspace", user: User) -> None:
        self._ws, self.user = workspace, user
        self._last_read: dict[str, str] = {}

    @property
    def id(self) -> str:
        """The user id."""
        return self.user.id

    @property
    def dm(self) -> str:
        """The id of the direct message with the bot."""
        return self._ws.dm(self.id).id

    @property
    def views(self) -> list[View]:
        """The open modals, the visible one last."""
        return list(self._ws.views.stack(self.id))

    @property
    def view(self) -> View | None:
        """The visible modal, None when there is none."""
        return self.views[-1] if self.views else None

    @property
    def home(self) -> View | None:
        """The App Home as last published."""
        return self._ws.views.homes.get(self.id)

    def sees(self, message: Message) -> bool:
        """Whether the message is for this person's eyes."""
        return message.ephemeral_to in {None, self.id}

    def mark_read(self, channel: str, ts: str) -> None:
        """Everything in the channel up to `ts` is read."""
        where = self._ws.channel(channel)
        self._last_read[where.id] = max(ts, self._last_read.get(where.id, ""), key=_seconds)
        self._ws.feed.publish("read", user=self.id, channel=where.id)

    def unread(self) -> Json:
        """For each channel the person is in: where they stopped reading, and how many messages came since."""
        inside = [c for c in self._ws.channels.values() if self.id in c.members and not c.archived]
        return {c.id: self._unread_in(c) for c in inside}

    def _unread_in(self, channel: Channel) -> Json:
        last = self._last_read.get(channel.id, "")
        new = 0
        for message in reversed(channel.messages.values()):
            if _seconds(message.ts) <= _seconds(last):
                break
            new += message.user != self.id and (not message.is_reply or message.broadcast)
        return {"last_read": last, "count": new}

    def ephemerals(self, channel: str) -> list[Message]:
        """The messages in `channel` that only this person sees, oldest first."""
        return [m for m in self._ws.channel(channel).ephemerals if m.ephemeral_to == self.id]

    def dms_from_bot(self) -> list[Message]:
        """The bot's direct messages to this person, oldest first, replies included."""
        return [m for m in self._ws.dm(self.id).messages.values() if m.user == self._ws.bot.id]


def _seconds(ts: str) -> float:
    return float(ts or 0)
