"""What a person sees after an act, and how Slack judges the bot's answer to a submission or to a search.

https://docs.slack.dev/surfaces/modals#response_actions and
https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.exchange import Answer
from sandbox.limits.core import Problems, array, shape
from sandbox.limits.elements import OPTION, OPTION_GROUP
from sandbox.records import Json, Message, SlackRefusal, View
from sandbox.state import all_options

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(slots=True)
class Ack:
    """The outcome of an act.

    `status`, `body`, `ms` and `error` (empty, operation_timeout, dispatch_failed, or why nothing was sent) are of the
    first request; `shown` is what Slack itself tells the person; `messages` are those made of the body, `view` the
    modal opened with the act's trigger; `repeats` are the answers to all requests of a repeated act.
    """

    status: int | None = None
    body: str = ""
    ms: float = 0.0
    error: str = ""
    shown: str = ""
    messages: list[Message] = field(default_factory=list)
    view: View | None = None
    repeats: list[Answer] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged in time."""
        return not self.error

    @property
    def text(self) -> str:
        """The text of the first message made of the body, else empty."""
        return self.messages[0].text if self.messages else ""


@dataclass(slots=True)
class SubmitResult:
    """The outcome of pressing a modal's submit button.

    `errors` are by block_id; `sent` is False when Slack's client refused it by itself; `view` is what the person sees
    next, None when no modal is left; `trouble` is Slack's own complaint about the bot's answer.
    """

    errors: dict[str, str] = field(default_factory=dict)
    sent: bool = True
    closed: bool = False
    view: View | None = None
    trouble: str = ""
    ack: Ack = field(default_factory=Ack)


def judge_submission(ws: "Workspace", view: View, answer: Answer) -> SubmitResult:
    """Carry out the answer to a view_submission."""
    ack = Ack(answer.status, answer.body, answer.ms, answer.error)
    result = SubmitResult(ack=ack, view=view)
    try:
        if not answer.error:
            _apply(ws, view, answer, result)
            return result
    except SlackRefusal as refusal:
        ws.refuse("view_submission", refusal.error, refusal.extra.get("errors", []), {"body": answer.body})
    result.trouble = view.trouble = TROUBLE
    ws.feed.publish("view_updated", id=view.id, user=view.user)
    return result


def _apply(ws: "Workspace", view: View, answer: Answer, result: SubmitResult) -> None:
    body = answer.json
    if body is None and answer.body.strip():
        raise SlackRefusal("invalid_response", errors=["the body must be empty or a JSON object"])
    action = (body or {}).get("response_action")
    match action:
        case None if not body:
            ws.views.close(view)
        case "clear":
            ws.views.clear(view.user)
        case "errors":
            result.errors = view.errors = _errors(view, body or {})
            ws.feed.publish("view_updated", id=view.id, user=view.user)
            return
        case "update":
            ws.views.update(view, (body or {}).get("view") or {})
        case "push":
            ws.views.push(view.user, (body or {}).get("view") or {})
        case _:
            raise SlackRefusal("invalid_response", errors=[f"unknown response_action {action!r}"])
    stack = ws.views.stack(view.user)
    result.closed = view.id not in ws.views.open
    result.view = stack[-1] if stack else None


def _errors(view: View, body: Json) -> dict[str, str]:
    """Errors are keyed by the block_id of input blocks of this very view."""
    errors = body.get("errors")
    if not isinstance(errors, dict) or not errors:
        raise SlackRefusal("invalid_response", errors=["errors must be a non-empty object"])
    inputs = {b["block_id"] for b in view.blocks if b.get("type") == "input"}
    wrong = [f"no input block {key!r}" for key in errors if key not in inputs]
    wrong += [f"the message for {key!r} must be a text" for key, text in errors.items() if not isinstance(text, str)]
    if wrong:
        raise SlackRefusal("invalid_response", errors=wrong)
    return dict(errors)


def judge_options(ws: "Workspace", answer: Answer) -> list[Json]:
    """The options of an answer to a block_suggestion; none, and a refusal on record, when Slack would drop them."""
    if answer.error:
        return []
    body = answer.json or {}
    problems = Problems("options")
    shape({}, {"options": array(OPTION, 0, 100), "option_groups": array(OPTION_GROUP, 0, 100)})(problems, "", body)
    if ("options" in body) == ("option_groups" in body):
        problems.add("", "must define either `options` or `option_groups`, and not both")
    if problems.found:
        ws.refuse("block_suggestion", "invalid_options", problems.found, {"body": answer.body})
        return []
    return all_options(body)
