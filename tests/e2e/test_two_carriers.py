"""One program on Asterisk and on Twilio: real phones here, the stand-in's over HTTP there, in real time."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.conftest import PhoneFactory
from tests.e2e.program import HotlineProgram
from tests.e2e.test_journey import in_queue
from tests.telephony import audio
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.ports import free_tcp_port
from tests.twilio import Account, Answers, Caller, Carrier, HttpTransport, RealClock

ANNA = "sip:anna@example.com"
BY_TWILIO, BY_ASTERISK = "+8613800138001", "13800138002"


@pytest.fixture
async def twilio() -> AsyncIterator[Carrier]:
    wire = HttpTransport()
    async with Carrier(wire, clock=RealClock()) as carrier:
        yield carrier
    await wire.close()


@pytest.fixture
async def both(
    asterisk: AsteriskServer, twilio: Carrier, shared_folder: Path, configuration: Path
) -> AsyncIterator[HotlineProgram]:
    """The program on both, with Anna's telephone at Twilio."""
    account, port = Account(), free_tcp_port()
    public = f"http://127.0.0.1:{port}"
    async with twilio.serving() as rest:
        program = HotlineProgram(
            Path(tempfile.mkdtemp(prefix="data", dir=shared_folder)),
            configuration,
            asterisk,
            HOTLINE_CARRIERS="asterisk,twilio",
            HOTLINE_HTTP_PORT=str(port),
            HOTLINE_TWILIO__ACCOUNT_SID=account.sid,
            HOTLINE_TWILIO__AUTH_TOKEN=account.auth_token,
            HOTLINE_TWILIO__PUBLIC_URL=public,
            HOTLINE_TWILIO__BASE_URL=rest,
        )
        twilio.number(
            "4001", f"{public}/twilio/voice", f"{public}/twilio/voice/fallback", f"{public}/twilio/status"
        )
        twilio.phone(ANNA, Answers(after=0.3))
        await program.start()
        yield program
        await program.stop()


async def waits_at_twilio(program: HotlineProgram, twilio: Carrier) -> tuple[Caller, str]:
    """A caller who chose sales, and the id of their call."""
    caller = twilio.caller(BY_TWILIO)
    await caller.dial("4001")
    await caller.asked("test-topic")
    assert caller.press("1")
    call = await program.call_from(BY_TWILIO)
    await program.event(call, "CallQueued")
    await caller.until(lambda own: any(heard.kind == "wait-play" for heard in own.heard))
    return caller, call


async def test_callers_of_both_share_a_queue_and_are_served_and_recorded_alike(
    both: HotlineProgram, twilio: Carrier, phone: PhoneFactory, tmp_path: Path
) -> None:
    voice = audio.tone(tmp_path / "agent.wav", 1300, 60)
    agent = await phone("1001", register=True, answers=True, speaks=voice)
    other = await phone(BY_ASTERISK, speaks=audio.tone(tmp_path / "caller.wav", 1500, 60))
    await both.agent("1001", ready=False)
    await both.agent("anna", ready=False, endpoint=ANNA)
    caller, at_twilio = await waits_at_twilio(both, twilio)
    at_asterisk = await in_queue(both, other)

    await both.post("agents/1001/ready")  # who waits longer cannot be rung by Asterisk
    await agent.wait("CALL_ESTABLISHED")
    await both.event(at_asterisk, "RecordingStarted")
    await both.post("agents/anna/ready")
    await caller.connected()
    await both.event(at_twilio, "RecordingStarted")
    await both.recorded(at_asterisk, 1.5)
    await caller.listen(1.5)
    await other.hang_up()
    caller.hang_up()

    for call, carrier, agent_of in ((at_twilio, "twilio", "anna"), (at_asterisk, "asterisk", "1001")):
        line = await both.told("keys, a talk, the caller hangs up", call)
        assert (line["carrier"], line["agent"], line["missed_rings"]) == (carrier, agent_of, 0)
        recording = await both.recording(call, "scored")
        assert set(recording["tracks"]) == {"agent", "customer"}
        assert all(track["duration"] > 1 for track in recording["tracks"].values())
    report = await both.report()
    assert (report["offered"], report["outcomes"], report["balanced"]) == (2, {"answered": 2}, True)
    assert not twilio.alerts


async def test_while_asterisk_is_away_twilios_callers_are_served(
    both: HotlineProgram, twilio: Carrier, asterisk: AsteriskServer
) -> None:
    caller, call = await waits_at_twilio(both, twilio)
    asterisk.kill()
    await both.agent("anna", endpoint=ANNA)
    await caller.connected()
    caller.hang_up()
    await both.told("keys, a talk, the caller hangs up", call)
    asterisk.start()
    await both.takes_calls()
