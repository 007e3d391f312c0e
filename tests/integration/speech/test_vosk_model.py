"""What a loaded model hears, and what it does about phrases, rates and folders that are none."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ivr.pcm import Samples
from recordings import wav
from recordings.adapters.vosk_model import Phrase, VoskModel, VoskModels
from recordings.errors import NotAModel, PhrasesNotSpoken
from recordings.models import examine
from recordings.transcript import Word

MENU = ("환불", "반품", "비밀번호", "상담원")
SAID = {"refund": "환불", "return": "반품", "password": "비밀번호", "person": "상담원"}


def hear(
    model: VoskModel, samples: Samples, rate: int = 8000, phrases: tuple[str, ...] = MENU
) -> list[Phrase]:
    decoder = model.phrases(rate, phrases)
    step = rate // 10
    heard = [decoder.accept(samples[at : at + step].tobytes()) for at in range(0, len(samples), step)]
    return [phrase for phrase in (*heard, decoder.finish()) if phrase]


@pytest.mark.parametrize("caller", [1, 2])
@pytest.mark.parametrize("meaning", SAID)
def test_the_committed_callers_are_understood(
    models: VoskModels, recordings: Path, meaning: str, caller: int
) -> None:
    samples, _ = wav.load(recordings / f"ko-{meaning}-{caller}.wav")
    (heard,) = hear(models.load("ko"), samples)
    assert heard.text == SAID[meaning]
    assert heard.confidence > 0.5


def test_the_end_of_a_phrase_is_heard_before_the_sound_ends(models: VoskModels, recordings: Path) -> None:
    samples, _ = wav.load(recordings / "ko-refund-1.wav")
    decoder = models.load("ko").phrases(8000, MENU)
    steps = [samples[at : at + 800].tobytes() for at in range(0, len(samples), 800)]
    heard = [decoder.accept(step) for step in steps]
    assert heard[-1] is None
    assert any(heard)


def test_whoever_is_silent_for_long_is_heard_when_they_speak(models: VoskModels, recordings: Path) -> None:
    samples, _ = wav.load(recordings / "ko-refund-1.wav")
    decoder = models.load("ko").phrases(8000, MENU)
    for _ in range(120):  # the recogniser takes silence for the end of something
        assert decoder.accept(bytes(1600)) is None
        assert not decoder.speaking()
    heard = [decoder.accept(samples[at : at + 800].tobytes()) for at in range(0, len(samples), 800)]
    assert [phrase.text for phrase in heard if phrase] == ["환불"]


def test_silence_and_noise_are_no_phrase(models: VoskModels) -> None:
    noise = np.random.default_rng(1).normal(0, 300, 24000).astype(np.int16)
    for samples in (np.zeros(24000, np.int16), noise):
        assert hear(models.load("ko"), samples) == []


def test_a_model_that_does_not_say_so_takes_telephone_sound_too(
    models: VoskModels, recordings: Path, tmp_path: Path
) -> None:
    narrow = tmp_path / "narrow"
    shutil.copytree(models.load("ko").folder.path, narrow, copy_function=os.symlink)
    settings = (narrow / "conf/mfcc.conf").read_text()
    (narrow / "conf/mfcc.conf").unlink()
    (narrow / "conf/mfcc.conf").write_text(settings.replace("--allow-upsample=true", ""))
    samples, _ = wav.load(recordings / "ko-refund-1.wav")
    assert [phrase.text for phrase in hear(VoskModel(examine(narrow)), samples)] == ["환불"]


@pytest.mark.parametrize("step", [80, 2000])
def test_the_same_sound_gives_the_same_words_every_time(
    models: VoskModels, recordings: Path, step: int
) -> None:
    samples = np.concatenate([wav.load(recordings / f"ko-{meaning}-1.wav")[0] for meaning in SAID])

    def words() -> list[Word]:
        decoder = models.load("ko").words(8000)
        steps = (decoder.accept(samples[at : at + step]) for at in range(0, len(samples), step))
        return [word for heard in steps for word in heard or []] + decoder.finish()

    first = words()
    assert first
    assert all(words() == first for _ in range(3))


def test_a_phrase_written_without_spaces_is_taken_apart_and_reported_as_written(
    models: VoskModels, recordings: Path
) -> None:
    samples, _ = wav.load(recordings / "ko-password-2.wav")
    twice = np.concatenate([samples[:13000], samples[4000:]])
    heard = hear(models.load("ko"), twice, phrases=("비밀번호비밀번호", "환불"))
    assert [phrase.text for phrase in heard] == ["비밀번호비밀번호"]


def test_phrases_that_can_never_be_heard_are_named(models: VoskModels) -> None:
    model = models.load("ko")
    assert model.unspoken(["환불", "refund please", "주문 조회", "", "退款"]) == ["refund please", "", "退款"]
    with pytest.raises(PhrasesNotSpoken):
        model.phrases(8000, ["refund", "退款"])
    assert model.phrases(8000, ["refund", "환불"])


def test_nothing_is_printed(models: VoskModels, capfd: pytest.CaptureFixture[str]) -> None:
    model = models.load("ko")
    model.phrases(8000, ["환불", "refund"]).finish()
    assert capfd.readouterr() == ("", "")


def test_one_model_is_in_memory_however_often_it_is_asked_for(models: VoskModels) -> None:
    assert models.load("ko") is models.load("ko-KR")


def test_a_folder_with_the_right_names_and_the_wrong_contents_is_no_model(tmp_path: Path) -> None:
    for file in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(NotAModel, match="cannot load"):
        VoskModel(examine(tmp_path))
