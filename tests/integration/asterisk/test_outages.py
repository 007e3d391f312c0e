"""The line to Asterisk is cut, the program is away, or another one is there."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ivr.actions import Hangup, Hold, Play, Prompt, StartRecording
from ivr.adapters.asterisk.cel import parse
from ivr.adapters.asterisk.translate import leg_id
from ivr.call import Call, CallState, Talk
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallRecovered,
    MissReason,
    Party,
    TalkEnded,
)
from recordings import wav
from tests.e2e.conftest import PhoneFactory
from tests.integration.asterisk.conftest import Desk, ringing, until
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.audio import tone, tone_seconds

OpenDesk = Callable[..., contextlib.AbstractAsyncContextManager[Desk]]


def call_of(desk: Desk, call_id: UUID, state: CallState, **known: object) -> Call:
    """What the core would have kept of a call."""
    offer = desk.sink.offers[0]
    return Call(
        call_id,
        datetime.now(UTC),
        offer.carrier,
        offer.carrier_id,
        offer.called,
        state=state,
        **known,  # type: ignore[arg-type]
    )


class TestCutConnection:
    async def test_a_waiting_caller_is_recovered_and_served(self, desk: Desk, phone: PhoneFactory) -> None:
        async def resume(call_id: UUID, event: object) -> None:
            if isinstance(event, CallRecovered):
                await desk.do(call_id, Hold())

        desk.sink.on_event = resume
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        desk.proxy.cut()
        assert (await desk.sink.wait(CallRecovered)).talking is False
        await desk.do(call_id, ringing("1001"))
        await agent.wait("CALL_INCOMING")
        await agent.answer()
        await desk.sink.wait(CallAnswered)

    async def test_no_callers_are_taken_until_it_is_back(self, desk: Desk) -> None:
        await until(lambda: desk.carrier.connected)
        desk.proxy.open = False
        desk.proxy.cut()
        await until(lambda: not desk.carrier.connected)
        desk.proxy.open = True
        await until(lambda: desk.carrier.connected)

    async def test_a_caller_who_was_to_be_let_go_hears_the_farewell_first(
        self, desk: Desk, phone: PhoneFactory, sounds: Callable[[str, float], Prompt], shared_folder: Path
    ) -> None:
        tone(shared_folder / "farewell.wav", 1900, 0.6)

        async def resume(call_id: UUID, event: object) -> None:
            if isinstance(event, CallRecovered):
                await desk.do(call_id, Play((Prompt("en", "farewell", "farewell"),)), Hangup())

        desk.sink.on_event = resume
        caller = await phone("13800138000")
        call_id = await desk.answered(caller)
        await desk.do(call_id, Play((sounds("long", 8.0),)), Hangup())
        desk.proxy.cut()
        await desk.sink.wait(CallEnded)
        await caller.wait("CALL_CLOSED")
        assert tone_seconds(await caller.last_heard(), 1900) > 0.4

    async def test_a_conversation_goes_on_and_its_end_is_told(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        await desk.talking(caller, agent)
        desk.proxy.cut()
        assert (await desk.sink.wait(CallRecovered)).talking is True
        await agent.hang_up()
        ended = await desk.sink.wait(TalkEnded)
        assert (ended.by, ended.cause) == (Party.AGENT, 16)

    async def test_a_caller_who_left_meanwhile_is_told_with_time_and_cause(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        call_id = await desk.answered(caller)
        desk.proxy.open = False
        desk.proxy.cut()
        await caller.hang_up()
        left = datetime.now(UTC)
        await asyncio.sleep(1.0)
        desk.proxy.open = True
        ended = await desk.sink.wait(CallEnded, timeout=15)
        assert (ended.by, ended.cause) == (Party.CUSTOMER, 16)
        at = next(at for known, event, at, _ in desk.sink.events if event is ended and known == call_id)
        assert at is not None
        assert abs(at - left) < timedelta(seconds=0.9)

    async def test_an_agent_who_left_meanwhile_ended_the_conversation(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        await desk.talking(caller, agent)
        desk.proxy.open = False
        desk.proxy.cut()
        await agent.hang_up()
        await asyncio.sleep(0.5)
        desk.proxy.open = True
        ended = await desk.sink.wait(TalkEnded, timeout=15)
        assert (ended.by, ended.cause) == (Party.AGENT, 16)
        assert not desk.sink.of(CallEnded)

    async def test_an_agent_who_answered_meanwhile_is_connected(
        self, desk: Desk, phone: PhoneFactory
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        await desk.do(call_id, ringing("1001"))
        await agent.wait("CALL_INCOMING")
        desk.proxy.open = False
        desk.proxy.cut()
        await agent.answer()
        await asyncio.sleep(0.5)
        desk.proxy.open = True
        await desk.sink.wait(CallAnswered, timeout=15)

    async def test_what_is_asked_meanwhile_is_done_afterwards(self, desk: Desk, phone: PhoneFactory) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        call_id = await desk.answered(caller)
        desk.proxy.open = False
        desk.proxy.cut()
        await asyncio.sleep(0.2)
        await desk.do(call_id, ringing("1001"))
        desk.proxy.open = True
        await agent.wait("CALL_INCOMING", timeout=15)
        await desk.sink.wait(AgentRang)


class TestRestart:
    async def test_callers_are_taken_up_by_the_next_process(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        async with open_desk() as first:
            call_id = await first.answered(caller)
            waiting = call_of(first, call_id, CallState.QUEUED)
        async with open_desk(reattach=[waiting]) as second:
            recovered = await second.sink.wait(CallRecovered, call_id=call_id)
            assert recovered.talking is False
            await second.do(call_id, Hold())
            await second.do(call_id, ringing("1001"))
            await agent.wait("CALL_INCOMING")
            await agent.answer()
            await second.sink.wait(CallAnswered, call_id=call_id)

    async def test_a_conversation_is_taken_up(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        caller, agent = await phone("13800138000"), await phone("1001", register=True)
        async with open_desk() as first:
            call_id, ring = await first.talking(caller, agent)
            now = datetime.now(UTC)
            talks = call_of(
                first,
                call_id,
                CallState.TALKING,
                reservation=ring.reservation,
                reserved_agent=ring.agent,
                talks=(Talk(ring.reservation, ring.agent, now),),
            )
        async with open_desk(reattach=[talks]) as second:
            assert (await second.sink.wait(CallRecovered)).talking is True
            await agent.hang_up()
            ended = await second.sink.wait(TalkEnded)
            assert (ended.reservation, ended.by) == (ring.reservation, Party.AGENT)
            await second.do(call_id, Hangup())
            await second.sink.wait(CallEnded, call_id=call_id)

    @pytest.mark.parametrize("begun", [True, False], ids=["had begun", "had not begun"])
    async def test_a_conversation_is_recorded_once_whether_its_recording_had_begun_or_not(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory, tmp_path: Path, begun: bool
    ) -> None:
        caller = await phone("13800138000")
        agent = await phone("1001", register=True, speaks=tone(tmp_path / "agent.wav", 1300, 60))
        async with open_desk() as first:
            call_id, ring = await first.talking(caller, agent)
            record = StartRecording(uuid4(), ring.reservation)
            track = first.spool / f"{record.recording}-agent.wav"
            if begun:
                await first.do(call_id, record)
                await until(lambda: track.exists() and track.stat().st_size > 16_000)
            talks = call_of(
                first,
                call_id,
                CallState.TALKING,
                reservation=ring.reservation,
                reserved_agent=ring.agent,
                talks=(Talk(ring.reservation, ring.agent, datetime.now(UTC), record.recording),),
            )
        async with open_desk(reattach=[talks]) as second:
            await second.sink.wait(CallRecovered)
            before, since = track.stat().st_size if begun else 0, ami.mark()
            await second.do(call_id, record)
            await second.do(call_id, record)
            await until(lambda: track.exists() and track.stat().st_size > before + 16_000)
            await agent.hang_up()
            await second.sink.wait(TalkEnded)
            await until(lambda: wav.inspect(track).repaired is None)
            samples, _ = wav.load(track, 8000)
            assert samples.size > before / 2 + 8000
            await ami.wait("Hangup", after=since, Uniqueid=leg_id(ring.reservation))
            begun_here = [event for event in ami.events[since:] if event["Event"] == "MixMonitorStart"]
            assert len(begun_here) == (0 if begun else 1)

    async def test_a_ring_that_is_over_is_cancelled_and_the_caller_keeps_waiting(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        async with open_desk() as first:
            call_id = await first.answered(caller)
            rings = call_of(
                first, call_id, CallState.RINGING, reservation=uuid4(), reserved_agent="agent 1001"
            )
        async with open_desk(reattach=[rings]) as second:
            assert (await second.sink.wait(AgentLegEnded)).reason is MissReason.CANCELLED
            await second.sink.wait(CallRecovered)

    async def test_a_caller_who_left_has_ended(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        async with open_desk() as first:
            call_id = await first.answered(caller)
            waiting = call_of(first, call_id, CallState.QUEUED)
        await caller.hang_up()
        async with open_desk(reattach=[waiting]) as second:
            ended = await second.sink.wait(CallEnded, call_id=call_id)
            assert (ended.by, ended.cause) == (Party.CUSTOMER, 16)

    async def test_callers_turned_away_meanwhile_are_told(
        self, ami: AmiClient, asterisk: AsteriskServer, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        async with open_desk():
            pass
        caller = await phone("13800138000", display="王小明")
        await caller.dial("4008")
        await until(lambda: any(row.kind == "HOTLINE_AWAY" for row in asterisk.cel()[-3:]))
        await caller.hang_up()
        await caller.wait("CALL_CLOSED")
        async with open_desk() as second:
            offer = await second.sink.wait(CallOffered)
            ended = await second.sink.wait(CallEnded)
        assert (offer.called, offer.caller, offer.caller_name) == ("4008", "13800138000", "王小明")
        assert (ended.by, ended.detail) == (Party.CUSTOMER, "away")

    async def test_a_caller_who_was_being_turned_away_when_asterisk_died_is_told(
        self, ami: AmiClient, asterisk: AsteriskServer, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        async with open_desk():
            pass
        await (await phone("13800138000")).dial("4008")
        await until(lambda: any(row.kind == "HOTLINE_AWAY" for row in asterisk.cel()[-3:]))
        asterisk.kill()
        asterisk.start()  # not on a thread: it dies with the thread that starts it
        async with open_desk() as second:
            assert (await second.sink.wait(CallOffered)).caller == "13800138000"
            assert (await second.sink.wait(CallEnded)).detail == "away"


class TestLease:
    async def test_claimed_calls_stay(
        self, desk: Desk, ami: AmiClient, asterisk: AsteriskServer, phone: PhoneFactory
    ) -> None:
        await ami.action("Setvar", Variable="HOTLINE_CLAIM_SECONDS", Value=2)
        try:
            await desk.answered(await phone("13800138000"))
            await asyncio.sleep(3)
            assert not desk.sink.of(CallEnded)
        finally:
            await ami.action("Setvar", Variable="HOTLINE_CLAIM_SECONDS", Value=20)

    async def test_another_program_waits_until_it_is_released(
        self, ami: AmiClient, open_desk: OpenDesk, phone: PhoneFactory
    ) -> None:
        caller = await phone("13800138000")
        async with contextlib.AsyncExitStack() as later:
            async with open_desk("one") as one:
                two = await later.enter_async_context(open_desk("two", reattach=None))
                await caller.dial("4008")
                await one.sink.wait(CallOffered)
                await caller.hang_up()
                await one.sink.wait(CallEnded)
                assert not two.sink.events
            owner = ""
            for _ in range(60):
                owner = (await ami.action("Getvar", Variable="HOTLINE_OWNER")).get("Value", "")
                if owner == "two":
                    break
                await asyncio.sleep(0.1)
            assert owner == "two"

    async def test_released_at_the_end(self, ami: AmiClient, open_desk: OpenDesk) -> None:
        async with open_desk():
            assert int((await ami.action("Getvar", Variable="HOTLINE_LEASE"))["Value"]) > 0
        assert (await ami.action("Getvar", Variable="HOTLINE_LEASE"))["Value"] == "0"


async def test_every_row_of_the_call_event_log_is_understood(
    desk: Desk, asterisk: AsteriskServer, phone: PhoneFactory
) -> None:
    caller, agent = await phone("13800138000", display="王小明"), await phone("1001", register=True)
    await desk.talking(caller, agent)
    await caller.hang_up()
    await desk.sink.wait(CallEnded)
    lines = asterisk.cel_file.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(parse(line) is not None for line in lines)
