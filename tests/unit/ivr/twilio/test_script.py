"""What one caller is to hear, document by document."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Action, Announce, Answer, Gather, Hangup, Hold, Play, Prompt, Reject
from ivr.adapters.twilio.script import Script

WELCOME, SORRY, NOTICE = (Prompt("en", text) for text in ("welcome", "sorry", "notice"))
PLAY, BYE, INSIST = Play((WELCOME,)), Play((SORRY,)), Play((NOTICE,), interruptible=False)
ASK = Gather("topic", (WELCOME,))
HOLD = Hold("jazz", (SORRY,))


def script(*actions: Action) -> Script:
    made = Script()
    for action in actions:
        made.add(action)
    return made


def test_a_question_goes_with_what_is_before_it() -> None:
    assert script(Answer(), PLAY, ASK).take() == (Answer(), PLAY, ASK)


def test_a_farewell_is_heard_before_the_end_is_fetched() -> None:
    made = script(BYE, Hangup())
    assert made.take() == (BYE,)
    assert made.ends_by_itself
    assert made.take() == (Hangup(),)


def test_an_end_with_nothing_to_hear_is_at_once() -> None:
    assert script(Answer(), Hangup()).take() == (Answer(), Hangup())
    assert script(Reject()).take() == (Reject(),)
    assert script(Reject()).only_ends


def test_nothing_comes_after_the_end() -> None:
    made = script(BYE, Hangup(), PLAY, ASK)
    assert made.take() == (BYE,)
    assert made.take() == (Hangup(),)
    assert made.take() == ()


def test_what_follows_ends_a_question_and_a_wait() -> None:
    assert script(ASK, HOLD, PLAY, ASK).take() == (PLAY, ASK)


def test_a_question_that_came_to_nothing_is_asked_again_and_a_wait_goes_on() -> None:
    made = script(PLAY, ASK)
    made.take()
    assert made.take() == (ASK,)
    made = script(HOLD)
    made.take()
    assert made.take() == (Hold("jazz"),)


def test_announcements_are_said_once_and_not_outside_of_the_wait() -> None:
    made = script(HOLD, Announce((NOTICE,)), Announce((SORRY,)))
    made.take()
    assert made.announcement() == (NOTICE, SORRY)
    assert made.announcement() == ()
    made.add(Announce((NOTICE,)))
    made.add(ASK)
    made.take()
    assert made.announcement() == ()


def test_an_agent_interrupts_what_may_be_interrupted() -> None:
    made = script(PLAY, HOLD)
    made.take()
    before = made.may_be_interrupted
    made.interrupt()
    assert made.take() == (Hold("jazz"),)
    assert (before, made.may_be_interrupted) == (True, False)


def test_an_agent_waits_for_what_must_be_heard() -> None:
    made = script(INSIST, HOLD)
    made.take()
    assert not made.may_be_interrupted


def test_waiting_on_is_no_news() -> None:
    made = script(HOLD)
    made.take()
    made.add(Answer())
    made.add(Hold("jazz"))
    assert made.only_waits
    made.add(PLAY)
    assert not made.only_waits


actions = st.sampled_from([Answer(), PLAY, BYE, INSIST, ASK, HOLD, Hangup(), Reject(), Announce((SORRY,))])


@given(st.lists(st.one_of(st.none(), actions), max_size=30))
def test_no_document_goes_on_after_what_lasts_or_ends(steps: list[Action | None]) -> None:
    made = Script()
    heard: list[Action] = []
    for step in steps:
        if step is None:
            document = made.take()
            heard.extend(document)
            assert not any(isinstance(one, (Gather, Hold, Hangup, Reject)) for one in document[:-1])
            assert not made.fresh
        else:
            made.add(step)
    for _ in range(3):
        heard.extend(made.take())
    plays = [one for one in steps if isinstance(one, Play)]
    ends = [at for at, one in enumerate(steps) if isinstance(one, (Hangup, Reject))]
    if not ends:
        assert [one for one in heard if isinstance(one, Play)] == plays
