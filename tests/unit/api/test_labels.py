"""Outcomes and endings as people read them."""

import pytest

from api.labels import outcome_label, told
from qa.ledger import Ending, Outcome


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (Ending.CUSTOMER, "answered, the customer hung up"),
        (Ending.AGENT, "answered, the agent hung up"),
        (Ending.TRANSFER, "answered, transferred"),
        (Ending.DROPPED, "answered, dropped"),
        (Ending.UNKNOWN, "answered, how it ended is unknown"),
    ],
)
def test_each_ending_of_an_answered_call_reads_right(ending: Ending, text: str) -> None:
    assert told(Outcome.ANSWERED, ending) == text


def test_a_call_without_a_conversation_has_its_outcome_alone() -> None:
    assert told(Outcome.ABANDONED_IN_QUEUE) == "abandoned in the queue"


@pytest.mark.parametrize("name", [*Outcome, *Ending])
def test_each_has_a_name_in_both_languages(name: str) -> None:
    english, _, chinese = outcome_label(name).rpartition(" ")
    assert english
    assert not english.startswith(name) or "_" not in name
    assert not chinese.isascii()
