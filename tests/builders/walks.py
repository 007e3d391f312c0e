"""Random lives of calls for property tests: any sequence of legal moves."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from ivr import events as e
from ivr.call import TRANSITIONS, Call, CallState, apply
from tests.builders import calls as a
from tests.builders.calls import NOON, given_call

_PARTIES = list(e.Party)
_CAUSES = [None, 0, 16, 17, 27, 31, 38, 41, 44]


@st.composite
def lives(draw: st.DrawFn, ended: bool = True) -> Call:
    """A call after a random life of at most 60 moves; with `ended`, one that is over."""
    call = given_call(a.OFFERED)
    for step in range(draw(st.integers(0, 60))):
        kinds = [kind for state, kind in TRANSITIONS if state is call.state]
        if not kinds:
            break
        call = apply(call, draw(_event(draw(st.sampled_from(kinds)))), NOON + timedelta(seconds=step + 1))
    if ended and call.state is not CallState.ENDED:
        call = apply(call, draw(_event(e.CallEnded)), NOON + timedelta(seconds=61))
    return call


def _event(kind: type) -> st.SearchStrategy[Any]:
    party, cause = st.sampled_from(_PARTIES), st.sampled_from(_CAUSES)
    made: dict[type, st.SearchStrategy[Any]] = {
        e.CallEnded: st.builds(e.CallEnded, by=party, cause=cause),
        e.TalkEnded: st.builds(e.TalkEnded, st.just(a.RESERVATION), st.just("alice"), by=party, cause=cause),
        e.CallRefused: st.builds(e.CallRefused, st.sampled_from(list(e.Refusal))),
        e.AgentLegEnded: st.builds(
            e.AgentLegEnded, st.just(a.RESERVATION), st.just("alice"), st.sampled_from(list(e.MissReason))
        ),
        e.CallerIdentified: st.just(a.IDENTIFIED),
        e.CallAdmitted: st.just(a.ADMITTED),
        e.CallQueued: st.just(a.QUEUED),
        e.AgentReserved: st.just(a.RESERVED),
        e.CallAnswered: st.just(a.ANSWERED),
        e.InputGathered: st.just(e.InputGathered("welcome", e.InputSource.DTMF, "1", 1)),
        e.QueueLeft: st.just(e.QueueLeft("sales-zh", "max wait", "sorry")),
    }
    return made[kind] if kind in made else st.builds(kind)
