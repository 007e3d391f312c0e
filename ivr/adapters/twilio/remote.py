"""What Twilio's records tell us, of all that they hold."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

_OVER = {"completed", "busy", "failed", "no-answer", "canceled"}


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """A call as Twilio knows it. `status` is Twilio's word; times are UTC; `duration` is in seconds.

    Of a call that did not complete Twilio may tell no end: then `ended_at` is when it was last updated.
    """

    sid: str
    status: str
    direction: str
    caller: str
    called: str
    started_at: datetime | None
    ended_at: datetime | None
    duration: int | None
    parent: str | None = None

    @property
    def over(self) -> bool:
        return self.status in _OVER

    @property
    def over_at(self) -> datetime | None:
        """The end of the second in which it ended: Twilio tells whole ones."""
        return None if self.ended_at is None else self.ended_at + timedelta(seconds=1)

    @property
    def answered_at(self) -> datetime | None:
        """When a call that is over was answered, to a second; its duration is counted from there."""
        if self.over_at is None or not self.duration:
            return None
        return self.over_at - timedelta(seconds=self.duration)


@dataclass(frozen=True, slots=True)
class RemoteParticipant:
    """Somebody in a conference, or being rung into it. `label` is ours."""

    call_sid: str
    label: str | None
    status: str


@dataclass(frozen=True, slots=True)
class RemoteConference:
    """`ended_by` is the CallSid of the leg whose leaving ended it."""

    sid: str
    status: str
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class RemoteRecording:
    """`duration` is in seconds; `error` is Twilio's code of a recording that is absent."""

    sid: str
    call_sid: str
    status: str
    channels: int
    started_at: datetime | None
    duration: int | None
    error: int | None = None


def call_of(found: Any) -> RemoteCall:
    call = RemoteCall(
        sid=str(found.sid),
        status=str(found.status),
        direction=found.direction or "",
        caller=found._from or "",
        called=found.to or "",
        started_at=moment(found.start_time),
        ended_at=moment(found.end_time),
        duration=_whole(found.duration),
        parent=found.parent_call_sid or None,
    )
    if call.over and call.ended_at is None:
        return replace(call, ended_at=moment(found.date_updated))
    return call


def recording_of(found: Any) -> RemoteRecording:
    return RemoteRecording(
        sid=str(found.sid),
        call_sid=str(found.call_sid),
        status=str(found.status),
        channels=_whole(found.channels) or 0,
        started_at=moment(found.start_time),
        duration=_whole(found.duration),
        error=_whole(found.error_code),
    )


def moment(value: object) -> datetime | None:
    """The library gives back unread what is no time."""
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _whole(value: object) -> int | None:
    """None for what is no number: one odd field makes no call unknown."""
    with suppress(ValueError):
        return int(str(value))
    return None
