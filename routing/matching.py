"""Who serves whom, and why: compares heads of sorted sets, so the cost does not grow with their length."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from routing.queue import Waiting

NEAREST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ReadyAgent:
    login: str
    ready_since: datetime


@dataclass(frozen=True, slots=True)
class ClassView:
    """A requirement class: its longest-ready agents, and how many signed-in ones are in each state.

    `states` counts those who cover the class, `rung` all whose phones the callers' carrier can ring,
    `everybody` all who are signed in.
    """

    ready: tuple[ReadyAgent, ...]
    states: Mapping[str, int] = field(default_factory=dict)
    rung: int = 0
    everybody: int = 0

    @property
    def covering(self) -> int:
        return sum(self.states.values())

    @property
    def elsewhere(self) -> int:
        """How many are signed in with a phone that the callers' carrier cannot ring."""
        return max(self.everybody - self.rung, 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """`passed_over` counts agents by the reason that ruled them out; `nearest` would have been next."""

    agent: str
    why: str
    passed_over: dict[str, int]
    nearest: tuple[str, ...]


def choose_agent(ready: Iterable[ReadyAgent]) -> ReadyAgent | None:
    """The one who has been ready longest; of those ready since the same moment, the first by login."""
    return min(ready, key=lambda agent: (agent.ready_since, agent.login), default=None)


def choose_call(heads: Iterable[Waiting]) -> Waiting | None:
    """The caller to serve first among the heads of the classes that an agent covers."""
    return min(heads, key=lambda waiting: waiting.place, default=None)


def decide(agent: ReadyAgent, call: Waiting, view: ClassView, needs: str, now: datetime) -> Decision:
    """The choice of `agent` for `call`, explained from the class in which they met; `needs` is for people."""
    ready = view.states.get("ready", 0)
    passed_over = {
        "ready for less long": max(ready - 1, 0),
        **{state: count for state, count in view.states.items() if state != "ready"},
        "lacks the skills": max(view.rung - view.covering, 0),
        "has no phone of this carrier": view.elsewhere,
    }
    if view.elsewhere:
        needs += " and a phone of this carrier"
    waited, idle = (round((now - since).total_seconds()) for since in (call.queued_at, agent.ready_since))
    return Decision(
        agent.login,
        f"ready longest ({idle} s) of {max(ready, 1)} with {needs}; caller next in line after {waited} s",
        {reason: count for reason, count in passed_over.items() if count},
        _nearest(agent, view.ready, now),
    )


def _nearest(chosen: ReadyAgent, ready: Sequence[ReadyAgent], now: datetime) -> tuple[str, ...]:
    others = [agent for agent in ready if agent.login != chosen.login][:NEAREST_SHOWN]
    return tuple(
        f"{agent.login}: ready {round((now - agent.ready_since).total_seconds())} s" for agent in others
    )
