"""One message, once: the intent is committed first, and what is in doubt is looked for before it is sent again.

chat.postMessage has no idempotency key (https://docs.slack.dev/reference/methods/chat.postMessage), so ours travels as
message metadata: https://docs.slack.dev/messaging/message-metadata.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NoReturn, Protocol

import structlog

from bot.context import Deps
from bot.delivery.jobs import later
from bot.slack import SlackError, SlackRateLimited, SlackRefused, SlackUnavailable
from db.errors import Unavailable
from db.queries import outbox
from db.queries.outbox import USER_TARGET, Intent

_log = structlog.get_logger(__name__)

MAYBE_DUPLICATE: Final = "techops_maybe_duplicate_total"
DOUBT_SECONDS: Final = 5.0
_UNREACHABLE_SECONDS: Final = 120.0
_BUSY_SECONDS: Final = 0.5

# What somebody has to put right in Slack or in the settings; until then it is tried again, slowly.
_UNREACHABLE: Final = {
    "not_in_channel": "the bot is not in the channel: type /invite @techops there",
    "channel_not_found": "the channel does not exist, or is private and the bot is not in it",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace does not let the bot post there",
    "restricted_action_read_only_channel": "the channel is read-only",
    "missing_scope": "the app lacks a scope: install it again with the manifest of this version",
    "not_authed": "SLACK_BOT_TOKEN is missing",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid",
    "account_inactive": "the bot was removed from the workspace",
    "token_revoked": "SLACK_BOT_TOKEN was revoked",
    "token_expired": "SLACK_BOT_TOKEN has expired",
}
# The person has left or does not take messages of apps: nobody will read it, ever.
_NOBODY: Final = {"channel_not_found", "user_not_found", "user_disabled", "cannot_dm_bot", "messages_tab_disabled"}
_GONE: Final = {"thread_not_found", "message_not_found", "cannot_reply_to_message"}
BAD_BLOCKS: Final = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}


@dataclass(frozen=True, slots=True)
class Posted:
    """A message in Slack. `fresh`: it was posted just now; otherwise it is one of an earlier attempt."""

    channel_id: str
    ts: str
    fresh: bool = True


class Outgoing(Protocol):
    """Something to be posted once. `target` is a channel's id or 'user:' and a person's Slack id.

    A courtesy is dropped where the bot cannot write; everything else waits until it can.
    """

    @property
    def key(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def target(self) -> str: ...  # noqa: D102 - as above
    @property
    def thread_ts(self) -> str | None: ...  # noqa: D102 - as above
    @property
    def is_courtesy(self) -> bool: ...  # noqa: D102 - as above

    async def send(self, deps: Deps) -> Posted:
        """Call Slack once. Raises SlackError."""

    async def find(self, deps: Deps, since: datetime) -> Posted | None:
        """Look for what an attempt at that time may have posted. Raises Unsearchable, SlackError."""


class Unsearchable(Exception):
    """It cannot be found out whether a message was posted."""


class Undecided(Exception):
    """A message was sent twice without an answer, and it cannot be looked for."""


class CardGone(Exception):
    """The message to answer or to edit does not exist any more."""


class NobodyThere(Exception):
    """The person to write to cannot be reached, for good, or a courtesy has no place to go to."""


async def respect_pause(deps: Deps, target: str) -> None:
    """Come back later where the target has to rest.

    Raises:
        RetryRequested: until the pause ends.
    """
    async with deps.pool.acquire() as conn:
        pause = await outbox.find_pause(conn, target, deps.now())
    if pause is not None:
        raise later((pause.until - deps.now()).total_seconds(), pause.reason)


async def post_once(deps: Deps, out: Outgoing) -> Posted:
    """Post it unless it is there already.

    Raises:
        RetryRequested: not now; the doubt about an earlier attempt is not 5 s old, or Slack asks to wait.
        SlackUnavailable: no answer, or a server error; whether it was posted is settled by the next attempt.
        CardGone: the thread to answer in is gone.
        NobodyThere: the person cannot be reached.
        Undecided: it was in doubt twice, and Slack cannot be searched.
    """
    now = deps.now()
    async with deps.pool.acquire() as conn:
        intent = await outbox.claim_message(conn, out.key, out.target, out.thread_ts, now)
    if intent is None:
        raise later(_BUSY_SECONDS, "another worker is sending this message")
    if intent.message_ts is not None:
        return Posted(intent.channel_id or out.target, intent.message_ts, fresh=False)
    if intent.mine:
        return await _send(deps, out, intent.intended_at)
    return await _settle(deps, out, intent)


async def _settle(deps: Deps, out: Outgoing, intent: Intent) -> Posted:
    await _let_arrive(deps, out, intent)
    try:
        found = await out.find(deps, intent.intended_at)
        blind = False
    except Unsearchable as reason:
        found, blind = None, True
        _log.warning("Slack cannot be searched for a message in doubt", key=out.key, reason=str(reason))
    except (SlackRateLimited, SlackRefused) as error:
        await give_up(deps, out.target, error, pause=False)
    if found is not None:
        await _mark_sent(deps, out, found)
        return replace(found, fresh=False)
    if blind and intent.blind_posts:
        raise Undecided(f"{out.key} may be in Slack twice already; look there, then type: techops queue retry")
    now = deps.now()
    async with deps.pool.transaction() as conn:
        mine = await outbox.claim_again(conn, out.key, intent.intended_at, now, blind=blind)
        if mine and blind:
            await outbox.update_counter(conn, MAYBE_DUPLICATE)
    if not mine:
        raise later(_BUSY_SECONDS, "another worker is sending this message")
    return await _send(deps, out, now)


async def _let_arrive(deps: Deps, out: Outgoing, intent: Intent) -> None:
    now = deps.now()
    age = (now - intent.intended_at).total_seconds()
    if age < 0:
        # The clock was set back since. The doubt begins anew, else it would last until the clock is there again.
        async with deps.pool.acquire() as conn:
            await outbox.claim_again(conn, out.key, intent.intended_at, now, blind=False)
    if age < DOUBT_SECONDS:
        raise later(DOUBT_SECONDS - max(age, 0.0), "an earlier attempt may still arrive")


async def _send(deps: Deps, out: Outgoing, intended_at: datetime) -> Posted:
    try:
        posted = await out.send(deps)
    except SlackUnavailable as error:
        if not error.sent:
            await _mark_unsent(deps, out, intended_at)
        raise
    except SlackError as error:
        await _mark_unsent(deps, out, intended_at)
        if out.is_courtesy and isinstance(error, SlackRefused) and error.code in _GONE | _UNREACHABLE.keys():
            raise NobodyThere(f"{out.target}: {error.code}") from error
        if out.thread_ts is not None and isinstance(error, SlackRefused) and error.code in _GONE:
            raise CardGone(str(error)) from error
        await give_up(deps, out.target, error)
    await _mark_sent(deps, out, posted)
    return posted


async def _mark_unsent(deps: Deps, out: Outgoing, intended_at: datetime) -> None:
    async with deps.pool.acquire() as conn:
        await outbox.mark_unsent(conn, out.key, intended_at)


async def _mark_sent(deps: Deps, out: Outgoing, posted: Posted) -> None:
    now = deps.now()
    try:
        async with deps.pool.acquire() as conn:
            await outbox.mark_sent(conn, out.key, posted.channel_id, posted.ts, now)
    except Unavailable:
        # What is not written down now is in doubt for seconds. A transaction replaces a connection that was cut.
        async with deps.pool.transaction() as conn:
            await outbox.mark_sent(conn, out.key, posted.channel_id, posted.ts, now)


async def give_up(deps: Deps, target: str, error: SlackError, *, pause: bool = True) -> NoReturn:
    """Turn Slack's refusal into what the queue is to do about it; `pause`: for everything that goes to the target.

    Raises:
        RetryRequested: after Slack's delay, or slowly where somebody has to put something right first.
        NobodyThere: the person cannot be reached, for good.
        SlackError: anything else, as it came.
    """
    if isinstance(error, SlackRateLimited):
        if pause:
            await _pause(deps, target, error.retry_after, "rate limited")
        raise later(error.retry_after, "rate limited") from error
    if isinstance(error, SlackRefused):
        if target.startswith(USER_TARGET) and error.code in _NOBODY:
            raise NobodyThere(f"{target}: {error.code}") from error
        if error.code in _UNREACHABLE:
            reason = f"{error.code}: {_UNREACHABLE[error.code]}"
            _log.warning("A channel cannot be written to; it is tried again later", target=target, reason=reason)
            if pause:
                await _pause(deps, target, _UNREACHABLE_SECONDS, reason)
            raise later(_UNREACHABLE_SECONDS, reason) from error
    raise error


async def _pause(deps: Deps, target: str, seconds: float, reason: str) -> None:
    until = deps.now() + min(timedelta(seconds=seconds), outbox.LONGEST_PAUSE)
    async with deps.pool.acquire() as conn:
        await outbox.insert_pause(conn, target, until, reason)
