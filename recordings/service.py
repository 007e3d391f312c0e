"""Starts the recording of each conversation, and hands it to the worker when the conversation is over."""

import asyncio
from collections.abc import Awaitable, Callable

from config.ids import NewId
from ivr import events as e
from ivr.actions import Action, StartRecording
from ivr.call import Call, CallState
from ivr.consent import may_record
from ivr.menu_turn import Turn
from recordings.recording import Recording
from recordings.repository import SqlRecordings

Perform = Callable[[Call, tuple[Action, ...]], Awaitable[None]]


class RecordingService:
    """A decision and stages of the journey. `wanted` is set whenever there may be work for a worker."""

    def __init__(self, store: SqlRecordings, new_id: NewId, perform: Perform) -> None:
        self._store = store
        self._new_id = new_id
        self._perform = perform
        self.wanted = asyncio.Event()

    async def answered(self, call: Call, _event: e.CallAnswered) -> Turn:
        """Decides to record both parties, where the caller heard of it or agreed."""
        return Turn((e.RecordingStarted(self._new_id()),)) if may_record(call) else Turn()

    async def record(self, call: Call, event: e.RecordingStarted) -> None:
        if call.talk is not None:
            await self._perform(call, (StartRecording(event.recording, call.talk.reservation),))

    async def file(self, call: Call, event: e.RecordingStarted) -> None:
        """Opens the recording's row: from now on a worker asks for its tracks."""
        talk = next(talk for talk in call.talks if talk.recording == event.recording)
        recording = Recording(event.recording, call.id, call.language, talk.began_at)
        await self._store.add(recording, talk.reservation, talk.agent)

    async def recovered(self, call: Call, _event: e.CallRecovered) -> None:
        """The conversation survived an outage, in which its recording may not have begun."""
        if call.state is CallState.TALKING and call.talk is not None and call.talk.recording is not None:
            await self.record(call, e.RecordingStarted(call.talk.recording))

    async def close(self, call: Call, event: e.TalkEnded | e.CallEnded) -> None:
        """The conversation is over: its tracks will be complete in a moment."""
        talk = call.talk
        if talk is not None and talk.recording is not None and talk.ended_at is not None:
            await self._store.close(talk.recording, talk.ended_at)
            self.wanted.set()
