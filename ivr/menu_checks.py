"""What a schema cannot see in a menu: names that refer to nothing, and callers who would get nowhere."""

import re
from collections.abc import Iterator

from config.flaws import Flaw, Place, unknown
from ivr import consent
from ivr.intents import normalise
from ivr.menu import Menu
from ivr.menu_graph import circles, reachable
from ivr.menu_steps import Branch, Choice, ChooseLanguage, Collect, Enqueue, Hangup, Set, Step
from ivr.prompts import slots

_CONDITIONS = ("tier", "customer", "hours", "language", "intent", "attribute")


def flaws(menu: Menu) -> list[Flaw]:
    """Everything wrong with `menu`; the ways through it are looked at once all its names are right."""
    found = [*_names(menu), *_prompts(menu), *_attributes(menu)]
    for name, step in menu.steps.items():
        found.extend(_of_step(menu, step, ("steps", name)))
    return found or list(_ways(menu))


def _names(menu: Menu) -> Iterator[Flaw]:
    for key in ("start", "after_talk", "on_error"):
        target = getattr(menu, key)
        if target and target not in menu.steps:
            yield unknown((key,), "step", target, menu.steps)
    for language in {language for language in menu.languages if menu.languages.count(language) > 1}:
        yield Flaw(("languages",), f"{language!r} is there twice")
    for name, step in menu.steps.items():
        for way in step.exits():
            if way.go not in menu.steps:
                yield unknown(("steps", name, *way.at), "step", way.go, menu.steps)
        for at, prompt in step.prompts_heard():
            if prompt not in menu.prompts:
                yield unknown(("steps", name, *at), "prompt", prompt, menu.prompts)


def _prompts(menu: Menu) -> Iterator[Flaw]:
    for name, texts in menu.prompts.items():
        yield from _translations(menu, ("prompts", name), texts)
        for language, text in texts.items():
            if text.count("{") != len(slots(text)) or text.count("}") != len(slots(text)):
                yield Flaw(("prompts", name, language), "has a brace that belongs to no {attribute}")


def _translations(menu: Menu, at: Place, by_language: object) -> Iterator[Flaw]:
    there = set(by_language) if isinstance(by_language, dict) else set()
    for language in menu.languages:
        if language not in there:
            yield Flaw((*at, language), "is missing: the menu speaks this language", menu.languages)
    for language in sorted(there - set(menu.languages)):
        yield unknown((*at, language), "language of this menu", language, menu.languages, of_key=True)


def _attributes(menu: Menu) -> Iterator[Flaw]:
    collects = [(name, step) for name, step in menu.steps.items() if isinstance(step, Collect)]
    secret = {step.store for _, step in collects if step.sensitive}
    kept = {consent.ATTRIBUTE, *(step.store for _, step in collects)}
    for step in menu.steps.values():
        kept |= set(step.attributes) if isinstance(step, Set) else set()
    for name, collect in collects:
        if collect.store in secret and not collect.sensitive:
            message = f"another step keeps {collect.store!r} as sensitive: this one must, too"
            yield Flaw(("steps", name, "store"), message)
    for name, texts in menu.prompts.items():
        for language, text in texts.items():
            for slot in slots(text):
                yield from _read(("prompts", name, language), slot, kept, secret, "read out")
    for name, step in menu.steps.items():
        for index, case in enumerate(step.cases if isinstance(step, Branch) else ()):
            if case.attribute:
                hidden = secret if case.attribute.present is None else set()
                at = ("steps", name, "cases", index, "attribute", "name")
                yield from _read(at, case.attribute.name, kept, hidden, "compared")


def _read(at: Place, name: str, kept: set[str], secret: set[str], how: str) -> Iterator[Flaw]:
    if name not in kept:
        yield unknown(at, "attribute that a step of this menu keeps:", name, kept)
    elif name in secret:
        yield Flaw(at, f"{name!r} is sensitive: only its length is kept, so it cannot be {how}")


def _of_step(menu: Menu, step: Step, at: Place) -> Iterator[Flaw]:
    match step:
        case Choice():
            yield from _choice(menu, step, at)
        case Collect():
            yield from _collect(step, at)
        case ChooseLanguage():
            for key, language in step.keys.items():
                if language not in menu.languages:
                    yield unknown((*at, "keys", key), "language of this menu", language, menu.languages)
        case Branch():
            yield from _branch(menu, step, at)
        case Set():
            yield from _set(step, at)
        case Enqueue():
            yield from _enqueue(step, at)


def _choice(menu: Menu, step: Choice, at: Place) -> Iterator[Flaw]:
    keys = {step.repeat_key: "repeat_key"} if step.repeat_key else {}
    phrases: dict[tuple[str, str], int] = {}
    for index, option in enumerate(step.options):
        here = (*at, "options", index)
        if not option.key and not option.say:
            yield Flaw(here, "needs a key, or words to say", ("key", "say"))
        if option.key in keys:
            yield Flaw((*here, "key"), f"key {option.key} is taken already by {keys[option.key]}")
        elif option.key:
            keys[option.key] = f"option {index + 1}"
        if option.say:
            yield from _translations(menu, (*here, "say"), option.say)
        for language, said in option.say.items():
            for number, phrase in enumerate(said):
                heard = normalise(phrase, language)
                first = phrases.setdefault((language, heard), index)
                if not heard:
                    yield Flaw((*here, "say", language, number), f"{phrase!r} holds no word")
                elif first != index:
                    message = f"{phrase!r} is said for option {first + 1} already"
                    yield Flaw((*here, "say", language, number), message)


def _collect(step: Collect, at: Place) -> Iterator[Flaw]:
    if step.min_digits > step.max_digits:
        yield Flaw((*at, "min_digits"), f"is more than max_digits ({step.max_digits})")
    if step.check == "cn-id" and step.finish_on == "*":
        yield Flaw((*at, "finish_on"), "'*' stands for the X of an identity number", ("#", ""))
    if step.store == consent.ATTRIBUTE:
        yield Flaw((*at, "store"), f"{step.store!r} is kept by the program itself")
    if step.sensitive and step.confirm:
        yield Flaw((*at, "confirm"), "sensitive digits are not read back", of_key=True)
    if step.confirm and step.confirm.yes == step.confirm.no:
        yield Flaw((*at, "confirm", "no"), f"key {step.confirm.no} is taken already by yes")
    try:
        re.compile(step.pattern or "")
    except re.error as error:
        yield Flaw((*at, "pattern"), f"is not a regular expression: {error}")


def _branch(menu: Menu, step: Branch, at: Place) -> Iterator[Flaw]:
    for index, case in enumerate(step.cases):
        here = (*at, "cases", index)
        if all(getattr(case, condition) is None for condition in _CONDITIONS):
            yield Flaw(here, "says no condition", _CONDITIONS)
        for number, language in enumerate(case.language or ()):
            if language not in menu.languages:
                yield unknown((*here, "language", number), "language of this menu", language, menu.languages)
        for number, intent in enumerate(case.intent or ()):
            if intent not in menu.intents():
                yield unknown((*here, "intent", number), "intent in this menu", intent, menu.intents())
        test = case.attribute
        if test and [test.equals, test.one_of, test.present].count(None) != 2:
            yield Flaw((*here, "attribute"), "needs exactly one test", ("equals", "in", "present"))


def _set(step: Set, at: Place) -> Iterator[Flaw]:
    if not step.intent and not step.attributes:
        yield Flaw(at, "sets nothing", ("intent", "attributes"))
    if consent.ATTRIBUTE in step.attributes:
        place = (*at, "attributes", consent.ATTRIBUTE)
        yield Flaw(place, "is kept by the program itself", of_key=True)


def _enqueue(step: Enqueue, at: Place) -> Iterator[Flaw]:
    if step.recording != "none" and not step.consent:
        yield Flaw((*at, "consent"), f"is missing: recording is {step.recording!r}")
    if step.recording == "none" and step.consent:
        yield Flaw((*at, "consent"), "is never heard: recording is 'none'", of_key=True)
    if step.complete:
        yield Flaw((*at, "complete"), "a caller who waits for an agent has not helped themself")


def _ways(menu: Menu) -> Iterator[Flaw]:
    reached = reachable(menu)
    for name in menu.steps:
        if name not in reached:
            yield Flaw(("steps", name), "no way leads to this step", of_key=True)
    if not any(isinstance(menu.steps[name], Enqueue | Hangup) for name in reached):
        yield Flaw(
            ("steps",),
            "the menu has no exit: no step hangs up or queues the caller",
            ("hangup", "enqueue"),
            True,
        )
        return
    for circle in circles(menu):
        yield Flaw(("steps", circle[0]), _went_round(menu, circle), of_key=True)


def _went_round(menu: Menu, circle: list[str]) -> str:
    path = " -> ".join([*circle, circle[0]])
    steps = [menu.steps[name] for name in circle]
    if any(isinstance(step, Enqueue) for step in steps):
        return f"a caller whom no agent takes goes round for ever: {path}"
    if any(isinstance(step, Choice | Collect | ChooseLanguage) for step in steps):
        return f"a caller who stays silent goes round for ever: {path}"
    return f"goes round without ever waiting for the caller: {path}"
