"""The one way out: everything that others see in Slack is posted from here, by jobs of the queue.

A transaction's activity becomes ledger lines and lane jobs (announce); a lane job shows one record in one channel
(cards) or tells one person (direct); reminders and digests are the clock's (scheduled); a message is posted once under
its key, whatever breaks in between (post).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pgqueuer.errors import RetryRequested

from bot.context import Deps
from bot.delivery.announce import announce, channels_for
from bot.delivery.audits import send_audit
from bot.delivery.cards import show_card
from bot.delivery.direct import send_dm, send_file, send_notice, send_reply, tell_assignee, tell_summary
from bot.delivery.jobs import LANES, Entry, Job, LaneWork
from bot.delivery.personal import HOME_ENTRY, show_home, unfurl
from bot.delivery.post import respect_pause
from bot.delivery.scheduled import drop_lost, escalate, send_digest, send_reminder
from bot.services import unfurls
from db.queries.outbox import USER_TARGET

__all__ = ["ENTRIES", "LANES", "Entry", "Job", "channels_for"]


async def run_lane(deps: Deps, job: Job) -> None:
    """Entry point of every lane."""
    work = LaneWork.model_validate_json(job.payload)
    await respect_pause(deps, work.channel)
    if work.bulk is not None:
        await tell_summary(deps, work)
    elif work.channel.startswith(USER_TARGET):
        await tell_assignee(deps, work)
    else:
        await _show(deps, job, work)


async def _show(deps: Deps, job: Job, work: LaneWork) -> None:
    try:
        await show_card(deps, job, work)
    except RetryRequested as retry:
        if not await drop_lost(deps, work, retry):
            raise


ENTRIES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "announce": announce,
        "dm": send_dm,
        "file": send_file,
        "notice": send_notice,
        "reply": send_reply,
        "remind": send_reminder,
        "escalate": escalate,
        "digest": send_digest,
        "audit_export": send_audit,
        unfurls.ENTRY: unfurl,
        HOME_ENTRY: show_home,
        **dict.fromkeys(LANES, run_lane),
    }
)
