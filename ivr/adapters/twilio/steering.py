"""Tells Twilio, by REST, what a caller's call shall do now; for half a minute, or until it has understood."""

import asyncio
from collections.abc import Callable

import structlog

from ivr.adapters.twilio.errors import TwilioError, TwilioRefused
from ivr.adapters.twilio.line import Line

log = structlog.get_logger()

_AGAIN = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds after a request that was not answered


class Steering:
    """`wanted` says whether a turn's document is still to be fetched, `given_up` is told if it was not."""

    def __init__(self, line: Line, wanted: Callable[[int], bool], given_up: Callable[[], None]) -> None:
        self._line = line
        self._wanted = wanted
        self._given_up = given_up
        self._ending: asyncio.Task[None] | None = None

    def fetch(self, turn: int) -> None:
        """Has the call fetch its document."""
        url = self._line.account.next(self._line.call_id, turn)
        self._line.tasks.spawn(self._insist(lambda: self._wanted(turn), url=url))

    def end(self) -> None:
        """Has the call end, unless Twilio is being told so."""
        if self._ending is None or self._ending.done():
            self._ending = self._line.tasks.spawn(self._insist(lambda: True, status="completed"))

    async def _insist(self, wanted: Callable[[], bool], **what: str) -> None:
        line = self._line
        for pause in (*_AGAIN, None):
            if line.gone.is_set() or not wanted():
                return
            try:
                if not await line.rest.update_call(line.call_sid, **what):
                    line.look()
                return
            except TwilioRefused as refused:
                log.error("a call cannot be steered", call=str(line.call_id), why=str(refused))
                break
            except TwilioError as problem:
                log.warning("a call cannot be steered now", call=str(line.call_id), why=str(problem))
                if pause is not None:
                    await asyncio.sleep(pause)
        self._given_up()
