"""The file by which commands on this machine find the running program and prove that they may speak to it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.errors import ApiError

_NAME = "running.json"


class NotRunning(ApiError):
    id = "not-running"

    def __init__(self) -> None:
        super().__init__(
            "the program is not running here: is `hotline serve` running, with the same HOTLINE_DATA?"
        )


@dataclass(frozen=True, slots=True)
class Running:
    """`token` is an administrator's, good until the program ends."""

    url: str
    token: str


@contextmanager
def announced(data: Path, running: Running) -> Iterator[None]:
    """The file is there, readable by this user alone, for as long as the block runs."""
    path = data / _NAME
    body = json.dumps({"url": running.url, "token": running.token, "pid": os.getpid()})
    _write_private(path, body)
    try:
        yield
    finally:
        if path.exists() and path.read_text("utf-8") == body:
            path.unlink()


def find_running(data: Path) -> Running:
    """Raises `NotRunning`."""
    try:
        body = json.loads((data / _NAME).read_text("utf-8"))
        return Running(body["url"], body["token"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise NotRunning from None


def _write_private(path: Path, body: str) -> None:
    """Replaces the file in one step; nobody else can read it at any moment."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    with os.fdopen(
        os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(body)
    os.replace(scratch, path)
