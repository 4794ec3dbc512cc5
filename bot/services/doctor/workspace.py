"""Slack: the token, what it may do, and the channels that cards go to."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot import manifest
from bot.services.doctor.lines import Line, Looks, fail, ok, skip, warn
from bot.slack import SlackError, SlackRefused

_PASTE: Final = "Paste the output of `techops manifest` at api.slack.com/apps and reinstall the app."


async def token(looks: Looks) -> Sequence[Line]:
    """Whether Slack knows the bot, and what it may do."""
    try:
        granted = await looks.deps.slack.granted_scopes()
        identity = await looks.deps.slack.identity()
    except SlackRefused as error:
        return fail(
            "Slack token",
            f"Slack refuses SLACK_BOT_TOKEN ({error.code})",
            "Copy the Bot User OAuth Token of the installed app (OAuth & Permissions) into SLACK_BOT_TOKEN.",
        )
    except SlackError as error:
        return fail(
            "Slack token", f"Slack does not answer: {error}", "Let this machine reach https://slack.com by HTTPS."
        )
    return [*ok("Slack token", f"bot {identity.bot_user_id} of team {identity.team_id}"), *_scopes(granted, looks)]


def _scopes(granted: frozenset[str], looks: Looks) -> Sequence[Line]:
    if not granted:
        return skip("scopes", "Slack did not say which were granted")
    needed = manifest.scopes_for(manifest.unfurl_domains(looks.settings.public_url))
    missing = {scope: purpose for scope, purpose in needed.items() if scope not in granted}
    if missing:
        listed = "; ".join(f"{scope} ({purpose})" for scope, purpose in missing.items())
        return fail("scopes", f"missing: {listed}", _PASTE)
    # a manifest that was printed for another address may have asked for those of links
    more = sorted(granted - manifest.SCOPES.keys() - manifest.LINK_SCOPES.keys())
    if more:
        return warn("scopes", f"more than needed: {', '.join(more)}", f"Remove them. {_PASTE}")
    return ok("scopes", f"all {len(needed)} granted")


async def transport(looks: Looks) -> Sequence[Line]:
    """Whether requests can come."""
    settings = looks.settings
    if settings.slack_app_token is None:
        if settings.slack_signing_secret is None:
            return fail("Slack requests", "there is no SLACK_SIGNING_SECRET", "Copy it from Basic Information.")
        return ok("Slack requests", "HTTP mode: signatures are checked with SLACK_SIGNING_SECRET")
    try:
        await looks.deps.slack.call("apps.connections.open", app_token=settings.slack_app_token.get_secret_value())
    except SlackError as error:
        return fail(
            "Slack requests",
            f"Socket Mode cannot be opened: {error}",
            "SLACK_APP_TOKEN has to be an app-level token (xapp-...) of this app with connections:write.",
        )
    return ok("Slack requests", "Socket Mode can be opened")


async def channels(looks: Looks) -> Sequence[Line]:
    """Whether the bot may write where cards go."""
    it = looks.settings
    named: dict[str, list[str]] = {}
    for variable, name in (
        ("OPS_CHANNEL", it.ops_channel),
        ("DEPLOY_CHANNEL", it.deploy_channel),
        ("MAINTENANCE_CHANNEL", it.maintenance_channel),
    ):
        named.setdefault(name, []).append(variable)
    lines: list[Line] = []
    for name, variables in named.items():
        lines.extend(await _channel(looks, name, " and ".join(variables)))
    return lines


async def _channel(looks: Looks, name: str, variables: str) -> Sequence[Line]:
    label = f"channel {name}"
    invite = f"In that channel: `/invite @techops`; or set {variables} to another."
    try:
        channel_id = await looks.deps.slack.channel_id(name)
        if channel_id is None:
            return fail(
                label,
                "the bot sees no such channel",
                f"Make it, and type `/invite @techops` there (only members see a private one); or set {variables}.",
            )
        data = await looks.deps.slack.call("conversations.info", channel=channel_id)
    except SlackError as error:
        return fail(label, f"Slack tells nothing of it: {error}", invite)
    channel = data.get("channel")
    facts: Mapping[str, object] = channel if isinstance(channel, dict) else {}
    if facts.get("is_archived") is True:
        return fail(label, "it is archived", f"Unarchive it, or set {variables} to another.")
    if facts.get("is_member") is not True:
        return fail(label, "the bot is not a member, so cards wait", invite)
    return ok(label, f"the bot is a member ({variables})")
