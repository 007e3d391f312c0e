"""What a stop, a kill and a restart do to calls: as little as can be."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from ivr.events import CallAnswered, CallEnded, CallRecovered, InputGathered, TalkEnded
from tests.integration.twilio.conftest import CALLER, CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers, Busy, Caller, Lose

Down = Callable[[], Awaitable[None]]


@pytest.fixture(params=["killed", "stopped"])
def down(centre: CallCentre, request: pytest.FixtureRequest) -> Down:
    """Ends the program, one way or the other."""
    return centre.kill if request.param == "killed" else centre.stop


def at_the_end_of(ended_at: datetime | None, told: datetime) -> bool:
    """Twilio's call list knows seconds only."""
    return ended_at is not None and ended_at <= told <= ended_at + timedelta(seconds=1)


async def test_whoever_waits_waits_on_and_is_answered(centre: CallCentre, down: Down) -> None:
    caller = await in_queue(centre)
    await down()
    await centre.start()
    heard = len(caller.heard)
    assert await centre.events(caller, CallRecovered) == [CallRecovered(talking=False)]
    await caller.listen(30)
    assert {one.kind for one in caller.heard[heard:]} == {"wait-play"}  # nothing but the music went on
    await centre.agent("anna", ANNA, Answers(after=1))
    await caller.connected()
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "answered"


async def test_whoever_talks_talks_on(centre: CallCentre, down: Down) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=60))
    caller = await in_queue(centre)
    await caller.connected()
    await down()
    await centre.start()
    assert await centre.events(caller, CallRecovered) == [CallRecovered(talking=True)]
    await caller.listen(20)
    assert caller.talking
    await caller.hears("test-thanks")
    await centre.told("killed in a talk, which goes on", caller)
    assert len(await centre.events(caller, TalkEnded)) == 1


async def test_a_question_is_asked_again(centre: CallCentre, down: Down) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    await down()
    await centre.start()
    await caller.hears("test-topic")
    await caller.asked("test-topic")
    caller.press("3")
    await caller.ended()
    await centre.told("killed while the caller is in the menu", caller)


async def test_an_answer_that_comes_while_the_program_starts_counts(centre: CallCentre, down: Down) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    await down()
    await centre.start(attach=False)
    caller.press("3")
    await caller.listen(1)  # the webhook is waiting
    await centre.attach()
    await caller.hears("test-info")
    await caller.ended()
    assert (await centre.line(caller)).outcome == "self_served"
    assert [one.value for one in await centre.events(caller, InputGathered)] == ["3"]


async def rings(centre: CallCentre, *behaviours: Any) -> Caller:
    """A caller for whom Anna's phone rings."""
    await centre.agent("anna", ANNA, *behaviours)
    caller = await in_queue(centre)
    await centre.twilio.until(lambda: centre.twilio.phone(ANNA).call is not None)
    await caller.listen(1)
    return caller


async def test_a_phone_that_rings_on_can_still_be_answered(centre: CallCentre, down: Down) -> None:
    caller = await rings(centre, Answers(after=6, hangs_up_after=20))
    await down()
    await centre.start()
    await caller.connected()
    await centre.told("killed while a phone rings, which is answered afterwards", caller)


async def test_an_agent_who_answers_meanwhile_gets_the_caller(centre: CallCentre, down: Down) -> None:
    caller = await rings(centre, Answers(after=4, hangs_up_after=20))
    await down()
    await caller.connected()
    await caller.listen(1)
    await centre.start()
    await centre.told("killed while a phone rings, which is answered meanwhile", caller)


async def test_a_ring_that_ended_meanwhile_is_followed_by_another(centre: CallCentre, down: Down) -> None:
    caller = await rings(centre, Busy(after=3), Answers(after=1, hangs_up_after=20))
    await down()
    await caller.listen(3)
    await centre.start()
    await caller.connected()
    await centre.told("killed while a phone rings, which stops meanwhile", caller)


async def test_three_waiting_callers_are_served_in_the_order_in_which_they_came(
    centre: CallCentre, down: Down
) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=20))
    await centre.program.routing.pause("anna", "later")
    callers = [await in_queue(centre, f"+861380013800{n}") for n in (1, 2, 3)]
    await down()
    await centre.start()
    await centre.program.routing.ready("anna")
    for caller in callers:
        await caller.ended()
        await centre.told("killed while three wait: served in order", caller)
    answered = [await centre.when(caller, CallAnswered) for caller in callers]
    assert answered == sorted(answered)


async def test_a_caller_who_left_meanwhile_is_in_the_ledger(centre: CallCentre, down: Down) -> None:
    caller = await in_queue(centre)
    await down()
    caller.hang_up()
    await centre.twilio.settled()
    await centre.start()
    line = await centre.told("killed, the caller hangs up in the queue meanwhile", caller)
    assert at_the_end_of(caller.call.ended_at, line.ended_at)


async def test_a_talk_that_the_agent_ended_meanwhile_goes_on_in_the_menu(
    centre: CallCentre, down: Down
) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=20))
    caller = await in_queue(centre)
    await caller.connected()
    await down()
    await centre.start(attach=False)
    await caller.listen(20)
    await centre.attach()
    await caller.hears("test-thanks")
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "agent")


async def test_a_talk_that_ended_meanwhile_with_the_call(centre: CallCentre, down: Down) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await down()
    await caller.listen(20)
    caller.hang_up()
    await centre.twilio.settled()
    await centre.start()
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "customer")
    assert (await centre.program.routing.agent("anna")).state in {"wrap_up", "ready"}


@pytest.mark.parametrize("answers_after", [4, 8])
async def test_an_agent_who_answers_for_a_caller_who_left_meanwhile_is_not_left_alone(
    centre: CallCentre, down: Down, answers_after: float
) -> None:
    caller = await rings(centre, Answers(after=answers_after))
    leg = centre.twilio.phone(ANNA).call
    await down()
    caller.hang_up()
    await centre.twilio.let_pass(5)
    assert leg is not None
    assert not leg.over
    await centre.start()
    line = await centre.line(caller)
    assert line.outcome == "abandoned_while_ringing"
    assert leg.status == "completed"
    assert (await centre.program.routing.agent("anna")).state == "ready"


async def test_who_calls_meanwhile_hears_an_apology_and_is_in_the_ledger(
    centre: CallCentre, down: Down
) -> None:
    await down()
    callers = [centre.caller(number) for number in (CALLER, CALLER, "+8613800138002")]
    for caller in callers:
        await caller.dial("4001")
        await caller.ended()
        assert ["sorry" in one.what for one in caller.heard] == [True]  # Twilio's words: nobody else is there
    await centre.twilio.let_pass(60)
    await centre.start()
    for caller in callers:
        await centre.told("called while the program is away", caller)
    await centre.telephony.reconciliation.look()
    for caller in callers:
        assert len(await centre.events(caller, CallEnded)) == 1


@pytest.mark.parametrize("times", [False, True], ids=["no end told", "end told"])
async def test_who_was_turned_away_as_the_program_ended_is_in_the_ledger(
    centre: CallCentre, down: Down, times: bool
) -> None:
    centre.twilio.habits.times_of_failed = times
    centre.twilio.faults.add(Lose(), kind="status", times=10)
    await centre.caller("+8613800138009").dial("4003")
    caller = centre.caller()
    await caller.dial("4003")
    assert await caller.ended() == "busy"
    await down()
    await centre.twilio.let_pass(60)
    await centre.start()
    line = await centre.line(caller)
    assert line.outcome == "busy"
    assert at_the_end_of(caller.call.ended_at, line.ended_at)


@pytest.mark.parametrize("hours", [10, 24 * 6])
async def test_however_long_the_program_was_away_its_callers_are_in_the_ledger(
    centre: CallCentre, down: Down, hours: float
) -> None:
    await in_queue(centre)
    await centre.twilio.let_pass(30)
    await down()
    caller = centre.caller("+8613800138002")
    await caller.dial("4001")
    await caller.ended()
    await centre.twilio.let_pass(hours * 3600)
    await centre.start()
    await centre.told("called while the program is away", caller)
