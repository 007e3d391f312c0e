"""Keeps each agent's timeline, and how they stand on the board after every change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.clock import Clock
from config.keyed_lock import KeyedLock
from config.routing import RoutingConfig
from routing import agent as agents
from routing.agent import Agent
from routing.errors import AgentConflict, IllegalAgentTransition
from routing.events import AgentAdded, AgentEvent
from routing.ports import AgentEntry, AgentStore, Board, Standing
from routing.reach import Reach
from routing.skill import EVERYBODY, classes_of, everybody_on

#: What happens to an agent as they are now; nothing, when there is nothing to do. May raise.
Decide = Callable[[Agent], Sequence[AgentEvent]]

#: Told of each change that is stored: the agent before, and after.
Observe = Callable[[Agent, Agent], None]


@dataclass(frozen=True, slots=True)
class Change:
    """An agent before and after; the same when nothing happened."""

    before: Agent
    after: Agent

    @property
    def became_offerable(self) -> bool:
        return self.after.offerable and not self.before.offerable


class Desk:
    """The one writer of agents' timelines in this process; it notices what other processes write."""

    def __init__(
        self,
        store: AgentStore,
        board: Board,
        clock: Clock,
        config: RoutingConfig,
        reach: Reach,
        observe: Observe,
    ) -> None:
        self._store = store
        self._board = board
        self._clock = clock
        self._reach = reach
        self._observe = observe
        self._needs = {name: [step.skills for step in queue.steps] for name, queue in config.queues.items()}
        self._writing = KeyedLock()
        self._known: dict[str, Agent] = {}

    async def get(self, login: str) -> Agent:
        """Raises `UnknownAgent`."""
        return await self._store.get(login)

    async def all(self) -> list[Agent]:
        return await self._store.all()

    async def on_endpoint(self, endpoint: str) -> list[Agent]:
        """The agents whose phone it is, signed in or not."""
        return await self._store.on_endpoint(endpoint)

    async def timeline(self, login: str) -> list[AgentEntry]:
        """Raises `UnknownAgent`."""
        await self._store.get(login)
        return await self._store.timeline(login)

    async def add(self, login: str, event: AgentAdded) -> Agent:
        """Raises `AgentExists`."""
        now = self._clock.now()
        agent = agents.begin(login, event, now)
        await self._store.create(agent, AgentEntry(1, now, event))
        await self.stand(agent)
        return agent

    async def change(self, login: str, decide: Decide) -> Change:
        """Appends what `decide` says to the agent's timeline and moves them on the board.

        Raises `UnknownAgent`, `IllegalAgentTransition` and what `decide` raises; nothing is changed then.
        """
        async with self._writing(login):
            change = await self._append(login, decide)
        if change.after.seq > change.before.seq:
            await self.stand(change.after)
        return change

    async def stand(self, agent: Agent) -> None:
        await self._board.stand(self.standing(agent))

    def standing(self, agent: Agent) -> Standing:
        ready = agent.offerable
        state = "unreachable" if agent.state is agents.AgentState.READY and not ready else agent.state.value
        return Standing(
            agent.login,
            agent.seq,
            state,
            self.classes(agent),
            ready_since=agent.ready_since if ready else None,
            until=agent.until,
        )

    def classes(self, agent: Agent) -> tuple[str, ...]:
        """The requirement classes the agent counts in: none while they are signed out."""
        if not agent.signed_in:
            return ()
        carrier = self.carrier_of(agent)
        if carrier is None:
            return (EVERYBODY,)
        return (*classes_of(agent.skills, self._needs, carrier), everybody_on(carrier), EVERYBODY)

    def carrier_of(self, agent: Agent) -> str | None:
        """The carrier that rings the agent's phone: for its callers alone they count."""
        return self._reach.carrier_of(agent.endpoint)

    async def _append(self, login: str, decide: Decide) -> Change:
        before = self._known.get(login)
        while True:
            fresh = before is None
            agent = await self._store.get(login) if before is None else before
            try:
                after, entries = self._decide(agent, decide)
            except IllegalAgentTransition:
                if fresh:
                    raise
                entries = []
            if entries:
                try:
                    await self._store.append(after, entries)
                    self._known[login] = after
                    self._observe(agent, after)
                    return Change(agent, after)
                except AgentConflict:
                    pass
            elif fresh:
                self._known[login] = agent
                return Change(agent, agent)
            # What was remembered may be old: nothing is refused or left undone but on the stored word.
            self._known.pop(login, None)
            before = None

    def _decide(self, agent: Agent, decide: Decide) -> tuple[Agent, list[AgentEntry]]:
        now = self._clock.now()
        after, entries = agent, list[AgentEntry]()
        for event in decide(agent):
            after = agents.apply(after, event, now)
            entries.append(AgentEntry(after.seq, now, event))
        return after, entries
