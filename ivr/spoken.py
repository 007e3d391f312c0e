"""Numbers and digits as sequences of clips, in Mandarin and English.

A clip's name is the same in both languages where the thing is the same: `number-3`, `digit-3`.
"""

from ivr.actions import Prompt

LARGEST = 9999

_ZH_DIGITS = "零一二三四五六七八九"
_EN_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_EN_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

#: language -> clip name -> what is said. On the telephone a Chinese 1 is 幺, which cannot be taken for 七.
CLIPS: dict[str, dict[str, str]] = {
    "zh": {f"number-{value}": digit for value, digit in enumerate(_ZH_DIGITS)}
    | {"number-10": "十", "number-100": "百", "number-1000": "千", "number-pair": "两", "digit-1": "幺"},
    "en": {f"number-{value}": word for value, word in enumerate(_EN_SMALL)}
    | {f"number-{value}": word for value, word in zip(range(20, 100, 10), _EN_TENS, strict=True)}
    | {"number-100": "hundred", "number-1000": "thousand"},
}


def clip_language(language: str) -> str:
    """The language whose clips a caller hears: Chinese for any Chinese, English for all others."""
    return "zh" if language.partition("-")[0] == "zh" else "en"


def number(value: int, language: str, counting: bool = False) -> tuple[Prompt, ...]:
    """`value` (0 to 9999) in words; `counting` before a measure word, where a Chinese 2 is 两."""
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value} is not between 0 and {LARGEST}")
    spoken = clip_language(language)
    names = _zh(value, counting) if spoken == "zh" else _en(value)
    return tuple(clip(f"number-{name}", spoken) for name in names)


def digits(text: str, language: str) -> tuple[Prompt, ...]:
    """`text` digit by digit; what is not a digit is left out."""
    spoken = clip_language(language)
    names = (f"digit-{c}" if f"digit-{c}" in CLIPS[spoken] else f"number-{c}" for c in text)
    return tuple(clip(name, spoken) for name in names if name in CLIPS[spoken])


def clip(name: str, language: str) -> Prompt:
    return Prompt(language, CLIPS[language][name], name)


def _en(value: int) -> list[str]:
    if value <= 20:
        return [str(value)]
    if value < 100:
        tens, ones = divmod(value, 10)
        return [str(tens * 10), *([str(ones)] if ones else [])]
    unit = 1000 if value >= 1000 else 100
    head, rest = divmod(value, unit)
    return [*_en(head), str(unit), *(_en(rest) if rest else [])]


def _zh(value: int, counting: bool) -> list[str]:
    if counting and value == 2:
        return ["pair"]
    if 10 <= value < 20:
        return ["10", *([str(value - 10)] if value > 10 else [])]
    names: list[str] = []
    skipped = False
    for unit in (1000, 100, 10, 1):
        count = value // unit % 10
        if not count:
            skipped = True
            continue
        if names and skipped:
            names.append("0")
        skipped = False
        names.append("pair" if count == 2 and unit >= 100 else str(count))
        if unit > 1:
            names.append(str(unit))
    return names or ["0"]
