"""An agent's leg: from the ring to the conference with the caller, and its end."""

import asyncio
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ivr.adapters.twilio.webhooks import Progress

_ANSWERED = {"answered", "in-progress"}
_LEAST_NAME, _MOST_NAME = 2, 255  # characters


def display_name(endpoint: str, caller: str) -> str | None:
    """Who calls, as the agent's phone shows it; None where Twilio has no way to say it.

    SIP phones alone are told: CallerDisplayName populates the display name of the From header, and takes 2 to
    255 printable characters: https://www.twilio.com/docs/api/errors/13259,
    https://www.twilio.com/en-us/changelog/display-name-for-participant-calls-to-sip
    """
    if not endpoint.lower().startswith(("sip:", "sips:")):
        return None
    printable = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in caller)
    name = " ".join(printable.split())[:_MOST_NAME].strip()
    return name if len(name) >= _LEAST_NAME else None


@dataclass(eq=False)
class AgentLeg:
    """`sid` is its CallSid, once Twilio told it.

    `joined` is set when both are in the conference, `ended` when the leg is over; `end` tells how.
    """

    reservation: UUID
    agent: str
    sid: str | None = None
    asked: bool = False  # it is, or was, to be rung
    in_line: bool = False  # other rings go first
    rang: bool = False
    answered: bool = False
    answered_at: datetime | None = None  # where Twilio was asked about it
    cancelled: bool = False
    in_conference: bool = False  # together with the caller, as Twilio says
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
