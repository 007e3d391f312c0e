"""What may become of a call, as people bring it about, and the ledger line that it has to have then."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from qa.ledger import LedgerLine
from tests.integration.twilio.conftest import CallCentre
from tests.twilio import Answers, Busy, Caller, RingsOut, Unreachable

MENU_PROMPT, BUSY, CLOSED = "test-topic", "4901", "4900"
LATE_AT_MOST = 0.2  # seconds that a talk may be longer or shorter than it was


@dataclass(frozen=True, slots=True)
class Desk:
    """A number, a queue and an agent that meet no others."""

    centre: CallCentre
    name: str
    number: str
    phone: str

    async def is_there(self) -> None:
        routing = self.centre.program.routing
        if (await routing.agent(self.name)).state == "paused":
            await routing.ready(self.name)

    async def is_away(self) -> None:
        await self.centre.program.routing.pause(self.name, "bench")


Act = Callable[[Desk, Caller], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Case:
    """`share` of the mix, in percent; how the agent takes the rings to come; what is known of the line."""

    name: str
    share: int
    act: Act
    line: dict[str, Any]
    phone: tuple[Any, ...] = (RingsOut(),)
    talked: float = 0.0

    def flaws(self, line: LedgerLine, desk: Desk) -> list[str]:
        """Where `line` differs from what it has to be."""
        known = _UNHEARD | self.line
        agent = desk.name if self.line["outcome"] == "answered" else None
        queue = desk.name if known["intent"] else None
        wanted = known | {"agent": agent, "queue": queue, "carrier": "twilio", "language": "en"}
        found = {name: getattr(line, name) for name in wanted}
        flaws = [
            f"{name}: {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]
        ]
        if abs(line.talked - self.talked) > LATE_AT_MOST:
            flaws.append(f"talked: {line.talked}, not {self.talked}")
        return flaws


_UNHEARD: dict[str, Any] = {"ending": None, "intent": None, "missed_rings": 0, "cause": 16}
_BY_CALLER = {"ended_by": "customer"}
_ABANDONED = _BY_CALLER | {"intent": "sales"}
_ANSWERED = {"outcome": "answered", "ending": "customer", "intent": "sales"} | _BY_CALLER


async def _queue(desk: Desk, caller: Caller) -> None:
    await caller.dial(desk.number)
    await caller.asked(MENU_PROMPT)
    caller.press("1")
    await caller.until(lambda call: any(heard.kind == "wait-play" for heard in call.heard))


async def _talk(desk: Desk, caller: Caller) -> None:
    await _queue(desk, caller)
    await caller.connected()
    await caller.listen(5)
    caller.hang_up()


async def _be_left(desk: Desk, caller: Caller) -> None:
    await _queue(desk, caller)
    await caller.ended()


async def _break_off(desk: Desk, caller: Caller) -> None:
    await _queue(desk, caller)
    await caller.connected()
    await caller.listen(3)
    caller.drop()


async def _leave_menu(desk: Desk, caller: Caller) -> None:
    await caller.dial(desk.number)
    await caller.asked(MENU_PROMPT)
    await caller.listen(1)
    caller.hang_up()


async def _leave_queue(desk: Desk, caller: Caller) -> None:
    await desk.is_away()
    await _queue(desk, caller)
    await caller.listen(3)
    caller.hang_up()


async def _leave_ringing(desk: Desk, caller: Caller) -> None:
    await _queue(desk, caller)
    twilio = desk.centre.twilio
    await twilio.until(lambda: twilio.phone(desk.phone).call is not None)
    await caller.listen(1)
    caller.hang_up()


async def _wait_in_vain(desk: Desk, caller: Caller) -> None:
    await desk.is_away()
    await _queue(desk, caller)
    await caller.ended()


async def _serve_oneself(desk: Desk, caller: Caller) -> None:
    await caller.dial(desk.number)
    await caller.asked(MENU_PROMPT)
    caller.press("3")
    await caller.ended()


async def _dial_busy(_lane: Desk, caller: Caller) -> None:
    await caller.dial(BUSY)
    await caller.ended()


async def _dial_closed(_lane: Desk, caller: Caller) -> None:
    await caller.dial(CLOSED)
    await caller.ended()


_ANSWERS = Answers(after=1)
_LEFT = {"outcome": "answered", "ending": "agent", "intent": "sales", "ended_by": "system"}
_MISSED = _ANSWERED | {"missed_rings": 1}

CASES = (
    Case("answered, the caller hangs up", 20, _talk, _ANSWERED, (_ANSWERS,), 5),
    Case("answered, the agent hangs up", 15, _be_left, _LEFT, (Answers(1, hangs_up_after=8),), 8),
    Case(
        "the agent's line drops", 5, _be_left, _LEFT | {"ending": "dropped"}, (Answers(1, drops_after=4),), 4
    ),
    Case(
        "the caller's line drops",
        5,
        _break_off,
        _ANSWERED | {"ending": "dropped", "cause": 27},
        (_ANSWERS,),
        3,
    ),
    Case("missed: the agent is busy", 5, _talk, _MISSED, (Busy(1), _ANSWERS), 5),
    Case("missed: no answer", 5, _talk, _MISSED, (RingsOut(), _ANSWERS), 5),
    Case("missed: unreachable", 5, _talk, _MISSED, (Unreachable(404), _ANSWERS), 5),
    Case("abandoned in the menu", 10, _leave_menu, _BY_CALLER | {"outcome": "abandoned_in_menu"}),
    Case("abandoned in the queue", 8, _leave_queue, _ABANDONED | {"outcome": "abandoned_in_queue"}),
    Case("abandoned while ringing", 8, _leave_ringing, _ABANDONED | {"outcome": "abandoned_while_ringing"}),
    Case("overflowed", 2, _wait_in_vain, {"outcome": "overflowed", "intent": "sales", "ended_by": "system"}),
    Case("self-served", 5, _serve_oneself, {"outcome": "self_served", "ended_by": "system"}),
    Case("busy", 4, _dial_busy, {"outcome": "busy", "ended_by": "system", "cause": 17}),
    Case("closed", 3, _dial_closed, {"outcome": "closed", "ended_by": "system"}),
)
