"""What a stop, a restart and an outage do to calls: as little as can be."""

from datetime import datetime, timedelta

from ivr.events import CallEnded, CallRecovered, InputGathered, TalkEnded
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers


async def restart(centre: CallCentre) -> None:
    await centre.stop()
    await centre.start()


def at_the_end_of(ended_at: datetime | None, told: datetime) -> bool:
    """Twilio's call list knows seconds only."""
    return ended_at is not None and ended_at <= told <= ended_at + timedelta(seconds=1)


async def test_whoever_waits_waits_on_and_is_answered(centre: CallCentre) -> None:
    caller = await in_queue(centre)
    await restart(centre)
    heard = len(caller.heard)
    assert await centre.events(caller, CallRecovered) == [CallRecovered(talking=False)]
    await caller.listen(30)
    assert {one.kind for one in caller.heard[heard:]} == {"wait-play"}  # nothing but the music went on
    await centre.agent("anna", ANNA, Answers(after=1))
    await caller.connected()
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "answered"


async def test_whoever_talks_talks_on(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=60))
    caller = await in_queue(centre)
    await caller.connected()
    await restart(centre)
    assert await centre.events(caller, CallRecovered) == [CallRecovered(talking=True)]
    await caller.listen(20)
    assert caller.talking
    await caller.hears("test-thanks")
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "agent")
    assert len(await centre.events(caller, TalkEnded)) == 1


async def test_a_question_is_asked_again(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    await restart(centre)
    await caller.hears("test-topic")
    await caller.asked("test-topic")
    caller.press("3")
    await caller.ended()
    assert (await centre.line(caller)).outcome == "self_served"


async def test_an_answer_that_comes_while_the_program_starts_counts(centre: CallCentre) -> None:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    await centre.stop()
    await centre.start(attach=False)
    caller.press("3")
    await caller.listen(1)  # the webhook is waiting
    await centre.attach()
    await caller.hears("test-info")
    await caller.ended()
    assert (await centre.line(caller)).outcome == "self_served"
    assert [one.value for one in await centre.events(caller, InputGathered)] == ["3"]


async def test_a_phone_that_rings_may_still_be_answered(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=6))
    caller = await in_queue(centre)
    await centre.twilio.until(lambda: centre.twilio.phone(ANNA).call is not None)
    await caller.listen(2)
    await restart(centre)
    await caller.connected()
    caller.hang_up()
    assert (await centre.line(caller)).outcome == "answered"


async def test_a_caller_who_left_meanwhile_is_in_the_ledger(centre: CallCentre) -> None:
    caller = await in_queue(centre)
    await centre.stop()
    caller.hang_up()
    await centre.twilio.settled()
    await centre.start()
    line = await centre.line(caller)
    assert (line.outcome, line.ended_by) == ("abandoned_in_queue", "customer")
    assert at_the_end_of(caller.call.ended_at, line.ended_at)


async def test_a_talk_that_the_agent_ended_meanwhile_goes_on_in_the_menu(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=20))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.stop()
    await centre.start(attach=False)
    await caller.listen(20)
    await centre.attach()
    await caller.hears("test-thanks")
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "agent")


async def test_a_talk_that_ended_meanwhile_with_the_call(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.stop()
    await caller.listen(20)
    caller.hang_up()
    await centre.twilio.settled()
    await centre.start()
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "customer")
    assert (await centre.program.routing.agent("anna")).state in {"wrap_up", "ready"}


async def test_who_calls_while_nobody_is_there_is_found(centre: CallCentre) -> None:
    await centre.stop()
    caller = centre.caller()
    await caller.dial("4001")
    await caller.ended()
    await centre.twilio.settled()
    await centre.twilio.let_pass(60)
    await centre.start()
    assert (await centre.line(caller)).outcome == "failed"
    await centre.telephony.reconciliation.look()
    assert len(await centre.events(caller, CallEnded)) == 1
