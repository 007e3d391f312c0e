"""Lines in use never pass the limits, and a call that was refused uses none."""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ivr import events as e
from ivr.call import Call
from ivr.lines import Lines
from tests.builders import calls as a
from tests.builders.calls import given_call

FIRST, SECOND, THIRD = (UUID(int=n) for n in (1, 2, 3))


def test_no_more_calls_than_there_are_lines_in_total() -> None:
    lines = Lines()
    assert lines.take(FIRST, "4001", total=2, of_number=None)
    assert lines.take(SECOND, "4002", total=2, of_number=None)
    assert not lines.take(THIRD, "4003", total=2, of_number=None)
    assert lines.in_use() == 2


def test_no_more_calls_than_a_number_may_have() -> None:
    lines = Lines()
    assert lines.take(FIRST, "4001", total=9, of_number=1)
    assert not lines.take(SECOND, "4001", total=9, of_number=1)
    assert lines.take(THIRD, "4002", total=9, of_number=1)
    assert (lines.in_use("4001"), lines.in_use("4002"), lines.in_use()) == (1, 1, 2)


def test_a_number_without_lines_is_always_busy() -> None:
    lines = Lines()
    assert not lines.take(FIRST, "4001", total=9, of_number=0)
    assert lines.in_use() == 0


def test_a_call_that_has_a_line_keeps_it_and_takes_no_second() -> None:
    lines = Lines()
    assert lines.take(FIRST, "4001", total=2, of_number=1)
    assert lines.take(FIRST, "4001", total=1, of_number=1)
    assert lines.in_use() == 1
    assert lines.take(SECOND, "4002", total=2, of_number=1)


def test_a_line_that_is_given_back_is_there_for_the_next() -> None:
    lines = Lines()
    lines.take(FIRST, "4001", total=1, of_number=1)
    lines.release(SECOND)
    assert not lines.take(SECOND, "4001", total=1, of_number=1)
    lines.release(FIRST)
    lines.release(FIRST)
    assert (lines.in_use(), lines.in_use("4001")) == (0, 0)
    assert lines.take(SECOND, "4001", total=1, of_number=1)


def test_after_a_restart_those_who_hear_us_have_their_lines_and_no_others() -> None:
    closed = (a.OFFERED, a.IDENTIFIED, e.CallRefused(e.Refusal.CLOSED))
    on_line = [given_call(*life) for life in (a.IN_MENU, a.WAITING, a.RINGING, a.TALKING, closed)]
    undecided = given_call(a.OFFERED)
    refused = given_call(a.OFFERED, a.IDENTIFIED, e.CallRefused(e.Refusal.BUSY))
    lines = Lines()
    lines.take(FIRST, "4001", total=1, of_number=None)
    lines.rebuild([*on_line, undecided, refused])
    assert (lines.in_use(), lines.in_use("4001")) == (5, 5)
    assert not lines.take(undecided.id, "4001", total=5, of_number=None)
    for call in on_line:
        assert lines.take(call.id, "4001", total=5, of_number=5)
        lines.release(call.id)
    assert lines.in_use() == 0


TOTAL, OF_NUMBER = 3, {"4001": 2, "4002": None, "4003": 0}
NUMBERS = {UUID(int=n): number for n, number in enumerate([*OF_NUMBER] * 3)}
CALLS = st.sampled_from([*NUMBERS])


class Callers(RuleBasedStateMachine):
    """Any callers, at any time: they call, hang up, and the program is restarted among them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines()
        self.on_line: set[UUID] = set()

    def free(self, number: str) -> bool:
        of_number = OF_NUMBER[number]
        there = sum(NUMBERS[call] == number for call in self.on_line)
        return len(self.on_line) < TOTAL and (of_number is None or there < of_number)

    @rule(call=CALLS)
    def calls(self, call: UUID) -> None:
        number = NUMBERS[call]
        expected = call in self.on_line or self.free(number)
        assert self.lines.take(call, number, total=TOTAL, of_number=OF_NUMBER[number]) is expected
        if expected:
            self.on_line.add(call)

    @rule(call=CALLS)
    def hangs_up(self, call: UUID) -> None:
        self.lines.release(call)
        self.on_line.discard(call)

    @rule(refused=st.sets(CALLS))
    def is_restarted(self, refused: set[UUID]) -> None:
        self.lines = Lines()
        self.lines.rebuild(
            [_talking(call) for call in self.on_line] + [_refused(call) for call in refused - self.on_line]
        )

    @invariant()
    def those_on_a_line_have_one_each(self) -> None:
        assert self.lines.in_use() == len(self.on_line) <= TOTAL
        for number, most in OF_NUMBER.items():
            there = sum(NUMBERS[call] == number for call in self.on_line)
            assert self.lines.in_use(number) == there
            assert most is None or there <= most


def _talking(call: UUID) -> Call:
    return given_call(_offered(call), *a.TALKING[1:], call_id=call)


def _refused(call: UUID) -> Call:
    return given_call(_offered(call), a.IDENTIFIED, e.CallRefused(e.Refusal.BUSY), call_id=call)


def _offered(call: UUID) -> e.CallOffered:
    return e.CallOffered("test", str(call), NUMBERS[call])


TestCallers = Callers.TestCase
