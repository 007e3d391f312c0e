"""All that the carrier knows and does for every call: its state, its status callbacks, its ends."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .account import Account, Number
from .audio import seconds_of_wav
from .call import EVENT_OF, TERMINAL, Call, Callback, rfc2822
from .clock import Clock
from .conference import Conference
from .courier import Courier, Undelivered
from .faults import Kind, Webhook
from .ids import Sids
from .phone import Phone, Unreachable
from .recording import Recording
from .transport import Reply, Transport

CONTENT_TYPE = 12300
PROCESSING_SECONDS = 2.0
_AUDIO = {"audio/wav", "audio/wave", "audio/x-wav", "audio/mpeg", "audio/basic", "audio/ulaw", "audio/mulaw"}


@dataclass(frozen=True, slots=True)
class Alert:
    """A line of Twilio's debugger: an error or a warning with its code."""

    code: int
    message: str
    call_sid: str
    url: str = ""


@dataclass(slots=True)
class Habits:
    """Where Twilio's documentation leaves room, or its behaviour depends on settings.

    `empty_digits`: an empty Gather posts `Digits=`; otherwise nothing. `dial_action_after_hangup`: the action
    of a Dial is asked for also when its caller has hung up. `processing_seconds`: from the end of a recording
    until it can be fetched. `latency`: of each request for a document. `times_of_failed`: a call that did not
    complete has an end and a duration; otherwise both are empty, as the OpenAPI description has it.
    """

    empty_digits: bool = True
    dial_action_after_hangup: bool = True
    processing_seconds: float = PROCESSING_SECONDS
    latency: float = 0.02
    times_of_failed: bool = False


class Exchange:
    """`rooms` are the latest conferences by name; `broken` is what went wrong in the carrier itself."""

    def __init__(
        self, account: Account, clock: Clock, transport: Transport, seed: int = 0, remember: int | None = None
    ) -> None:
        self.account = account
        self.clock = clock
        self.sids = Sids(seed)
        self.courier = Courier(account, clock, self.sids, transport, remember)
        self.habits = Habits()
        self.numbers: dict[str, Number] = {}
        self.phones: dict[str, Phone] = {}
        self.calls: dict[str, Call] = {}
        self.conferences: dict[str, Conference] = {}
        self.rooms: dict[str, Conference] = {}
        self.recordings: dict[str, Recording] = {}
        self.alerts: list[Alert] = []
        self.changes = self.courier.changes
        self.broken: list[BaseException] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lengths: dict[str, float] = {}
        self._up: set[str] = set()

    def now(self) -> datetime:
        return self.clock.now()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.broken.append(error)
        self.changes.notify()

    @property
    def at_rest(self) -> bool:
        """Whether all calls are over, all that follows is done, and everything was delivered or given up."""
        return not self._up and not self._tasks and not self.courier.on_the_way

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.courier.close()

    def alert(self, code: int, message: str, call: Call, url: str = "") -> None:
        self.alerts.append(Alert(code, message, call.sid, url))

    # --- calls

    def callback_of(self, number: Number) -> Callback | None:
        """A number's status callback is about the end of its calls alone."""
        return callback(number.status_callback, number.status_callback_method, None)

    def new_call(self, from_: str, to: str, direction: str) -> Call:
        call = Call(self.sids.new("CA"), self.account.sid, from_, to, direction, self.clock, self.now())
        self.calls[call.sid] = call
        self._up.add(call.sid)
        return call

    def phone(self, endpoint: str) -> Phone:
        """A number or address that nobody has leads nowhere."""
        return self.phones.get(endpoint) or Phone(endpoint, Unreachable())

    def progress(self, call: Call, status: str) -> None:
        """The call goes on to `status`, and who wants to know is told."""
        if call.over:
            return
        call.status = status
        if status == "in-progress":
            call.answered_at = self.now()
        self._tell_status(call, EVENT_OF[status])
        self._changed(call)

    def end(self, call: Call, status: str, sip_code: int | None = None, reason: str = "") -> None:
        """The call is over: `reason` is why its party left a conference, if it was in one."""
        if call.over:
            return
        call.status = status if status in TERMINAL else "completed"
        call.sip_code = sip_code
        call.ended_at = self.now()
        call.ended.set()
        self._up.discard(call.sid)
        call.interrupt(reason or "participant_hung_up", None)
        for recording in call.recordings:
            if recording.running:
                self.stop_recording(recording)
        self._tell_status(call, "completed")
        self._changed(call)

    def _changed(self, call: Call) -> None:
        call.changes.notify()
        self.changes.notify()

    def _tell_status(self, call: Call, event: str) -> None:
        if call.callback is None or event not in call.callback.events:
            return
        said = call.params() | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence),
            "Timestamp": rfc2822(self.now()),
        }
        if call.status == "queued":
            said["CallStatus"] = "initiated"
        if call.over:
            said |= {"CallDuration": str(call.seconds), "Duration": str(-(-call.seconds // 60))}
        if call.over and call.sip_code is not None:
            said["SipResponseCode"] = str(call.sip_code)
        call.sequence += 1
        self._notify("status", call.callback, said, call.sid)

    def _notify(self, kind: Kind, callback: Callback, said: dict[str, str], stream: str) -> None:
        self.courier.notify(Webhook(kind, callback.url, said, stream, callback.method))

    # --- conferences

    def conference(self, friendly_name: str) -> Conference:
        """The one of that name that is not over, or a new one."""
        found = self.rooms.get(friendly_name)
        if found is None or found.over:
            found = Conference(self.sids.new("CF"), friendly_name, self.now, self._tell_conference)
            self.conferences[found.sid] = self.rooms[friendly_name] = found
        return found

    def _tell_conference(self, conference: Conference, event: str, more: dict[str, str]) -> None:
        if conference.callback is None or not conference.callback.events & {
            event.partition("-")[2],
            event.rpartition("-un")[2],
        }:
            return
        said = {
            "AccountSid": self.account.sid,
            "ConferenceSid": conference.sid,
            "FriendlyName": conference.friendly_name,
            "SequenceNumber": str(conference.sequence + 1),
            "StatusCallbackEvent": event,
            "Timestamp": rfc2822(self.now()),
        }
        conference.sequence += 1
        self._notify("conference", conference.callback, said | more, conference.sid)
        self.changes.notify()

    # --- recordings

    def record(
        self, call: Call, *, channels: int, track: str, callback: Callback | None, source: str
    ) -> Recording:
        recording = Recording(
            self.sids.new("RE"), call, self.now(), channels, track, source, callback, updated=self.now()
        )
        self.recordings[recording.sid] = recording
        call.recordings.append(recording)
        self._tell_recording(recording, "in-progress")
        return recording

    def stop_recording(self, recording: Recording) -> None:
        """It can be fetched a while later."""
        recording.status = "processing"
        recording.stopped = recording.updated = self.now()
        recording.pauses = [(since, until or self.now()) for since, until in recording.pauses]
        self.spawn(self._process(recording))

    async def _process(self, recording: Recording) -> None:
        await self.clock.sleep(self.habits.processing_seconds)
        if recording.status == "processing":
            recording.status = "completed" if recording.seconds > 0 else "absent"
            recording.updated = self.now()
            self._tell_recording(recording, recording.status)

    def _tell_recording(self, recording: Recording, event: str) -> None:
        self.changes.notify()
        if recording.callback is None or event not in recording.callback.events:
            return
        said = {
            "AccountSid": self.account.sid,
            "CallSid": recording.call.sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": self.recording_url(recording),
            "RecordingStatus": event,
            "RecordingDuration": str(round(recording.seconds)),
            "RecordingChannels": str(recording.channels),
            "RecordingStartTime": rfc2822(recording.started),
            "RecordingSource": recording.source,
            "RecordingTrack": recording.track,
            "ErrorCode": "0",
        }
        if event == "in-progress":
            del said["RecordingDuration"]
        self._notify("recording", recording.callback, said, recording.sid)

    def recording_url(self, recording: Recording) -> str:
        return f"https://api.twilio.com/2010-04-01/Accounts/{self.account.sid}/Recordings/{recording.sid}"

    # --- media

    async def seconds_of(self, url: str, call: Call) -> float | None:
        """How long the sound at `url` lasts; None, with an alert, for what cannot be played.

        Fetched once where the server lets it be kept (Cache-Control), otherwise each time.
        """
        if url in self._lengths:
            return self._lengths[url]
        try:
            reply = await self.courier.fetch(url)
        except Undelivered as failure:
            self.alert(failure.code, str(failure), call, url)
            return None
        try:
            seconds = audio_seconds(reply)
        except ValueError as error:
            self.alert(CONTENT_TYPE, str(error), call, url)
            return None
        if "max-age" in reply.headers.get("cache-control", ""):
            self._lengths[url] = seconds
        return seconds


def is_audio(reply: Reply) -> bool:
    return reply.content_type in _AUDIO


def audio_seconds(reply: Reply) -> float:
    """Raises `ValueError` for what is no sound that can be played; anything but WAV is taken for 10 s."""
    if not is_audio(reply):
        raise ValueError(f"{reply.content_type or 'no content type'} is no audio")
    return seconds_of_wav(reply.body) if "wav" in reply.content_type else 10.0


def callback(
    url: str | None, method: str | None, events: str | None, otherwise: str = "completed"
) -> Callback | None:
    """From the attributes or parameters of that name; several events are separated by spaces."""
    if not url:
        return None
    return replace(Callback(url, method or "POST"), events=frozenset((events or otherwise).split()))
