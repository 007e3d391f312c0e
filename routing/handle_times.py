"""What calls of each queue lately took of the agents: conversation and wrap-up."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from routing.agent import Agent, AgentState

_FADE = 0.9  # of earlier calls with each new one: the last ten or so count
_ASSUMED = 3.0  # calls for which a queue's own `handle_time` stands in the beginning
_FORGOTTEN = 1.0  # seconds


@dataclass(slots=True)
class _Total:
    seconds: float
    calls: float


class HandleTimes:
    """`assumed` gives the handle time (s) of a queue of which nothing is known.

    Everything is added up as it happens, so that to ask costs the same however many agents there are.
    """

    def __init__(self, assumed: Callable[[str], float]) -> None:
        self._assumed = assumed
        self._totals: dict[str, _Total] = {}
        self._loads: defaultdict[str, dict[str, float]] = defaultdict(dict)  # agent, queue: seconds
        self._own: defaultdict[str, float] = defaultdict(float)  # by queue: its part of these seconds,
        self._whole: defaultdict[str, float] = defaultdict(float)  # and all of those agents'

    def observe(self, before: Agent, after: Agent) -> None:
        """An agent's state may have changed; each conversation is a call, a wrap-up adds to its time."""
        if before.queue is None or after.state is before.state:
            return
        if before.state in (AgentState.TALKING, AgentState.WRAP_UP):
            talked = before.state is AgentState.TALKING
            self._add(before.login, before.queue, (after.since - before.since).total_seconds(), talked)

    def average(self, queue: str) -> float:
        """Seconds that a call takes of an agent."""
        known = self._totals.get(queue)
        return known.seconds / known.calls if known is not None else self._assumed(queue)

    def portion(self, queue: str) -> float:
        """The part of the work of those who serve the queue that is for it: above 0, at most 1."""
        whole = self._whole[queue]
        return min(self._own[queue] / whole, 1.0) if whole > _FORGOTTEN else 1.0

    def _add(self, login: str, queue: str, seconds: float, is_new: bool) -> None:
        fade = _FADE if is_new else 1.0
        total = self._totals.setdefault(queue, _Total(_ASSUMED * self._assumed(queue), _ASSUMED))
        total.seconds = total.seconds * fade + seconds
        total.calls = total.calls * fade + is_new
        load = self._loads[login]
        self._count(load, -1)
        faded = {name: spent * fade for name, spent in load.items()}
        faded[queue] = faded.get(queue, 0.0) + seconds
        kept = {name: spent for name, spent in faded.items() if spent > _FORGOTTEN}
        self._loads[login] = kept
        self._count(kept, 1)

    def _count(self, load: dict[str, float], sign: int) -> None:
        whole = sum(load.values())
        for queue, seconds in load.items():
            self._own[queue] += sign * seconds
            self._whole[queue] += sign * whole
