"""What callers, agents and the ledger see when a phone, the line to Asterisk, Asterisk or we die."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PhoneFactory, SippFactory
from tests.e2e.program import HotlineProgram
from tests.e2e.test_journey import in_queue
from tests.telephony import audio
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.phone import Phone
from tests.telephony.proxy import Proxy
from tests.telephony.rtp import capture

CALLERS = ("13800138001", "13800138002", "13800138003")
AGENT = "1001"
PHONE = "PJSIP/1001"

Make = Callable[..., HotlineProgram]


@pytest.fixture
async def make_hotline(
    asterisk: AsteriskServer, ami: AmiClient, shared_folder: Path, configuration: Path
) -> AsyncIterator[Make]:
    """Programs with options of their own, not started yet."""
    made: list[HotlineProgram] = []

    def make(**options: Any) -> HotlineProgram:
        data = Path(tempfile.mkdtemp(prefix="data", dir=shared_folder))
        made.append(HotlineProgram(data, configuration, asterisk, **options))
        return made[-1]

    yield make
    for program in made:
        await program.stop()


@pytest.fixture
async def proxy(asterisk: AsteriskServer) -> AsyncIterator[Proxy]:
    """The way to Asterisk's manager interface, to be cut."""
    async with Proxy(asterisk.ami_port).running() as running:
        yield running


@pytest.fixture
async def by_proxy(make_hotline: Make, proxy: Proxy) -> HotlineProgram:
    return await make_hotline(ami_port=proxy.port).start()


async def outcomes(hotline: HotlineProgram) -> dict[str, int]:
    """What the ledger added up to; it must balance, with nothing left in progress."""
    report = await hotline.report()
    assert report["balanced"]
    assert report["in_progress"] == 0
    counts: dict[str, int] = report["outcomes"]
    assert report["offered"] == sum(counts.values())
    return counts


async def talking(hotline: HotlineProgram, caller: Phone) -> str:
    """A caller who talks to the agent, recorded; the call's id."""
    call = await in_queue(hotline, caller)
    await hotline.event(call, "RecordingStarted")
    return call


async def whole_recording(hotline: HotlineProgram, call: str) -> None:
    """Both tracks are as long as the conversation was."""
    talk = (await hotline.get(f"calls/{call}"))["talks"][0]
    lasted = datetime.fromisoformat(talk["ended_at"]) - datetime.fromisoformat(talk["began_at"])
    recording = await hotline.recording(call, "scored")
    for track in ("agent", "customer"):
        assert abs(recording["tracks"][track]["duration"] - lasted.total_seconds()) < 0.7


async def waiting(hotline: HotlineProgram) -> list[str]:
    """The calls in the queue, next first."""
    queue = await hotline.get("queues/general-en")
    return [caller["call"] for caller in queue["waiting"]]


async def served(
    hotline: HotlineProgram, call: str, agent: Phone, journey: str = "the agent hangs up first"
) -> dict[str, Any]:
    """The ledger line of a call that is next, answered, and ended by the agent."""
    await hotline.event(call, "RecordingStarted")
    await agent.hang_up()
    return await hotline.told(journey, call)


class TestLostMedia:
    async def test_an_agent_whose_phone_dies_has_dropped_the_call(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True, answers=True), await phone(CALLERS[0])
        await hotline.agent(AGENT, endpoint=PHONE)
        call = await talking(hotline, caller)
        await agent.kill()
        ended = await hotline.event(call, "TalkEnded")
        assert (ended["by"], ended["cause"]) == ("agent", 44)
        await hotline.told("the agent's phone dies in the talk", call)
        await caller.wait("CALL_CLOSED")
        assert audio.tone_seconds(await caller.last_heard(), 1000) > 0.2  # thanked, not left in silence

        another = await phone(AGENT, register=True, answers=True)
        next_call = await in_queue(hotline, caller, nth=2)
        await served(hotline, next_call, another)
        assert await outcomes(hotline) == {"answered": 2}

    async def test_a_caller_whose_media_is_lost_in_the_talk_was_dropped(
        self, hotline: HotlineProgram, phone: PhoneFactory, sipp: SippFactory, tmp_path: Path
    ) -> None:
        await phone(AGENT, register=True, answers=True)
        await hotline.agent(AGENT, endpoint=PHONE)
        voice = capture(tmp_path / "short.pcap", 3, digits={1.5: "1"})
        sipp("caller-waits", number="4001", caller=CALLERS[0], audio=voice).start()
        call = await hotline.call_from(f"+86{CALLERS[0]}")
        await hotline.event(call, "CallAnswered")
        await hotline.told("the caller's line is lost in the talk", call)
        await hotline.agent_in(AGENT, "ready")
        assert await outcomes(hotline) == {"answered": 1}

    async def test_a_caller_whose_media_is_lost_in_the_queue_abandoned_it(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        caller = await phone(CALLERS[0])
        call = await in_queue(hotline, caller)
        await caller.kill()
        await hotline.told("the caller's line is lost in the queue", call)
        assert await outcomes(hotline) == {"abandoned_in_queue": 1}


class TestCutConnection:
    async def test_callers_keep_their_place_and_are_served(
        self, by_proxy: HotlineProgram, proxy: Proxy, phone: PhoneFactory
    ) -> None:
        agent = await phone(AGENT, register=True, answers=True)
        callers = [await phone(number) for number in CALLERS[:2]]
        calls = [await in_queue(by_proxy, caller) for caller in callers]
        proxy.cut()
        for call in calls:
            assert (await by_proxy.event(call, "CallRecovered"))["talking"] is False
        assert await waiting(by_proxy) == calls
        await by_proxy.agent(AGENT, endpoint=PHONE)
        for call in calls:
            await served(by_proxy, call, agent, "out of reach while callers wait")
        assert await outcomes(by_proxy) == {"answered": 2}

    async def test_a_talk_goes_on_and_is_recorded_whole(
        self, by_proxy: HotlineProgram, proxy: Proxy, phone: PhoneFactory
    ) -> None:
        await phone(AGENT, register=True, answers=True)
        caller = await phone(CALLERS[0])
        await by_proxy.agent(AGENT, endpoint=PHONE)
        call = await talking(by_proxy, caller)
        await by_proxy.recorded(call, 0.5)
        proxy.cut()
        assert (await by_proxy.event(call, "CallRecovered"))["talking"] is True
        await by_proxy.recorded(call, 0.5)
        await caller.hang_up()
        await by_proxy.told("out of reach in a talk", call)
        await whole_recording(by_proxy, call)
        await by_proxy.agent_in(AGENT, "ready")
        assert await outcomes(by_proxy) == {"answered": 1}

    async def test_a_program_that_finds_no_asterisk_takes_its_callers_up_later(
        self, by_proxy: HotlineProgram, proxy: Proxy, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True, answers=True), await phone(CALLERS[0])
        await by_proxy.agent(AGENT, ready=False, endpoint=PHONE)
        call = await in_queue(by_proxy, caller)
        await by_proxy.kill()
        proxy.open = False
        starting = asyncio.create_task(by_proxy.start())
        await proxy.refused.wait()
        proxy.open = True
        await starting
        await by_proxy.event(call, "CallRecovered")
        await by_proxy.post(f"agents/{AGENT}/ready")
        await served(by_proxy, call, agent, "out of reach when the program starts")
        assert await outcomes(by_proxy) == {"answered": 1}

    async def test_a_program_without_an_asterisk_for_long_serves_and_takes_its_callers_up_later(
        self, by_proxy: HotlineProgram, proxy: Proxy, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True, answers=True), await phone(CALLERS[0])
        await by_proxy.agent(AGENT, ready=False, endpoint=PHONE)
        call = await in_queue(by_proxy, caller)
        await by_proxy.kill()
        proxy.open = False
        await by_proxy.start(connected=False)
        assert await waiting(by_proxy) == [call]
        await asyncio.sleep(11)  # longer than the program waits before its timers run
        proxy.open = True
        await by_proxy.takes_calls()
        await by_proxy.event(call, "CallRecovered")
        await by_proxy.post(f"agents/{AGENT}/ready")
        await served(by_proxy, call, agent, "out of reach when the program starts")
        assert await outcomes(by_proxy) == {"answered": 1}

    async def test_an_agent_who_is_ready_while_asterisk_is_away_gets_the_caller_when_it_is_back(
        self, by_proxy: HotlineProgram, proxy: Proxy, ami: AmiClient, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True), await phone(CALLERS[0])
        await by_proxy.agent(AGENT, ready=False, endpoint=PHONE)
        call = await in_queue(by_proxy, caller)
        await by_proxy.kill()
        proxy.open = False
        await by_proxy.start(connected=False)
        await by_proxy.post(f"agents/{AGENT}/ready")
        await by_proxy.event(call, "AgentReserved")
        back = ami.mark()
        proxy.open = True
        await agent.wait("CALL_INCOMING")
        await ami.wait("MusicOnHoldStart", after=back)
        await agent.answer()
        await served(by_proxy, call, agent, "out of reach when the program starts")
        assert await outcomes(by_proxy) == {"answered": 1}


class TestKilledProgram:
    async def test_a_caller_in_the_menu_is_asked_again(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        caller = await phone(CALLERS[0])
        await caller.dial("4001")
        call = await hotline.call_from(f"+86{CALLERS[0]}")
        await hotline.event(call, "StepEntered", where=lambda data: data["step"] == "topic")
        await hotline.kill()
        await hotline.start()
        await hotline.event(call, "CallRecovered")
        await caller.press("3")
        await hotline.told("killed while the caller is in the menu", call)
        assert audio.tone_seconds(await caller.last_heard(), 900) > 0.2
        assert await outcomes(hotline) == {"self_served": 1}

    async def test_three_waiting_callers_are_served_in_the_order_in_which_they_came(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent = await phone(AGENT, register=True, answers=True)
        await hotline.agent(AGENT, ready=False, endpoint=PHONE)
        calls = [await in_queue(hotline, await phone(number)) for number in CALLERS]
        await hotline.kill()
        await hotline.start()
        for call in calls:
            await hotline.event(call, "CallRecovered")
        assert await waiting(hotline) == calls
        await hotline.post(f"agents/{AGENT}/ready")
        for call in calls:
            await served(hotline, call, agent, "killed while three wait: served in order")
        answered = [(await hotline.get(f"calls/{call}"))["answered_at"] for call in calls]
        assert answered == sorted(answered)
        assert await outcomes(hotline) == {"answered": 3}

    async def test_a_caller_who_hangs_up_meanwhile_abandoned_the_queue_at_that_moment(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        caller = await phone(CALLERS[0])
        call = await in_queue(hotline, caller)
        await hotline.kill()
        await caller.hang_up()
        left = datetime.now(UTC)
        await hotline.start()
        line = await hotline.told("killed, the caller hangs up in the queue meanwhile", call)
        assert abs(datetime.fromisoformat(line["ended_at"]) - left) < timedelta(seconds=0.5)
        assert await outcomes(hotline) == {"abandoned_in_queue": 1}

    async def test_a_talk_goes_on_is_recorded_whole_and_ends_as_it_would_have(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True, answers=True), await phone(CALLERS[0])
        await hotline.agent(AGENT, endpoint=PHONE)
        call = await talking(hotline, caller)
        await hotline.kill()
        await hotline.start()
        assert (await hotline.event(call, "CallRecovered"))["talking"] is True
        await hotline.agent_in(AGENT, "talking")
        await hotline.recorded(call, 0.5)
        await agent.hang_up()
        await hotline.told("killed in a talk, which goes on", call)
        await caller.wait("CALL_CLOSED")
        assert audio.tone_seconds(await caller.last_heard(), 1000) > 0.2  # the menu went on afterwards
        await whole_recording(hotline, call)
        assert await outcomes(hotline) == {"answered": 1}

    async def test_a_phone_that_rings_on_can_still_be_answered(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True), await phone(CALLERS[0])
        await hotline.agent(AGENT, endpoint=PHONE)
        call = await in_queue(hotline, caller)
        await hotline.event(call, "AgentRang")
        await hotline.kill()
        await hotline.start()
        await agent.answer()
        await served(hotline, call, agent, "killed while a phone rings, which is answered afterwards")
        assert await outcomes(hotline) == {"answered": 1}

    async def test_an_agent_who_answers_meanwhile_gets_the_caller(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True), await phone(CALLERS[0])
        await hotline.agent(AGENT, endpoint=PHONE)
        call = await in_queue(hotline, caller)
        await hotline.event(call, "AgentRang")
        await hotline.kill()
        await agent.answer()
        await agent.wait("CALL_ESTABLISHED")
        await hotline.start()
        await served(hotline, call, agent, "killed while a phone rings, which is answered meanwhile")
        assert await outcomes(hotline) == {"answered": 1}

    async def test_a_ring_that_ended_meanwhile_is_followed_by_another(
        self, hotline: HotlineProgram, phone: PhoneFactory
    ) -> None:
        agent, caller = await phone(AGENT, register=True), await phone(CALLERS[0])
        await hotline.agent(AGENT, endpoint=PHONE)
        call = await in_queue(hotline, caller)
        await hotline.event(call, "AgentRang")
        await hotline.kill()
        await agent.hang_up()
        await agent.wait("CALL_CLOSED")
        start = agent.mark()
        await hotline.start()
        await agent.wait("CALL_INCOMING", after=start)
        await agent.answer()
        await served(hotline, call, agent, "killed while a phone rings, which stops meanwhile")
        assert await outcomes(hotline) == {"answered": 1}

    async def test_who_calls_meanwhile_hears_an_apology_and_busy_and_is_in_the_ledger(
        self,
        make_hotline: Make,
        asterisk: AsteriskServer,
        ami: AmiClient,
        phone: PhoneFactory,
        sipp: SippFactory,
        shared_folder: Path,
    ) -> None:
        hotline = await make_hotline(lease_seconds=5).start()
        await hotline.kill()
        caller = await phone(CALLERS[0])
        await lease_run_out(ami)
        async with short_apology(ami, shared_folder):
            await caller.dial("4001")
            result = await sipp("caller-busy", number="4001", caller=CALLERS[1], calls=2).run()
            closed = await caller.wait("CALL_CLOSED")
        assert closed["param"] == "486 Busy Here"
        assert result.all_good, result.errors
        heard = await caller.last_heard()
        assert [audio.tone_seconds(heard, hertz) > 0.2 for hertz in (1700, 1750)] == [True, True]

        await hotline.start()
        calls = [
            await hotline.call_from(CALLERS[0]),
            await hotline.call_from(CALLERS[1]),
            await hotline.call_from(CALLERS[1], nth=2),
        ]
        for call in calls:
            await hotline.told("called while the program is away", call)
        assert await outcomes(hotline) == {"failed": 3}


async def lease_run_out(ami: AmiClient) -> None:
    """Returns once callers are no longer handed over."""

    async def read(variable: str) -> int:
        return int((await ami.action("Getvar", Variable=variable))["Value"] or 0)

    async with asyncio.timeout(10):
        while await read("HOTLINE_LEASE") >= await read("EPOCH"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def short_apology(ami: AmiClient, shared_folder: Path) -> AsyncIterator[None]:
    """Asterisk's apology is two tones for as long as the block runs: 1700 Hz in Chinese, 1750 in English."""
    before = (await ami.action("Getvar", Variable="HOTLINE_PROMPTS"))["Value"]
    folder = shared_folder / "apology"
    for language, hertz in (("zh", 1700), ("en", 1750)):
        (folder / language).mkdir(parents=True, exist_ok=True)
        audio.tone(folder / language / "away.wav", hertz, 0.5)
    await ami.action("Setvar", Variable="HOTLINE_PROMPTS", Value=str(folder))
    try:
        yield
    finally:
        await ami.action("Setvar", Variable="HOTLINE_PROMPTS", Value=before)


class TestKilledAsterisk:
    async def test_its_calls_get_their_outcomes_and_new_ones_are_served(
        self, hotline: HotlineProgram, asterisk: AsteriskServer, phone: PhoneFactory
    ) -> None:
        agent = await phone(AGENT, register=True, answers=True)
        talks, waits, comes = [await phone(number) for number in CALLERS]
        await hotline.agent(AGENT)
        talk = await talking(hotline, talks)
        wait = await in_queue(hotline, waits)
        asterisk.kill()
        asterisk.start()  # not on a thread: it dies with the thread that starts it
        await hotline.told("Asterisk restarted in a talk", talk)
        await hotline.told("Asterisk restarted in a wait", wait)
        assert await outcomes(hotline) == {"answered": 1, "failed": 1}

        await agent.hang_up()  # the phone does not know yet
        await hotline.agent_in(AGENT, "ready")
        await served(hotline, await in_queue(hotline, comes), agent)
        await hotline.agent_reachable(AGENT)
        await agent.unregister()
        await hotline.agent_reachable(AGENT, there=False)
        await agent.register()
        await hotline.agent_reachable(AGENT)
        assert await outcomes(hotline) == {"answered": 2, "failed": 1}
