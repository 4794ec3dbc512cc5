"""Records to read, for people who are signed in: what stands behind links such as `/r/42` and `/d/17`."""

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bot.errors import BotError, Missing
from bot.pages import shown
from bot.pages.linking import EMAIL, PASSWORD
from bot.pages.visits import Field, Form, Visit
from bot.services import deploy_lists, lists

_ID: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
# Where a sign-in may lead to: our own pages, and nothing that a stranger has put into the address.
_NEXT: Final = re.compile(r"/[rd]/[1-9][0-9]{0,8}", re.ASCII)
_SIGN_IN: Final = "/sign-in"


async def show_sign_in(visit: Visit) -> web.Response:
    """Ask for e-mail and password; tell who is signed in already."""
    wanted = _next(visit.request.query.get("next", ""))
    reader = await visit.reader()
    if reader is None:
        return visit.form(_form(wanted, ""))
    if wanted:
        return visit.go(wanted)
    heading = "You are signed in"
    told = f"As {reader.name}, {reader.email}. Open a request or deployment by its link in Slack."
    return visit.record(reader, heading=heading, label="TechOps", facts=(), text="", told=told, events=())


async def post_sign_in(visit: Visit) -> web.Response:
    """Begin a session, and go to where the person wanted to."""
    given = await visit.fields()
    wanted, email = _next(given.get("next", "")), given.get("email", "")
    try:
        secret = await visit.sign_ins.open_session(email, given.get("password", ""), visit.address)
    except BotError as error:
        return visit.form(_form(wanted, email), error)
    return visit.begin_session(visit.go(wanted or _SIGN_IN), secret)


async def post_sign_out(visit: Visit) -> web.Response:
    """End the session."""
    await visit.fields()
    told = visit.message(HTTPStatus.OK, "You are signed out", "You can close this page.")
    return await visit.end_session(told)


async def show_request(visit: Visit) -> web.Response:
    """A request with all that belongs to it."""
    reader = await visit.reader()
    if reader is None:
        return _ask(visit)
    number = _number(visit)
    record = await lists.show(visit.deps, number)
    past = await lists.history(visit.deps, number)
    return visit.record(reader, **shown.request(record, past))


async def show_deployment(visit: Visit) -> web.Response:
    """A deployment with its latest changes."""
    reader = await visit.reader()
    if reader is None:
        return _ask(visit)
    return visit.record(reader, **shown.deployment(await deploy_lists.show(visit.deps, _number(visit))))


def _ask(visit: Visit) -> web.Response:
    wanted = _next(visit.request.path)
    return visit.go(f"{_SIGN_IN}?next={wanted}" if wanted else _SIGN_IN)


def _number(visit: Visit) -> int:
    written = visit.request.match_info["id"]
    if not _ID.fullmatch(written):
        raise Missing("Numbers of requests and deployments look like 42. Check the link.")
    return int(written)


def _next(path: str) -> str:
    return path if _NEXT.fullmatch(path) else ""


def _form(wanted: str, email: str) -> Form:
    return Form(
        path=_SIGN_IN,
        heading="Sign in to TechOps",
        paragraphs=("Use your dashboard account to read this record.",) if wanted else ("Use your dashboard account.",),
        fields=(Field(*EMAIL, value=email), Field(*PASSWORD)),
        button="Sign in",
        hidden={"next": wanted},
        notes=("No password yet? An admin can give you a link that sets one.",),
    )
