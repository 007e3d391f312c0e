"""What routing needs of the outside: the board of who waits and who is ready, and the agents' timelines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from routing.agent import Agent
from routing.events import AgentEvent
from routing.matching import ClassView
from routing.queue import Waiting
from routing.reservation import Reservation, ReservationState

READY = "ready"
"""The one standing in which an agent can be claimed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An agent as the board knows them. `seq` is that of their timeline: an older standing changes nothing.

    `until` sets the timer `agent:<login>`, None cancels it. An agent who is signed out covers no class.
    """

    login: str
    seq: int
    state: str
    classes: tuple[str, ...]
    ready_since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """A due timer, leased until `leased_until`: whoever claimed it says `done`, or it falls due again."""

    key: str
    leased_until: datetime


class Board(Protocol):
    """The live state. Every method is one atomic step, whoever else uses the board.

    Callers are ordered by `Waiting.place`, agents by how long they are ready, then by login.
    """

    async def join(self, waiting: Waiting) -> None:
        """Puts a caller into the waiting set of their class.

        One who is there already, in the same queue and place or with a phone ringing for them, stays as they
        are.
        """
        ...

    async def relax(self, call: UUID, step: int) -> None:
        """Moves a caller to another step; while a phone rings for them it is where they go back to."""
        ...

    async def leave(self, call: UUID) -> Waiting | None:
        """Takes a caller off the board with their timers and pending reservation; gives what was there."""
        ...

    async def waiting(self, call: UUID) -> Waiting | None: ...

    async def queue(self, queue: str) -> list[Waiting]:
        """The callers of a queue in order, those for whom a phone rings among them."""
        ...

    async def position(self, call: UUID) -> int | None:
        """1 is next among the callers of the same queue; a caller for whom a phone rings still counts."""
        ...

    async def length(self, queue: str) -> int: ...

    async def stand(self, standing: Standing) -> None: ...

    async def view(self, requirement_class: str, most: int) -> ClassView:
        """The class with at most `most` of its ready agents."""
        ...

    async def heads_for(self, login: str) -> list[Waiting]:
        """The first caller of each class that the agent covers, where anybody waits."""
        ...

    async def claim(self, reservation: Reservation, ring_until: datetime) -> bool:
        """Reserves agent and caller for each other, and sets the timer `ring:<reservation>`.

        False, and nothing is changed, unless the caller still waits, the agent is still ready, and covers
        what the caller needs now.
        """
        ...

    async def hold(self, reservation: Reservation, ring_until: datetime | None) -> None:
        """Puts back a reservation that was made before; nobody is asked."""
        ...

    async def settle(self, reservation: UUID, outcome: ReservationState) -> Reservation | None:
        """Moves a reservation on; gives it as it was, or None when it cannot move so (any more).

        Accepted takes the caller off the board; rejected, timeout and cancelled put them back in their place.
        The agent's standing is not touched.
        """
        ...

    async def reservation(self, reservation: UUID) -> Reservation | None:
        """A pending or accepted reservation; those that are over are not kept."""
        ...

    async def schedule(self, key: str, at: datetime) -> None:
        """Sets the timer `key`, in place of an earlier one."""
        ...

    async def cancel(self, *keys: str) -> None: ...

    async def claim_due(self, now: datetime, leased_until: datetime, most: int) -> list[Timer]:
        """Timers due at `now`, earliest first; each is put off until `leased_until`."""
        ...

    async def done(self, timer: Timer) -> None:
        """Removes a claimed timer, unless it was set anew or claimed again meanwhile."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def clear(self) -> None:
        """Empties the board; it is not whole until `complete`."""
        ...

    async def complete(self) -> None:
        """Marks that everything that should be on the board is."""
        ...

    async def whole(self) -> bool:
        """Whether it was completed and nothing was lost since."""
        ...


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One event on an agent's timeline; `seq` counts from 1 within the agent."""

    seq: int
    at: datetime
    event: AgentEvent


class AgentStore(Protocol):
    """Timelines, append-only, and one row per agent folded from each."""

    async def create(self, agent: Agent, entry: AgentEntry) -> None:
        """Stores a new agent with their first event; raises `AgentExists`."""
        ...

    async def append(self, agent: Agent, entries: Sequence[AgentEntry]) -> None:
        """Appends `entries`, all or none; `agent` is the fold that includes them. Raises `AgentConflict`."""
        ...

    async def get(self, login: str) -> Agent:
        """Raises `UnknownAgent`."""
        ...

    async def all(self) -> list[Agent]:
        """Every agent, by login."""
        ...

    async def on_endpoint(self, endpoint: str) -> list[Agent]:
        """The agents whose record names this phone."""
        ...

    async def timeline(self, login: str) -> list[AgentEntry]: ...
