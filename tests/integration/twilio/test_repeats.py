"""What Twilio sends again long after is no second call."""

import pytest

from tests.integration.twilio.conftest import CallCentre
from tests.twilio import Duplicate

_LATER = 60.0  # seconds


@pytest.mark.parametrize("restart", ["none", "stop", "kill"])
async def test_an_ended_call_that_comes_again_stays_ended(centre: CallCentre, restart: str) -> None:
    centre.twilio.faults.add(Duplicate(gap=_LATER), url="/twilio/voice")
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked()
    caller.hang_up()
    await caller.listen(_LATER / 2)
    assert not centre.telephony.sessions()
    if restart == "stop":
        await centre.stop()
        await centre.start()
    elif restart == "kill":
        await centre.kill()
        await centre.start()
    before = await centre.kinds(caller)
    await centre.twilio.let_pass(_LATER)
    voice = [sent for sent in centre.twilio.sent if sent.webhook.url.endswith("/twilio/voice")]
    assert len(voice) == 2
    assert await centre.kinds(caller) == before
    assert not centre.telephony.sessions()
    report = (await centre.program.quality.report()).ledger
    assert (report.offered, report.in_progress) == (1, 0)
