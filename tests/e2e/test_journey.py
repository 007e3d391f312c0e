"""The journey of a call on a real Asterisk, with real phones and real sound."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import PhoneFactory, SippFactory
from tests.e2e.program import HotlineProgram
from tests.telephony import audio
from tests.telephony.asterisk import REPOSITORY
from tests.telephony.phone import Phone

CALLER = "13800138001"
E164 = "+8613800138001"


async def in_queue(hotline: HotlineProgram, caller: Phone, *, nth: int = 1) -> str:
    """Dials, chooses sales, and waits in the queue; the id of this, the caller's nth call."""
    start = caller.mark()
    await caller.dial("4001")
    call = await hotline.call_from(f"+86{caller.user}", nth=nth)
    await caller.wait("CALL_ESTABLISHED", after=start)
    await caller.press("1")
    await hotline.event(call, "CallQueued")
    return call


async def test_a_caller_presses_a_key_talks_to_an_agent_and_is_recorded_and_scored(
    hotline: HotlineProgram, phone: PhoneFactory, tmp_path: Path
) -> None:
    agent = await phone(
        "1001", register=True, answers=True, speaks=audio.tone(tmp_path / "agent.wav", 1300, 60)
    )
    caller = await phone(CALLER, display="王小明", speaks=audio.tone(tmp_path / "caller.wav", 1500, 60))
    await hotline.agent("1001")
    call = await in_queue(hotline, caller)
    await agent.wait("CALL_ESTABLISHED")
    await hotline.recorded(call, 1.5)
    await caller.hang_up()

    await hotline.told("keys, a talk, the caller hangs up", call)
    heard = await caller.last_heard()
    assert audio.tone_seconds(heard, 1300) > 1
    assert audio.tone_seconds(heard, 800) > 0.2  # the notice that the call is recorded
    await hotline.agent_in("1001", "ready")
    recording = await hotline.recording(call, "scored")
    assert set(recording["tracks"]) == {"agent", "customer"}
    assert all(track["duration"] > 1 for track in recording["tracks"].values())
    agents, customers = [await hotline.track(recording["id"], side) for side in ("agent", "customer")]
    assert audio.tone_seconds(agents, 1300) > 1
    assert audio.tone_seconds(customers, 1500) > 1
    assert audio.tone_share(agents, 1500) == audio.tone_share(customers, 1300) == 0
    await is_transcribed_and_scored(hotline, recording)
    report = await hotline.report()
    assert report["offered"] == 1
    assert report["outcomes"] == {"answered": 1}


async def is_transcribed_and_scored(hotline: HotlineProgram, recording: dict[str, Any]) -> None:
    """Tones are no words, so what was heard and how good it was are not looked at."""
    transcript = await hotline.get(f"recordings/{recording['id']}/transcript")
    assert (transcript["language"], transcript["original"]) == ("en", False)
    assert transcript["duration"] == pytest.approx(recording["duration"], abs=0.1)
    (score,) = await hotline.get(f"calls/{recording['call_id']}/scores")
    card = yaml.safe_load((REPOSITORY / "config" / "scorecards" / "service-en.yaml").read_text())
    assert (score["recording_id"], score["scorecard"]) == (recording["id"], card["id"])
    verdicts = {item["id"]: item["verdict"] for item in score["result"]["items"]}
    assert list(verdicts) == [item["id"] for section in card["sections"] for item in section["items"]]
    assert set(verdicts.values()) <= {"pass", "fail", "unknown", "not_applicable"}


async def test_an_agent_who_hangs_up_first_is_said_to_have(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    agent = await phone("1001", register=True, answers=True)
    caller = await phone(CALLER)
    await hotline.agent("1001")
    call = await in_queue(hotline, caller)
    await hotline.event(call, "RecordingStarted")
    await agent.hang_up()
    await hotline.event(call, "TalkEnded")
    await caller.wait("CALL_CLOSED")
    await hotline.told("the agent hangs up first", call)
    assert audio.tone_seconds(await caller.last_heard(), 1000) > 0.2  # thanked after the talk


async def test_a_full_line_is_a_real_busy(
    hotline: HotlineProgram, phone: PhoneFactory, sipp: SippFactory
) -> None:
    caller = await phone(CALLER)
    await caller.dial("4003")
    call = await hotline.call_from(E164)
    await hotline.event(call, "StepEntered")
    result = await sipp("caller-busy", number="4003", caller="13800138002").run()
    assert result.all_good, result.errors
    await hotline.told("busy at the line limit", await hotline.call_from("+8613800138002"))
    await caller.hang_up()
    await hotline.told("the caller hangs up in the menu", call)
    report = await hotline.report()
    assert report["outcomes"] == {"abandoned_in_menu": 1, "busy": 1}


async def test_outside_the_hours_the_caller_hears_so(hotline: HotlineProgram, phone: PhoneFactory) -> None:
    caller = await phone(CALLER)
    await caller.dial("4004")
    call = await hotline.call_from(E164)
    await hotline.told("closed", call, timeout=20)
    assert audio.level(await caller.last_heard()) > 0.01


async def test_hanging_up_in_the_menu_in_the_queue_and_while_ringing_are_told_apart(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    agent = await phone("1001", register=True)
    caller = await phone(CALLER)

    await caller.dial("4001")
    menu = await hotline.call_from(E164)
    await hotline.event(menu, "StepEntered", where=lambda data: data["step"] == "topic")
    await caller.hang_up()
    await hotline.told("the caller hangs up in the menu", menu)

    queue = await in_queue(hotline, caller, nth=2)
    await caller.hang_up()
    await hotline.told("the caller hangs up in the queue", queue)

    await hotline.agent("1001")
    ringing = await in_queue(hotline, caller, nth=3)
    await hotline.event(ringing, "AgentRang")
    await agent.wait("CALL_INCOMING")
    await caller.hang_up()
    await hotline.told("the caller hangs up while the agent's phone rings", ringing)
    await agent.wait("CALL_CLOSED")
    await hotline.agent_in("1001", "ready")
