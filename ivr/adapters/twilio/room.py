"""What is known of one conference: facts that callbacks add to in any order, and that never go back.

A call has one conference after another under the same name: each ends when the caller or the agent leaves it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.adapters.twilio import causes
from ivr.adapters.twilio.webhooks import ConferenceEvent
from ivr.events import Party

#: Whose leg a CallSid is.
PartyOf = Callable[[str], Party]


@dataclass(slots=True)
class Room:
    """`entered` and `left` are CallSids; `started`: two are in it; `over`: it takes nobody any more."""

    sid: str
    entered: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    started: bool = False
    over: bool = False
    _ending: set[str] = field(default_factory=set)
    _leaving: list[tuple[int, Party]] = field(default_factory=list)

    def learn(self, event: ConferenceEvent, party_of: PartyOf) -> None:
        match event.kind:
            case "participant-join" if event.call_sid:
                self.entered.add(event.call_sid)
            case "participant-leave" if event.call_sid:
                self.left.add(event.call_sid)
                self._leaves(event, causes.left(event.reason_left, party_of(event.call_sid)))
            case "conference-start":
                self.started = True
            case "conference-end":
                self.over = True
                ending = None
                if event.ending:
                    self._ending.add(event.ending)
                    ending = party_of(event.ending)
                self._leaves(event, causes.conference_ended(event.reason_ended, ending))

    def holds(self, call_sid: str) -> bool:
        """Whether that leg is in it now."""
        return call_sid in self.entered and call_sid not in self.left and not self.over

    @property
    def people(self) -> set[str]:
        """Everybody of whom it was heard that they are or were in it."""
        return self.entered | self.left | self._ending

    @property
    def first_left(self) -> Party | None:
        """Who left first and thereby ended it, as far as is known."""
        return min(self._leaving, key=lambda leaving: leaving[0])[1] if self._leaving else None

    def _leaves(self, event: ConferenceEvent, who: Party | None) -> None:
        if who is not None:
            self._leaving.append((len(self._leaving) if event.sequence is None else event.sequence, who))
