"""Whole tracks to words: all of them, at their times, the same on any number of cores."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ivr.pcm import Samples
from recordings import wav
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.errors import AudioError, ModelMissing, NoModelForLanguage
from recordings.transcript import Track

MENU = ("환불", "반품", "비밀번호", "상담원")


@pytest.fixture
def transcriber(models: VoskModels) -> Iterator[VoskTranscriber]:
    with VoskTranscriber(models, threads=4) as made:
        yield made


def conversation(
    recordings: Path, silence: float, repeats: int = 1
) -> tuple[Samples, list[tuple[float, str]]]:
    """Callers in turn with `silence` seconds between; (when each begins, what is said)."""
    parts, said, at = [], [], 0
    for _ in range(repeats):
        for meaning, phrase in zip(
            ("refund", "person", "password"), ("환불", "상담원", "비밀번호"), strict=True
        ):
            samples, _ = wav.load(recordings / f"ko-{meaning}-2.wav")
            parts += [samples, np.zeros(int(silence * 8000), np.int16)]
            said.append((at / 8000, phrase))
            at += len(parts[-2]) + len(parts[-1])
    return np.concatenate(parts), said


@pytest.mark.parametrize(("silence", "repeats"), [(0.0, 1), (8.0, 1), (3.0, 5)])
@pytest.mark.parametrize("threads", [1, 4])
async def test_words_are_heard_at_their_times(
    models: VoskModels, recordings: Path, tmp_path: Path, silence: float, repeats: int, threads: int
) -> None:
    samples, said = conversation(recordings, silence, repeats)
    wav.save(tmp_path / "a.wav", samples, 8000)
    with VoskTranscriber(models, threads) as transcriber:
        words = await transcriber.transcribe(str(tmp_path / "a.wav"), "ko", MENU)
    assert [word.text for word in words] == [phrase for _, phrase in said]
    for word, (begins, _) in zip(words, said, strict=True):
        assert begins + 0.2 <= word.start < word.end <= begins + 2.2
        assert 0 < word.confidence <= 1


async def test_the_words_do_not_depend_on_the_number_of_threads(
    models: VoskModels, recordings: Path, tmp_path: Path
) -> None:
    samples, _ = conversation(recordings, 1.5, 4)
    wav.save(tmp_path / "a.wav", samples, 8000)
    with VoskTranscriber(models, threads=1) as one, VoskTranscriber(models, threads=3) as three:
        alone = await one.transcribe(str(tmp_path / "a.wav"), "ko")
        together = await asyncio.gather(*[three.transcribe(str(tmp_path / "a.wav"), "ko") for _ in range(2)])
    assert alone
    for other in together:
        assert [word.text for word in other] == [word.text for word in alone]
        for word, same in zip(other, alone, strict=True):
            assert (word.start, word.end) == pytest.approx((same.start, same.end), abs=0.011)
            assert word.confidence == pytest.approx(same.confidence, abs=0.002)


async def test_progress_reaches_the_end(
    transcriber: VoskTranscriber, recordings: Path, tmp_path: Path
) -> None:
    samples, _ = conversation(recordings, 2, 4)
    wav.save(tmp_path / "a.wav", samples, 8000)
    told: list[float] = []
    await transcriber.transcribe(str(tmp_path / "a.wav"), "ko", MENU, told.append)
    assert told == sorted(told)
    assert told[-1] == 1


async def test_a_silent_track_has_no_words(transcriber: VoskTranscriber, tmp_path: Path) -> None:
    wav.save(tmp_path / "a.wav", np.zeros(80000, np.int16), 8000)
    assert await transcriber.transcribe(str(tmp_path / "a.wav"), "ko") == []


async def test_wideband_sound_is_understood_too(
    transcriber: VoskTranscriber, recordings: Path, tmp_path: Path
) -> None:
    samples, _ = wav.load(recordings / "ko-refund-2.wav", rate=16000)
    wav.save(tmp_path / "a.wav", samples, 16000)
    assert [word.text for word in await transcriber.transcribe(str(tmp_path / "a.wav"), "ko", MENU)] == [
        "환불"
    ]


async def test_expected_phrases_are_the_grammar_where_none_is_given(
    models: VoskModels, recordings: Path
) -> None:
    with VoskTranscriber(models, expect={"ko": MENU}) as transcriber:
        words = await transcriber.transcribe(str(recordings / "ko-person-1.wav"), "ko-KR")
    assert [word.text for word in words] == ["상담원"]


async def test_a_track_is_heard_straight_from_the_encrypted_store(
    transcriber: VoskTranscriber, recordings: Path, tmp_path: Path
) -> None:
    store = FileAudioStore(tmp_path / "audio", MasterKey(tmp_path / "audio.key"))
    put = await store.put(UUID(int=7), Track.CUSTOMER, str(recordings / "ko-return-2.wav"))
    with await store.open(put.key) as audio:
        words = await transcriber.transcribe(audio, "ko", MENU)
    assert [word.text for word in words] == ["반품"]


async def test_what_cannot_be_heard_says_why(
    transcriber: VoskTranscriber, recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioError, match="no bytes"):
        await transcriber.transcribe(str(tmp_path / "empty.wav"), "ko")
    with pytest.raises(NoModelForLanguage):
        await transcriber.transcribe(str(recordings / "ko-return-2.wav"), "xx")
    with pytest.raises(ModelMissing, match="vosk-model-small-cn"):
        await transcriber.transcribe(str(recordings / "ko-return-2.wav"), "zh")
