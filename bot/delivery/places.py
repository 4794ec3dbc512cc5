"""Channels that a job was told of by Slack, or by a form that remembered them: who reads along there."""

from typing import Final, cast

from bot.context import Deps
from bot.rules.unfurls import Place, read_place
from bot.slack import JsonMap, SlackRefused

_PAGE: Final = 1000
_MOST_PAGES: Final = 10


async def find_place(deps: Deps, channel_id: str) -> Place | None:
    """The channel, None where the bot cannot see it: a private one without it, or one that it has no scope for.

    Raises:
        SlackRateLimited, SlackUnavailable: not now.
    """
    try:
        answer = await deps.slack.call("conversations.info", channel=channel_id)
    except SlackRefused:
        return None
    return read_place(cast("JsonMap", answer.get("channel") or {}))


async def may_read(deps: Deps, channel_id: str, slack_user_id: str) -> bool:
    """Whether a person can read a channel: any public one, their own direct message with the bot, or as a member.

    Raises:
        SlackRateLimited, SlackUnavailable: not now.
    """
    try:
        if channel_id.startswith("D"):
            return channel_id == await deps.slack.open_dm(slack_user_id)
        place = await find_place(deps, channel_id)
        return place is not None and (not place.is_private or await _is_member(deps, channel_id, slack_user_id))
    except SlackRefused:
        return False


async def _is_member(deps: Deps, channel_id: str, slack_user_id: str) -> bool:
    cursor: str | None = None
    for _page in range(_MOST_PAGES):
        answer = await deps.slack.call("conversations.members", channel=channel_id, limit=_PAGE, cursor=cursor)
        if slack_user_id in cast("list[str]", answer.get("members") or []):
            return True
        cursor = str(cast("JsonMap", answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return False
