"""views.*: modals and App Homes."""

from typing import TYPE_CHECKING, Any

from sandbox.api.registry import Args, invalid, method
from sandbox.limits import check_view
from sandbox.records import Json, SlackRefusal, View

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


def _body(args: Args) -> Any:
    view = args.structure("view")
    if view is None:
        raise invalid("missing required field: view")
    return view


def _answer(ws: "Workspace", view: View) -> Json:
    return {"view": ws.views.as_json(view)}


@method("views.open")
async def views_open(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/views.open: a fresh trigger, used once, within 3 s."""
    body, trigger_id = _body(args), args.need("trigger_id")
    check_view(body, "modal")
    trigger = ws.tickets.exchange(trigger_id)
    view = ws.views.open_modal(trigger.user, body)
    trigger.opened.append(view.id)
    return _answer(ws, view)


@method("views.push")
async def views_push(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/views.push: the trigger has to come from a modal."""
    body, trigger_id = _body(args), args.need("trigger_id")
    check_view(body, "modal")
    trigger = ws.tickets.exchange(trigger_id)
    if trigger.view is None or trigger.view not in ws.views.open:
        raise SlackRefusal("not_found")
    view = ws.views.push(trigger.user, body)
    trigger.opened.append(view.id)
    return _answer(ws, view)


@method("views.update")
async def views_update(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/views.update: by view_id or external_id; not_found once closed."""
    body = _body(args)
    view_id, external_id = args.find("view_id"), args.find("external_id")
    if view_id is None and external_id is None:
        raise invalid("missing required field: view_id")
    view = ws.views.open.get(view_id) if view_id else ws.views.by_external_id(external_id or "")
    if view is None:
        raise SlackRefusal("not_found")
    return _answer(ws, ws.views.update(view, body, args.find("hash")))


@method("views.publish")
async def views_publish(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/views.publish."""
    body, user = _body(args), args.need("user_id")
    if user not in ws.users:
        raise SlackRefusal("user_not_found")
    if not ws.manifest.home_enabled:
        raise SlackRefusal("not_enabled")
    return _answer(ws, ws.views.publish(user, body, args.find("hash")))
