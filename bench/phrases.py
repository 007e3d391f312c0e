"""Which Korean phrases the pip-installable model understands over the telephone: `python -m bench.phrases`.

Six synthetic voices at four speeds, 8 kHz through µ-law, against grammars of four and of six phrases; then
the committed recordings, begun at 7 moments within a frame and at 3 levels; and what becomes of sound that is
none of the phrases. Needs espeak-ng and sox.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bench.voices import DEMO, FIXTURES, MENU, RATE, ROOT, TALK, Line, speak
from ivr.pcm import Samples
from recordings import wav
from recordings.adapters.vosk_model import VoskModel, VoskModels
from recordings.models import Catalogue, ModelShelf

VOICES = ("ko", "ko+f2", "ko+m3", "ko+f4", "ko+m1", "ko+f5")
SPEEDS = (100, 120, 140, 160)
OTHER = ("텔레비전", "인터넷 고장", "오늘 날씨가 좋네요")


def main() -> None:
    catalogue = Catalogue.read(ROOT / "config/models.yaml")
    model = VoskModels(ModelShelf(catalogue, [])).load("ko")
    for grammar in (MENU, TALK):
        print(f"\ngrammar of {len(grammar)}: {len(VOICES)} voices x {len(SPEEDS)} speeds, heard exactly")
        for phrase in grammar:
            said = "감사함니다" if phrase == "감사합니다" else phrase
            takes = [speak(Line("", voice, said, speed), 0.4, 1.2) for voice in VOICES for speed in SPEEDS]
            _report(phrase, phrase, takes, model, grammar)
    print("\ncommitted recordings")
    for line in FIXTURES:
        take, _ = wav.load(ROOT / "tests/fixtures/audio" / f"{line.name}.wav")
        _report(line.name, line.text, _played(take), model, MENU)
    for line in DEMO["ko"]:
        take, _ = wav.load(ROOT / "config/prompts/demo/ko" / f"{line.name}.wav")
        _report(f"demo {line.name}", line.text, _played(take), model, TALK)
    print("\nsound that is none of the phrases (grammar of 4), heard as")
    noise = np.random.default_rng(1).normal(0, 300, 3 * RATE).astype(np.int16)
    others = [(text, speak(Line("", "ko", text), 0.4, 1.2)) for text in OTHER]
    for name, take in [("silence", np.zeros(3 * RATE, np.int16)), ("noise", noise), *others]:
        print(f"  {name:12} {_hear(model, take, MENU) or '(nothing)'}")


def _played(take: Samples) -> list[Samples]:
    """The take as calls may carry it: up to 18 ms later, and 6 and 12 dB softer."""
    later = (np.pad(take, (400 + shift, RATE)) for shift in range(0, 148, 24))
    return [(sound * gain).astype(np.int16) for sound in later for gain in (1.0, 0.5, 0.25)]


def _report(
    name: str, phrase: str, takes: Sequence[Samples], model: VoskModel, grammar: Iterable[str]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        heard = Counter(pool.map(lambda take: _hear(model, take, tuple(grammar)), takes))
    exact = heard.pop(phrase, 0)
    wrong = ", ".join(f"{text or '(nothing)'} x{count}" for text, count in heard.items())
    print(f"  {name:24} {exact:2} of {len(takes):2}" + (f"   else {wrong}" if wrong else ""))


def _hear(model: VoskModel, take: Samples, grammar: Sequence[str]) -> str:
    """Everything heard in a take, a tenth of a second at a time as in a call."""
    decoder = model.phrases(RATE, grammar)
    steps = (take[at : at + RATE // 10].astype("<i2").tobytes() for at in range(0, len(take), RATE // 10))
    heard = [phrase.text for step in steps if (phrase := decoder.accept(step))]
    last = decoder.finish()
    return " ".join([*heard, *([last.text] if last else [])])


if __name__ == "__main__":
    main()
