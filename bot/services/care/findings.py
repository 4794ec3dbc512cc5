"""What somebody has to put right: one maintenance request for all of it, looked at again when it is completed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from bot.context import Act, Deps
from bot.rules.wording import listed
from bot.services.care import looks, maintain
from bot.services.care.site import Site
from db.care import open_care
from db.errors import translated
from db.models import Priority, RequestStatus
from db.models_care import OpenFinding, Report
from db.pool import Conn
from db.queries import care_acts, care_findings, requests

PROJECT: Final = "Database"
_ABOUT: Final = "What nightly care of the database finds and cannot put right by itself."
_LONGEST: Final = 2900
_LOOKING: Final = timedelta(minutes=10)
_NOTE_LENGTH: Final = 1500
_LIVE: Final = {RequestStatus.OPEN, RequestStatus.IN_PROGRESS}
_log = structlog.get_logger(__name__)


async def keep(conn: Conn, deps: Deps, step: str, report: Report) -> None:
    """Note what a step found; what it had found before is over, unless the step left something out."""
    await care_findings.upsert_findings(conn, step, report.findings, deps.now())
    if report.is_complete:
        await care_findings.mark_cleared(conn, step, report.findings, deps.now())


async def raise_request(conn: Conn, deps: Deps, requested_by: int | None) -> tuple[int | None, str | None]:
    """See to it that every open finding stands in a maintenance request; its id, or why there is none.

    New findings join the request that is under way; a completed one is reopened while its findings are true; of those
    whose request was cancelled nothing is said any more.
    """
    await care_findings.lock_findings(conn)
    known = await care_findings.list_open(conn)
    again = [it for it in known if it.request_status == RequestStatus.COMPLETED]
    fresh = [it for it in known if it.request_status is None]
    live = max((it.request_id or 0 for it in known if it.request_status in _LIVE), default=0)
    if again and not live:
        live = max(it.request_id or 0 for it in again)
        await _reopen(conn, live, [it for it in again if it.request_id == live])
    if not deps.settings.care_requests or not fresh:
        return live or None, None
    if live:
        await care_findings.insert_note(conn, live, _told("Care of the database found more:", fresh), deps.now())
    else:
        requester = requested_by or await care_findings.find_requester(conn)
        if requester is None:
            return None, "No request was raised: there is no active admin in whose name it could be."
        live = await _raise(conn, deps, requester, fresh)
    await care_findings.mark_raised(conn, [it.id for it in fresh], live)
    return live, None


async def check_again(deps: Deps, request_id: int) -> Sequence[OpenFinding]:
    """Look again at the findings of a completed request; it is reopened, with what was seen, where any is still true.

    Returns:
        Those that are.
    """
    async with deps.pool.acquire() as conn:
        raised = [it for it in await care_findings.list_open(conn) if it.request_id == request_id]
    looked = await _look_again(deps, raised) if raised else {}
    act = Act(person=None, source="care")
    async with deps.transaction(act) as conn:
        for step, report in looked.items():
            await keep(conn, deps, step, report)
        true = [it for it in await care_findings.list_open(conn) if it.request_id == request_id]
        row = await requests.find_locked(conn, request_id)
        if true and row is not None and row.status == RequestStatus.COMPLETED:
            await _reopen(conn, request_id, true)
    _log.info("findings_checked_again", request=request_id, still_true=len(true), were=len(raised))
    return true


async def _look_again(deps: Deps, raised: Sequence[OpenFinding]) -> dict[str, Report]:
    found: dict[str, Report] = {}
    async with open_care(deps.pool.config) as care:
        with translated():
            role, _superuser, sees_all, counts = await care_acts.get_role(care.conn)
            site = Site(deps, care, 0, deps.now() + _LOOKING, role, sees_all, counts)
            for step in dict.fromkeys(it.step for it in raised):
                if step == "vacuum":
                    found[step] = await maintain.still_not_owned(site, [it.key for it in raised])
                else:
                    found[step] = await looks.read(site, step)
    return found


async def _reopen(conn: Conn, request_id: int, true: Sequence[OpenFinding]) -> None:
    """Open it again; the status history and the card's thread carry what is still true."""
    await care_findings.set_note(conn, _evidence(true))
    await requests.update_status(conn, request_id, RequestStatus.OPEN)
    await care_findings.set_note(conn, "")


async def _raise(conn: Conn, deps: Deps, requester: int, fresh: Sequence[OpenFinding]) -> int:
    project_id = await care_findings.find_or_insert_project(conn, PROJECT, _ABOUT)
    number = len(fresh)
    title = fresh[0].text.split(":", 1)[0].rstrip(".") if number == 1 else f"{number} findings in the database"
    urgent = any(it.is_urgent for it in fresh)
    return await requests.insert_request(
        conn,
        project_id=project_id,
        requested_by=requester,
        assigned_to=None,
        title=f"Care: {title}"[:255],
        description=_told("Care of the database found what it cannot put right by itself:", fresh),
        priority=Priority.HIGH if urgent else Priority.MEDIUM,
        due_at=None,
        now=deps.now(),
    )


def _told(heading: str, findings: Sequence[OpenFinding]) -> str:
    told, left = heading, len(findings)
    for it in findings:
        line = f"\n\n• {it.text}\n  {it.advice}"
        if len(told) + len(line) > _LONGEST:
            break
        told, left = told + line, left - 1
    return f"{told}\n\nand {left} more." if left else told


def _evidence(true: Sequence[OpenFinding]) -> str:
    return f"Still true: {listed([it.text for it in true], last='and') if true else 'nothing'}"[:_NOTE_LENGTH]
