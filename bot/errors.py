"""What can be refused. Each error carries the sentence the person is told: what was refused, why, what to do next."""


class BotError(Exception):
    """A refusal or failure that a person may read. `str(error)` is that text, commands in backticks."""


class BadInput(BotError):
    """What was typed cannot be understood or is out of range.

    `field` names the modal's block at fault, so that the sentence can stand at that field.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Forbidden(BotError):
    """The person's role, or their relation to the record, does not allow it."""


class Stranger(Forbidden):
    """Not a member of this workspace, or a guest, or a bot: has no account here."""


class Unrecognised(BotError):
    """What was shown to say who somebody is says it not: wrong, expired or revoked."""


class Missing(BotError):
    """The record named does not exist, or no longer."""


class WrongState(BotError):
    """The record is in a state in which this cannot be done."""


class Repeated(BotError):
    """The same act arrived before and was carried out; `key` finds the answer it got."""

    def __init__(self, key: str) -> None:
        super().__init__("That was already done.")
        self.key = key


class Overloaded(BotError):
    """More is asked at once than can be done in time."""


class SettingsError(BotError):
    """A setting is missing or wrong; the text lists every fault and its fix."""
