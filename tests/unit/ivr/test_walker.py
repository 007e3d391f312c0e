"""A walk through the shipped menu, as `hotline menus try` takes it."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from ivr.menu_loader import load_menu
from ivr.walker import Asked, Ended, Happened, Heard, Moment, Waiting, Walk
from tests.builders.menus import KEYS, given_admitted, given_context

MAIN = load_menu(Path(__file__).parents[3] / "config" / "menus" / "main.yaml")


def walk(*lines: str, **identity: object) -> list[Moment]:
    """The moments after the last of `lines`."""
    walked = Walk(MAIN, given_admitted(**identity), given_context())
    moments = walked.begin()
    for line in lines:
        moments = walked.answer(line)
    return moments


def heard(moments: list[Moment]) -> str:
    return " ".join(p.text for moment in moments if isinstance(moment, Heard) for p in moment.prompts)


def test_it_begins_with_the_greeting_and_the_first_question() -> None:
    moments = walk()
    assert heard(moments) == "您好，欢迎致电服务热线。 普通话请按一。 For English, press two."
    assert moments[-1] == Asked("choose-language", 1, ())


def test_keys_words_and_silence_lead_on() -> None:
    assert walk("2")[-1] == Asked("topic", 1, MAIN.steps["topic"].phrases("en"))  # type: ignore[union-attr]
    assert Happened(e.IntentSet("complaint")) in walk("2", "I want to complain")
    assert heard(walk("2", "")).startswith("We did not hear your choice.")


def test_an_order_number_ends_with_the_pound_key() -> None:
    moments = walk("1", "2", "4", "12345678#")
    assert heard(moments).startswith("您输入的是 幺 二 三")
    assert walk("1", "2", "4", "12345678#", "1")[-1] == Waiting("general")


def test_waiting_ends_as_the_walker_says() -> None:
    to_queue = ("1", "0")
    assert walk(*to_queue, "anything") == [Waiting("general")]
    assert isinstance(walk(*to_queue, "left")[-1], Asked)
    assert walk(*to_queue, "talked")[-1] == Asked("rating", 1, ())
    assert walk(*to_queue, "talked", "5")[-1] == Ended()
    assert walk(*to_queue, "talked", "5", "1") == []


@given(
    st.lists(
        st.sampled_from(["", "left", "talked", "投诉"]) | st.text(KEYS, max_size=9) | st.text(max_size=9),
        max_size=30,
    )
)
def test_any_lines_can_be_typed(lines: list[str]) -> None:
    moments = walk(*lines)
    assert not moments or isinstance(moments[-1], Asked | Waiting | Ended)
