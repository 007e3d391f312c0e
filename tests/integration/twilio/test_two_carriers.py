"""One program with two carriers at once: Twilio, as the stand-in, and the simulated telephone network.

Their callers wait in one queue; each is given an agent whose phone their own carrier rings.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest

from api.bootstrap import Scenario, simulate
from api.bootstrap.program import background
from api.live import queue_detail
from config.clock import ManualClock
from ivr import events as e
from ivr.adapters.simulator import Caller, Keys, Phone, Simulator, Talk
from ivr.adapters.simulator.happenings import Happening
from qa.report import as_json
from routing.errors import AgentInvalid
from routing.events import AgentReservedForCall
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers

T = TypeVar("T")

JACK = "PJSIP/2001"
_STEP = 0.05  # seconds by which simulated time follows
_LOOKS = 6000


class Desk:
    """The call centre with a simulated network beside Twilio."""

    def __init__(self, centre: CallCentre) -> None:
        self.centre = centre
        self.seen: list[Happening] = []
        self._clock = ManualClock(centre.clock.now())
        phones = (Phone(JACK, answers_after=1.0),)
        scenario = Scenario(self._clock.now(), (), phones, (), (), {})
        self.simulator: Simulator = simulate(centre.program, self._clock, scenario, self.seen.append)
        self._callers = 0

    async def follow(self) -> None:
        """Lets simulated time pass as the loop's does."""
        while True:
            await self.simulator.run(until=self.centre.clock.now())
            await asyncio.sleep(_STEP)

    async def calls(self, patience: float = 300.0) -> UUID:
        """A simulated caller who chooses sales; returns once they wait."""
        self._callers += 1
        self.simulator.place(
            Caller(
                f"caller {self._callers}",
                0,
                "4001",
                f"1390013900{self._callers}",
                replies=(Keys("1"),),
                patience=patience,
                talks=(Talk(20.0),),
            )
        )
        queued = await self.queue()
        return await _soon(self._queued_after, queued)

    async def _queued_after(self, others: list[UUID]) -> UUID | None:
        return next((call for call in await self.queue() if call not in others), None)

    async def queue(self) -> list[UUID]:
        return [waiting.call for waiting in await self.centre.program.board.queue("general-en")]

    async def add(self, login: str, phone: str) -> None:
        await self.centre.program.routing.add(login, login, phone, {"en": 3})
        await self.centre.program.routing.sign_in(login)

    async def rings(self, call: UUID) -> list[e.AgentReserved]:
        timeline = await self.centre.program.store.timeline(call)
        return [entry.event for entry in timeline if isinstance(entry.event, e.AgentReserved)]

    async def over(self) -> None:
        await self.centre.twilio.settled()
        await _soon(self._none_open)

    async def _none_open(self) -> bool:
        return not await self.centre.program.store.open_calls()


async def _soon(look: Callable[..., Awaitable[T | None]], *arguments: Any) -> T:
    """What `look` finds, looked for in simulated time."""
    for _ in range(_LOOKS):
        if found := await look(*arguments):
            return found
        await asyncio.sleep(_STEP)
    raise AssertionError(f"not found: {look}")


@pytest.fixture
async def desk(centre: CallCentre) -> AsyncIterator[Desk]:
    made = Desk(centre)
    async with made.simulator.running(centre.program.calls), background(made.follow()):
        yield made


async def test_callers_of_both_wait_in_one_queue_and_each_agent_serves_their_own_in_order(
    centre: CallCentre, desk: Desk
) -> None:
    program, routing = centre.program, centre.program.routing
    centre.twilio.phone(ANNA, Answers(after=1, hangs_up_after=20))
    await desk.add("anna", ANNA)
    await desk.add("jack", JACK)
    first = await in_queue(centre, "+8613800138001")
    second = await desk.calls()
    third = await in_queue(centre, "+8613800138003")
    fourth = await desk.calls()
    by_twilio = [await centre.call_of(caller) for caller in (first, third)]
    by_simulator = [second, fourth]
    assert await desk.queue() == [by_twilio[0], second, by_twilio[1], fourth]

    await routing.ready("jack")
    seen = await queue_detail(program, program.config.queue("general-en"))
    assert (seen.length, seen.agents) == (4, {"paused": 1, "reserved": 1})
    await routing.ready("anna")
    await desk.over()

    expected = (
        (by_twilio, "twilio", "anna", ANNA, "agent"),
        (by_simulator, "simulator", "jack", JACK, "customer"),
    )
    lines = {line.call_id: line for line in await program.ledger.lines()}
    for calls, carrier, agent, phone, ending in expected:
        rings = [ring for call in calls for ring in await desk.rings(call)]
        assert [(ring.agent, ring.endpoint) for ring in rings] == [(agent, phone)] * 2
        assert [ring.passed_over["has no phone of this carrier"] for ring in rings] == [1, 1]
        history = [entry.event for entry in await routing.timeline(agent)]
        assert [event.call for event in history if isinstance(event, AgentReservedForCall)] == calls
        for line in (lines[call] for call in calls):
            assert (line.carrier, line.outcome, line.ending) == (carrier, "answered", ending)
            assert (line.agent, line.missed_rings) == (agent, 0)
    report = as_json(await program.quality.report())
    assert (report["offered"], report["outcomes"]["answered"], report["balanced"]) == (4, 4, True)


async def test_a_free_agent_of_the_other_carrier_is_not_rung_and_does_not_back_off(
    centre: CallCentre, desk: Desk
) -> None:
    program, routing = centre.program, centre.program.routing
    centre.twilio.phone(ANNA, Answers(after=1))
    await desk.add("anna", ANNA)
    await desk.add("jack", JACK)

    await routing.ready("anna")
    waited = await desk.calls(patience=30)
    await desk.over()
    assert (await routing.agent("anna")).state == "ready"

    await routing.pause("anna", "lunch")
    await routing.ready("jack")
    caller = await in_queue(centre)
    await caller.listen(30)
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.by_agent if hasattr(line, "by_agent") else None) == (
        "abandoned_in_queue",
        None,
    )
    found = await program.ledger.line(waited)
    assert found is not None
    assert found.outcome == "abandoned_in_queue"
    assert (await routing.agent("jack")).state == "ready"
    assert await desk.rings(waited) == await desk.rings(await centre.call_of(caller)) == []


async def test_a_phone_of_neither_carrier_is_refused(desk: Desk) -> None:
    with pytest.raises(AgentInvalid, match=r"twilio: a number .*; simulator: those of the scenario"):
        await desk.add("kim", "PJSIP/2002")
