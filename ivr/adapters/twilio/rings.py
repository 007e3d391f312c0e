"""What the rings of all calls have in common: their pace, and that why none is possible is told once."""

from collections.abc import Callable

import structlog

from ivr.adapters.twilio.errors import TwilioRefused
from ivr.adapters.twilio.http import Pace

log = structlog.get_logger()


class Rings:
    """One account's, at most `rate` of them a second."""

    def __init__(self, rate: float) -> None:
        self._pace = Pace(rate)
        #: Of what stands in the way of them all: Twilio's code, or else HTTP's status.
        self._trouble: int | None = None

    async def turn(self, wanted: Callable[[], bool]) -> bool:
        """Waits for its turn; False: it was not `wanted` any more when that came."""
        return await self._pace.turn(wanted)

    def refused(self, why: TwilioRefused) -> None:
        """Twilio rings nobody."""
        trouble = why.code or why.status
        if trouble != self._trouble:
            self._trouble = trouble
            log.error("no agent's phone can be rung", why=str(why))

    def accepted(self) -> None:
        """Twilio rings somebody, or did not refuse because of the account."""
        self._trouble = None
