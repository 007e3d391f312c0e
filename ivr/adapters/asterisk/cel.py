"""Asterisk's call event log: what happened to channels while nobody listened.

The file is read from a kept offset, which stays before the first row of every channel that has not ended.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ivr.adapters.asterisk.translate import (
    CARRIER,
    INTERWORKING,
    MEDIA_LOST,
    MOST_NAME,
    MOST_NUMBER,
    NORMAL,
    text,
)
from ivr.events import CallOffered, Party

INBOUND = "hotline-door"  # where a caller's channel begins
COLUMNS = 12
AWAY = "HOTLINE_AWAY"


@dataclass(frozen=True, slots=True)
class CelRow:
    """One event of a channel; columns as config/asterisk/cel_custom.conf names them."""

    kind: str
    at: datetime
    uniqueid: str
    channel: str
    context: str
    exten: str
    number: str
    name: str
    extra: dict[str, object]


def parse(line: str) -> CelRow | None:
    """None for a line that is not a whole row."""
    try:
        (cells,) = csv.reader([line], strict=True)
        kind, at, uniqueid, _, channel, context, exten, number, name, _, _, extra = cells
        moment = datetime.fromtimestamp(float(at), UTC)
        more = json.loads(extra) if extra else {}
    except (ValueError, csv.Error, OverflowError):
        return None
    return CelRow(
        kind, moment, uniqueid, channel, context, exten, number, name, more if isinstance(more, dict) else {}
    )


@dataclass(slots=True)
class ChannelHistory:
    """What the rows of one channel tell. `cause` is Q.850."""

    uniqueid: str
    began_at: datetime
    inbound: bool = False
    called: str = ""
    number: str = ""
    name: str = ""
    away: bool = False
    ended_at: datetime | None = None
    cause: int | None = None
    far_end: bool = False

    def learn(self, row: CelRow) -> None:
        self.number, self.name = row.number or self.number, row.name or self.name
        match row.kind:
            case "CHAN_START":
                self.inbound = row.context == INBOUND
                self.called = row.exten
            case "HANGUP":
                source, cause = row.extra.get("hangupsource"), row.extra.get("hangupcause")
                self.cause = cause if isinstance(cause, int) and cause else None
                self.far_end = source == row.channel or self.cause == MEDIA_LOST
                if self.far_end and self.cause in {None, INTERWORKING}:
                    self.cause = NORMAL  # a BYE outside of a bridge, or a CANCEL
                self.ended_at = row.at
            case "CHAN_END":
                self.ended_at = self.ended_at or row.at
            case kind if kind == AWAY:
                self.away = True

    def offered(self) -> CallOffered:
        return CallOffered(
            carrier=CARRIER,
            carrier_id=self.uniqueid,
            called=text(self.called, MOST_NUMBER) or "",
            caller=text(self.number, MOST_NUMBER),
            caller_name=text(self.name, MOST_NAME),
        )

    def by(self, party: Party) -> Party:
        return party if self.far_end else Party.SYSTEM


@dataclass(slots=True)
class Channels:
    """Channel histories by Uniqueid, and where in the file each begins."""

    known: dict[str, ChannelHistory] = field(default_factory=dict)
    _begins: dict[str, int] = field(default_factory=dict)

    def learn(self, rows: Iterable[tuple[int, CelRow]]) -> None:
        for offset, row in rows:
            if row.uniqueid not in self.known and row.kind != "CHAN_START":
                continue  # its beginning was read, and its end told, before the kept offset
            history = self.known.setdefault(row.uniqueid, ChannelHistory(row.uniqueid, row.at))
            self._begins.setdefault(row.uniqueid, offset)
            history.learn(row)

    def forget(self, uniqueid: str) -> None:
        self.known.pop(uniqueid, None)
        self._begins.pop(uniqueid, None)

    def first_needed(self, end: int) -> int:
        return min(self._begins.values(), default=end)


class CelLog:
    """The file and the kept offset. Both methods block: they are called on a thread."""

    def __init__(self, path: Path, offset_file: Path) -> None:
        self._path, self._offset_file = path, offset_file
        self._inode: int | None = None
        self.offset = 0

    def open(self) -> None:
        """Goes to the kept offset; to the beginning when it cannot be read or the file is another one.

        The very first time it goes to the end: what was before us was never ours.
        """
        self._inode = self._inode_now()
        if not self._offset_file.exists():
            self.offset = self._path.stat().st_size if self._inode is not None else 0
            self.keep(self.offset)
            return
        try:
            inode, offset = map(int, self._offset_file.read_text().split())
        except (OSError, ValueError):
            inode, offset = -1, 0
        self.offset = offset if inode == self._inode else 0

    def read(self) -> list[tuple[int, CelRow]]:
        """(offset, row) for each whole line since the last reading; a rotated file is read from its start."""
        inode = self._inode_now()
        if inode is None:
            return []
        if inode != self._inode or self._path.stat().st_size < self.offset:
            self._inode, self.offset = inode, 0
        return list(self._lines())

    def keep(self, offset: int) -> None:
        """Keeps where the next process shall begin."""
        if self._inode is not None:
            beside = self._offset_file.with_suffix(".new")
            beside.write_text(f"{self._inode} {offset}\n")
            beside.replace(self._offset_file)

    def _lines(self) -> Iterator[tuple[int, CelRow]]:
        with self._path.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written
                row = parse(line.decode("utf-8", "replace").rstrip("\r\n"))
                if row is not None:
                    yield self.offset, row
                self.offset += len(line)

    def _inode_now(self) -> int | None:
        try:
            return self._path.stat().st_ino
        except OSError:
            return None
