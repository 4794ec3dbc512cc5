"""Logs: JSON lines in production, readable on a terminal. Ids and outcomes; no texts, tokens or passwords."""

import logging
import sys
from typing import Final

import structlog

from bot.settings import Settings

_LIBRARIES: Final = {
    "aiohttp.access": logging.WARNING,  # addresses carry one-time keys
    "apscheduler": logging.WARNING,
    "slack_bolt": logging.ERROR,  # its warnings repeat request bodies
    "slack_sdk": logging.ERROR,  # as above
    "pgqueuer": logging.ERROR,
}


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging, both to stderr in the same form."""
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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings)],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for name, level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def _renderers(settings: Settings) -> list[structlog.typing.Processor]:
    chosen = settings.log_format or ("console" if sys.stderr.isatty() else "json")
    if chosen == "console":
        # rich's tracebacks would show local variables, tokens among them
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
