"""Starts the recording of each conversation, and hands it to the worker when the conversation is over."""

import asyncio
from collections.abc import Awaitable, Callable

from config.ids import NewId
from ivr import events as e
from ivr.actions import Action, StartRecording
from ivr.call import Call
from ivr.consent import may_record
from ivr.errors import IllegalTransition
from ivr.service import CallService
from recordings.recording import Recording
from recordings.repository import SqlRecordings

Perform = Callable[[Call, tuple[Action, ...]], Awaitable[None]]


class RecordingService:
    """Stages of the journey. `wanted` is set whenever there may be work for a worker."""

    def __init__(self, store: SqlRecordings, calls: CallService, new_id: NewId, perform: Perform) -> None:
        self._store = store
        self._calls = calls
        self._new_id = new_id
        self._perform = perform
        self.wanted = asyncio.Event()

    async def start(self, call: Call, event: e.CallAnswered) -> None:
        """Records both parties from now on, where the caller heard of it or agreed."""
        if call.talk is None or not may_record(call):
            return
        wanted = Recording(self._new_id(), call.id, call.language, call.talk.began_at)
        recording = await self._store.add(wanted, event.reservation, event.agent)
        try:
            await self._calls.record(call.id, e.RecordingStarted(recording.id))
        except IllegalTransition:
            await self._store.close(recording.id, call.talk.began_at)
            return
        await self._perform(call, (StartRecording(recording.id, event.reservation),))

    async def close(self, call: Call, event: e.TalkEnded | e.CallEnded) -> None:
        """The conversation is over: its tracks will be complete in a moment."""
        talk = call.talk
        if talk is not None and talk.recording is not None and talk.ended_at is not None:
            await self._store.close(talk.recording, talk.ended_at)
            self.wanted.set()
