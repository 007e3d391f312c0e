"""One Vosk model in memory, and the recognisers that share it: for whole tracks and for live phrases.

Kaldi adds noise from a random generator to the sound (`dither`), so that the same sound gives other words
each time. We turn that off, whatever the model's file says, and add a noise that is always the same. It has
to reach as far up as the model listens, so telephone sound is brought to the model's own rate first. Its
strength was measured (bench/phrases.py's voices, normal and soft): of 96 utterances Kaldi's own way has 79
right, a deviation of 1 step of 16-bit sound 76, of 2 82, of 4 to 9 89.
"""

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.pcm import Resampler, Samples
from recordings.errors import ModelError, NotAModel, PhrasesNotSpoken
from recordings.models import ModelFolder, ModelShelf
from recordings.transcript import Word

_SILENT = -2  # below -1, at which Vosk still prints warnings
_LONGEST_WORD = 8  # letters tried as one word where a phrase is written without spaces


@cache
def _noise() -> NDArray[np.int32]:
    """A minute at 16 kHz, -75 dBFS; far below what µ-law leaves."""
    return np.rint(np.random.default_rng(0).normal(0, 6, 960_000)).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Phrase:
    """What was said: a phrase of the grammar as it was given, or the words; confidence 0 to 1."""

    text: str
    confidence: float


class VoskModel:
    """A loaded model. Loading takes seconds and blocks; recognisers are made in milliseconds."""

    def __init__(self, folder: ModelFolder) -> None:
        import vosk  # takes long, and nobody needs it without a model

        vosk.SetLogLevel(_SILENT)
        self.folder = folder
        self._make_recogniser = vosk.KaldiRecognizer
        try:
            with _without_dither(folder.path) as path:
                self._model = vosk.Model(model_path=str(path))
        except Exception as error:
            raise NotAModel(str(folder.path), "Vosk cannot load it; its files may be incomplete") from error

    @property
    def name(self) -> str:
        return self.folder.name

    def words(self, rate: int, phrases: Sequence[str] | None = None) -> "WordDecoder":
        """A recogniser for sound at `rate` Hz; raises `PhrasesNotSpoken` when it knows none of `phrases`."""
        return WordDecoder(self._recogniser(phrases), rate, self.folder.sample_rate)

    def phrases(self, rate: int, phrases: Sequence[str]) -> "PhraseDecoder":
        """A recogniser for one of `phrases`, spoken live; raises `PhrasesNotSpoken`."""
        return PhraseDecoder(self.words(rate, phrases), self._spellings(phrases))

    def unspoken(self, phrases: Iterable[str]) -> list[str]:
        """Those of `phrases` that hold a word which the model does not know, and so can never be heard."""
        return [phrase for phrase in phrases if self._spell(phrase) is None]

    @cached_property
    def _marks_unknown(self) -> bool:
        return self._knows("[unk]")

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def _recogniser(self, phrases: Sequence[str] | None) -> Any:
        rate = float(self.folder.sample_rate)
        if phrases is None or not self.folder.grammars:
            recogniser = self._make_recogniser(self._model, rate)
        else:
            grammar = [*self._spellings(phrases)]
            if not grammar:
                raise PhrasesNotSpoken(self.name)
            grammar += ["[unk]"] if self._marks_unknown else []
            # Vosk does not read \u escapes.
            recogniser = self._make_recogniser(self._model, rate, json.dumps(grammar, ensure_ascii=False))
        recogniser.SetWords(True)
        return recogniser

    def _spellings(self, phrases: Iterable[str]) -> dict[str, str]:
        """How the model writes each phrase -> the phrase."""
        spelt = {self._spell(phrase): phrase for phrase in phrases}
        return {spelling: phrase for spelling, phrase in spelt.items() if spelling is not None}

    def _spell(self, phrase: str) -> str | None:
        words: list[str] = []
        for part in phrase.lower().split():
            pieces = [part] if self._knows(part) else self._pieces(part)
            if not pieces:
                return None
            words += pieces
        return " ".join(words) or None

    def _pieces(self, text: str) -> list[str]:
        """Known words that make up `text`, the longest first: Chinese is written without spaces."""
        if text.isascii():
            return []
        pieces: list[str] = []
        while text:
            fits = (n for n in range(min(len(text), _LONGEST_WORD), 0, -1) if self._knows(text[:n]))
            length = next(fits, 0)
            if not length:
                return []
            pieces.append(text[:length])
            text = text[length:]
        return pieces


class WordDecoder:
    """One stream of sound after another to words. Not for two threads at once; the GIL is free meanwhile.

    A decoder builds the parts of the model's graph that it walks, so it is quicker with its next stream. The
    words are the same, their times and confidences to five digits.
    """

    def __init__(self, recogniser: Any, rate: int, model_rate: int) -> None:
        self._recogniser = recogniser
        self._rate, self._model_rate = rate, model_rate
        self._resampler = Resampler(rate, model_rate)
        self._began, self._heard = 0, 0  # samples before this stream, and in it

    def accept(self, samples: Samples) -> list[Word] | None:
        """Hears more; the words so far when a pause completes them (maybe none), else None.

        A pause is looked for once per call: give it a fraction of a second at a time.
        """
        plain = self._resampler.feed(samples)
        noise = np.take(_noise(), np.arange(self._heard, self._heard + len(plain)), mode="wrap")
        sound = np.clip(plain + noise, -32768, 32767).astype(np.int16)
        self._heard += len(plain)
        if len(sound) and self._recogniser.AcceptWaveform(sound.tobytes()):
            return self._read(self._recogniser.Result())
        return None

    def partial(self) -> str:
        """The words since the last pause as they seem now."""
        return str(json.loads(self._recogniser.PartialResult()).get("partial", ""))

    def finish(self) -> list[Word]:
        """The words since the last pause; what is accepted next is another stream, and begins at second 0."""
        words = self._read(self._recogniser.FinalResult())
        self._began, self._heard = self._began + self._heard, 0
        self._resampler = Resampler(self._rate, self._model_rate)
        return words

    @property
    def seconds(self) -> float:
        """How much sound it has heard in all."""
        return (self._began + self._heard) / self._model_rate

    def _read(self, result: str) -> list[Word]:
        began = self._began / self._model_rate
        return [
            Word(max(word["start"] - began, 0.0), max(word["end"] - began, 0.0), word["word"], word["conf"])
            for word in json.loads(result).get("result", ())
        ]


class PhraseDecoder:
    """One phrase after another, as a caller speaks them; the sound is 16-bit little-endian."""

    def __init__(self, words: WordDecoder, spellings: dict[str, str]) -> None:
        self._words, self._spellings = words, spellings

    def accept(self, pcm: bytes) -> Phrase | None:
        """Hears more; the phrase when the caller has finished one."""
        return self._phrase(self._words.accept(np.frombuffer(pcm, dtype="<i2").astype(np.int16)) or [])

    def speaking(self) -> bool:
        """Whether words were heard since the last phrase."""
        return bool(self._words.partial())

    def finish(self) -> Phrase | None:
        """The phrase that is being spoken, taken as complete."""
        return self._phrase(self._words.finish())

    def _phrase(self, words: list[Word]) -> Phrase | None:
        known = [word for word in words if word.text != "[unk]"]
        if not known:
            return None
        text = " ".join(word.text for word in known)
        confidence = sum(word.confidence for word in known) / len(known)
        return Phrase(self._spellings.get(text, text), confidence)


class VoskModels:
    """The models of a shelf, each loaded once, when it is first asked for."""

    def __init__(self, shelf: ModelShelf) -> None:
        self.shelf = shelf
        self._loaded: dict[str, VoskModel] = {}
        self._loading = threading.Lock()

    def language(self, tag: str) -> str:
        """The catalogue's language for a BCP 47 tag: `ko` for `ko-KR`."""
        return self.shelf.catalogue.spec(tag)[0]

    def name(self, language: str) -> str:
        return self.shelf.catalogue.spec(language)[1].name

    def available(self, language: str) -> bool:
        """Whether `load` would find a model's folder."""
        try:
            self.shelf.find(language)
        except ModelError:
            return False
        return True

    def load(self, language: str) -> VoskModel:
        """Blocks for seconds the first time. Raises `NoModelForLanguage`, `ModelMissing`, `NotAModel`."""
        name = self.name(language)
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = VoskModel(self.shelf.find(language))
            return self._loaded[name]

    def phrases(self, language: str, rate: int, phrases: Sequence[str]) -> PhraseDecoder:
        """A recogniser of live phrases; blocks like `load`, and raises `PhrasesNotSpoken` too."""
        return self.load(language).phrases(rate, phrases)


@contextmanager
def _without_dither(model: Path) -> Iterator[Path]:
    """A folder like the model's with `--dither=0` in `conf/mfcc.conf`; needed only while it is loaded."""
    with tempfile.TemporaryDirectory(prefix="hotline-model-") as folder:
        view = Path(folder)
        (view / "conf").mkdir()
        for entry in [*model.iterdir(), *(model / "conf").iterdir()]:
            target = view / entry.relative_to(model)
            if not target.exists() and entry.name != "mfcc.conf":
                target.symlink_to(entry.resolve())
        settings = (model / "conf/mfcc.conf").read_text("utf-8", "replace").splitlines()
        kept = [line for line in settings if not line.startswith("--dither")]
        (view / "conf/mfcc.conf").write_text("\n".join([*kept, "--dither=0", ""]))
        yield view
