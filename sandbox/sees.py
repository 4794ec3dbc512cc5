"""What a person sees: their modals, their Home, what is private to them."""

from typing import TYPE_CHECKING

from sandbox.records import Message, User, View

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


class Sight:
    """One person's view of a workspace."""

    def __init__(self, workspace: "Workspace", user: User) -> None:
        self._ws, self.user = workspace, user

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

    def ephemerals(self, channel: str) -> list[Message]:
        """The messages in `channel` that only this person sees, oldest first."""
        return [m for m in self._ws.channel(channel).ephemerals if m.ephemeral_to == self.id]

    def dms_from_bot(self) -> list[Message]:
        """The bot's direct messages to this person, oldest first, replies included."""
        return [m for m in self._ws.dm(self.id).messages.values() if m.user == self._ws.bot.id]
