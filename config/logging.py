"""Structured logs, for a console or as JSON lines.

No log line holds DTMF, caller numbers, transcripts or secrets: modules log ids and kinds, and `_redact`
blanks what would slip through under a telling key.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_PRIVATE = frozenset(
    {
        "caller",
        "caller_name",
        "digits",
        "dtmf",
        "value",
        "text",
        "transcript",
        "secret",
        "password",
        "token",
        "number",
    }
)


def configure(style: str = "console", level: str = "info") -> None:
    """`style` is `console` or `json`; `level` a name of the logging module, any case."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
    ]
    finish: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if style == "json"
        else [
            # The default traceback prints local variables: callers' numbers and what they said among them.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=shared + finish,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_Stderr,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


class _Stderr:
    """Writes to whatever `sys.stderr` is when the line comes: it may be replaced after loggers were made."""

    def __init__(self, *_name: Any) -> None:
        pass

    def msg(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)  # noqa: T201

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = err = msg


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in _PRIVATE & event.keys():
        event[key] = "•••"
    return event
