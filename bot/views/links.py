"""`/techops link` and `unlink`, and what people are told by direct message when ties and passwords change."""

from bot.views import kit
from bot.views.answers import Reply
from bot.views.kit import Message, Part
from bot.views.wording import line
from db.models import User


def link_offer(url: str, account: str) -> Reply:
    """Give the address of the sign-in page; `account` is the e-mail of the present one, if any."""
    now = f" You are tied to the account {line(account, 120)} now; that ends then." if account else ""
    text = (
        "Sign in with your dashboard e-mail and password on this page, and TechOps knows you as that account from "
        f"then on.{now} The link works once, for 10 minutes; it is yours alone, so pass it on to nobody."
    )
    opening = kit.button("Sign in", "links.open", "", "primary") | {"url": url}
    return kit.reply(f"{kit.escape(text)} {url}", [kit.rich(text), kit.actions(opening)])


def unlinked(user: User) -> Reply:
    """Say that the person is tied to no account any more, and how that is changed."""
    parts: list[Part] = [
        f"You are tied to the account {line(user.email, 120)} no longer. The account, and what you did with it, stay. ",
        kit.Code("/techops link"),
        " ties you to an account again, with its dashboard password; your e-mail address alone does not.",
        " If you know no password, an admin can give you a link that sets one.",
    ]
    undo = kit.button("Undo", "links.undo", "")
    return kit.say(*parts, blocks=[kit.actions(undo), kit.context("Undo works for 10 minutes.")])


def linked_again(user: User) -> Reply:
    """Say that the untying was taken back."""
    return kit.say(f"You are tied to the account {line(user.email, 120)} again, as before.", replace=True)


def linked_dm(user: User) -> Message:
    """Tell the person that the page did its work."""
    return _message(
        f"You are tied to the dashboard account {line(user.email, 120)} now; your role is {line(user.role, 20)}. "
        "If that was not you, tell an admin at once."
    )


def former_holder_dm(user: User, slack_name: str) -> Message:
    """Tell who was tied to the account before."""
    return _message(
        f"You are no longer tied to the dashboard account {line(user.email, 120)}: the Slack person "
        f"{line(slack_name, 80)} signed in with its password. If you do not know of this, tell an admin at once and "
        "have the password changed."
    )


def admin_dm(user: User, slack_name: str, *, was_tied: bool, left: str | None) -> Message:
    """Tell an admin who is tied to what now; `left` is the address of the account the person was tied to before."""
    before = " Somebody else was tied to it before, and is not any more." if was_tied else ""
    after = f" Nobody is tied to {line(left, 120)}, their account until now." if left else ""
    return _message(
        f"The Slack person {line(slack_name, 80)} is tied to the dashboard account {line(user.email, 120)} "
        f"({line(user.role, 20)}) now, having signed in with its password.{before}{after}"
    )


def password_dm(user: User) -> Message:
    """Tell the person that their password was set."""
    return _message(
        f"The password of your dashboard account {line(user.email, 120)} was set just now, by a link from an admin. "
        "If that was not you, tell an admin at once."
    )


def _message(text: str) -> Message:
    return Message(kit.escape(text), [kit.rich(text)])
