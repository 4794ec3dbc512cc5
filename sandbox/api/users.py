"""users.*: people, with their address only for apps that may read it."""

from typing import TYPE_CHECKING

from sandbox.api.registry import Args, method, page
from sandbox.records import Json, SlackRefusal, User

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


def _as_json(ws: "Workspace", user: User) -> Json:
    return user.as_json(ws.now(), with_email="users:read.email" in ws.manifest.scopes)


@method("users.info", "users:read")
async def users_info(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/users.info."""
    user = ws.users.get(args.need("user"))
    if user is None:
        raise SlackRefusal("user_not_found")
    return {"user": _as_json(ws, user)}


@method("users.list", "users:read")
async def users_list(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/users.list; people of other workspaces are not in it."""
    shown, paging = page([u for u in ws.users.values() if not u.is_stranger], args, default=1000)
    return {"members": [_as_json(ws, u) for u in shown], "cache_ts": int(ws.now())} | paging


@method("users.lookupByEmail", "users:read.email")
async def users_lookup(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/users.lookupByEmail; finds nobody who is deactivated."""
    email = args.need("email").lower()
    for user in ws.users.values():
        if user.email.lower() == email and not (user.deleted or user.is_stranger or user.is_bot):
            return {"user": _as_json(ws, user)}
    raise SlackRefusal("users_not_found")
