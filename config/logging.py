"""Structured logs, for a console or as JSON lines.

No log line holds DTMF, caller numbers, transcripts or secrets: modules log ids and kinds, and `_redact`
blanks what would slip through under a telling key. Of an error's text only the first line is logged: what
follows it in the errors of databases and validators is the data that they did not like.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, TextIO

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
        [
            structlog.processors.ExceptionRenderer(lambda info: _told(info[1])),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if style == "json"
        else [
            # The default traceback prints local variables: callers' numbers and what they said among them.
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_print_told)
        ]
    )
    structlog.configure(
        processors=shared + finish,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_Stderr,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def _print_told(file: TextIO, info: structlog.typing.ExcInfo) -> None:
    file.write("\n" + _told(info[1]))


def _told(error: BaseException) -> str:
    return "".join(_lines(error)).rstrip("\n")


def _lines(error: BaseException) -> Iterator[str]:
    """A traceback with its causes first."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _lines(earlier)
        yield "\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    text = str(error).partition("\n")[0]
    yield f"{type(error).__qualname__}: {text}\n" if text else f"{type(error).__qualname__}\n"
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _lines(one)


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
