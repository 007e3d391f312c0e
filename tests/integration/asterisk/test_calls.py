"""Calls from being offered to their end."""

import asyncio
import wave
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from ivr.actions import (
    Announce,
    Answer,
    CancelRing,
    DtmfInput,
    Gather,
    Hangup,
    Hold,
    Play,
    Prompt,
    Reject,
    StartRecording,
)
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallEnded,
    CallOffered,
    InputGathered,
    InputSource,
    MissReason,
    Party,
    TalkEnded,
)
from tests.e2e.conftest import PhoneFactory
from tests.integration.asterisk.conftest import Desk, ringing, until
from tests.telephony.ami import AmiClient

Sounds = Callable[[str, float], Prompt]


def whole(path: Path) -> bool:
    """Whether Asterisk has closed the file, and so written its length into the header."""
    with wave.open(str(path)) as file:
        frames: int = file.getnframes()
    return frames > 0 and path.stat().st_size == 44 + 2 * frames


class TestCaller:
    async def test_is_offered_with_number_and_name(self, desk: Desk, phone: PhoneFactory) -> None:
        caller = await phone("13800138000", display="王小明")
        await caller.dial("4008")
        offer = await desk.sink.wait(CallOffered)
        assert (offer.carrier, offer.called, offer.caller) == ("asterisk", "4008", "13800138000")
        assert offer.caller_name == "王小明"

    async def test_hears_busy_when_rejected(self, desk: Desk, phone: PhoneFactory) -> None:
        async def reject(call_id: object, _offer: CallOffered) -> None:
            await desk.do(call_id, Reject())  # type: ignore[arg-type]

        desk.sink.on_offered = reject
        caller = await phone("13800138000")
        await caller.dial("4008")
        closed = await caller.wait("CALL_CLOSED")
        assert closed["param"] == "486 Busy Here"
        ended = await desk.sink.wait(CallEnded)
        assert (ended.by, ended.cause) == (Party.SYSTEM, 17)

    async def test_who_hangs_up_in_the_menu_ended_the_call(self, desk: Desk, phone: PhoneFactory) -> None:
        caller = await phone("13800138000")
        await desk.answered(caller)
        await caller.hang_up()
        ended = await desk.sink.wait(CallEnded)
        assert (ended.by, ended.cause) == (Party.CUSTOMER, 16)

    async def test_who_gives_up_before_the_answer_ended_the_call(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        await desk.sink.wait(CallOffered)
        await caller.hang_up()
        ended = await desk.sink.wait(CallEnded)
        assert (ended.by, ended.cause) == (Party.CUSTOMER, 16)

    async def test_is_hung_up_after_the_last_word(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        began = asyncio.get_running_loop().time()
        await desk.do(call_id, Answer(), Play((sounds("goodbye", 1.0),)), Hangup())
        ended = await desk.sink.wait(CallEnded)
        assert (ended.by, ended.cause) == (Party.SYSTEM, 16)
        assert asyncio.get_running_loop().time() - began > 1.0

    async def test_whose_phone_falls_silent_ended_the_call_with_cause_44(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        await desk.answered(caller)
        await caller.kill()
        ended = await desk.sink.wait(CallEnded, timeout=15)
        assert (ended.by, ended.cause) == (Party.CUSTOMER, 44)

    async def test_a_prompt_that_is_not_there_costs_nobody_the_call(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        await desk.do(call_id, Answer(), Gather("menu", (Prompt("en", "x", "nowhere"),), DtmfInput(1)))
        await caller.wait("CALL_ESTABLISHED")
        await caller.press("7")
        assert (await desk.sink.wait(InputGathered)).value == "7"


class TestGather:
    async def test_digits_cut_the_prompt_short(self, desk: Desk, phone: PhoneFactory, sounds: Sounds) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        gather = Gather("order", (sounds("long", 8.0),), DtmfInput(6, between_seconds=1.0))
        await desk.do(call_id, Answer(), gather)
        await caller.wait("CALL_ESTABLISHED")
        began = asyncio.get_running_loop().time()
        await caller.press("12#")
        gathered = await desk.sink.wait(InputGathered)
        assert (gathered.step, gathered.source, gathered.value) == ("order", InputSource.DTMF, "12")
        assert asyncio.get_running_loop().time() - began < 4

    async def test_digits_keyed_ahead_answer_the_next_question(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        long = sounds("long", 8.0)
        await desk.do(call_id, Answer(), Gather("first", (long,), DtmfInput(1)))
        await caller.wait("CALL_ESTABLISHED")
        await caller.press("12")
        await desk.sink.wait(InputGathered)
        await asyncio.sleep(0.5)
        mark = desk.sink.mark()
        await desk.do(call_id, Gather("second", (long,), DtmfInput(1)))
        second = await desk.sink.wait(InputGathered, timeout=2, after=mark)
        assert (second.step, second.value) == ("second", "2")

    async def test_silence_is_told_after_the_time_to_answer(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        gather = Gather("menu", (sounds("short", 0.5),), DtmfInput(1), timeout_seconds=1.0)
        await desk.do(call_id, Answer(), gather)
        assert (await desk.sink.wait(InputGathered)).source is InputSource.NONE

    async def test_new_actions_end_it_without_a_result(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller = await phone("13800138000")
        await caller.dial("4008")
        call_id = await desk.offered()
        await desk.do(call_id, Answer(), Gather("menu", (sounds("long", 8.0),), DtmfInput(1)))
        await caller.wait("CALL_ESTABLISHED")
        await asyncio.sleep(0.5)
        await desk.do(call_id, Hangup())
        await desk.sink.wait(CallEnded, timeout=3)
        assert not desk.sink.of(InputGathered)


class TestAgent:
    async def test_is_rung_and_connected_and_hangs_up(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id, ring = await desk.talking(caller, agent)
        recording = uuid4()
        await desk.do(call_id, StartRecording(recording, ring.reservation))
        await asyncio.sleep(1.5)
        await agent.hang_up()
        ended = await desk.sink.wait(TalkEnded)
        assert (ended.reservation, ended.by, ended.cause) == (ring.reservation, Party.AGENT, 16)
        assert not desk.sink.of(CallEnded)
        for track in ("agent", "customer"):
            await until(partial(whole, desk.spool / f"{recording}-{track}.wav"))
            with wave.open(str(desk.spool / f"{recording}-{track}.wav")) as file:
                assert file.getnframes() / file.getframerate() > 1
        await desk.do(call_id, Hangup())
        await desk.sink.wait(CallEnded)
        assert desk.sink.kinds(call_id) == [
            "CallOffered",
            "AgentRang",
            "CallAnswered",
            "TalkEnded",
            "CallEnded",
        ]

    async def test_a_caller_who_hangs_up_ends_the_conversation(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        await desk.talking(caller, agent)
        await caller.hang_up()
        ended = await desk.sink.wait(CallEnded)
        assert (ended.by, ended.cause) == (Party.CUSTOMER, 16)
        assert not desk.sink.of(TalkEnded)
        await agent.wait("CALL_CLOSED")

    async def test_whose_phone_falls_silent_is_lost_with_cause_44(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        await desk.talking(caller, agent)
        await agent.kill()
        ended = await desk.sink.wait(TalkEnded, timeout=15)
        assert (ended.by, ended.cause) == (Party.AGENT, 44)
        assert not desk.sink.of(CallEnded)

    async def test_who_refuses_is_busy(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, ringing("1001"))
        incoming = await agent.wait("CALL_INCOMING")
        assert incoming["peerdisplayname"] == "王小明"
        await agent.hang_up()
        missed = await desk.sink.wait(AgentLegEnded)
        assert (missed.reason, missed.cause) == (MissReason.BUSY, 17)

    async def test_is_rung_whatever_the_caller_is_called(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        hostile = 'x"\r\n\r\nAction: Hangup\r\nChannel: /.*/\r\n\r\n' * 300
        await desk.do(call_id, replace(ringing("1001"), caller_label=hostile))
        await agent.wait("CALL_INCOMING")
        assert not desk.sink.of(CallEnded)

    async def test_who_does_not_answer(self, desk: Desk, phone: PhoneFactory) -> None:
        caller = await phone("13800138000")
        await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, ringing("1001", seconds=1))
        await desk.sink.wait(AgentRang)
        assert (await desk.sink.wait(AgentLegEnded)).reason is MissReason.NO_ANSWER

    async def test_who_is_not_registered(self, desk: Desk, phone: PhoneFactory) -> None:
        call_id = await desk.answered(await phone("13800138000"))
        await desk.do(call_id, ringing("1003"))
        assert (await desk.sink.wait(AgentLegEnded)).reason is MissReason.UNREGISTERED

    async def test_ringing_can_be_cancelled(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        ring = ringing("1001")
        await desk.do(call_id, ring)
        await agent.wait("CALL_INCOMING")
        await desk.do(call_id, CancelRing(ring.reservation))
        assert (await desk.sink.wait(AgentLegEnded)).reason is MissReason.CANCELLED
        await agent.wait("CALL_CLOSED")

    async def test_stops_ringing_when_the_caller_leaves(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, ringing("1001"))
        await agent.wait("CALL_INCOMING")
        await caller.hang_up()
        await desk.sink.wait(CallEnded)
        await agent.wait("CALL_CLOSED")
        assert desk.sink.events[-1][1] == desk.sink.of(CallEnded)[0]

    async def test_who_answers_cuts_an_announcement_short(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, Announce((sounds("long", 8.0),)))
        await desk.do(call_id, ringing("1001"))
        await agent.wait("CALL_INCOMING")
        await agent.answer()
        await desk.sink.wait(CallAnswered, timeout=2)

    async def test_waits_for_what_must_be_heard(
        self, desk: Desk, phone: PhoneFactory, sounds: Sounds
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, ringing("1001"))
        await agent.wait("CALL_INCOMING")
        began = asyncio.get_running_loop().time()
        await desk.do(call_id, Play((sounds("consent", 2.0),), interruptible=False), Hold())
        await asyncio.sleep(0.2)
        await agent.answer()
        await desk.sink.wait(CallAnswered)
        assert asyncio.get_running_loop().time() - began > 2.0


class TestPresence:
    async def test_a_phone_registered_before_is_told(self, phone: PhoneFactory, desk: Desk) -> None:
        await phone("1002", register=True)
        desk.proxy.cut()
        desk.presence.clear()
        await until(lambda: desk.presence.get("PJSIP/1002"))

    async def test_a_registered_phone_is_told(self, desk: Desk, phone: PhoneFactory) -> None:
        agent = await phone("1001", register=True)
        await until(lambda: desk.presence.get("PJSIP/1001"))
        await agent.stop()
        await until(lambda: not desk.presence["PJSIP/1001"])

    async def test_a_phone_that_registers_from_elsewhere_stays_reachable(
        self, desk: Desk, ami: AmiClient, phone: PhoneFactory
    ) -> None:
        before = await phone("1001", register=True)
        await before.kill()
        start = ami.mark()
        await phone("1001", register=True)
        await ami.wait("ContactStatus", after=start, EndpointName="1001", ContactStatus="Removed")
        await ami.wait("ContactStatus", after=start, EndpointName="1001", ContactStatus="Reachable")
        await phone("1002", register=True)
        await until(lambda: desk.presence.get("PJSIP/1002"))  # all that came before it was told
        assert desk.presence["PJSIP/1001"]

    async def test_a_phone_that_went_meanwhile_is_told(self, desk: Desk, phone: PhoneFactory) -> None:
        agent = await phone("1001", register=True)
        await until(lambda: desk.presence.get("PJSIP/1001"))
        desk.proxy.open = False
        desk.proxy.cut()
        await agent.stop()
        desk.proxy.open = True
        await until(lambda: not desk.presence["PJSIP/1001"])
