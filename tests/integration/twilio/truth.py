"""What truly became of a call, as the stand-in for Twilio saw it, and where a ledger line says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qa.ledger import Ending, LedgerLine, Outcome
from tests.twilio import Caller
from tests.twilio.call import Call

_DROPPED = 408
_NOT_SAID = {Ending.AGENT, Ending.DROPPED, Ending.UNKNOWN}  # an agent's leg of whose end little was told


@dataclass(frozen=True)
class Truth:
    """A call that is over. `legs` are those to agents for it, `key` what the caller pressed and was heard.

    The program learns of things when it is told: what is less than `slack` seconds apart may have been
    told the other way round, where webhooks come `late`. Where they are `lost`, it has to find out by itself.
    """

    caller: Caller
    legs: Sequence[Call]
    key: str
    left: bool
    slack: float
    late: bool
    lost: bool

    @property
    def ended(self) -> datetime:
        assert self.caller.call.ended_at is not None
        return self.caller.call.ended_at

    @property
    def met(self) -> list[Call]:
        """Legs whose people the caller has really been connected with, in order."""
        others = {id(span.call) for mix in self.caller.call.mixes for span in mix.speaking}
        return [leg for leg in self.legs if id(leg) in others]

    def flaws(self, line: LedgerLine) -> list[str]:
        """Where `line` differs from the truth."""
        low, high = self._missed()
        talked, bound = self._talked(), self.slack * max(len(self.met), 1)
        checks = {
            f"{line.outcome} is none of {self._outcomes()}": line.outcome in self._outcomes(),
            f"{line.ending} is none of {self._endings()}": line.ending in self._endings(),
            f"ended by {line.ended_by}": line.ended_by == ("customer" if self.left else "system"),
            f"{line.missed_rings} missed rings, not {low} to {high}": low <= line.missed_rings <= high,
            f"talked {line.talked} s, not {talked} s": abs(line.talked - talked) <= bound,
        }
        return [flaw for flaw, right in checks.items() if not right]

    def _outcomes(self) -> set[Outcome]:
        if self.met:
            return {Outcome.ANSWERED}
        if self.key == "3":
            return {Outcome.SELF_SERVED}
        if not self.key and not any(heard.kind.startswith("wait") for heard in self.caller.heard):
            return {Outcome.ABANDONED_IN_MENU}
        rang = {self._rang(leg) for leg in self.legs}
        if True in rang:
            return {Outcome.ABANDONED_WHILE_RINGING}
        if rang <= {False}:
            return {Outcome.ABANDONED_IN_QUEUE}
        return {Outcome.ABANDONED_IN_QUEUE, Outcome.ABANDONED_WHILE_RINGING}

    def _rang(self, leg: Call) -> bool | None:
        """Whether it rang when the caller left; None where that is too close to be told."""
        slack = timedelta(seconds=self.slack)
        over = leg.ended_at or self.ended
        if over < self.ended - slack or leg.created > self.ended + slack:
            return False
        return True if over >= self.ended >= leg.created and not self.late else None

    def _endings(self) -> set[Ending | None]:
        if not self.met:
            return {None}
        leg = self.met[-1]
        gone = leg.ended_at or self.ended
        if gone >= self.ended:
            return {Ending.CUSTOMER, Ending.AGENT} if self.lost else {Ending.CUSTOMER}
        if self.lost:
            close = gone >= self.ended - timedelta(seconds=self.slack)
            return {*_NOT_SAID, Ending.CUSTOMER} if close else {*_NOT_SAID}
        return {Ending.DROPPED if leg.sip_code == _DROPPED else Ending.AGENT}

    def _missed(self) -> tuple[int, int]:
        """How many phones rang in vain: those that the program must have heard of, and all."""
        vain = [leg for leg in self.legs if leg.answered_at is None]
        before = self.ended - timedelta(seconds=self.slack)
        return sum(leg.ended_at is not None and leg.ended_at < before for leg in vain), len(vain)

    def _talked(self) -> float:
        """Seconds in which the caller and somebody else could speak with each other."""
        seconds = 0.0
        for mix in self.caller.call.mixes:
            for own in (span for span in mix.speaking if span.call is self.caller.call):
                for other in (span for span in mix.speaking if span.call is not self.caller.call):
                    both = own.within(other.since, other.until or self.ended)
                    seconds += (both[1] - both[0]).total_seconds() if both else 0.0
        return seconds
