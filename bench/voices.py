"""Makes the committed recordings of callers and agents (espeak-ng, sox): `python -m bench.voices`.

The Korean ones are phrases that the model pip can install was measured to understand: see bench/phrases.py.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.pcm import Samples, decode_ulaw, encode_ulaw
from recordings import wav

RATE = 8000
ROOT = Path(__file__).resolve().parent.parent

#: What a Korean caller says in the menu: refund, return, password, a person.
MENU = ("환불", "반품", "비밀번호", "상담원")
#: What is said in a conversation: the same, hello, and thank you.
TALK = (*MENU, "안녕하세요", "감사합니다")


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance: espeak-ng's voice, words per minute; `said` where espeak-ng has to be told how."""

    name: str
    voice: str
    text: str
    speed: int = 140
    said: str = ""


#: config/prompts/demo/<language>/<name>.wav
DEMO = {
    "ko": [
        Line("customer-refund", "ko+f4", "환불"),
        Line("customer-return", "ko+f5", "반품"),
        Line("customer-password", "ko+f4", "비밀번호"),
        Line("customer-person", "ko+f5", "상담원"),
        Line("agent-greeting", "ko+f2", "안녕하세요"),
        Line("agent-closing", "ko+f4", "감사합니다", 125, said="감사함니다"),
    ],
    "en": [
        Line("customer-order", "en-us", "I would like to know where my order is.", 150),
        Line("customer-refund", "en-gb+f3", "Hello, I want to send this back and get a refund.", 155),
        Line("customer-angry", "en-us+m3", "This is the third time I call about it. Nobody helps me!", 170),
        Line("customer-thanks", "en-us", "All right, thank you. Goodbye.", 150),
        Line("agent-greeting", "en-us+f2", "Thank you for calling Hotline. How may I help you?", 150),
        Line("agent-answer", "en-us+f2", "Let me look that up for you. It will arrive on Friday.", 150),
        Line("agent-closing", "en-us+f2", "Is there anything else? Thank you for calling, goodbye.", 150),
    ],
    "zh": [
        Line("customer-order", "cmn", "你好,我想查一下我的订单到哪里了。", 210),
        Line("customer-refund", "cmn+f3", "我要退款,这个东西坏了。", 210),
        Line("customer-angry", "cmn+m3", "我已经打了三次电话,怎么还没有人处理?", 230),
        Line("customer-thanks", "cmn", "好的,谢谢,再见。", 200),
        Line("agent-greeting", "cmn+f2", "您好,很高兴为您服务,请问有什么可以帮您?", 210),
        Line("agent-answer", "cmn+f2", "请稍等,我帮您查一下,预计星期五送到。", 210),
        Line("agent-closing", "cmn+f2", "请问还有其他问题吗?感谢您的来电,再见。", 210),
    ],
}

#: tests/fixtures/audio/<name>.wav: each menu phrase by two callers, with a silence in which it ends
FIXTURES = [
    Line(f"ko-{meaning}-{n}", voice, phrase)
    for meaning, phrase in zip(("refund", "return", "password", "person"), MENU, strict=True)
    for n, voice in ((1, "ko+f2"), (2, "ko+f5"))
]


def speak(line: Line, lead: float = 0.3, tail: float = 0.3) -> Samples:
    """The line as a telephone carries it: 8 kHz through µ-law, between silences of so many seconds."""
    spoken = subprocess.run(
        ["espeak-ng", "-v", line.voice, "-s", str(line.speed), "--stdout", line.said or line.text],
        capture_output=True,
        check=True,
    ).stdout
    shape = ["-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed", "-t", "raw", "-", "gain", "-n", "-6"]
    raw = subprocess.run(
        ["sox", "-D", "-t", "wav", "-", *shape], input=spoken, capture_output=True, check=True
    ).stdout
    voice = decode_ulaw(encode_ulaw(np.frombuffer(raw, dtype="<i2").astype(np.int16)))
    return np.concatenate([_silence(lead), voice, _silence(tail)])


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def main() -> None:
    for language, lines in DEMO.items():
        for line in lines:
            _write(ROOT / "config/prompts/demo" / language / f"{line.name}.wav", speak(line))
    for line in FIXTURES:
        _write(ROOT / "tests/fixtures/audio" / f"{line.name}.wav", speak(line, lead=0.4, tail=1.2))


def _write(path: Path, samples: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wav.save(path, samples, RATE)
    print(f"{path.relative_to(ROOT)}  {len(samples) / RATE:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
