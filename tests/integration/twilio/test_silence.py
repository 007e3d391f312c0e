"""The end of a call is known soon, whichever of the webhooks that tell it are lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ivr.adapters.twilio.reconciliation import LATE, SILENCE, WATCH
from ivr.adapters.twilio.ringing import SETTLE
from ivr.events import CallAnswered
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers, Caller, Lose, RingsOut

EVERY = 300.0  # seconds between two comparisons with Twilio's list of calls
AT_ONCE, SOON, WATCHED = 1.0, 4 * SETTLE, SILENCE + WATCH + 1
COMPARED = EVERY + LATE.total_seconds() + 1

STATUS, ACTION, ROOM, LEGS = "status", "action", "room", "legs"


@pytest.fixture
def twilio_settings() -> dict[str, Any]:
    return {"reconcile_every": EVERY}


def lose(centre: CallCentre, *what: str) -> None:
    """From now on: of the end of the caller's call, of their Dial, of the conference, of the agent's leg."""
    faults, always = centre.twilio.faults, 10_000
    if STATUS in what:
        faults.add(Lose(), url="/twilio/status", times=always)
    if ROOM in what:
        faults.add(Lose(), kind="conference", times=always)
    if LEGS in what:
        faults.add(Lose(), url="/twilio/legs/", times=always)
    centre.twilio.habits.dial_action_after_hangup = ACTION not in what


async def menu(centre: CallCentre) -> Caller:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    return caller


async def ringing(centre: CallCentre) -> Caller:
    await centre.agent("anna", ANNA, RingsOut())
    caller = await in_queue(centre)
    await centre.twilio.until(lambda: centre.twilio.phone(ANNA).call is not None)
    return caller


async def talking(centre: CallCentre) -> Caller:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    return caller


Stage = Callable[[CallCentre], Awaitable[Caller]]


@pytest.mark.parametrize(
    ("stage", "lost", "within", "outcome"),
    [
        (menu, (), AT_ONCE, ("abandoned_in_menu", None)),
        (menu, (STATUS,), WATCHED, ("abandoned_in_menu", None)),
        (in_queue, (STATUS,), SOON, ("abandoned_in_queue", None)),
        (in_queue, (STATUS, ACTION), SOON, ("abandoned_in_queue", None)),
        (in_queue, (STATUS, ROOM), SOON, ("abandoned_in_queue", None)),
        (in_queue, (STATUS, ACTION, ROOM), WATCHED, ("abandoned_in_queue", None)),
        (ringing, (STATUS, ACTION), SOON, ("abandoned_while_ringing", None)),
        (talking, (STATUS,), SOON, ("answered", "customer")),
        (talking, (STATUS, ACTION), SOON, ("answered", "customer")),
        (talking, (STATUS, ROOM, LEGS), SOON, ("answered", "customer")),
        (talking, (STATUS, ACTION, ROOM), SOON, ("answered", "customer")),
        (talking, (STATUS, ACTION, ROOM, LEGS), COMPARED, ("answered", "customer")),
    ],
)
async def test_a_caller_who_hangs_up(
    centre: CallCentre,
    stage: Stage,
    lost: tuple[str, ...],
    within: float,
    outcome: tuple[str, str | None],
) -> None:
    caller = await stage(centre)
    await caller.listen(3)
    lose(centre, *lost)
    caller.hang_up()
    line, seconds = await told(centre, caller)
    assert (line.outcome, line.ending) == outcome
    assert seconds <= within
    assert caller.call.ended_at is not None
    assert abs(line.ended_at - caller.call.ended_at) <= timedelta(
        seconds=1
    )  # Twilio's list knows seconds only


async def told(centre: CallCentre, caller: Caller) -> tuple[Any, float]:
    """The ledger line, and after how many seconds it was there."""
    call, began = await centre.call_of(caller), asyncio.get_running_loop().time()
    while (line := await centre.program.ledger.line(call)) is None:
        assert asyncio.get_running_loop().time() - began < 2 * COMPARED, await centre.kinds(caller)
        await caller.listen(0.1)
    return line, asyncio.get_running_loop().time() - began


async def test_a_talk_of_which_nothing_was_told_was_as_long_as_it_was(centre: CallCentre) -> None:
    lose(centre, ROOM, LEGS)
    caller = await talking(centre)
    await caller.listen(5)  # shorter than a ring
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ending) == ("answered", "customer")
    assert 4 <= line.talked <= 6.5


async def test_a_talk_of_which_nothing_was_told_is_not_cut_off_as_a_ring_without_an_end(
    centre: CallCentre,
) -> None:
    lose(centre, ROOM, LEGS)
    caller = await talking(centre)
    await caller.listen(40)
    assert caller.talking
    assert len(await centre.events(caller, CallAnswered)) == 1
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.missed_rings) == ("answered", "customer", 0)


async def test_a_phone_that_breaks_off_had_answered_even_if_nobody_said_so(centre: CallCentre) -> None:
    lose(centre, ROOM)
    centre.twilio.faults.add(Lose(), url="/twilio/legs/", event="in-progress", times=10)
    await centre.agent("anna", ANNA, Answers(after=1, drops_after=8))
    caller = await in_queue(centre)
    await caller.hears("test-thanks", within=30)
    await caller.ended()
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.missed_rings) == ("answered", "dropped", 0)


@pytest.mark.parametrize(("number", "outcome"), [("4003", "busy"), ("4004", "closed")])
async def test_a_caller_who_was_turned_away(centre: CallCentre, number: str, outcome: str) -> None:
    if outcome == "busy":
        await centre.caller("+8613800138009").dial(number)
        await centre.twilio.let_pass(1)
    caller = centre.caller()
    lose(centre, STATUS)
    await caller.dial(number)
    await caller.ended()
    line, seconds = await told(centre, caller)
    assert (line.outcome, line.ended_by) == (outcome, "system")
    assert seconds <= WATCHED


@pytest.mark.parametrize("lost", [(ROOM,), (LEGS,), (ROOM, LEGS)])
async def test_an_agent_who_hangs_up(centre: CallCentre, lost: tuple[str, ...]) -> None:
    caller = await talking(centre)
    await caller.listen(3)
    lose(centre, *lost)
    leg = centre.twilio.phone(ANNA).call
    assert leg is not None
    centre.twilio.hang_up(leg)
    await caller.hears("test-thanks", within=4 * SETTLE)
    await caller.ended()
    line = await centre.line(caller)
    assert (line.outcome, line.ending, line.ended_by) == ("answered", "agent", "system")


async def test_who_says_nothing_for_long_is_still_there(centre: CallCentre) -> None:
    caller = await menu(centre)
    asked = len(centre.twilio.rest_faults.asked)
    await caller.listen(15)  # a question waits for 20 s
    assert len(centre.twilio.rest_faults.asked) == asked
    caller.press("1")
    await caller.hears("/music", within=10)
    asked = len(centre.twilio.rest_faults.asked)
    await caller.listen(200)
    assert len(centre.twilio.rest_faults.asked) == asked  # music comes in pieces: nobody is asked about
