"""An agent's leg: from the ring to the conference with the caller, and its end."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from ivr.adapters.twilio.webhooks import Progress

_ANSWERED = {"answered", "in-progress"}


@dataclass(eq=False)
class AgentLeg:
    """`sid` is its CallSid, once Twilio told it.

    `joined` is set when both are in the conference, `ended` when the leg is over; `end` tells how.
    """

    reservation: UUID
    agent: str
    sid: str | None = None
    asked: bool = False  # the request to ring was sent
    rang: bool = False
    answered: bool = False
    cancelled: bool = False
    in_conference: bool = False
    caller_waited: bool = False  # the caller was in the conference, ready to be met
    end: Progress | None = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def label(self) -> str:
        """Its name in the conference: found again by it after a restart."""
        return str(self.reservation)

    @property
    def open(self) -> bool:
        """Whether it may yet turn out to have been joined."""
        return self.asked and not self.cancelled and not self.joined.is_set()

    def learn(self, progress: Progress) -> None:
        """Takes its status callbacks, in any order and number."""
        self.sid = self.sid or progress.call_sid
        if progress.over:
            if self.end is None:
                self.end = progress
                # Twilio says `completed` only of calls that were answered.
                self.answered = self.answered or progress.status == "completed"
                self.ended.set()
        elif progress.status in _ANSWERED:
            self.answered = True
        elif progress.status == "ringing":
            self.rang = True
