"""Time, identity and outages: the simulator as a carrier."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ivr import actions as a
from ivr import call as calls
from ivr.adapters.simulator import Caller, Keys, Phone, SimulationStuck, Talk
from ivr.call import Call, CallState
from ivr.events import (
    AgentLegEnded,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallRecovered,
    MissReason,
    Party,
    TalkEnded,
)
from tests.unit.ivr.simulator.core import RESERVATION, START, Actions, Plan, TinyCore, prompt, ring

WAIT_AND_RING: Actions = [a.Answer(), a.Hold(), ring()]


def call_as_remembered(core: TinyCore, state: CallState, **known: object) -> Call:
    """The first call as a program remembers it that lost touch in `state`."""
    (carrier_id, call_id), *_ = core.carrier_ids.items()
    call = calls.begin(call_id, CallOffered("simulator", carrier_id, "100"), START)
    return replace(call, state=state, **known)  # type: ignore[arg-type]


async def test_the_earlier_of_the_programs_timers_and_the_worlds_events_comes_first(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Play(prompt(10)), a.Hangup()])])
    core.timers = [START + timedelta(seconds=seconds) for seconds in (3, 12, 500)]
    await core.run(Caller("c", 5, "100"))
    assert core.told[0] == "timer at 3"
    assert core.told[2] == "timer at 12"
    assert len(core.timers) == 1  # due long after the last call


async def test_of_two_things_at_one_moment_the_worlds_comes_first(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Play(prompt(10)), a.Hangup()])])
    core.timers = [START + timedelta(seconds=5)]
    await core.run(Caller("c", 5, "100"))
    assert core.told[:2] == ["c calls 100 from number withheld", "timer at 5"]


async def test_time_can_be_let_pass_to_a_moment(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold()])])
    core.timers = [START + timedelta(seconds=20)]
    simulator = core.simulator(Caller("c", 5, "100", patience=60))
    async with simulator.running(core):
        await simulator.run(until=START + timedelta(seconds=30))
        assert core.clock.now() == START + timedelta(seconds=30)
        assert core.told[-1] == "timer at 20"
        assert core.of(CallEnded) == []
        await simulator.run()
    assert core.only(CallEnded)[0] == 65


async def test_a_timer_that_is_always_due_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.adapters.simulator.carrier.STUCK_AFTER", 100)
    question = a.Gather("menu", (), a.DtmfInput(1), timeout_seconds=0)
    core = TinyCore(tmp_path, [(CallOffered, [question])], otherwise=[question])
    with pytest.raises(SimulationStuck):
        await core.run(Caller("c", 0, "100"))


async def test_an_onlooker_may_slow_it_down(tmp_path: Path) -> None:
    passed: list[float] = []

    async def pause(seconds: float) -> None:
        passed.append(seconds)

    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Play(prompt(2)), a.Hangup()])])
    await core.run(Caller("c", 3, "100"), pause=pause)
    assert passed == [3, 2]


async def test_every_report_has_a_key_of_its_own(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
    await core.run(*(Caller(str(n), n * 100, "100") for n in range(3)), phones=[Phone("ann")], run="r")
    assert list(core.carrier_ids) == ["r-1", "r-2", "r-3"]
    keys = [key for _, key in core.keys]
    assert len(set(keys)) == len(keys) == 9


async def test_orders_for_a_call_that_is_gone_do_nothing(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hangup()]), (CallEnded, [a.Hold(), ring()])])
    simulator = core.simulator(Caller("c", 0, "100"), phones=[Phone("ann")])
    async with simulator.running(core):
        await simulator.run()
        await simulator.perform(UUID(int=99), [a.Hold()])
    assert len(core.reports) == 2


async def test_a_whole_story_is_told_to_onlookers_with_numbers_masked(tmp_path: Path) -> None:
    question = a.Gather("menu", prompt(1), a.DtmfInput(1))
    plan: Plan = [(CallOffered, [a.Answer(), question]), (object, [a.Hold(), ring()])]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("Li", 0, "100", "13800138000", replies=(Keys("1"),)), phones=[Phone("ann")])
    assert core.told == [
        "Li calls 100 from 138••••••00",
        "Li presses 1",
        "Li rings ann",
        "Li talks with ann",
        "Li hangs up (cause 16)",
    ]


class TestOutage:
    async def lost_at(self, core: TinyCore, seconds: float, back: float, *calls_: Caller) -> None:
        self.simulator = core.simulator(*calls_, phones=[Phone("ann", 2)])
        async with self.simulator.running(core):
            await self.simulator.run(until=START + timedelta(seconds=seconds))
        await self.simulator.run(until=START + timedelta(seconds=back))
        core.reports.clear()

    async def told(self, core: TinyCore, *remembered: Call) -> list[object]:
        async with self.simulator.running(core):
            await self.simulator.reattach(remembered)
        return [event for _, event in core.reports]

    async def test_a_waiting_call_is_recovered_and_served(self, tmp_path: Path) -> None:
        core = TinyCore(
            tmp_path, [(CallOffered, [a.Answer(), a.Hold()]), (CallRecovered, [a.Hold(), ring()])]
        )
        await self.lost_at(core, 5, 9, Caller("c", 0, "100"))
        assert await self.told(core, call_as_remembered(core, CallState.QUEUED)) == [CallRecovered()]
        async with self.simulator.running(core):
            await self.simulator.run()
        assert [type(event) for _, event in core.reports][-2:] == [CallAnswered, CallEnded]

    async def test_a_conversation_goes_on(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
        await self.lost_at(core, 5, 9, Caller("c", 0, "100"))
        call = call_as_remembered(core, CallState.TALKING, reservation=RESERVATION)
        assert await self.told(core, call) == [CallRecovered(talking=True)]

    async def test_the_agent_answered_meanwhile(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
        await self.lost_at(core, 1, 9, Caller("c", 0, "100"))
        call = call_as_remembered(core, CallState.RINGING, reservation=RESERVATION, reserved_agent="ann")
        assert await self.told(core, call) == [CallAnswered(RESERVATION, "ann"), CallRecovered(talking=True)]

    async def test_the_phone_still_rings(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
        await self.lost_at(core, 1, 1.5, Caller("c", 0, "100"))
        call = call_as_remembered(core, CallState.RINGING, reservation=RESERVATION, reserved_agent="ann")
        assert await self.told(core, call) == []

    async def test_the_ring_is_over(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold()])])
        await self.lost_at(core, 1, 9, Caller("c", 0, "100"))
        call = call_as_remembered(core, CallState.RINGING, reservation=RESERVATION, reserved_agent="ann")
        missed = AgentLegEnded(RESERVATION, "ann", MissReason.CANCELLED)
        assert await self.told(core, call) == [missed, CallRecovered()]

    async def test_the_agent_left_meanwhile(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
        talk = Talk(5, ended_by=Party.AGENT)
        await self.lost_at(core, 5, 9, Caller("c", 0, "100", talks=(talk,)))
        call = call_as_remembered(core, CallState.TALKING, reservation=RESERVATION)
        ended = TalkEnded(RESERVATION, "ann", Party.AGENT, 16)
        assert await self.told(core, call) == [ended, CallRecovered()]

    async def test_the_agent_and_then_the_caller_left_meanwhile(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, WAIT_AND_RING)])
        talk = Talk(2, ended_by=Party.AGENT, cause=27)
        await self.lost_at(core, 3, 99, Caller("c", 0, "100", talks=(talk,), stays=4))
        call = call_as_remembered(core, CallState.TALKING, reservation=RESERVATION)
        ended = TalkEnded(RESERVATION, "ann", Party.AGENT, 27)
        assert await self.told(core, call) == [ended, CallEnded(Party.CUSTOMER, 16)]

    async def test_a_call_that_ended_meanwhile_and_one_never_heard_of(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold()])])
        await self.lost_at(core, 5, 99, Caller("c", 0, "100", patience=20))
        call = call_as_remembered(core, CallState.QUEUED)
        other = replace(call, carrier_id="another-1")
        foreign = replace(call, carrier="asterisk")
        ended, forgotten = await self.told(core, call, other, foreign)
        assert ended == CallEnded(Party.CUSTOMER, 16)
        assert isinstance(forgotten, CallEnded)
        assert forgotten.by is Party.UNKNOWN

    async def test_who_called_meanwhile_met_busy(self, tmp_path: Path) -> None:
        core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold()])])
        await self.lost_at(core, 5, 60, Caller("c", 30, "100", "13800138000"))
        offered, ended = await self.told(core)
        assert isinstance(offered, CallOffered)
        assert isinstance(ended, CallEnded)
        assert (ended.by, ended.cause) == (Party.SYSTEM, 17)
        assert await self.told(core) == [offered, ended]
