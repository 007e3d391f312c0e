"""Requests to Twilio's REST API, each with a deadline, made again only where that is safe."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ivr.adapters.twilio.account import Account


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """A call as Twilio knows it. `status` is Twilio's word; times are UTC; `duration` is in seconds."""

    sid: str
    status: str
    direction: str
    caller: str
    called: str
    started_at: datetime | None
    ended_at: datetime | None
    duration: int | None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteRecording:
    """`duration` is in seconds; `error` is Twilio's code of a recording that failed."""

    sid: str
    call_sid: str
    status: str
    channels: int
    started_at: datetime | None
    duration: int | None
    error: int | None = None


class TwilioRest:
    """Raises `TwilioRefused` for a final no, `TwilioUnavailable` when no answer is to be had."""

    def __init__(self, account: Account) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def check(self) -> None:
        """Whether the credentials open the account; raises with a message for a person."""
        raise NotImplementedError

    async def update_call(self, sid: str, *, url: str | None = None, status: str | None = None) -> bool:
        """Has the call fetch `url`, or end (`status`); False when it is over already."""
        raise NotImplementedError

    async def add_participant(
        self, conference: str, *, to: str, label: str, timeout: int, caller_id: str, status_callback: str
    ) -> str:
        """Rings `to` into the conference of that friendly name; gives the leg's CallSid.

        A `label` that is in the conference already is not rung twice: its CallSid is given.
        """
        raise NotImplementedError

    async def start_recording(self, call_sid: str, *, status_callback: str) -> str:
        """Records both directions on a channel each; gives the recording's SID, of the running one if any."""
        raise NotImplementedError

    async def fetch_call(self, sid: str) -> RemoteCall | None:
        raise NotImplementedError

    def calls(self, *, since: datetime, until: datetime | None = None) -> AsyncIterator[RemoteCall]:
        """Calls that began in [since, until), newest first."""
        raise NotImplementedError

    async def recordings_of(self, call_sid: str) -> list[RemoteRecording]:
        raise NotImplementedError

    async def media(self, recording_sid: str, to: Path, channels: int = 2) -> None:
        """Puts the recording's WAV at `to`, whole or not at all."""
        raise NotImplementedError

    async def delete_recording(self, sid: str) -> None:
        """Deletes it; one that is gone already counts as deleted."""
        raise NotImplementedError
