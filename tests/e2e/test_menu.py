"""Menus as callers meet them on a real Asterisk: by speech, by keys, by silence, and with bad intentions."""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import PhoneFactory, SippFactory
from tests.e2e.program import HotlineProgram
from tests.telephony import audio
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import REPOSITORY, AsteriskServer
from tests.telephony.phone import Phone

CALLER = "13800138001"
E164 = "+8613800138001"
SPOKEN = REPOSITORY / "tests" / "fixtures" / "audio"


def says(path: Path, recording: str, after: float = 1.0) -> Path:
    """A recording behind some silence, as a caller's voice."""
    silence = np.zeros(int(after * audio.RATE))
    return audio.write(path, np.concatenate([silence, audio.read(SPOKEN / recording)]))


async def called(hotline: HotlineProgram, caller: Phone, number: str) -> str:
    """Dials, and is answered; the call's id."""
    await caller.dial(number)
    call = await hotline.call_from(f"+86{caller.user}")
    await caller.wait("CALL_ESTABLISHED")
    return call


def at_step(name: str, attempt: int = 1) -> Callable[[dict[str, Any]], bool]:
    return lambda data: (data["step"], data["attempt"]) == (name, attempt)


async def inputs(hotline: HotlineProgram, call: str) -> list[tuple[str, str, str | None]]:
    """(step, source, value) of everything gathered."""
    gathered = [e["data"] for e in await hotline.timeline(call) if e["kind"] == "InputGathered"]
    return [(data["step"], data["source"], data["value"]) for data in gathered]


async def attempts(hotline: HotlineProgram, call: str) -> list[tuple[str, int]]:
    entered = [e["data"] for e in await hotline.timeline(call) if e["kind"] == "StepEntered"]
    return [(data["step"], data["attempt"]) for data in entered]


async def hang_up(hotline: HotlineProgram, caller: Phone, call: str) -> dict[str, Any]:
    await caller.hang_up()
    return await hotline.line(call)


async def hangs_up(hotline: HotlineProgram, caller: Phone, call: str, journey: str) -> None:
    await caller.hang_up()
    await hotline.told(journey, call)


@pytest.mark.parametrize(
    ("recording", "intent"), [("ko-refund-1.wav", "refund"), ("ko-return-2.wav", "orders")]
)
async def test_a_word_said_over_the_prompt_chooses(
    hotline: HotlineProgram, phone: PhoneFactory, tmp_path: Path, recording: str, intent: str
) -> None:
    await phone("1001", register=True, answers=True)
    caller = await phone(CALLER, speaks=says(tmp_path / "voice.wav", recording))
    await hotline.agent("1001", {"ko": 3})
    call = await called(hotline, caller, "4002")
    gathered = await hotline.event(call, "InputGathered")
    assert (gathered["step"], gathered["source"]) == ("topic", "speech")
    assert (await hotline.event(call, "IntentSet"))["intent"] == intent
    assert (await hotline.event(call, "CallQueued"))["queue"] == "general-ko"
    await hotline.event(call, "RecordingStarted")
    if intent == "refund":
        await hangs_up(hotline, caller, call, "a word, a talk, the caller hangs up")
    else:
        line = await hang_up(hotline, caller, call)
        assert (line["outcome"], line["intent"]) == ("answered", intent)
    assert await attempts(hotline, call) == [("topic", 1), ("agent", 1)]
    assert 0.05 < audio.tone_seconds(await caller.last_heard(), 2100) < 5.5  # the prompt of 6 s fell silent


async def test_a_question_to_be_answered_by_speech_takes_a_key(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4002")
    await caller.press("1")
    await hotline.event(call, "CallQueued")
    assert await inputs(hotline, call) == [("topic", "dtmf", "1")]
    await hangs_up(hotline, caller, call, "a key where a word may be said")


async def test_noise_is_no_answer_and_the_question_is_asked_again(
    hotline: HotlineProgram, phone: PhoneFactory, tmp_path: Path
) -> None:
    noise = np.random.default_rng(7).normal(0, 0.005, 30 * audio.RATE)
    caller = await phone(CALLER, speaks=audio.write(tmp_path / "noise.wav", noise))
    call = await called(hotline, caller, "4002")
    await hotline.event(call, "StepEntered", where=at_step("topic", 2))
    await caller.hears(700, 0.3)  # the way of no input
    await caller.press("0")
    await hotline.event(call, "CallQueued")
    assert await inputs(hotline, call) == [("topic", "none", None), ("topic", "dtmf", "0")]
    line = await hang_up(hotline, caller, call)
    assert (line["outcome"], line["intent"]) == ("abandoned_in_queue", None)
    assert audio.tone_seconds(await caller.last_heard(), 700) < 0.6


async def test_silence_is_no_answer_and_after_too_many_tries_a_person_helps(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4007")
    await hotline.event(call, "StepEntered", where=at_step("agent"))
    assert await attempts(hotline, call) == [("number", 1), ("number", 2), ("agent", 1), ("agent/consent", 1)]
    assert await inputs(hotline, call) == [("number", "none", None)] * 2
    line = await hang_up(hotline, caller, call)
    assert line["outcome"] == "abandoned_in_menu"
    heard = await caller.last_heard()
    assert 0.6 < audio.tone_seconds(heard, 600) < 1.1  # the question, twice
    assert 0.2 < audio.tone_seconds(heard, 700) < 0.6  # that nothing came, once


async def test_a_wrong_number_is_asked_for_again(hotline: HotlineProgram, phone: PhoneFactory) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4001")
    await caller.press("2")
    await hotline.event(call, "StepEntered", where=at_step("number"))
    await caller.press("12#")
    await hotline.event(call, "StepEntered", where=at_step("number", 2))
    await caller.hears(700, 0.3)
    await caller.press("1234")
    await hotline.event(call, "CallQueued")
    assert [value for _, _, value in await inputs(hotline, call)] == ["2", "12", "1234"]
    kept = await hotline.event(call, "AttributeSet", where=lambda data: data["name"] == "order_number")
    assert kept["value"] == "1234"
    line = await hang_up(hotline, caller, call)
    assert (line["outcome"], line["intent"]) == ("abandoned_in_queue", "orders")


async def test_keys_pressed_ahead_answer_what_is_asked_next(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4001")
    await caller.press("21234")
    await hotline.event(call, "CallQueued")
    assert await inputs(hotline, call) == [("topic", "dtmf", "2"), ("number", "dtmf", "1234")]
    assert (await hang_up(hotline, caller, call))["intent"] == "orders"


async def test_who_is_served_by_the_menu_has_served_themself(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4001")
    await caller.press("3")
    await caller.wait("CALL_CLOSED")
    await hotline.told("served by the menu", call)
    assert audio.tone_seconds(await caller.last_heard(), 900) > 0.2
    assert (await hotline.report())["outcomes"] == {"self_served": 1}


async def test_without_a_menu_a_caller_goes_straight_to_a_person(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    await phone("1001", register=True, answers=True)
    caller = await phone(CALLER)
    await hotline.agent("1001")
    call = await called(hotline, caller, "4005")
    await hotline.event(call, "CallAnswered")
    assert await inputs(hotline, call) == []
    await hangs_up(hotline, caller, call, "no menu, straight to a person")
    assert not any(e["kind"] == "RecordingStarted" for e in await hotline.timeline(call))


async def test_a_number_nobody_listed_is_answered_by_the_general_menu(
    hotline: HotlineProgram, phone: PhoneFactory
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4009")
    assert (await hotline.event(call, "CallAdmitted"))["menu"] == "short"
    assert (await hang_up(hotline, caller, call))["outcome"] == "abandoned_in_menu"


CONSENT = {
    "refused": "recorded only with consent: refused",
    "given": "recorded only with consent: given",
}


@pytest.mark.parametrize(("key", "consent"), [("2", "refused"), ("1", "given")])
async def test_a_talk_is_recorded_only_with_consent(
    hotline: HotlineProgram, phone: PhoneFactory, key: str, consent: str
) -> None:
    await phone("1001", register=True, answers=True)
    caller = await phone(CALLER)
    await hotline.agent("1001")
    call = await called(hotline, caller, "4007")
    await caller.press("1234#")
    await hotline.event(call, "StepEntered", where=at_step("agent/consent"))
    await caller.hears(800, 0.1)  # was asked
    await caller.press(key)
    await hotline.event(call, "RecordingStarted" if consent == "given" else "CallAnswered")
    await hangs_up(hotline, caller, call, CONSENT[consent])
    assert ("agent/consent", 2) not in await attempts(hotline, call)  # the # was no answer
    assert await inputs(hotline, call) == [("number", "dtmf", "1234"), ("agent/consent", "dtmf", key)]
    await hotline.event(call, "AttributeSet", where=lambda data: data["value"] == consent)


CARD = "676196042730"


async def test_a_card_number_leaves_its_length_and_nothing_else(
    hotline: HotlineProgram, phone: PhoneFactory, asterisk: AsteriskServer
) -> None:
    caller = await phone(CALLER)
    call = await called(hotline, caller, "4008")
    await caller.press(CARD)
    await hotline.event(call, "CallQueued")  # the number was right
    gathered = await hotline.event(call, "InputGathered")
    assert (gathered["value"], gathered["length"]) == (None, len(CARD))
    assert (await hotline.event(call, "AttributeSet"))["value"] == "•" * len(CARD)
    assert (await hang_up(hotline, caller, call))["outcome"] == "abandoned_in_queue"
    await hotline.stop()
    files = [path.read_bytes() for path in hotline.data.rglob("*") if path.is_file()]
    assert any(b"InputGathered" in file for file in files)
    assert not any(CARD.encode() in file for file in files)
    log = hotline.log.read_text()
    assert "connected to Asterisk" in log
    assert [told for told in (CARD, *(f'"{key}"' for key in CARD)) if told in log] == []
    written = asterisk.written()
    assert "hotline-trunk" in written
    assert [word for word in (CARD, "DTMF") if word in written] == []


#: (number, name) as SIP carries them -> as the timeline has them
HOSTILE: dict[tuple[str, str], tuple[str | None, str | None]] = {
    ("138%0d%0aAction%3a%20Setvar%0d%0aVariable%3a%20PWNED%0d%0a%0d%0a", "Eve%0d%0aPWNED: 1"): (
        "138ActionSetvarVariablePWNED",
        "Eve%0d%0aPWNED: 1",
    ),
    ("x'%3b%20DROP%20TABLE%20calls%3b--", "Eve'); DROP TABLE calls;--"): (
        "xDROPTABLEcalls",
        "Eve'); DROP TABLE calls;--",
    ),
    ("..%2f..%2fetc%2fpasswd", "../../etc/passwd"): ("....etcpasswd", "../../etc/passwd"),
    ("%22%3csip%3a666%40192.0.2.1%3e%22", r"Eve \" <sip:666@192.0.2.1> \\"): (
        "sip666192.0.2.1",
        "Eve  sip:666@192.0.2.1",
    ),
    ("$%7bSHELL(touch%20pwned)%7d", "${SHELL(touch pwned)} $[1/0]"): (
        "SHELLtouchpwned",
        "${SHELL(touch pwned)} $[1/0]",
    ),
    ("9" * 1500, "Eve" * 500): ("9" * 64, ("Eve" * 500)[:128]),
    ("9" * 2000, "Eve" * 700): (None, None),  # more than Asterisk's functions take
    ("anonymous", "Anonymous"): (None, None),
    ("", ""): (None, None),  # From: <sip:host>
    ("", "Nobody"): (None, "Nobody"),
    ("13900139000", "\x1b[31mEve\x07"): ("13900139000", "[31mEve"),
}


async def test_whoever_calls_as_whatever_is_a_caller_like_any_other(
    hotline: HotlineProgram, ami: AmiClient, sipp: SippFactory
) -> None:
    for number, name in HOSTILE:
        result = await sipp(
            "caller-hangs-up", number="4005", caller=number, caller_name=name, hold_ms=300
        ).run()
        assert result.all_good, result.errors
    calls = [str(call["id"]) for call in await hotline.calls()]
    for call in calls:
        assert (await hotline.line(call))["outcome"] == "abandoned_in_queue"
    offered = [await hotline.event(call, "CallOffered") for call in calls]
    kept = [(data["caller"], data["caller_name"]) for data in offered]
    assert kept == list(HOSTILE.values())

    pwned = await ami.action("Getvar", Variable="PWNED")
    assert pwned["Value"] == ""
    assert not any("PWNED" in event for event in ami.events)
    shown = [asyncio.to_thread(hotline.command, "calls", "show", call) for call in calls[::4]]
    for found in await asyncio.gather(*shown):
        assert found.returncode == 0, found.stderr
        assert all(c == "\n" or c.isprintable() for c in found.stdout)
        assert "abandoned in the queue" in found.stdout
    log = hotline.log.read_text()
    assert "connected to Asterisk" in log
    told = [text for pair in kept for text in pair if text]
    assert [text for text in (*told, "Eve", "139001", "pwned", "PWNED") if text in log] == []


async def test_the_name_in_the_customer_file_cannot_break_the_ring_that_shows_it(
    hotline: HotlineProgram, phone: PhoneFactory, ami: AmiClient, tmp_path: Path
) -> None:
    agent = await phone("1001", register=True)
    caller = await phone(CALLER)
    hostile = 'Wang" <666>\r\nVariable: PWNED=1\r\nApplication: System\r\n\r\n王'
    customers = tmp_path / "customers.csv"
    with customers.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("number", "name", "tier"), (CALLER, hostile, "standard")])
    imported = hotline.command("customers", "import", str(customers))
    assert imported.returncode == 0, imported.stderr
    await hotline.agent("1001")
    call = await called(hotline, caller, "4005")
    rung = await agent.wait("CALL_INCOMING")
    await agent.answer()
    await hotline.event(call, "CallAnswered")
    assert rung["peerdisplayname"] == "Wang 666Variable: PWNED=1Application: System王"
    assert (await hang_up(hotline, caller, call))["outcome"] == "answered"
    assert not any("PWNED" in event.get("Variable", "") for event in ami.events)
    shown = hotline.command("calls", "show", call)
    assert all(c == "\n" or c.isprintable() for c in shown.stdout)
    assert "Wang" not in hotline.log.read_text()
