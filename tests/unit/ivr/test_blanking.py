"""Without who called, a call is the call that it was."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.telling import tell
from ivr import events as e
from ivr.blanking import PERSONAL, blank, blank_call
from ivr.call import fold
from ivr.timeline import kind_of, parse, render
from tests.builders import calls as a
from tests.builders.calls import NOON

OFFERED = e.CallOffered("test", "c1", "4001", "13800138000", "张伟")
KNOWN = e.CallerIdentified("+8613800138000", True, "vip", "zh", a.RESERVATION, "张伟")
MENU = st.lists(
    st.one_of(
        st.builds(e.AttributeSet, st.sampled_from(["order", "card"]), st.text("0123456789", max_size=9)),
        st.builds(e.InputGathered, st.just("s"), st.just(e.InputSource.SPEECH), st.just("张伟"), st.just(2)),
        st.just(a.STEP),
        st.just(e.IntentSet("refund")),
    )
)


@given(MENU)
def test_a_blanked_timeline_makes_the_blanked_call(menu: list[e.CallEvent]) -> None:
    story = [OFFERED, KNOWN, a.ADMITTED, *menu, a.QUEUED, a.RESERVED, a.ANSWERED, a.HUNG_UP]
    history = [(NOON + timedelta(seconds=at), event) for at, event in enumerate(story)]
    left = [(at, blank(event)) for at, event in history]
    call = fold(a.RESERVATION, left)
    assert call == blank_call(fold(a.RESERVATION, history))
    assert [parse(kind_of(event), render(event)) for _, event in left] == [event for _, event in left]
    for secret in ("张伟", "13800138000"):
        assert secret not in repr([render(event) for _, event in left])
        assert not any(secret in tell(event) for _, event in left)


@given(MENU)
def test_only_what_tells_of_a_person_changes(menu: list[e.CallEvent]) -> None:
    for event in (OFFERED, KNOWN, a.QUEUED, a.RESERVED, *menu):
        assert kind_of(event) in PERSONAL or blank(event) is event
    assert blank(KNOWN) == replace(KNOWN, caller=None, customer=None, name=None)
