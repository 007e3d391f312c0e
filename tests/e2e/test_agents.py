"""Who is rung, when and for whom, on a real Asterisk with agents' phones that do what phones do."""

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PhoneFactory
from tests.e2e.program import HotlineProgram
from tests.telephony import audio
from tests.telephony.ami import AmiClient
from tests.telephony.phone import Phone


async def waiting(hotline: HotlineProgram, caller: Phone, number: str = "4005") -> str:
    """Dials a number without a menu and waits in its queue; the call's id."""
    await caller.dial(number)
    call = await hotline.call_from(f"+86{caller.user}")
    await hotline.event(call, "CallQueued")
    return call


async def when(hotline: HotlineProgram, call: str, kind: str) -> datetime:
    """When the first event of a kind happened to a call."""
    return next(datetime.fromisoformat(e["at"]) for e in await hotline.timeline(call) if e["kind"] == kind)


async def happened(hotline: HotlineProgram, call: str, kind: str) -> list[dict[str, Any]]:
    return [e["data"] for e in await hotline.timeline(call) if e["kind"] == kind]


def quietest(heard: audio.Samples, seconds: int) -> float:
    """The level, 0 to 1, of the quietest of the first seconds; 0 when there are not so many."""
    return min(audio.level(heard[at : at + audio.RATE]) for at in range(0, seconds * audio.RATE, audio.RATE))


async def talked(
    hotline: HotlineProgram, call: str, caller: Phone, journey: str = "no menu, straight to a person"
) -> dict[str, Any]:
    """Lets a call that is answered end by its caller; the ledger line."""
    await hotline.event(call, "CallAnswered")
    await caller.hang_up()
    return await hotline.told(journey, call)


async def test_a_vip_overtakes_and_the_others_are_served_in_order(
    hotline: HotlineProgram, phone: PhoneFactory, tmp_path: Path
) -> None:
    await phone("1001", register=True, answers=True)
    first, second, vip = [await phone(f"1380013800{n}") for n in (1, 2, 3)]
    customers = tmp_path / "customers.csv"
    customers.write_text("number,name,tier,language\n13800138003,Wang,vip,en\n")
    imported = hotline.command("customers", "import", str(customers))
    assert imported.returncode == 0, imported.stderr
    await hotline.agent("1001", ready=False)
    calls = [await waiting(hotline, caller) for caller in (first, second, vip)]
    await hotline.post("agents/1001/ready")

    await talked(hotline, calls[2], vip, "a VIP overtakes")
    for caller, call in ((first, calls[0]), (second, calls[1])):
        await talked(hotline, call, caller, "a VIP overtakes: who was overtaken")
    reserved = [await when(hotline, call, "AgentReserved") for call in calls]
    assert reserved[2] < reserved[0] < reserved[1]
    assert (await hotline.event(calls[2], "CallerIdentified"))["tier"] == "vip"
    assert (await hotline.report())["outcomes"] == {"answered": 3}


async def second_agent_answers(
    hotline: HotlineProgram, caller: Phone, missed: str, reason: str, journey: str
) -> dict[str, Any]:
    """A caller whom `missed` does not take waits on at their place, and 1002 does; the missed ring."""
    call = await hotline.call_from(f"+86{caller.user}")
    miss = await hotline.event(call, "AgentLegEnded")
    assert (miss["agent"], miss["reason"]) == (missed, reason)
    backing_off = await hotline.agent_in(missed, "backing_off")
    assert (backing_off["reason"], backing_off["misses"]) == (reason, 1)
    assert (await hotline.event(call, "CallAnswered"))["agent"] == "1002"
    assert [e["agent"] for e in await happened(hotline, call, "AgentReserved")] == [missed, "1002"]
    assert len(await happened(hotline, call, "CallQueued")) == 1  # never left the queue
    await talked(hotline, call, caller, journey)
    assert (await hotline.get(f"agents/{missed}"))["state"] == "backing_off"
    return miss


async def test_an_agent_who_does_not_answer_backs_off_and_the_next_one_is_rung(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    silent = await phone("1001", register=True)
    await phone("1002", register=True, answers=True)
    caller = await phone("13800138001")
    await hotline.agent("1001")
    await hotline.agent("1002")
    await waiting(hotline, caller)
    await silent.wait("CALL_INCOMING")
    rung_from = caller.heard_so_far()
    await silent.wait("CALL_CLOSED", timeout=15)
    await second_agent_answers(
        hotline, caller, "1001", "no_answer", "the agent does not answer, the next one does"
    )
    while_it_rang = (await caller.last_heard())[rung_from:]
    assert quietest(while_it_rang, 4) > 0.01  # of the six; a ringing tone is mostly silence


async def test_an_agent_who_rejects_backs_off_and_the_next_one_is_rung(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    rejecting = await phone("1001", register=True)
    await phone("1002", register=True, answers=True)
    caller = await phone("13800138001")
    await hotline.agent("1001")
    await hotline.agent("1002")
    await waiting(hotline, caller)
    await rejecting.wait("CALL_INCOMING")
    await rejecting.hang_up()
    miss = await second_agent_answers(  # busy is what SIP 486 says
        hotline, caller, "1001", "busy", "the agent rejects, the next one answers"
    )
    assert miss["cause"] == 17


async def test_an_agent_whose_phone_is_in_another_call_is_busy(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    engaged = await phone("1001", register=True, lines=1)
    await phone("1002", register=True, answers=True)
    friend = await phone("13900139000", answers=True)
    caller = await phone("13800138001")
    await engaged.dial(f"sip:{friend.user}@127.0.0.1:{friend.sip_port}")
    await engaged.wait("CALL_ESTABLISHED")
    await hotline.agent("1001")
    await hotline.agent("1002")
    await waiting(hotline, caller)
    await second_agent_answers(
        hotline, caller, "1001", "busy", "the agent is in another call, the next one answers"
    )


async def test_an_agent_who_is_not_registered_backs_off_and_the_next_one_is_rung(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    await phone("1002", register=True, answers=True)
    caller = await phone("13800138001")
    await hotline.agent("1004")
    await hotline.agent("1002")
    await waiting(hotline, caller)
    await second_agent_answers(
        hotline, caller, "1004", "unregistered", "the agent cannot be reached, the next one answers"
    )


async def test_three_misses_in_a_row_pause_the_agent(hotline: HotlineProgram, phone: PhoneFactory) -> None:
    agent = await phone("1001", register=True)
    caller = await phone("13800138001")
    await hotline.agent("1001")
    call = await waiting(hotline, caller, "4006")
    seen = 0
    for _ in range(3):
        await agent.wait("CALL_INCOMING", after=seen)
        seen = agent.mark()
        await agent.hang_up()
        await agent.wait("CALL_CLOSED", after=seen)
    paused = await hotline.agent_in("1001", "paused")
    assert (paused["reason"], paused["misses"]) == ("missed calls", 3)
    assert len(await happened(hotline, call, "AgentLegEnded")) == 3
    await hotline.event(call, "PositionAnnounced", nth=2)  # long after the back-off, nobody is rung
    assert len(await happened(hotline, call, "AgentReserved")) == 3
    await caller.hang_up()
    await hotline.told("three misses pause the agent, the caller gives up", call)


async def test_a_waiting_caller_hears_music_and_now_and_then_their_position(
    hotline: HotlineProgram, phone: PhoneFactory, ami: AmiClient
) -> None:
    caller = await phone("13800138001")
    call = await waiting(hotline, caller)
    assert (await hotline.event(call, "PositionAnnounced", nth=2))["position"] == 1
    starts = itertools.count(1)  # of the music: at first, and after each announcement
    await ami.wait_for(lambda e: e["Event"] == "MusicOnHoldStart" and next(starts) == 3)
    await caller.hang_up()
    assert (await hotline.line(call))["outcome"] == "abandoned_in_queue"

    heard = await caller.last_heard()
    assert 0.6 < audio.tone_seconds(heard, 1900) < 1.1  # twice 0.4 s
    assert quietest(heard, 9) > 0.01


async def test_the_next_caller_is_rung_when_the_agent_has_wrapped_up(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    await phone("1001", register=True, answers=True)
    first, second = await phone("13800138001"), await phone("13800138002")
    await hotline.agent("1001")
    served = await waiting(hotline, first)
    await hotline.event(served, "CallAnswered")
    following = await waiting(hotline, second)
    await talked(hotline, served, first)
    wrapping_up = await hotline.agent_in("1001", "wrap_up")
    await hotline.event(following, "CallAnswered")
    until = datetime.fromisoformat(wrapping_up["until"])
    assert await when(hotline, following, "AgentReserved") >= until
    assert (until - await when(hotline, served, "CallEnded")).total_seconds() == pytest.approx(1, abs=0.3)
    await talked(hotline, following, second)
    await hotline.agent_in("1001", "ready")


async def test_an_agent_gets_no_calls_until_ready(hotline: HotlineProgram, phone: PhoneFactory) -> None:
    agent = await phone("1001", register=True, answers=True)
    caller = await phone("13800138001")
    await hotline.agent("1001", ready=False)
    assert (await hotline.get("agents/1001"))["state"] == "paused"
    call = await waiting(hotline, caller)
    await hotline.event(call, "PositionAnnounced")
    assert await happened(hotline, call, "AgentReserved") == []
    assert not any(e["type"] == "CALL_INCOMING" for e in agent.events)
    await hotline.post("agents/1001/ready")
    await talked(hotline, call, caller)


async def test_a_pause_asked_for_during_a_talk_comes_after_it(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    await phone("1001", register=True, answers=True)
    first, second = await phone("13800138001"), await phone("13800138002")
    await hotline.agent("1001")
    served = await waiting(hotline, first)
    await hotline.event(served, "CallAnswered")
    asked = await hotline.post("agents/1001/pause", {"reason": "lunch"})
    assert (asked["state"], asked["afterwards"]) == ("talking", {"state": "paused", "reason": "lunch"})
    following = await waiting(hotline, second)
    await talked(hotline, served, first)
    assert (await hotline.agent_in("1001", "paused"))["reason"] == "lunch"
    assert await happened(hotline, following, "AgentReserved") == []
    await hotline.post("agents/1001/ready")
    await talked(hotline, following, second)
