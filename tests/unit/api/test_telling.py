"""Whatever can be on a timeline can be told."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.telling import reasons, tell
from ivr import events as e
from tests.builders.calls import NOON, RESERVATION

KINDS = get_args(e.CallEvent)


@given(st.one_of(*(st.from_type(kind) for kind in KINDS)))
def test_every_event_has_one_line(event: e.CallEvent) -> None:
    assert tell(event).strip()
    assert all(isinstance(line, str) for line in reasons(event))


def test_a_sensitive_input_shows_its_length_alone() -> None:
    typed = e.InputGathered("card", e.InputSource.DTMF, None, 16, sensitive=True)
    assert tell(typed) == "keyed 16 characters, not kept at card"


def test_a_routing_decision_gives_its_reasons() -> None:
    chosen = e.AgentReserved(
        RESERVATION,
        "alice",
        "PJSIP/1001",
        20.0,
        why="ready longest (31 s) of 2 with billing 3",
        passed_over={"ready for less long": 1, "lacks the skills": 4},
        nearest=("bob: ready 12 s",),
    )
    assert tell(chosen) == "alice is chosen; PJSIP/1001 rings for 20 s"
    assert list(reasons(chosen)) == [
        "why: ready longest (31 s) of 2 with billing 3",
        "passed over: 1 ready for less long, 4 lacks the skills",
        "nearest: bob: ready 12 s",
    ]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (e.CallOffered("sip", "1", "4001"), "call from a withheld number to 4001 (sip)"),
        (e.CallEnded(e.Party.CUSTOMER, 16), "the call is over, ended by customer (cause 16)"),
        (
            e.AgentLegEnded(RESERVATION, "bob", e.MissReason.NO_ANSWER),
            "bob not reached: no answer",
        ),
        (
            e.CallQueued("sales-zh", NOON, lane=1),
            "joins the queue sales-zh, lane 1",
        ),
    ],
)
def test_it_reads_like_this(event: e.CallEvent, text: str) -> None:
    assert tell(event) == text
