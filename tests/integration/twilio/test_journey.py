"""The journey's cases on Twilio: the same ledger as on Asterisk."""

import pytest

from ivr.events import InputGathered
from tests.integration.twilio.conftest import CallCentre
from tests.twilio import Answers, Caller, Duplicate, LoseReply, RingsOut

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
    await centre.told("keys, a talk, the caller hangs up", caller)
    assert centre.twilio.phone(ANNA).calls[0].display_name == "general-en"  # nobody of whom a name is known
    assert not centre.twilio.alerts


async def test_an_agent_who_hangs_up_first_is_said_to_have(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2, hangs_up_after=30))
    caller = await in_queue(centre)
    await caller.connected()
    await caller.hears("test-thanks")
    await centre.told("the agent hangs up first", caller)
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
    await centre.told("the caller hangs up in the menu", first)
    await centre.told("busy at the line limit", second)


async def test_outside_the_hours_the_caller_hears_so(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4004")
    assert await caller.ended() == "completed"
    await centre.told("closed", caller)
    assert [heard.kind for heard in caller.heard] == ["play"]


async def test_hanging_up_in_the_menu_in_the_queue_and_while_ringing_are_told_apart(
    centre: CallCentre,
) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    caller.hang_up()
    await centre.told("the caller hangs up in the menu", caller)

    caller = await in_queue(centre)
    caller.hang_up()
    await centre.told("the caller hangs up in the queue", caller)

    await centre.agent("anna", ANNA, RingsOut())
    caller = await in_queue(centre)
    await centre.twilio.until(lambda: centre.twilio.phone(ANNA).call is not None)
    await caller.listen(1)
    caller.hang_up()
    await centre.told("the caller hangs up while the agent's phone rings", caller)
    assert centre.twilio.phone(ANNA).calls[-1].status == "canceled"
    assert (await centre.program.routing.agent("anna")).state == "ready"


async def test_waiting_callers_hear_their_position(centre: CallCentre) -> None:
    first = await in_queue(centre)
    second = await in_queue(centre, "+8613800138002")
    await second.listen(30)
    assert any("position" in heard.what for heard in second.heard if heard.kind == "wait-play")
    first.hang_up()
    second.hang_up()
    assert (await centre.line(second)).outcome == "abandoned_in_queue"
    assert not centre.twilio.alerts


async def hears_the_question(centre: CallCentre) -> Caller:
    caller = centre.caller()
    await caller.dial("4002")
    listening = await caller.asked("환불")
    assert listening.attributes["input"] == "dtmf speech"
    return caller


async def waits(caller: Caller) -> None:
    await caller.until(lambda call: any(heard.kind == "wait-play" for heard in call.heard))


async def test_a_word_chooses(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2))
    caller = await hears_the_question(centre)
    await caller.say("환불", 0.8)
    await caller.connected()
    caller.hang_up()
    await centre.told("a word, a talk, the caller hangs up", caller)
    assert [one.source for one in await centre.events(caller, InputGathered)] == ["speech"]


async def test_a_question_to_be_answered_by_speech_takes_a_key(centre: CallCentre) -> None:
    caller = await hears_the_question(centre)
    caller.press("1")
    await waits(caller)
    caller.hang_up()
    await centre.told("a key where a word may be said", caller)


async def test_without_a_menu_a_caller_goes_straight_to_a_person(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = centre.caller()
    await caller.dial("4005")
    await caller.connected()
    caller.hang_up()
    await centre.told("no menu, straight to a person", caller)


@pytest.mark.parametrize(
    ("key", "journey"),
    [("2", "recorded only with consent: refused"), ("1", "recorded only with consent: given")],
)
async def test_a_talk_is_recorded_only_with_consent(centre: CallCentre, key: str, journey: str) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = centre.caller()
    await caller.dial("4007")
    await caller.asked("test-number")
    caller.press("1234")
    await caller.asked("test-notice")
    caller.press(key)
    await caller.connected()
    caller.hang_up()
    await centre.told(journey, caller)


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
    await centre.told("served by the menu", caller)


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
        await centre.told("the agent hangs up first", caller)
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


async def test_who_waits_hears_their_position_and_about_how_long_it_will_take(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=2, hangs_up_after=600))
    first = await in_queue(centre)
    await first.connected()
    second = await in_queue(centre, "+8613800138002")
    for clip in ("position-next", "wait-about", "number-3", "wait-minutes"):
        await second.hears(clip)  # a call is assumed to take three minutes
    second.hang_up()
    assert (await centre.line(second)).outcome == "abandoned_in_queue"


async def test_a_wait_that_is_too_long_ends_in_the_menu(centre: CallCentre) -> None:
    caller = await in_queue(centre)
    await caller.hears("test-sorry", within=1200)
    assert await caller.ended() == "completed"
    assert (await centre.line(caller)).outcome == "overflowed"
    assert not centre.twilio.alerts


async def test_a_wait_that_is_over_while_twilio_is_out_of_reach_ends_when_it_is_back(
    centre: CallCentre,
) -> None:
    caller = await in_queue(centre)
    await caller.listen(580)
    centre.out_of_reach()
    await caller.listen(90)  # the longest wait ends meanwhile, and so does the first insistence
    assert not any("test-sorry" in heard.what for heard in caller.heard)
    centre.out_of_reach(False)
    await caller.hears("test-sorry", within=15)  # a piece of music has ten seconds
    assert await caller.ended() == "completed"
    assert (await centre.line(caller)).outcome == "overflowed"
