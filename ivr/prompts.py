"""Everything that a caller can hear, as prompts: the menu's own, the program's own, and positions."""

import math
import re
from collections.abc import Iterator, Mapping

from ivr.actions import Prompt
from ivr.menu import Menu
from ivr.spoken import CLIPS, LARGEST, clip_language, digits, number

#: What the program says of itself, whatever the menu.
SYSTEM: dict[str, dict[str, str]] = {
    "away": {
        "zh": "非常抱歉，系统暂时无法为您服务，请稍后再拨。再见。",
        "en": "We are sorry. Our system cannot take your call right now. Please call again later. Goodbye.",
    },
    "closed": {
        "zh": "您好，现在是非工作时间，请在工作时间来电。再见。",
        "en": "Thank you for calling. We are closed now. Please call again in our opening hours. Goodbye.",
    },
    "apology": {
        "zh": "非常抱歉，系统出了问题，请稍后再拨。再见。",
        "en": "We are sorry. Something went wrong. Please call again later. Goodbye.",
    },
    "position-next": {"zh": "您是下一位。", "en": "You are next in line."},
    "position-before": {"zh": "您前面还有", "en": "You are number"},
    "position-after": {"zh": "位。", "en": "in line."},
    "position-many": {"zh": "您前面还有很多位。", "en": "There are many callers before you."},
    "wait-short": {"zh": "预计等待不到一分钟。", "en": "Your estimated wait is less than a minute."},
    "wait-about": {"zh": "预计等待大约", "en": "Your estimated wait is about"},
    "wait-minutes": {"zh": "分钟。", "en": "minutes."},
    "wait-long": {"zh": "预计等待一小时以上。", "en": "Your estimated wait is more than an hour."},
}

_SLOT = re.compile(r"\{([^{}]*)\}")


def system(name: str, language: str) -> Prompt:
    """One of `SYSTEM` by name."""
    spoken = clip_language(language)
    return Prompt(spoken, SYSTEM[name][spoken], name)


def closed(language: str) -> tuple[Prompt, ...]:
    return (system("closed", language),)


def apology(language: str) -> tuple[Prompt, ...]:
    return (system("apology", language),)


def position(place: int, language: str) -> tuple[Prompt, ...]:
    """Where the caller stands, 1 being next. Chinese counts who is before them, English their own place."""
    if place <= 1:
        return (system("position-next", language),)
    if place > LARGEST:
        return (system("position-many", language),)
    chinese = clip_language(language) == "zh"
    count = number(place - 1, language, counting=True) if chinese else number(place, language)
    return (system("position-before", language), *count, system("position-after", language))


def wait(seconds: float, language: str) -> tuple[Prompt, ...]:
    """About how long it will take: whole minutes, rounded up, for it had better be less in the end."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return (system("wait-short", language),)
    if minutes > 60:
        return (system("wait-long", language),)
    count = number(minutes, language, counting=True)
    return (system("wait-about", language), *count, system("wait-minutes", language))


def slots(text: str) -> tuple[str, ...]:
    """The attributes that a menu's prompt reads out: `{order_number}`."""
    return tuple(_SLOT.findall(text))


def of_menu(menu: Menu, name: str, language: str, attributes: Mapping[str, str]) -> tuple[Prompt, ...]:
    """The menu's prompt `name`, its slots read out by digits; the pieces around them are `name_1`, ..."""
    heard: list[Prompt] = []
    for piece, is_slot in _pieces(name, menu.prompts[name][language]):
        if is_slot:
            heard.extend(digits(attributes.get(piece.text, ""), language))
        else:
            heard.append(Prompt(language, piece.text, piece.name))
    return tuple(heard)


def recordable(menu: Menu) -> Iterator[Prompt]:
    """Every piece that the menu's prompts are made of, in each of its languages, apart from clips."""
    for name, texts in menu.prompts.items():
        for language, text in texts.items():
            for piece, is_slot in _pieces(name, text):
                if not is_slot:
                    yield Prompt(language, piece.text, piece.name)


def built_in(language: str) -> Iterator[Prompt]:
    """The program's own prompts and clips in `language`."""
    spoken = clip_language(language)
    for name in SYSTEM:
        yield system(name, spoken)
    for name, text in CLIPS[spoken].items():
        yield Prompt(spoken, text, name)


def _pieces(name: str, text: str) -> Iterator[tuple[Prompt, bool]]:
    parts = _SLOT.split(text)
    spoken = 0
    for index, part in enumerate(parts):
        if index % 2:
            yield Prompt("", part), True
        elif any(c.isalnum() for c in part):
            spoken += 1
            yield Prompt("", part.strip(), name if len(parts) == 1 else f"{name}_{spoken}"), False
