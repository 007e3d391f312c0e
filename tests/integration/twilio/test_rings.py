"""An agent's phone rings once, whatever becomes of the answers to our requests."""

import pytest

from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answer, Answers, Hang, Reset
from tests.twilio.rest.guard import RestFault

_LONG = 60.0  # seconds: longer than a request is tried, and than a phone rings for a reservation


async def rung_once(centre: CallCentre) -> None:
    """Anna is ready, and is called once and no more until she and the caller talk, and after it."""
    caller = await in_queue(centre)
    await centre.agent("anna", ANNA, Answers(after=4))
    await caller.connected(within=_LONG)
    await caller.listen(_LONG)
    assert caller.talking
    assert len(centre.twilio.phone(ANNA).calls) == 1


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", [Reset(), Reset(done=True), Hang(), Hang(done=True)], ids=repr)
async def test_a_request_without_an_answer_is_one_ring(
    centre: CallCentre, fault: RestFault, times: int
) -> None:
    centre.twilio.rest_faults.add(fault, method="POST", path="/Participants", times=times)
    await rung_once(centre)


@pytest.mark.parametrize(("fault", "times"), [(Answer(404, 20404), 1), (Answer(503), 1), (Answer(503), 4)])
async def test_a_ring_that_is_not_found_is_not_asked_for_again(
    centre: CallCentre, fault: RestFault, times: int
) -> None:
    centre.twilio.rest_faults.add(Reset(done=True), method="POST", path="/Participants")
    centre.twilio.rest_faults.add(fault, method="GET", path="/Participants", times=times)
    await rung_once(centre)
