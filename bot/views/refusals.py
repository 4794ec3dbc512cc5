"""What a person is told when something was refused or failed: what, why, and what to do next."""

from bot.errors import BotError
from bot.views import kit
from bot.views.answers import Reply, View
from bot.views.kit import Part
from bot.views.wording import line

_EXAMPLE = "Example: "


def refusal(error: BotError | str, *, replace: bool = False) -> Reply:
    """Tell an error's own sentence; what can be typed instead stands as code."""
    return kit.say(*_parts(str(error)), replace=replace)


def failure(error_id: str) -> Reply:
    """Tell that the bot is at fault, with the id under which it is logged."""
    return kit.say(*_parts(failure_text(error_id)))


def failure_text(error_id: str) -> str:
    """Say that the bot is at fault."""
    return (
        "That did not work because of a fault in the bot, not because of what you did. "
        f"Check the record before you try again. If it fails again, give an admin this id: `{line(error_id, 80)}`"
    )


def database_away() -> Reply:
    """Tell that the database cannot be reached."""
    return kit.say(*_parts(DATABASE_AWAY))


DATABASE_AWAY = (
    "The database cannot be reached right now, so nothing was read or changed. "
    "Please try again in a minute; if it lasts, tell an admin."
)

NOT_TAKEN = (
    "Something in it is out of range, or holds a character that cannot be stored, so nothing was changed. "
    "Check what you wrote, and try again."
)


def refusal_modal(text: str, *, title: str = "Not possible") -> View:
    """Tell a refusal where only a dialog can be shown."""
    return kit.modal("refusal", title, [kit.rich(*_parts(text))], None, close="Close")


def reply_modal(reply: Reply, *, title: str = "TechOps") -> View:
    """Show a private answer where only a dialog can be shown; what a dialog cannot hold is left out."""
    shown = [block for block in reply.blocks if block.get("type") not in {"table", "data_table", "data_visualization"}]
    return kit.modal("reply", title, shown or [kit.section(kit.mrkdwn(reply.text))], None, close="Close")


def _parts(text: str) -> list[Part]:
    problem, example, typed = text.rpartition(_EXAMPLE)
    if example and typed.strip() and "\n" not in typed:
        return [*kit.code_parts(problem), example, kit.Code(typed.strip().strip("`"))]
    return kit.code_parts(text) or [line(text)]
