"""Bytes from AMI to messages: whole characters, whole messages, wherever the network cut them."""

import codecs
from collections.abc import Iterator

from panoramisk.message import Message

from ivr.adapters.asterisk.errors import AmiError

EOL = "\r\n"
BLANK = EOL + EOL
MOST = 1 << 20  # characters that one message may have

#: Headers in lower case; the lines of a repeated header are joined by newlines.
Event = dict[str, str]


class _AsSent(Message):  # type: ignore[misc]
    quoted_keys: tuple[str, ...] = ()  # a Result is unquoted once, by whoever reads it


class FrameTooLong(AmiError):
    id = "ami-frame-too-long"


class Frames:
    """Collects bytes and gives the messages that they complete."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Raises `FrameTooLong` when the other side never ends a message."""
        *blocks, self._rest = (self._rest + self._decoder.decode(data)).split(BLANK)
        if len(self._rest) > MOST:
            raise FrameTooLong(f"a message of more than {MOST} characters")
        for block in blocks:
            # Some builds send an empty message after a TestEvent.
            message = _AsSent.from_line(block.strip(EOL))
            if message is not None:
                yield message


def event_of(message: Message) -> Event:
    return {
        name.lower(): "\n".join(value) if isinstance(value, list) else str(value)
        for name, value in message.items()
    }
