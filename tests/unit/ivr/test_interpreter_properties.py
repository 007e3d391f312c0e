"""Whatever a caller does, on any menu: every turn ends or waits, and nothing raises."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import events as e
from ivr import interpreter
from ivr.actions import Gather, Hangup, Hold, Play
from ivr.call import Call, CallState, apply
from ivr.interpreter import Context, Turn
from ivr.menu import Menu
from ivr.menu_checks import flaws
from ivr.menu_loader import load_menus
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.builders.menus import KEYS, PHRASES, after, given_admitted, given_context, menus

SHIPPED = list(load_menus(Path(__file__).parents[3] / "config" / "menus").values())

any_menu = st.sampled_from(SHIPPED) | menus()
answers = st.one_of(
    st.tuples(st.just(e.InputSource.DTMF), st.text(KEYS, max_size=9)),
    st.tuples(st.just(e.InputSource.DTMF), st.sampled_from(["1", "2", "3", "12345678"])),
    st.tuples(st.just(e.InputSource.SPEECH), st.sampled_from([p for said in PHRASES.values() for p in said])),
    st.tuples(st.just(e.InputSource.SPEECH), st.text(max_size=20)),
    st.tuples(st.just(e.InputSource.NONE), st.none()),
    st.tuples(st.just(e.InputSource.DTMF), st.none()),
)
doings = st.lists(
    st.tuples(st.sampled_from(["answer"] * 6 + ["late", "recover", "fail"]), answers, st.booleans()),
    max_size=40,
)
identities = st.fixed_dictionaries(
    {
        "known": st.booleans(),
        "tier": st.sampled_from(["standard", "vip"]),
        "language": st.sampled_from(["zh", "en", "ko", ""]),
    }
)


def checked(menu: Menu, call: Call, turn: Turn) -> Call:
    """The call after `turn`, which must end by waiting or with the end, in a bounded number of steps."""
    call = after(call, turn)
    assert turn.actions
    last = turn.actions[-1]
    assert isinstance(last, Gather | Hold | Hangup)
    assert all(isinstance(action, Play) for action in turn.actions[:-1])
    assert sum(isinstance(event, e.StepEntered) for event in turn.events) <= len(menu.steps) + 1
    assert isinstance(last, Hold) == (call.state is CallState.QUEUED)
    if isinstance(last, Gather):
        assert call.step == last.step
        assert last.dtmf or last.speech
    assert call.language in menu.languages
    return call


def lived(
    menu: Menu,
    call: Call,
    doing: str,
    answer: tuple[e.InputSource, str | None],
    talks: bool,
    context: Context,
) -> tuple[Call, Turn | None]:
    """One thing that happens to a call, and the turn that it led to (None: nothing to do)."""
    if doing == "late":
        late = e.InputGathered("no-such-step", *answer)
        assert interpreter.take(menu, call, late, context) == Turn()
        return call, None
    if call.state is CallState.QUEUED:
        if doing == "recover":
            return call, interpreter.resume(menu, call, context)
        told: tuple[e.CallEvent, ...] = (a.RESERVED, a.ANSWERED, a.TALK_ENDED)
        if not talks:
            told = (e.QueueLeft(call.queue or "", "max wait", interpreter.left_step(menu, call)),)
        for event in told:
            call = apply(call, event, NOON)
        return call, interpreter.resume(menu, call, context)
    if doing == "recover":
        return call, interpreter.resume(menu, call, context)
    if doing == "fail":
        return call, interpreter.fail(menu, call, context)
    source, value = answer
    given_input = e.InputGathered(call.step or "", source, value, len(value or ""))
    call = apply(call, given_input.for_timeline(), NOON)
    return call, interpreter.take(menu, call, given_input, context)


@settings(max_examples=150)
@given(any_menu, identities, doings, st.booleans())
def test_every_turn_ends_or_waits(
    menu: Menu,
    identity: dict[str, object],
    doings: list[tuple[str, tuple[e.InputSource, str | None], bool]],
    is_open: bool,
) -> None:
    context = given_context(is_open)
    call = given_admitted(**identity)
    turn: Turn | None = interpreter.enter(menu, call, context)
    assert turn is not None
    call = checked(menu, call, turn)
    for doing, answer, talks in doings:
        if turn is not None and isinstance(turn.actions[-1], Hangup):
            break
        call, following = lived(menu, call, doing, answer, talks, context)
        if following is not None:
            call = checked(menu, call, following)
            turn = following


@settings(max_examples=200)
@given(any_menu, identities)
def test_a_silent_caller_comes_to_an_exit(menu: Menu, identity: dict[str, object]) -> None:
    context = given_context()
    call = given_admitted(**identity)
    turn = interpreter.enter(menu, call, context)
    for _ in range(10 * len(menu.steps) + 1):
        call = checked(menu, call, turn)
        if isinstance(turn.actions[-1], Hangup | Hold):
            return
        nothing = e.InputGathered(call.step or "", e.InputSource.NONE)
        call = apply(call, nothing, NOON)
        turn = interpreter.take(menu, call, nothing, context)
    raise AssertionError("the caller is still asked")


@given(menus())
def test_menus_built_at_random_are_valid(menu: Menu) -> None:
    assert flaws(menu) == []


@given(
    any_menu,
    st.sampled_from([a.WAITING, a.RINGING, a.TALKING, (*a.WAITING, a.HUNG_UP), (a.OFFERED,)]),
    answers,
)
def test_an_input_that_finds_the_call_elsewhere_changes_nothing(
    menu: Menu, history: tuple[e.CallEvent, ...], answer: tuple[e.InputSource, str | None]
) -> None:
    call = a.given_call(*history)
    assert interpreter.take(menu, call, e.InputGathered(call.step or "", *answer), given_context()) == Turn()
    assert interpreter.enter(menu, call, given_context()) == Turn()
    assert interpreter.fail(menu, call, given_context()) == Turn()


@given(any_menu)
def test_a_stored_menu_is_the_same_menu(menu: Menu) -> None:
    again = Menu.model_validate_json(menu.model_dump_json(by_alias=True))
    assert again == menu
    assert again.version == menu.version
    assert flaws(again) == []
