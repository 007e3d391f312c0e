"""Who is rung, when and for whom, on Twilio; and whose line is lost."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr.actions import CancelRing
from ivr.events import AgentLegEnded, AgentReserved, CallAnswered, CallQueued, MissReason, TalkEnded
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answer, Answers, Busy, Caller, RingsOut, Unreachable

BEN = "client:ben"


async def waiting(centre: CallCentre, number: str = "+8613800138001", called: str = "4005") -> Caller:
    """Dials a number without a menu and waits in its queue."""
    caller = centre.caller(number)
    await caller.dial(called)
    await caller.until(lambda call: any(heard.kind == "wait-play" for heard in call.heard))
    return caller


async def talks(caller: Caller) -> None:
    """Is answered, and hangs up."""
    await caller.connected()
    await caller.listen(3)
    caller.hang_up()


async def test_a_vip_overtakes_and_the_others_are_served_in_order(centre: CallCentre) -> None:
    await centre.program.customers.import_csv("number,name,tier,language\n13800138003,Wang,vip,en\n")
    await centre.agent("anna", ANNA, Answers(after=1))
    await centre.program.routing.pause("anna", "later")
    first, second, vip = [await waiting(centre, f"+861380013800{n}") for n in (1, 2, 3)]
    await centre.program.routing.ready("anna")
    for caller in (vip, first, second):
        await talks(caller)
    await centre.told("a VIP overtakes", vip)
    assert centre.twilio.phone(ANNA).calls[0].display_name == "Wang"
    for caller in (first, second):
        await centre.told("a VIP overtakes: who was overtaken", caller)
    answered = [await centre.when(caller, CallAnswered) for caller in (vip, first, second)]
    assert answered == sorted(answered)


@pytest.mark.parametrize(
    ("behaviour", "reason", "cause", "journey"),
    [
        (Busy(after=1, code=486), MissReason.BUSY, 17, "the agent rejects, the next one answers"),
        (Busy(after=1, code=603), MissReason.REJECTED, 21, "the agent rejects, the next one answers"),
        (Busy(code=486), MissReason.BUSY, 17, "the agent is in another call, the next one answers"),
        (RingsOut(), MissReason.NO_ANSWER, 19, "the agent does not answer, the next one does"),
        (Unreachable(404), MissReason.FAILED, 1, "the agent cannot be reached, the next one answers"),
        (Unreachable(480), MissReason.NO_ANSWER, 18, "the agent cannot be reached, the next one answers"),
        (Unreachable(503), MissReason.FAILED, 41, "the agent cannot be reached, the next one answers"),
    ],
)
async def test_an_agent_who_is_not_reached_backs_off_and_the_next_one_is_rung(
    centre: CallCentre, behaviour: Any, reason: MissReason, cause: int, journey: str
) -> None:
    await centre.agent("anna", ANNA, behaviour)
    await centre.agent("ben", BEN, Answers(after=1))
    caller = await waiting(centre)
    await caller.connected()
    assert (await centre.program.routing.agent("anna")).state == "backing_off"
    caller.hang_up()
    await centre.told(journey, caller)
    missed = await centre.events(caller, AgentLegEnded)
    assert [(one.agent, one.reason, one.cause) for one in missed] == [("anna", reason, cause)]
    assert [one.agent for one in await centre.events(caller, AgentReserved)] == ["anna", "ben"]
    assert len(await centre.events(caller, CallQueued)) == 1  # never left the queue
    assert not centre.twilio.alerts


async def test_three_misses_in_a_row_pause_the_agent(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Busy(after=1))
    caller = await waiting(centre, called="4006")
    await caller.listen(60)
    agent = await centre.program.routing.agent("anna")
    assert (agent.state, agent.misses) == ("paused", 3)
    caller.hang_up()
    await centre.told("three misses pause the agent, the caller gives up", caller)


class TestTheAccountsPace:
    """One ring a second, as Twilio lets a new account, for phones that ring for six."""

    @pytest.fixture
    def twilio_settings(self) -> dict[str, Any]:
        return {"calls_per_second": 1}

    async def test_waiting_for_it_is_no_agents_fault(self, centre: CallCentre) -> None:
        number = 20
        callers = [await waiting(centre, f"+86138001380{n:02}") for n in range(number)]
        phones = [f"sip:agent{n}@example.com" for n in range(number)]
        for n, phone in enumerate(phones):
            await centre.agent(f"agent{n}", phone, Answers(after=3))
        for caller in callers:
            await caller.connected(within=60)
        missed = [event for caller in callers for event in await centre.events(caller, AgentLegEnded)]
        assert {event.reason for event in missed} == {MissReason.CANCELLED}
        for phone in phones:
            assert len(centre.twilio.phone(phone).calls) == 1
        for caller in callers:
            caller.hang_up()
        assert {(await centre.line(caller)).missed_rings for caller in callers} == {0}

    async def test_a_ring_that_is_not_wanted_any_more_takes_nobodys_turn(self, centre: CallCentre) -> None:
        await centre.agent("anna", ANNA, Answers(after=1))
        await centre.agent("ben", BEN, Answers(after=1))
        await waiting(centre)
        in_line = await waiting(centre, "+8613800138002")
        (reserved,) = await centre.events(in_line, AgentReserved)
        call_off = CancelRing(reserved.reservation)
        await centre.telephony.perform(await centre.call_of(in_line), [call_off])
        await in_line.listen(0.1)
        (missed,) = await centre.events(in_line, AgentLegEnded)
        assert missed.reason is MissReason.CANCELLED
        await in_line.connected(within=2.5)  # reserved after a second, rung at once, answered in one more
        assert [len(centre.twilio.phone(phone).calls) for phone in (ANNA, BEN)] == [1, 1]


async def test_a_ring_that_twilio_takes_too_long_over_is_no_agents_fault(centre: CallCentre) -> None:
    later = Answer(429, 20429, retry_after=30)
    centre.twilio.rest_faults.add(later, method="POST", path="/Participants")
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await waiting(centre)
    await caller.connected(within=15)
    caller.hang_up()
    assert (await centre.line(caller)).missed_rings == 0
    assert [one.reason for one in await centre.events(caller, AgentLegEnded)] == [MissReason.CANCELLED]


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20005), (400, 10004), (400, 21210)])
async def test_what_the_account_may_not_is_no_agents_fault_and_said_once(
    centre: CallCentre, status: int, code: int
) -> None:
    centre.twilio.rest_faults.add(Answer(status, code), method="POST", path="/Participants", times=20)
    with capture_logs() as logs:
        await centre.agent("anna", ANNA, Answers(after=1))
        caller = await waiting(centre, called="4006")
        await caller.connected()  # after those twenty refusals
    assert (await centre.program.routing.agent("anna")).misses == 0
    caller.hang_up()
    assert (await centre.line(caller)).missed_rings == 0
    assert {one.reason for one in await centre.events(caller, AgentLegEnded)} == {MissReason.CANCELLED}
    errors = [line for line in logs if line["log_level"] == "error"]
    assert [(line["event"], str(code) in line["why"]) for line in errors] == [
        ("no agent's phone can be rung", True)
    ]


async def test_an_agent_whose_phone_dies_has_dropped_the_call(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, drops_after=10))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.told("the agent's phone dies in the talk", caller)
    (talk,) = await centre.events(caller, TalkEnded)
    assert talk.by == "agent"
    assert any("test-thanks" in heard.what for heard in caller.heard)  # not left in silence


async def test_a_caller_whose_line_is_lost_in_the_talk_was_dropped(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await caller.listen(10)
    caller.drop()
    await centre.told("the caller's line is lost in the talk", caller)


async def test_a_caller_whose_line_is_lost_in_the_queue_abandoned_it(centre: CallCentre) -> None:
    caller = await in_queue(centre)
    caller.drop()
    await centre.told("the caller's line is lost in the queue", caller)


async def test_an_agent_taken_from_one_call_gets_the_next(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=20))
    callers = [await in_queue(centre, f"+861380013800{n}") for n in range(3)]
    for caller in callers:
        await caller.ended()
    lines = [await centre.line(caller) for caller in callers]
    assert [line.outcome for line in lines] == ["answered"] * 3
    for caller in callers:
        assert len(await centre.events(caller, CallAnswered)) == 1
