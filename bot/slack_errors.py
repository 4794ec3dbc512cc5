"""What Slack's answers mean: its errors by what can be done about them."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, cast

from slack_sdk.errors import SlackApiError

_TRANSIENT: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
# Slack's error codes by what one has to do about them; https://docs.slack.dev/reference/methods lists them.
_CLASSES: Final = (
    ("auth", re.compile(r"invalid_auth|not_authed|token_.*|account_inactive|missing_scope|no_permission|.*token_type")),
    ("channel", re.compile(r"channel_not_found|not_in_channel|is_archived|user_not_in_channel|messages_tab_disabled")),
    ("trigger", re.compile(r".*trigger.*")),
    ("gone", re.compile(r"message_not_found|thread_not_found|view_not_found|hash_conflict|not_found|cant_update.*")),
    ("invalid", re.compile(r"invalid_.*|msg_.*|too_many_.*|no_text|view_too_large|push_limit_reached|metadata_.*")),
)
JsonMap = Mapping[str, object]


class SlackError(Exception):
    """A call of the Web API did not succeed."""


class SlackRateLimited(SlackError):
    """HTTP 429: not done; to be tried again after `retry_after` seconds."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(f"{method}: rate limited, again in {retry_after:g} s")
        self.retry_after = retry_after


class SlackUnavailable(SlackError):
    """No answer, or a server error. Where `sent`, the call may have been carried out all the same."""

    def __init__(self, method: str, reason: str, *, sent: bool) -> None:
        super().__init__(f"{method}: {reason}")
        self.sent = sent


class SlackRefused(SlackError):
    """Slack answered `ok: false`; `code` is its error code, `messages` the detail it gives for invalid blocks."""

    def __init__(self, method: str, code: str, messages: tuple[str, ...] = ()) -> None:
        super().__init__(f"{method}: {code}" + (f" ({'; '.join(messages)})" if messages else ""))
        self.code = code
        self.messages = messages


def check_status(method: str, status: int, text: str, *, sent: bool) -> None:
    """Raise SlackUnavailable or SlackRefused for an HTTP status that is no success; `sent` as in SlackUnavailable."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SlackUnavailable(method, f"HTTP {status}", sent=sent)
    if status >= HTTPStatus.BAD_REQUEST:
        raise SlackRefused(method, text[:200] or f"HTTP {status}")


def result_of(error: SlackError) -> str:
    """The error as a word that counts it: rate_limited, timeout, no_answer, or refused_ with the class of its code."""
    match error:
        case SlackRateLimited():
            return "rate_limited"
        case SlackUnavailable():
            return "timeout" if isinstance(error.__cause__, TimeoutError) else "no_answer"
        case SlackRefused(code=code):
            return f"refused_{next((name for name, codes in _CLASSES if codes.fullmatch(code)), 'other')}"
    return "failed"


def named(method: str, error: SlackApiError) -> SlackError:
    """The error of a call of the Web API, in our own terms."""
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    data = getattr(response, "data", None)
    body: JsonMap = data if isinstance(data, dict) else {}
    code = str(body.get("error") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        return SlackRateLimited(method, _retry_after(getattr(response, "headers", {})))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not code or code in _TRANSIENT:
        return SlackUnavailable(method, code or f"HTTP {status}", sent=True)
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    detail = tuple(str(message) for message in messages) if isinstance(messages, list) else ()
    return SlackRefused(method, code, detail)


def _retry_after(headers: object) -> float:
    value = next((v for k, v in dict(cast("JsonMap", headers)).items() if k.lower() == "retry-after"), "1")
    first = value[0] if isinstance(value, list) else value
    try:
        return min(max(float(str(first)), 0.1), 3600.0)
    except ValueError:
        return 1.0
