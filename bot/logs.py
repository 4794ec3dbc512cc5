"""Logs: JSON lines in production, readable on a terminal. Ids and outcomes; no texts, tokens or passwords.

Everything goes through one handler, the libraries' lines too: their levels are held down, and of those that repeat
requests and messages only the place in their code is kept. What remains passes the net of `bot.redaction`.
"""

import logging
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

import structlog

from bot import redaction
from bot.settings import Settings

_OURS: Final = ("bot", "handlers", "db", "scheduler", "__main__")
# At the beginning of a line of these stands a sentence of their own; what follows may be anything.
_FIRST_LINE: Final = ("asyncio", "aiohttp", "apscheduler", "py")
# Warnings of the others repeat bodies; Bolt names its logger after our app.
_ONLY_ERRORS: Final = ("slack_bolt", "slack_sdk", "pgqueuer", "techops:AsyncApp", "asyncpg")
_REQUEST_ID: Final = "request_id"
_log = structlog.get_logger(__name__)


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging, both to `stream` (stderr) in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_may_pass)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _withhold],
            processors=[
                structlog.processors.ExceptionRenderer(redaction.exception_text),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redaction.clean,
                _renderer(settings),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)


@contextmanager
def request(transport: str) -> Iterator[str]:
    """Everything logged within belongs to one request; one line at its end tells how it went. Yields the request's id.

    `describe` adds what is known of it on the way.
    """
    structlog.contextvars.clear_contextvars()
    request_id = uuid.uuid4().hex[:12]
    structlog.contextvars.bind_contextvars(request_id=request_id, transport=transport)
    begun = time.monotonic()
    try:
        yield request_id
    finally:
        _log.info("request", ms=round((time.monotonic() - begun) * 1000, 1))
        structlog.contextvars.clear_contextvars()


@contextmanager
def job(**known: object) -> Iterator[None]:
    """Everything logged within belongs to this job of the queue."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**known)
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()


def describe(**known: object) -> None:
    """What is known by now of the request in hand: ids, names out of the registry, outcomes; never texts of people."""
    structlog.contextvars.bind_contextvars(**{name: value for name, value in known.items() if value is not None})


def request_id() -> str:
    """The id of the request in hand, which people are told where something fails; a new one outside of any."""
    known = structlog.contextvars.get_contextvars().get(_REQUEST_ID)
    return str(known) if known else uuid.uuid4().hex[:12]


def _belongs(record: logging.LogRecord, names: tuple[str, ...]) -> bool:
    return any(record.name == name or record.name.startswith(f"{name}.") for name in names)


def _may_pass(record: logging.LogRecord) -> bool:
    if _belongs(record, _OURS):
        return True
    return record.levelno >= (logging.ERROR if _belongs(record, _ONLY_ERRORS) else logging.WARNING)


def _withhold(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What a library says is kept where it is known to be a sentence of its own, else only where in its code it was."""
    record = event["_record"]
    if _belongs(record, _FIRST_LINE):
        return event
    event["event"] = "library_message_withheld"
    event["place"] = f"{record.module}.{record.funcName}:{record.lineno}"
    return event


def _renderer(settings: Settings) -> structlog.typing.Processor:
    chosen = settings.log_format or ("console" if sys.stderr.isatty() else "json")
    return structlog.dev.ConsoleRenderer() if chosen == "console" else structlog.processors.JSONRenderer()
