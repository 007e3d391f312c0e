"""Whatever callers, agents, carriers and outages do, in any order: what always holds on the floor."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr import events as e
from ivr.call import Call, CallState
from routing.agent import AgentState
from routing.errors import IllegalAgentTransition
from routing.reach import Reach
from routing.skill import covers
from tests.unit.routing.floor import TWO_CARRIERS, given_config, open_floor

LOGINS = {"ann": {"sales": 4}, "bob": {"sales": 1}, "cid": {"sales": 3, "orders": 2}}
PHONES = {
    "ann": ["PJSIP/ann", "client:ann"],
    "bob": ["sip:bob@example.com", "PJSIP/bob"],
    "cid": ["PJSIP/cid", "+8613800138000"],
}
QUEUES = {"sales": {"max_wait": 240, "announce_every": 50, "max_length": 4, "misses_before_pause": 2}}

_login = st.sampled_from(sorted(LOGINS))
_index = st.integers(0, 9)


class FloorMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.floor = self.run(
            self.stack.enter_async_context(open_floor(Path(folder), given_config(**QUEUES), TWO_CARRIERS))
        )
        self.reach = Reach(TWO_CARRIERS)
        for login, skills in LOGINS.items():
            self.run(self.floor.agent(login, phone=PHONES[login][0], **skills))

    def teardown(self) -> None:
        if hasattr(self, "floor"):
            self.run(self.stack.aclose())
        if hasattr(self, "runner"):
            self.runner.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def open_calls(self, *states: CallState) -> list[Call]:
        return [
            call for call in self.run(self.floor.store.open_calls()) if not states or call.state in states
        ]

    def one(self, index: int, *states: CallState) -> UUID | None:
        calls = self.open_calls(*states)
        return calls[index % len(calls)].id if calls else None

    @rule(
        tier=st.sampled_from(["standard", "vip"]),
        intent=st.sampled_from(["sales", "sales", "danger"]),
        carrier=st.sampled_from(sorted(TWO_CARRIERS)),
    )
    def a_caller_joins(self, tier: str, intent: str, carrier: str) -> None:
        self.run(self.floor.caller(tier, intent, carrier))

    @rule(index=_index)
    def an_agent_answers(self, index: int) -> None:
        if call := self.one(index, CallState.RINGING):
            self.run(self.floor.answer(call))

    @rule(index=_index, reason=st.sampled_from(e.MissReason))
    def a_ring_is_missed(self, index: int, reason: e.MissReason) -> None:
        if call := self.one(index, CallState.RINGING):
            self.run(self.floor.miss(call, reason))
            self.run(self.floor.advance(1))

    @rule(index=_index)
    def a_talk_ends(self, index: int) -> None:
        if call := self.one(index, CallState.TALKING):
            self.run(self.floor.end_talk(call))

    @rule(index=_index)
    def a_caller_hangs_up(self, index: int) -> None:
        if call := self.one(index):
            self.run(self.floor.hang_up(call))

    @rule(login=_login, move=st.sampled_from(["sign_in", "ready", "pause", "sign_out"]))
    def an_agent_moves(self, login: str, move: str) -> None:
        arguments = (login, "lunch") if move == "pause" else (login,)
        before = self.run(self.floor.known(login))
        try:
            self.run(getattr(self.floor.routing, move)(*arguments))
        except IllegalAgentTransition:
            assert self.run(self.floor.known(login)) == before

    @rule(login=_login, which=st.integers(0, 1))
    def an_agent_takes_another_phone(self, login: str, which: int) -> None:
        self.run(self.floor.routing.update(login, login, PHONES[login][which], LOGINS[login]))

    @rule(login=_login, which=st.integers(0, 1), registered=st.booleans())
    def a_phone_comes_or_goes(self, login: str, which: int, registered: bool) -> None:
        self.run(self.floor.routing.presence(PHONES[login][which], registered))

    @rule(seconds=st.sampled_from([1, 7, 16, 31, 120]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.floor.advance(seconds))

    @rule()
    @precondition(lambda self: self.open_calls())
    def the_program_is_killed_and_started(self) -> None:
        self.run(self.floor.restart())
        for call in self.open_calls(CallState.QUEUED):
            if self.run(self.floor.calls.get(call.id)).state is CallState.QUEUED:
                self.run(self.floor.calls.record(call.id, e.CallRecovered()))

    @invariant()
    def nobody_waits_while_an_agent_who_could_serve_them_is_ready(self) -> None:
        if not hasattr(self, "floor"):
            return
        free = [agent for agent in self.run(self.floor.routing.agents()) if agent.offerable]
        for call in self.open_calls(CallState.QUEUED):
            waiting = self.run(self.floor.board.waiting(call.id))
            needed = self.floor.config.queue(waiting.queue).steps[waiting.step].skills
            assert waiting.step == call.relaxed
            suited = [a.login for a in free if self.reach.carrier_of(a.endpoint) == call.carrier]
            assert not [login for login in suited if covers(LOGINS[login], needed)]

    @invariant()
    def every_phone_that_rang_is_one_of_the_caller_s_carrier(self) -> None:
        for call, reserved in self.floor.rung if hasattr(self, "floor") else ():
            carrier = self.run(self.floor.call(call)).carrier
            assert self.reach.carrier_of(reserved.endpoint) == carrier

    @invariant()
    def calls_and_agents_tell_the_same_story(self) -> None:
        if not hasattr(self, "floor"):
            return
        paired = {CallState.RINGING: AgentState.RESERVED, CallState.TALKING: AgentState.TALKING}
        by_call = {
            (call.reservation, call.reserved_agent, paired[call.state]) for call in self.open_calls(*paired)
        }
        agents = self.run(self.floor.routing.agents())
        by_agent = {(a.reservation, a.login, a.state) for a in agents if a.state in paired.values()}
        assert by_call == by_agent

    @invariant()
    def the_board_holds_the_callers_of_the_timelines_in_order(self) -> None:
        if not hasattr(self, "floor"):
            return
        here = self.open_calls(CallState.QUEUED, CallState.RINGING)
        for name in self.floor.config.queues:
            mine = [call for call in here if call.queue == name]
            mine.sort(key=lambda call: (-call.lane, call.virtual_arrival, call.id))
            line = self.run(self.floor.board.queue(name))
            assert [waiting.call for waiting in line] == [call.id for call in mine]
            assert [w.reservation for w in line] == [call.reservation for call in mine]


TestFloor = FloorMachine.TestCase
TestFloor.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
