"""Ending other sessions' queries, and sessions: asked for by an admin, carried out by the care worker, told by DM."""

import asyncio
from datetime import datetime
from typing import Final

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Forbidden, Missing, WrongState
from bot.rules.care import redacted
from bot.rules.care_reports import unseen
from bot.services.care.site import reason_of
from bot.views import care as views
from db.errors import DatabaseError, Unavailable
from db.models_care import Session, SessionEnd
from db.pool import Conn
from db.queries import care_acts, care_reports, care_sessions, outbox

CANCEL: Final = "cancel"
TERMINATE: Final = "terminate"
# How long a session gets to follow before the person is told that it has not.
_FOLLOW_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1
_QUERY_KEPT: Final = 2000


async def find(deps: Deps, pid: int) -> tuple[Session, datetime]:
    """The session of a process and when it began, if it may be ended.

    Raises:
        Missing: there is none in this database.
        Forbidden: it is the bot's own, or a superuser's.
    """
    async with deps.pool.acquire() as conn:
        return await _endable(conn, pid)


async def order(deps: Deps, act: Act, person: Actor, pid: int, backend_start: datetime, means: str) -> Session:
    """Have the care worker cancel a session's query, or end the session where its query was cancelled before.

    Raises:
        Missing: the session that was shown is gone, and its number may be another one's.
        Forbidden: it is the bot's own, or a superuser's.
        WrongState: a session whose query was not cancelled first.
    """
    async with deps.transaction(act) as conn:
        session, began = await _endable(conn, pid)
        if began != backend_start:
            raise _gone(pid)
        if means == TERMINATE and not await care_sessions.was_cancelled(conn, pid, backend_start):
            raise WrongState(f"First its query is cancelled: `/techops db kill {pid}`. That may be enough.")
        await care_sessions.insert_end(
            conn,
            pid=pid,
            backend_start=backend_start,
            means=means,
            role_name=session.role_name,
            application_name=session.application_name,
            query=redacted(session.query, _QUERY_KEPT),
            asked_by=person.user_id,
            slack_user_id=person.slack_user_id,
            now=deps.now(),
        )
    return session


async def carry_out(deps: Deps, end_id: int) -> str | None:
    """Carry out one order, once, and tell who gave it; what came of it, None where that was done before."""
    async with deps.pool.acquire() as conn:
        end = await care_sessions.find_end(conn, end_id)
    if end is None or end.outcome is not None:
        return None
    outcome, is_there = await _end(deps, end)
    act = Act(person=None, source="care")
    async with deps.transaction(act) as conn:
        await care_sessions.mark_ended(conn, end.id, outcome, deps.now())
        message = views.session_ended(end, outcome, is_there=is_there)
        await outbox.enqueue_dm(
            conn,
            user=end.slack_user_id,
            text=message.text,
            blocks=message.blocks,
            key=f"session_end:{end.id}",
            now=deps.now(),
        )
    return outcome


async def _end(deps: Deps, end: SessionEnd) -> tuple[str, bool]:
    """What came of it, and whether the session is still there."""
    statement = care_sessions.cancel_query if end.means == CANCEL else care_sessions.terminate_session
    try:
        async with deps.pool.acquire() as conn:
            sent = await statement(conn, end.pid, end.backend_start)
    except Unavailable:
        raise
    except DatabaseError as error:
        return f"refused: {reason_of(error)}", True
    if sent is None:
        return "nothing was done: the session that was shown is gone, or is one that the bot never ends", False
    state = await _followed(deps, end)
    if state is None:
        return "the session has ended", False
    if end.means == CANCEL and state != "active":
        return f"the query was cancelled; the session is {state}", True
    return f"it was asked to stop, but is {state} still", True


async def _followed(deps: Deps, end: SessionEnd) -> str | None:
    """What the session does once it has followed, or at the latest after some seconds; None where it is gone."""
    waiting_for = "active" if end.means == CANCEL else None
    deadline = asyncio.get_running_loop().time() + _FOLLOW_SECONDS
    while True:
        async with deps.pool.acquire() as conn:
            state = await care_sessions.find_state(conn, end.pid, end.backend_start)
        done = state is None or (waiting_for is not None and state != waiting_for)
        if done or asyncio.get_running_loop().time() > deadline:
            return state
        await asyncio.sleep(_LOOK_SECONDS)


async def _endable(conn: Conn, pid: int) -> tuple[Session, datetime]:
    session = await care_reports.find_session(conn, pid)
    if session is None:
        raise _gone(pid)
    if session.is_ours:
        raise Forbidden(f"Session {pid} is the bot's own ({session.application_name}), so it is not ended from here.")
    if session.is_superuser:
        raise Forbidden(
            f"Session {pid} belongs to the superuser {session.role_name or 'of the server'}, so it is not ended from "
            "here. Whoever administers the server can do that."
        )
    if session.backend_start is None:
        role, *_rest = await care_acts.get_role(conn)
        raise Forbidden(f"Session {pid} of {session.role_name} cannot be shown, so it is not ended. {unseen(role)}")
    return session, session.backend_start


def _gone(pid: int) -> Missing:
    return Missing(
        f"There is no session {pid} in this database, or it is another one by now. "
        "See which there are: `/techops db long`"
    )
