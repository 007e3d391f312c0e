"""One program at a time steers the calls of a data directory: two would answer the same webhooks apart."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import ApiError

_NAME = "serve.lock"


class AlreadyServing(ApiError):
    id = "already-serving"

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"another `hotline serve` works on the data directory {data}:"
            " stop it, or set HOTLINE_DATA to another"
        )


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Held for as long as the block runs, and never longer than the process; raises `AlreadyServing`."""
    with (data / _NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServing(data) from None
        yield
