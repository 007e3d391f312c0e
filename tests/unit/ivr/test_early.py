"""What the core wants of a call before the carrier knows the call's id."""

from uuid import UUID

from ivr.actions import Answer, Hangup
from ivr.adapters.early import EarlyActions

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_are_kept_in_order_until_the_call_is_known() -> None:
    early = EarlyActions()
    early.offering("a")
    early.keep(ONE, [Answer()])
    early.keep(ONE, [Hangup()])
    assert early.take(ONE) == [Answer(), Hangup()]
    assert early.take(ONE) == []


def test_are_not_kept_for_calls_that_are_gone() -> None:
    early = EarlyActions()
    early.keep(ONE, [Hangup()])
    assert early.take(ONE) == []
    early.offering("a")
    early.keep(ONE, [Hangup()])
    early.offered("a")
    assert early.take(ONE) == []


def test_wait_for_the_last_call_that_is_being_offered() -> None:
    early = EarlyActions()
    early.offering("a")
    early.offering("b")
    early.keep(OTHER, [Hangup()])
    early.offered("a")
    assert early.take(OTHER) == [Hangup()]
