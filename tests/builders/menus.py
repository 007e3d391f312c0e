"""Menus and what they need around them, for tests."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from ivr import events as e
from ivr.call import Call, apply
from ivr.interpreter import Context, Turn
from ivr.menu import Menu
from ivr.menu_graph import reachable
from ivr.menu_loader import parse_menu
from tests.builders import calls as a
from tests.builders.calls import NOON, given_call

KEYS = "0123456789*#"
PHRASES = {
    "zh": ("售前咨询", "查询订单", "我要投诉", "人工服务", "维修", "退货政策"),
    "en": ("sales", "order status", "complaint", "speak to a person", "repair", "return policy"),
}


def given_menu(text: str) -> Menu:
    """The menu in `text`; raises `ConfigInvalid`."""
    return parse_menu(text, "menu.yaml")


def given_context(is_open: bool = True, queue: str = "general") -> Context:
    return Context(NOON, is_open, lambda _call, named: e.CallQueued(named or queue, NOON))


def given_admitted(**identity: Any) -> Call:
    """A call just admitted; `identity` replaces what is known of the caller."""
    who = {"caller": None, "known": False, "tier": "standard", "language": "zh"} | identity
    return given_call(a.OFFERED, e.CallerIdentified(**who), a.ADMITTED)


def after(call: Call, turn: Turn) -> Call:
    """`call` after the events of `turn`, each of which it must be able to take."""
    for event in turn.events:
        call = apply(call, event, NOON)
    return call


def pressed(call: Call, digits: str, sensitive: bool = False) -> e.InputGathered:
    step = call.step or ""
    return e.InputGathered(step, e.InputSource.DTMF, digits, len(digits), sensitive=sensitive)


def said(call: Call, words: str) -> e.InputGathered:
    return e.InputGathered(call.step or "", e.InputSource.SPEECH, words, len(words), 0.9)


def silent(call: Call) -> e.InputGathered:
    return e.InputGathered(call.step or "", e.InputSource.NONE)


# Made once: making a strategy takes longer than drawing from it.
_FLAG = st.booleans()
_TRIES, _DIGITS, _COUNT = st.integers(1, 3), st.integers(1, 4), st.integers(1, 8)
_WORDS = st.sampled_from([[], ["words"]])
_LANGUAGES = st.sampled_from([["zh"], ["en"], ["zh", "en"]])
_PROMPT = st.sampled_from([None, "words"])
_KIND = st.sampled_from(["play", "language", "menu", "collect", "branch", "set", "enqueue"])
_NUMBERS = st.lists(st.sampled_from(range(6)), min_size=1, unique=True)
_INTENT = st.sampled_from([None, "sales", "repair"])
_REPEAT = st.sampled_from([None, "9"])
_CONFIRM = st.sampled_from([None, {"prompt": "digits"}])
_CONDITIONS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.sampled_from(
        [
            {"tier": "vip"},
            {"customer": "known"},
            {"hours": "open"},
            {"language": "zh"},
            {"attribute": {"name": "recording", "present": True}},
            {"attribute": {"name": "recording", "in": ["given", "announced"]}},
        ]
    ),
    min_size=1,
    max_size=3,
)
_RECORDING = st.sampled_from(["none", "announce", "ask"])
_QUEUE = st.sampled_from([None, "sales"])


@cache
def _one_of(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


@cache
def _perhaps(*names: str) -> st.SearchStrategy[str | None]:
    return st.none() | _one_of(*names)


@st.composite
def menus(draw: st.DrawFn) -> Menu:
    """Any valid menu of up to nine steps: silence leads forward only, answers lead anywhere."""
    count = draw(_COUNT)
    names = [f"s{index}" for index in range(count)] + ["end"]
    steps = {name: _step(draw, index, names) for index, name in enumerate(names[:-1])}
    steps["end"] = {"do": "hangup", "prompts": draw(_WORDS)}
    content: dict[str, Any] = {
        "name": "any",
        "languages": draw(_LANGUAGES),
        "start": names[0],
        "after_talk": draw(_perhaps(*names)),
        "on_error": "end",
        "prompts": {"words": {}, "digits": {}},
        "steps": steps,
    }
    for language in content["languages"]:
        content["prompts"]["words"][language] = "words"
        content["prompts"]["digits"][language] = "you keyed {recording}"
    whole = Menu.model_validate(_in_languages(content))
    kept = reachable(whole)
    return whole.model_copy(update={"steps": {n: step for n, step in whole.steps.items() if n in kept}})


def _in_languages(content: dict[str, Any]) -> dict[str, Any]:
    """`content` without words in languages that it does not speak."""
    for step in content["steps"].values():
        for option in step.get("options", ()):
            option["say"] = {k: v for k, v in option["say"].items() if k in content["languages"]}
        if step["do"] == "language":
            step["keys"] = dict.fromkeys(step["keys"], content["languages"][-1])
        for case in step.get("cases", ()):
            if "language" in case:
                case["language"] = content["languages"]
    return content


def _step(draw: st.DrawFn, index: int, names: list[str]) -> dict[str, Any]:
    later = names[index + 1 :]
    ahead, anywhere = _one_of(*later), _one_of(*names)
    kind = draw(_KIND)
    question = {
        "prompts": ["words"],
        "tries": draw(_TRIES),
        "no_match": {"go": draw(_perhaps(*names)), "prompt": draw(_PROMPT)},
        "no_input": {"go": draw(_perhaps(*later)), "prompt": "words"},
        "too_many": {"go": draw(ahead)},
    }
    complete = {"complete": draw(_FLAG)}
    match kind:
        case "play":
            barge_in = draw(_FLAG)
            return {"do": kind, "prompts": ["words"], "next": draw(ahead), "barge_in": barge_in, **complete}
        case "language":
            return {"do": kind, "prompt": "words", "keys": {"1": "zh"}, "next": draw(ahead)}
        case "menu":
            chosen = draw(_NUMBERS)
            options = [
                {
                    "key": str(number),
                    "say": {language: [PHRASES[language][number]] for language in PHRASES},
                    "intent": draw(_INTENT),
                    "go": draw(anywhere),
                }
                for number in chosen
            ]
            return {
                "do": kind,
                "options": options,
                "repeat_key": draw(_REPEAT),
                **question,
            }
        case "collect":
            sensitive = draw(_FLAG)
            confirm = None if sensitive else draw(_CONFIRM)
            most = draw(_DIGITS)
            stored = {
                "store": "secret" if sensitive else "number",
                "max_digits": most,
                "sensitive": sensitive,
            }
            return {"do": kind, **stored, "confirm": confirm, "next": draw(ahead), **question, **complete}
        case "branch":
            cases = [{**condition, "go": draw(ahead)} for condition in draw(_CONDITIONS)]
            return {"do": kind, "cases": cases, "otherwise": draw(ahead), **complete}
        case "set":
            return {"do": kind, "intent": "sales", "attributes": {"a": "b"}, "next": draw(ahead), **complete}
    recording = draw(_RECORDING)
    consent = None if recording == "none" else "words"
    queue = draw(_QUEUE)
    left = draw(_perhaps(*later))
    return {"do": "enqueue", "queue": queue, "recording": recording, "consent": consent, "on_left": left}
