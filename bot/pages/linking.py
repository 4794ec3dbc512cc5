"""`/link` ties a Slack person to an account, `/password` sets an account's password. Opening either uses nothing up."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from bot.errors import BotError
from bot.pages.visits import Field, Form, Visit
from bot.services import links
from bot.services.links import LinkGone
from db.queries.links import Link

EMAIL: Final = ("email", "E-mail", "email", "username")
PASSWORD: Final = ("password", "Password", "password", "current-password")


async def show_link(visit: Visit) -> web.Response:
    """Name the Slack person, and ask for e-mail and password."""
    return visit.form(_link_form(await links.find(visit.deps, visit.token, "link"), visit.token, ""))


async def post_link(visit: Visit) -> web.Response:
    """Tie the person to the account."""
    given = await visit.fields()
    token, email = given.get("token", ""), given.get("email", "")
    link = await links.find(visit.deps, token, "link")
    try:
        user = await visit.sign_ins.tie(link, token, email, given.get("password", ""), visit.address)
    except LinkGone:
        raise
    except BotError as error:
        return visit.form(_link_form(link, token, email), error)
    return visit.message(
        HTTPStatus.OK,
        "You are linked",
        f"{link.slack_name} in Slack is the account {user.email} from now on; its role is {user.role}.",
        "You can close this page and go back to Slack.",
    )


async def show_password(visit: Visit) -> web.Response:
    """Ask for a new password, twice."""
    return visit.form(_password_form(await links.find(visit.deps, visit.token, "password"), visit.token))


async def post_password(visit: Visit) -> web.Response:
    """Set the password."""
    given = await visit.fields()
    token = given.get("token", "")
    link = await links.find(visit.deps, token, "password")
    password = given.get("password", "")
    try:
        user = await links.set_password(visit.deps, token, password, given.get("repeated", password))
    except LinkGone:
        raise
    except BotError as error:
        return visit.form(_password_form(link, token), error)
    return visit.message(
        HTTPStatus.OK,
        "Your password is set",
        f"Sign in to the dashboard as {user.email} with it.",
        "To be known in Slack by this account, type /techops link there. You can close this page.",
    )


def _link_form(link: Link, token: str, email: str) -> Form:
    return Form(
        path="/link",
        heading="Link your dashboard account",
        paragraphs=(
            "Sign in with your dashboard account. What this Slack person does in TechOps is then done in its name.",
        ),
        facts=(("Slack person", link.slack_name or ""),),
        fields=(Field(*EMAIL, value=email), Field(*PASSWORD, hint="The one of the dashboard, not of Slack.")),
        button="Sign in and link",
        hidden={"token": token},
        notes=("Is this somebody else's name? Then somebody gave you their link: close this page.",),
    )


def _password_form(link: Link, token: str) -> Form:
    new = "new-password"
    return Form(
        path="/password",
        heading="Choose your password",
        paragraphs=("It opens the dashboard, and links your account in Slack.",),
        facts=(("Account", link.user_email or ""),),
        fields=(
            Field("username", "", "hidden", "username", value=link.user_email or ""),
            Field("password", "New password", "password", new, hint="12 characters or more, at most 72 bytes."),
            Field("repeated", "New password again", "password", new),
        ),
        button="Set password",
        hidden={"token": token},
    )
