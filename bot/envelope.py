"""What Slack sends, checked after the signature and before Bolt parses it; the same models for HTTP and Socket Mode.

Only what the bot reads is modelled; the shapes are those of docs.slack.dev/reference/interaction-payloads and
docs.slack.dev/apis/events-api.
"""

import json
from typing import Annotated, Final, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from db.models import JsonObject

# What Slack makes up: printable, and short. The database keeps it, where a NUL or a very long key would be a failure.
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
_Code = Annotated[str, Field(max_length=255, pattern=r"^[!-~]*$")]
_Address = Annotated[str, Field(max_length=2000, pattern=r"^[!-~]*$")]
_MAX_TEXT: Final = 40_000


class EnvelopeError(ValueError):
    """The request is signed, but nothing that Slack sends; answered with 400."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Named(_Model):
    id: Id


class Who(_Model):
    """The person, and the workspace they belong to (another one's in shared channels)."""

    id: Id
    team_id: _Code | None = None


class SlashCommand(_Model):
    """A slash command: a form post. `signature` is that of the request it came with, empty over a socket."""

    kind: Literal["command"] = "command"
    command: Annotated[str, Field(pattern=r"^/\S{1,32}$")]
    text: Annotated[str, Field(max_length=_MAX_TEXT)] = ""
    team_id: Id
    user_id: Id
    channel_id: _Code = ""
    trigger_id: _Code = ""
    response_url: _Address = ""
    signature: str = ""


class _Option(_Model):
    value: str = ""


class Action(_Model):
    """One element that was used, whatever its type; `chosen` is what it now says."""

    action_id: Annotated[str, Field(min_length=1, max_length=255)]
    block_id: str = ""
    type: str = ""
    action_ts: _Code = ""
    value: str | None = None
    selected_option: _Option | None = None
    selected_user: str | None = None
    selected_channel: str | None = None
    selected_conversation: str | None = None
    selected_date: str | None = None
    selected_time: str | None = None
    selected_date_time: int | None = None
    selected_options: tuple[_Option, ...] | None = None

    @property
    def chosen(self) -> str:
        """The value, whatever the element calls it; several joined by commas."""
        if self.selected_options is not None:
            return ",".join(option.value for option in self.selected_options)
        if self.selected_option is not None:
            return self.selected_option.value
        given = (
            self.value, self.selected_user, self.selected_channel, self.selected_conversation,
            self.selected_date, self.selected_time, self.selected_date_time,
        )  # fmt: skip
        return next((str(item) for item in given if item is not None), "")


class _StateValue(Action):
    # in view.state the action id is the key, not a field
    action_id: str = ""


class _State(_Model):
    values: dict[str, dict[str, _StateValue]] = {}


class ViewRef(_Model):
    """A modal or Home tab, as it was when the person acted in it."""

    id: Id
    type: str = "modal"
    callback_id: str = ""
    private_metadata: str = ""
    hash: _Code = ""
    state: _State = _State()
    blocks: tuple[JsonObject, ...] = ()

    def values(self) -> dict[str, str | None]:
        """What stands in each input, by block id; None where it is empty."""
        return {
            block: next((item.chosen or None for item in fields.values()), None)
            for block, fields in self.state.values.items()
        }

    def first_input(self) -> str | None:
        """The block id of the first input, where a sentence about the whole form can stand."""
        inputs = [str(block.get("block_id") or "") for block in self.blocks if block.get("type") == "input"]
        return next((block_id for block_id in [*inputs, *self.state.values] if block_id), None)


class MessageData(_Model):
    """The message that was clicked in, or that a message shortcut was used on."""

    ts: _Code = ""
    thread_ts: _Code | None = None
    text: str = ""
    user: _Code | None = None


class _Interaction(_Model):
    user: Who
    team: _Named | None = None
    trigger_id: _Code = ""
    response_url: _Address = ""

    @property
    def team_id(self) -> str:
        """The person's workspace."""
        return self.user.team_id or (self.team.id if self.team else "")


class BlockActions(_Interaction):
    """A button pressed or a choice made, in a message, a modal or the Home tab."""

    kind: Literal["block_actions"] = "block_actions"
    type: Literal["block_actions"]
    actions: Annotated[tuple[Action, ...], Field(min_length=1)]
    channel: _Named | None = None
    message: MessageData | None = None
    view: ViewRef | None = None


class ViewSubmission(_Interaction):
    """A modal's submit."""

    kind: Literal["view_submission"] = "view_submission"
    type: Literal["view_submission"]
    view: ViewRef


class ViewClosed(_Interaction):
    """A modal was dismissed."""

    kind: Literal["view_closed"] = "view_closed"
    type: Literal["view_closed"]
    view: ViewRef


class Shortcut(_Interaction):
    """A global shortcut, or a message shortcut (`message_action`)."""

    kind: Literal["shortcut"] = "shortcut"
    type: Literal["shortcut", "message_action"]
    callback_id: Id
    channel: _Named | None = None
    message: MessageData | None = None
    action_ts: str = ""


class BlockSuggestion(_Interaction):
    """An external select asks for options."""

    kind: Literal["options"] = "options"
    type: Literal["block_suggestion"]
    action_id: Annotated[str, Field(min_length=1, max_length=255)]
    value: str = ""
    view: ViewRef | None = None


class _InnerEvent(_Model):
    model_config = ConfigDict(extra="allow", frozen=True)
    type: Id


class EventCallback(_Model):
    """An event; delivered again under the same id until it is acknowledged.

    `is_ext_shared_channel`: another workspace reads along where it happened; None where Slack does not say.
    """

    kind: Literal["event"] = "event"
    type: Literal["event_callback"]
    event_id: Id
    team_id: _Code = ""
    is_ext_shared_channel: bool | None = None
    event: _InnerEvent


class UrlVerification(_Model):
    """Slack checks that the address is ours."""

    kind: Literal["url_verification"] = "url_verification"
    type: Literal["url_verification"]
    challenge: str


Interaction = Annotated[
    BlockActions | ViewSubmission | ViewClosed | Shortcut | BlockSuggestion, Field(discriminator="type")
]
Envelope = (
    SlashCommand
    | BlockActions
    | ViewSubmission
    | ViewClosed
    | Shortcut
    | BlockSuggestion
    | EventCallback
    | UrlVerification
)

_KINDS: Final = (
    "event_callback", "url_verification", "block_actions", "view_submission", "view_closed", "shortcut",
    "message_action", "block_suggestion",
)  # fmt: skip
_COMMAND: Final[TypeAdapter[Envelope]] = TypeAdapter(SlashCommand)
_EVENT: Final[TypeAdapter[Envelope]] = TypeAdapter(EventCallback)
_VERIFICATION: Final[TypeAdapter[Envelope]] = TypeAdapter(UrlVerification)
_INTERACTION: Final[TypeAdapter[Envelope]] = TypeAdapter(Interaction)


class SslCheck(_Model):
    """Slack's probe of the certificate: a form with ssl_check=1."""

    kind: Literal["ssl_check"] = "ssl_check"


def parse_body(body: str, content_type: str) -> Envelope | SslCheck:
    """Read the body of a request.

    Raises:
        EnvelopeError: it is nothing that Slack sends.
    """
    if content_type == "application/x-www-form-urlencoded":
        return _parse_form(body)
    return parse_payload(_json(body))


def parse_payload(payload: object) -> Envelope:
    """Read a payload that is JSON already: an event, an interaction, or (Socket Mode) a command.

    Raises:
        EnvelopeError: it is nothing that Slack sends.
    """
    if not isinstance(payload, dict):
        raise EnvelopeError("the payload is no JSON object")
    kind = payload.get("type")
    if "command" in payload and kind is None:
        adapter = _COMMAND
    else:
        adapter = {"event_callback": _EVENT, "url_verification": _VERIFICATION}.get(str(kind), _INTERACTION)
    try:
        return adapter.validate_python(payload)
    except (ValidationError, RecursionError) as error:
        # what else stands there may be anything, and this is logged
        known = kind if kind in _KINDS else "command" if kind is None and "command" in payload else "unknown"
        raise EnvelopeError(f"a payload of type {known} of an unknown shape") from error


def _parse_form(body: str) -> Envelope | SslCheck:
    try:
        form = {key: values[0] for key, values in parse_qs(body, keep_blank_values=True, max_num_fields=100).items()}
    except ValueError as error:
        raise EnvelopeError("the form cannot be read") from error
    if "payload" in form:
        return parse_payload(_json(form["payload"]))
    if form.get("ssl_check") == "1":
        return SslCheck()
    return parse_payload(form if "command" in form else None)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError("the body is no JSON") from error
