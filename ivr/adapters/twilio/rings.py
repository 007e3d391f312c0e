"""What the rings of all calls have in common: why none is possible is told once."""

import structlog

from ivr.adapters.twilio.errors import TwilioRefused

log = structlog.get_logger()


class Rings:
    """One account's."""

    def __init__(self) -> None:
        self._trouble: int | None = (
            None  # Twilio's code of what stands in the way of them all, or HTTP's status
        )

    def refused(self, why: TwilioRefused) -> None:
        """Twilio rings nobody."""
        trouble = why.code or why.status
        if trouble != self._trouble:
            self._trouble = trouble
            log.error("no agent's phone can be rung", why=str(why))

    def accepted(self) -> None:
        """Twilio rings somebody, or did not refuse because of the account."""
        self._trouble = None
