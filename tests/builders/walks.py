"""Random lives of calls for property tests: any sequence of legal moves."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from ivr import events as e
from ivr.call import TRANSITIONS, Call, CallState, apply
from tests.builders import calls as a
from tests.builders.calls import NOON, given_call

# Made once: making a strategy takes longer than drawing from it.
_PARTY, _CAUSE = st.sampled_from(list(e.Party)), st.sampled_from([None, 0, 16, 17, 27, 31, 38, 41, 44])
_EVENTS: dict[type, st.SearchStrategy[Any]] = {kind: st.builds(kind) for _, kind in TRANSITIONS} | {
    e.CallEnded: st.builds(e.CallEnded, by=_PARTY, cause=_CAUSE),
    e.TalkEnded: st.builds(e.TalkEnded, st.just(a.RESERVATION), st.just("alice"), by=_PARTY, cause=_CAUSE),
    e.CallRefused: st.builds(e.CallRefused, st.sampled_from(list(e.Refusal))),
    e.AgentLegEnded: st.builds(
        e.AgentLegEnded, st.just(a.RESERVATION), st.just("alice"), st.sampled_from(list(e.MissReason))
    ),
    e.AgentRang: st.just(e.AgentRang(a.RESERVATION, "alice")),
    e.CallerIdentified: st.just(a.IDENTIFIED),
    e.CallAdmitted: st.just(a.ADMITTED),
    e.CallQueued: st.just(a.QUEUED),
    e.AgentReserved: st.just(a.RESERVED),
    e.CallAnswered: st.just(a.ANSWERED),
    e.InputGathered: st.just(e.InputGathered("welcome", e.InputSource.DTMF, "1", 1)),
    e.QueueLeft: st.just(e.QueueLeft("sales-zh", "max wait", "sorry")),
}
_MOVES = {
    state: st.sampled_from([kind for other, kind in TRANSITIONS if other is state])
    for state in dict.fromkeys(state for state, _ in TRANSITIONS)
}
_LENGTH = st.integers(0, 60)


@st.composite
def lives(draw: st.DrawFn, ended: bool = True) -> Call:
    """A call after a random life of at most 60 moves; with `ended`, one that is over."""
    call = given_call(a.OFFERED)
    for step in range(draw(_LENGTH)):
        if call.state not in _MOVES:
            break
        call = apply(call, draw(_EVENTS[draw(_MOVES[call.state])]), NOON + timedelta(seconds=step + 1))
    if ended and call.state is not CallState.ENDED:
        call = apply(call, draw(_EVENTS[e.CallEnded]), NOON + timedelta(seconds=61))
    return call
