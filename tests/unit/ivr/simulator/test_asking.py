"""Questions and replies: the prompt, the reply, and the clocks between them."""

from pathlib import Path
from typing import Any

import pytest

from ivr.actions import Answer, DtmfInput, Gather, Hangup, Play, SpeechInput
from ivr.adapters.simulator import Caller, Keys, Says, Silence
from ivr.adapters.simulator.script import Reply
from ivr.events import CallEnded, CallOffered, InputGathered, InputSource, Party
from tests.unit.ivr.simulator.core import Plan, TinyCore, prompt, write_wav

SPEECH = SpeechInput("ko", ("yes", "no"))
MENU = Gather("menu", prompt(3), DtmfInput(1))
NUMBER = Gather("number", prompt(2), DtmfInput(4, between_seconds=3))


async def asked(
    folder: Path, question: Gather, *replies: Reply, **options: Any
) -> tuple[float, InputGathered]:
    core = TinyCore(folder, [(CallOffered, [Answer(), question]), (InputGathered, [Hangup()])])
    await core.run(Caller("c", 0, "100", replies=replies), **options)
    at, event = core.only(InputGathered)
    assert isinstance(event, InputGathered)
    assert core.only(CallEnded)[1] == CallEnded(Party.SYSTEM, 16)
    return at, event


async def test_a_key_is_pressed_once_the_prompt_was_heard(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, MENU, Keys("1"))
    assert (at, event) == (4.0, InputGathered("menu", InputSource.DTMF, "1", 1))


async def test_a_key_pressed_during_the_prompt_stops_it(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, MENU, Keys("1", at=0.5))
    assert (at, event.value) == (0.5, "1")


async def test_a_prompt_that_must_be_heard_is_heard_and_the_key_not_lost(tmp_path: Path) -> None:
    question = Gather("menu", prompt(3), DtmfInput(1), barge_in=False)
    at, event = await asked(tmp_path, question, Keys("1", at=0.5))
    assert (at, event.value) == (3.0, "1")


async def test_the_time_to_answer_runs_from_the_end_of_the_prompt(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, MENU, Silence())
    assert (at, event) == (8.0, InputGathered("menu", InputSource.NONE))


async def test_a_caller_without_replies_left_is_silent(tmp_path: Path) -> None:
    _, event = await asked(tmp_path, MENU)
    assert event.source is InputSource.NONE


async def test_a_reply_after_the_time_to_answer_waits_for_the_next_question(tmp_path: Path) -> None:
    plan: Plan = [(CallOffered, [Answer(), MENU]), (InputGathered, [MENU]), (InputGathered, [Hangup()])]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("c", 0, "100", replies=(Keys("1", at=9),)))
    assert [(at, event.value) for at, event in core.of(InputGathered)] == [(8.0, None), (9.0, "1")]


async def test_digits_end_at_the_most_that_are_taken(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, NUMBER, Keys("1234", at=0, gap=0.5))
    assert (at, event.value, event.length) == (1.5, "1234", 4)


async def test_digits_end_at_the_finishing_key_which_is_not_one_of_them(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, NUMBER, Keys("12#", at=1, gap=0.5))
    assert (at, event.value) == (2.0, "12")


async def test_digits_end_when_the_next_does_not_come(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, NUMBER, Keys("12", at=1, gap=0.5))
    assert (at, event.value) == (4.5, "12")


async def test_a_first_digit_stops_the_time_to_answer(tmp_path: Path) -> None:
    question = Gather("number", prompt(1), DtmfInput(4, between_seconds=3), timeout_seconds=2)
    at, event = await asked(tmp_path, question, Keys("12", at=2.9, gap=2))
    assert (at, event.value) == (7.9, "12")


async def test_a_sensitive_answer_is_marked_and_not_told_to_onlookers(tmp_path: Path) -> None:
    question = Gather("pin", prompt(1), DtmfInput(4), sensitive=True)
    core = TinyCore(tmp_path, [(CallOffered, [Answer(), question]), (InputGathered, [Hangup()])])
    await core.run(Caller("c", 0, "100", "13800138000", replies=(Keys("9876"),)))
    assert core.only(InputGathered)[1].sensitive
    assert "9876" not in " ".join(core.told)
    assert "13800138000" not in " ".join(core.told)


async def test_keys_typed_ahead_answer_the_next_questions(tmp_path: Path) -> None:
    plan: Plan = [
        (CallOffered, [MENU]),
        (InputGathered, [Play(prompt(1), False), NUMBER]),
        (InputGathered, [Hangup()]),
    ]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("c", 0, "100", replies=(Keys("21234", at=0.2, gap=0.2), Keys("9"))))
    assert [(at, event.value) for at, event in core.of(InputGathered)] == [(0.2, "2"), (1.2, "1234")]


async def test_a_finishing_key_after_a_full_number_answers_nothing_else(tmp_path: Path) -> None:
    choice = Gather("menu", prompt(3), DtmfInput(1, finish_on=""))
    plan: Plan = [(CallOffered, [NUMBER]), (InputGathered, [choice]), (InputGathered, [Hangup()])]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("c", 0, "100", replies=(Keys("1234#", at=0, gap=0.5), Keys("7"))))
    assert [(at, event.value) for at, event in core.of(InputGathered)] == [(1.5, "1234"), (5.5, "7")]


async def test_wrong_keys_first(tmp_path: Path) -> None:
    plan: Plan = [(CallOffered, [MENU]), (InputGathered, [MENU]), (InputGathered, [Hangup()])]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("c", 0, "100", replies=(Keys("9"), Keys("1"))))
    assert [event.value for _, event in core.of(InputGathered)] == ["9", "1"]


async def test_speech_stops_the_prompt_and_is_put_to_the_recogniser(tmp_path: Path) -> None:
    asked_of: list[tuple[Path, str, tuple[str, ...]]] = []

    async def recognise(path: Path, language: str, phrases: tuple[str, ...]) -> tuple[str | None, float]:
        asked_of.append((path, language, phrases))
        return "yes", 0.8

    audio = write_wav(tmp_path / "yes.wav", 1.25)
    question = Gather("menu", prompt(10), DtmfInput(1), SPEECH)
    at, event = await asked(tmp_path, question, Says(audio=audio, at=2), recognise=recognise)
    assert (at, event) == (3.75, InputGathered("menu", InputSource.SPEECH, "yes", 3, 0.8))
    assert asked_of == [(audio, "ko", ("yes", "no"))]


@pytest.mark.parametrize(("phrase", "value", "confidence"), [("no", "no", 1.0), ("maybe", None, 0.0)])
async def test_without_a_recogniser_the_script_is_believed(
    tmp_path: Path, phrase: str, value: str | None, confidence: float
) -> None:
    at, event = await asked(tmp_path, Gather("menu", prompt(3), None, SPEECH), Says(phrase))
    assert (at, event.value, event.confidence) == (6.0, value, confidence)


async def test_speech_is_not_heard_where_only_keys_count(tmp_path: Path) -> None:
    at, event = await asked(tmp_path, MENU, Says("yes", at=1))
    assert (at, event.source) == (8.0, InputSource.NONE)


async def test_speech_keeps_to_the_end_of_a_prompt_that_must_be_heard(tmp_path: Path) -> None:
    question = Gather("menu", prompt(3), None, SPEECH, barge_in=False)
    at, _ = await asked(tmp_path, question, Says("yes", at=1))
    assert at == 5.0


async def test_new_actions_end_a_question_without_a_report(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [MENU])])
    simulator = core.simulator(Caller("c", 0, "100", replies=(Keys("1"),)))

    async def interrupt() -> None:
        (call_id,) = core.carrier_ids.values()
        await simulator.perform(call_id, [Play(prompt(1)), Hangup()])

    simulator.schedule(1, interrupt)
    async with simulator.running(core):
        await simulator.run()
    assert core.of(InputGathered) == []
    assert core.only(CallEnded)[0] == 2.0
