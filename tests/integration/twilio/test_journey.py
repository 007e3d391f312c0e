"""The journey's cases on Twilio: the same ledger as on Asterisk."""

from typing import Any

import pytest

from ivr.events import AgentLegEnded, CallAnswered, MissReason, TalkEnded
from tests.integration.twilio.conftest import CallCentre
from tests.twilio import Answers, Busy, Caller, Duplicate, LoseReply, RingsOut, Unreachable

ANNA = "sip:anna@example.com"


async def in_queue(centre: CallCentre, number: str = "+8613800138001") -> Caller:
    """Dials, chooses sales, and waits."""
    caller = centre.caller(number)
    await caller.dial("4001")
    await caller.asked("test-topic")
    caller.press("1")
    await caller.until(lambda call: any(heard.kind == "wait-play" for heard in call.heard))
    return caller


async def test_a_caller_presses_a_key_and_talks_to_an_agent(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2))
    caller = await in_queue(centre)
    await caller.connected()
    await caller.listen(20)
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.intent) == ("answered", "customer", "sales")
    assert centre.twilio.phone(ANNA).calls[0].display_name == "general-en"  # nobody of whom a name is known
    assert not centre.twilio.alerts


async def test_an_agent_who_hangs_up_first_is_said_to_have(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2, hangs_up_after=30))
    caller = await in_queue(centre)
    await caller.connected()
    await caller.hears("test-thanks")
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.ended_by) == ("answered", "agent", "system")
    assert not centre.twilio.alerts


async def test_a_caller_who_hangs_up_during_the_farewell_is_said_to_have(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2, hangs_up_after=30))
    caller = await in_queue(centre)
    await caller.hears("test-thanks")
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.ended_by) == ("answered", "agent", "customer")


async def test_a_full_line_is_busy(centre: CallCentre) -> None:
    first, second = centre.caller(), centre.caller("+8613800138002")
    await first.dial("4003")
    await first.asked("test-topic")
    await second.dial("4003")
    assert await second.ended() == "busy"
    first.hang_up()
    assert (await centre.line(first)).outcome == "abandoned_in_menu"
    assert (await centre.line(second)).outcome == "busy"


async def test_outside_the_hours_the_caller_hears_so(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4004")
    assert await caller.ended() == "completed"
    assert (await centre.line(caller)).outcome == "closed"
    assert [heard.kind for heard in caller.heard] == ["play"]


async def test_hanging_up_in_the_menu_in_the_queue_and_while_ringing_are_told_apart(
    centre: CallCentre,
) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "abandoned_in_menu"

    caller = await in_queue(centre)
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "abandoned_in_queue"

    await centre.agent("anna", ANNA, RingsOut())
    caller = await in_queue(centre)
    await centre.twilio.until(lambda: centre.twilio.phone(ANNA).call is not None)
    await caller.listen(1)
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "abandoned_while_ringing"
    assert centre.twilio.phone(ANNA).calls[-1].status == "canceled"
    assert (await centre.program.routing.agent("anna")).state == "ready"


@pytest.mark.parametrize(
    ("behaviour", "reason", "cause"),
    [
        (Busy(after=1, code=486), MissReason.BUSY, 17),
        (Busy(after=1, code=603), MissReason.REJECTED, 21),
        (RingsOut(), MissReason.NO_ANSWER, 19),
        (Unreachable(404), MissReason.FAILED, 1),
        (Unreachable(480), MissReason.NO_ANSWER, 18),
        (Unreachable(503), MissReason.FAILED, 41),
    ],
)
async def test_an_agent_who_is_not_reached_costs_the_caller_nothing(
    centre: CallCentre, behaviour: Any, reason: MissReason, cause: int
) -> None:
    await centre.agent("anna", ANNA, behaviour, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "customer")
    missed = await centre.events(caller, AgentLegEnded)
    assert [(one.reason, one.cause) for one in missed] == [(reason, cause)]
    assert not centre.twilio.alerts


async def test_a_line_of_the_agent_that_breaks_is_a_dropped_call(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, drops_after=10))
    caller = await in_queue(centre)
    await caller.connected()
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "dropped")
    (talk,) = await centre.events(caller, TalkEnded)
    assert talk.by == "agent"


async def test_waiting_callers_hear_their_position(centre: CallCentre) -> None:
    first = await in_queue(centre)
    second = await in_queue(centre, "+8613800138002")
    await second.listen(30)
    assert any("position" in heard.what for heard in second.heard if heard.kind == "wait-play")
    first.hang_up()
    second.hang_up()
    assert (await centre.line(second)).outcome == "abandoned_in_queue"
    assert not centre.twilio.alerts


async def test_words_choose_and_keys_do(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4002")
    listening = await caller.asked("환불")
    assert listening.attributes["input"] == "dtmf speech"
    await caller.say("환불", 0.8)
    await caller.until(lambda call: any(heard.kind == "wait-play" for heard in call.heard))
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.intent) == ("abandoned_in_queue", "refund")


async def test_silence_is_no_answer_and_the_question_is_asked_again(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4007")
    await caller.until(lambda call: len([h for h in call.heard if "test-number" in h.what]) == 2)
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "abandoned_in_menu"


async def test_self_service_is_complete_without_an_agent(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    caller.press("3")
    await caller.hears("test-info")
    assert await caller.ended() == "completed"
    assert (await centre.line(caller)).outcome == "self_served"


async def test_an_agent_taken_from_one_call_gets_the_next(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=20))
    callers = [await in_queue(centre, f"+861380013800{n}") for n in range(3)]
    for caller in callers:
        await caller.ended()
    lines = [await centre.line(caller) for caller in callers]
    assert [line.outcome for line in lines] == ["answered"] * 3
    for caller in callers:
        assert len(await centre.events(caller, CallAnswered)) == 1


@pytest.mark.parametrize("gap", [0.0, 3.0])
async def test_every_webhook_twice_is_the_same_call(centre: CallCentre, gap: float) -> None:
    told = []
    for faulty in (False, True):
        if faulty:
            centre.twilio.faults.add(Duplicate(gap), times=1000)
        else:
            await centre.agent("anna", ANNA, Answers(after=2, hangs_up_after=30))
        caller = await in_queue(centre)
        await caller.hears("test-thanks")
        await caller.ended()
        line = await centre.line(caller)
        assert (line.outcome, line.ending) == ("answered", "agent")
        told.append(await centre.kinds(caller))
        await centre.twilio.let_pass(30)
    assert told[0] == told[1]


async def test_a_caller_whom_we_failed_hears_an_apology(centre: CallCentre) -> None:
    centre.twilio.faults.add(LoseReply(), kind="twiml", url="gathered", times=4)
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    caller.press("1")
    assert await caller.ended() == "completed"
    assert caller.heard[-1].kind == "say"
    line = await centre.line(caller)
    assert (line.outcome, line.ended_by) == ("failed", "system")


async def test_a_wait_that_is_too_long_ends_in_the_menu(centre: CallCentre) -> None:
    caller = await in_queue(centre)
    await caller.hears("test-sorry", within=1200)
    assert await caller.ended() == "completed"
    assert (await centre.line(caller)).outcome == "overflowed"
    assert not centre.twilio.alerts
