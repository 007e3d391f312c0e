"""Whatever callers, agents and program do, every call ends exactly once, and twice the same way."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import actions as a
from ivr.adapters.simulator import Caller, Keys, Leaves, Phone, Says, Silence, Stage, Talk
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    InputGathered,
    MissReason,
    Party,
    TalkEnded,
)
from tests.unit.ivr.simulator.core import Actions, TinyCore, prompt

RESERVATIONS = [UUID(int=n) for n in range(4)]
KINDS = [CallOffered, InputGathered, AgentRang, AgentLegEnded, CallAnswered, TalkEnded]

seconds = st.integers(0, 80).map(lambda quarter: quarter / 4)
causes = st.sampled_from([16, 27, 44])
prompts = st.sampled_from([(), prompt(1), prompt(2.5)])
reservations = st.sampled_from(RESERVATIONS)
dtmf = st.builds(a.DtmfInput, st.integers(1, 4), st.sampled_from(["#", ""]), st.just(2.0))
speech = st.just(a.SpeechInput("ko", ("yes",)))
rings = st.builds(
    a.RingAgent, reservations, st.just("a"), st.sampled_from(["ann", "bob", "eve"]), st.just(8.0)
)
actions = st.one_of(
    st.just(a.Answer()),
    st.just(a.Reject()),
    st.just(a.Hangup()),
    st.builds(a.Play, prompts, st.booleans()),
    st.builds(a.Gather, st.just("s"), prompts, st.none() | dtmf, st.none() | speech, seconds, st.booleans()),
    st.builds(a.Hold, prompts=prompts),
    st.builds(a.Announce, prompts),
    rings,
    st.builds(a.CancelRing, reservations),
    st.builds(a.StartRecording, st.uuids(), reservations),
)
replies = st.one_of(
    st.builds(Keys, st.text("0123#*", min_size=1, max_size=6), st.none() | seconds),
    st.builds(Says, st.sampled_from(["yes", "no"]), st.none(), st.none() | seconds),
    st.just(Silence()),
)
callers = st.builds(
    Caller,
    st.just("c"),
    seconds,
    st.just("100"),
    replies=st.lists(replies, max_size=5).map(tuple),
    patience=seconds,
    leaves=st.none() | st.builds(Leaves, st.sampled_from(Stage), st.integers(1, 3), seconds),
    talks=st.lists(
        st.builds(
            Talk,
            seconds,
            st.just(()),
            st.sampled_from([Party.CUSTOMER, Party.AGENT]),
            causes,
        ),
        max_size=3,
    ).map(tuple),
    stays=st.none() | seconds,
    lifetime=st.just(300.0),
    redials_after=st.none() | seconds,
)
phones = st.builds(
    Phone,
    st.just(""),
    st.integers(0, 10).map(float),
    st.dictionaries(st.integers(1, 4), st.sampled_from([r for r in MissReason if r != "cancelled"])),
    st.lists(st.just((2.0, 6.0)), max_size=1).map(tuple),
)
waiting = st.builds(lambda first, ring: [*first, a.Hold(), ring], st.lists(actions, max_size=2), rings)
plans = st.lists(st.tuples(st.sampled_from(KINDS), st.lists(actions, max_size=4) | waiting), max_size=12)

Plan = Sequence[tuple[type, Actions]]
Told = list[tuple[float, CallEvent]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prompts")


class Core(TinyCore):
    """Also notes which call each report is of."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.by_call: dict[UUID, list[CallEvent]] = {}

    async def _react(self, call_id: UUID, event: CallEvent) -> None:
        self.by_call.setdefault(call_id, []).append(event)
        await super()._react(call_id, event)


async def story(folder: Path, who: list[Caller], ann: Phone, bob: Phone, plan: Plan) -> Core:
    core = Core(folder, plan)
    endpoints = [
        Phone(name, p.answers_after, p.misses, p.unregistered) for name, p in (("ann", ann), ("bob", bob))
    ]
    await core.run(*who, phones=endpoints)
    return core


@given(st.lists(callers, min_size=1, max_size=4), phones, phones, plans)
@settings(max_examples=200)
def test_every_call_ends_exactly_once_and_nothing_comes_after(
    folder: Path, who: list[Caller], ann: Phone, bob: Phone, plan: Plan
) -> None:
    core = asyncio.run(story(folder, who, ann, bob, plan))
    assert len(core.by_call) >= len(who)
    for told in core.by_call.values():
        assert isinstance(told[0], CallOffered)
        assert [isinstance(event, CallEnded) for event in told].index(True) == len(told) - 1
        _talks_in_order(told)
    assert not any(phone.engaged for phone in core.carrier._world.phones.values())


@given(st.lists(callers, min_size=1, max_size=3), phones, phones, plans)
@settings(max_examples=50)
def test_the_same_scripts_tell_the_same_story(
    folder: Path, who: list[Caller], ann: Phone, bob: Phone, plan: Plan
) -> None:
    first, again = (asyncio.run(story(folder, who, ann, bob, plan)) for _ in range(2))
    assert (first.reports, first.keys, first.told) == (again.reports, again.keys, again.told)


def _talks_in_order(told: list[CallEvent]) -> None:
    """A conversation begins with an answer and is over before the next; no ring ends during it twice."""
    talking = False
    for event in told:
        if isinstance(event, CallAnswered):
            assert not talking
            talking = True
        elif isinstance(event, TalkEnded):
            assert talking
            talking = False
        elif isinstance(event, InputGathered):
            assert not talking
