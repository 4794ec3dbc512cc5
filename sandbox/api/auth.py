"""auth.*, api.*, apps.*, team.*, bots.*."""

from typing import TYPE_CHECKING

from sandbox.api.registry import Args, method
from sandbox.records import Json, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


@method("api.test", token="none")  # noqa: S106 - a kind, no secret
async def api_test(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/api.test."""
    del ws
    if error := args.find("error"):
        raise SlackRefusal(error, args=args.raw)
    return {"args": args.raw}


@method("auth.test")
async def auth_test(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/auth.test."""
    del args
    return {
        "url": f"{ws.base_url}/",
        "team": ws.team["name"],
        "user": ws.bot.name,
        "team_id": ws.team["id"],
        "user_id": ws.bot.id,
        "bot_id": ws.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", token="app")  # noqa: S106 - a kind, no secret
async def connections_open(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/apps.connections.open."""
    del args
    return {"url": ws.sockets.address()}


@method("team.info", "team:read")
async def team_info(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/team.info."""
    wanted = args.find("team")
    if wanted not in {None, ws.team["id"]}:
        raise SlackRefusal("team_not_found")
    return {"team": ws.team | {"email_domain": "", "icon": {"image_default": True}}}


@method("bots.info", "users:read")
async def bots_info(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/bots.info."""
    wanted = args.find("bot") or ws.bot_id
    bot = next((u for u in ws.users.values() if u.bot_id == wanted), None)
    if bot is None:
        raise SlackRefusal("bot_not_found")
    info = {"id": bot.bot_id, "deleted": bot.deleted, "name": bot.name, "updated": bot.updated, "user_id": bot.id}
    if bot.id == ws.bot.id:
        info["app_id"] = ws.app_id
    return {"bot": info}
