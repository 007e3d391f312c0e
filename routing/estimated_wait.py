"""How long a caller will have to wait yet, by what Genesys's Stat Server calls the estimated waiting time.

EWT = AHT * position / (agents * portion): the calls up to and with the caller's own, each taking an agent the
average handle time, are shared by the agents at work, as far as these work for the queue at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.agent import AgentState

_NOT_AT_WORK = {AgentState.PAUSED, "unreachable"}


@dataclass(frozen=True, slots=True)
class Estimate:
    """`why` shows the sum."""

    seconds: float
    why: str


def estimate(position: int, handle_time: float, agents: int, portion: float) -> Estimate | None:
    """For the caller at `position`, 1 being next; None where nobody is at work.

    `handle_time` in seconds; `portion`, above 0 and at most 1, is the part of the agents' work that is for
    this queue.
    """
    if not agents:
        return None
    shared = f", {portion:.0%} of whose work is this queue's" if portion < 1 else ""
    why = f"{position} in line, {handle_time:.0f} s of work a call, {agents} at work{shared}"
    return Estimate(position * handle_time / (agents * portion), why)


def at_work(states: Mapping[str, int]) -> int:
    """How many of the signed-in agents, counted by state, take calls or are just done with one."""
    return sum(count for state, count in states.items() if state not in _NOT_AT_WORK)
