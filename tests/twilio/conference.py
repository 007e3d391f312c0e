"""A conference, as in twilio.com/docs/voice/twiml/conference and .../api/conference-participant-resource."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .call import Call, Callback
from .mix import Mix

Tell = Callable[["Conference", str, dict[str, str]], None]

KICKED = frozenset({"participant_updated_via_api", "conference_ended_via_api"})


@dataclass(slots=True)
class Participant:
    """`left` is resolved with the reason, as ReasonParticipantLeft has it."""

    call: Call
    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    hold: bool = False
    coaching: bool = False
    call_sid_to_coach: str | None = None
    label: str | None = None
    beep: str = "true"
    wait_url: str | None = None
    wait_method: str = "POST"
    hold_url: str | None = None
    hold_method: str = "POST"
    present: bool = False
    since: datetime | None = None
    left: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def params(self) -> dict[str, str]:
        said = {
            "CallSid": self.call.sid,
            "Muted": _word(self.muted),
            "Hold": _word(self.hold),
            "Coaching": _word(self.coaching),
            "EndConferenceOnExit": _word(self.end_on_exit),
            "StartConferenceOnEnter": _word(self.start_on_enter),
        }
        optional = {"ParticipantLabel": self.label, "CallSidToCoach": self.call_sid_to_coach}
        return said | {name: value for name, value in optional.items() if value is not None}


class Conference:
    """`status` is init until it has started: two are there, and one of them may start it."""

    def __init__(self, sid: str, friendly_name: str, now: Callable[[], datetime], tell: Tell) -> None:
        self.sid = sid
        self.friendly_name = friendly_name
        self.status = "init"
        self.created = now()
        self.updated = self.created
        self.callback: Callback | None = None
        self.sequence = 0
        self.participants: dict[str, Participant] = {}
        self.started = asyncio.Event()
        self.mix = Mix()
        self.reason_ended: str | None = None
        self.ended_by: Call | None = None
        self._now = now
        self._tell = tell

    @property
    def over(self) -> bool:
        return self.status == "completed"

    def present(self) -> list[Participant]:
        return [one for one in self.participants.values() if one.present]

    def find(self, name: str) -> Participant | None:
        """By CallSid or label."""
        return self.participants.get(name) or self.labelled(name)

    def labelled(self, label: str) -> Participant | None:
        return next((one for one in self.participants.values() if one.label == label), None)

    def join(self, one: Participant) -> None:
        one.present = True
        one.since = self._now()
        self.participants[one.call.sid] = one
        self.tell("participant-join", one.params())
        self._beep(one, "onEnter")
        if self.status == "in-progress":
            self.connect(one)
        elif len(self.present()) >= 2 and any(other.start_on_enter for other in self.present()):
            self._start()

    def tell(self, event: str, said: dict[str, str]) -> None:
        """For those who asked to be told."""
        self._tell(self, event, said)

    def _start(self) -> None:
        self.status = "in-progress"
        self.updated = self._now()
        self.tell("conference-start", {})
        for one in self.present():
            self.connect(one)
        self.started.set()

    def connect(self, one: Participant) -> None:
        """Puts their voice and ears into the mix as their attributes have it."""
        now = self._now()
        self.mix.leave(one.call, now)
        if one.present and self.status == "in-progress":
            only_for = one.call_sid_to_coach if one.coaching else None
            self.mix.enter(one.call, now, mute=one.muted or one.hold, deaf=one.hold, only_for=only_for)
            one.call.bridged = True
        one.call.changes.notify()

    def leave(self, one: Participant, reason: str) -> None:
        """Also for one who never came: `participant_add_failed`. The conference may end with it."""
        if self.participants.pop(one.call.sid, None) is None:
            return
        was_present, one.present = one.present, False
        self._gone(one, reason)
        if not was_present:
            return
        kicked = "kicked" if reason in KICKED else "left"
        if one.end_on_exit:
            self._end(f"participant-with-end-conference-on-exit-{kicked}", one, "moderator_ended_conference")
        elif not self.present():
            self._end(f"last-participant-{kicked}", one, "moderator_ended_conference")

    def end_via_api(self) -> None:
        self._end("conference-ended-via-api", None, "conference_ended_via_api")

    def _end(self, reason: str, by: Participant | None, others: str) -> None:
        self.status = "completed"
        self.updated = self._now()
        self.reason_ended = reason
        self.ended_by = by.call if by else None
        for one in self.present():
            self.participants.pop(one.call.sid)
            self._gone(one, others)
        said = {"ReasonConferenceEnded": reason, "Reason": f"Conference ended: {reason}"}
        if by:
            said["CallSidEndingConference"] = by.call.sid
            said |= {"ParticipantLabelEndingConference": by.label} if by.label else {}
        self.tell("conference-end", said)

    def _beep(self, of: Participant, when: str) -> None:
        """The others hear somebody come or go: twilio.com/docs/voice/twiml/conference#attributes-beep."""
        if self.status == "in-progress" and of.beep in ("true", when):
            for other in self.present():
                if other is not of:
                    other.call.hear("tone", "beep")

    def _gone(self, one: Participant, reason: str) -> None:
        one.present = False
        self.mix.leave(one.call, self._now())
        self._beep(one, "onExit")
        status = {"ParticipantCallStatus": one.call.status, "ReasonParticipantLeft": reason}
        self.tell("participant-leave", one.params() | status)
        if not one.left.done():
            one.left.set_result(reason)


def _word(flag: bool) -> str:
    return "true" if flag else "false"
