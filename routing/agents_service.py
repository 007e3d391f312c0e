"""What agents and supervisors do: records, sign-in, ready, pause, and phones coming and going."""

import structlog

from config.routing import RoutingConfig
from routing import events as e
from routing.agent import Agent
from routing.desk import Change, Decide, Desk
from routing.errors import AgentInvalid, EndpointInUse
from routing.matchmaker import Matchmaker
from routing.ports import AgentEntry
from routing.reach import Reach
from routing.skill import HIGHEST
from routing.waiting_room import WaitingRoom

log = structlog.get_logger()


class AgentService:
    def __init__(
        self,
        desk: Desk,
        matchmaker: Matchmaker,
        waiting: WaitingRoom,
        config: RoutingConfig,
        reach: Reach,
    ) -> None:
        self._desk = desk
        self._matchmaker = matchmaker
        self._waiting = waiting
        self._config = config
        self._reach = reach

    async def agents(self) -> list[Agent]:
        """Every agent, by login."""
        return await self._desk.all()

    async def agent(self, login: str) -> Agent:
        """Raises `UnknownAgent`."""
        return await self._desk.get(login)

    async def timeline(self, login: str) -> list[AgentEntry]:
        """Raises `UnknownAgent`."""
        return await self._desk.timeline(login)

    async def add(self, login: str, name: str, endpoint: str, skills: dict[str, int]) -> Agent:
        """A new agent, signed out. Raises `AgentExists`, `AgentInvalid`."""
        phone = self._checked(login, name, endpoint, skills)
        return await self._desk.add(login, e.AgentAdded(name, phone, skills))

    async def update(self, login: str, name: str, endpoint: str, skills: dict[str, int]) -> Agent:
        """Raises `UnknownAgent`, `AgentInvalid`."""
        updated = e.AgentUpdated(name, self._checked(login, name, endpoint, skills), skills)
        return await self.change(login, lambda known: [updated, *self._unheard_of(known, updated.endpoint)])

    def _unheard_of(self, agent: Agent, phone: str) -> list[e.AgentEvent]:
        """Who takes a phone of another carrier can be reached: the news of the old one says nothing of it."""
        same = self._reach.carrier_of(agent.endpoint) == self._reach.carrier_of(phone)
        return [] if agent.reachable or same else [e.PresenceChanged(True)]

    async def rename_phones(self) -> None:
        """Gives phones that are on record under another name the one that their carrier uses.

        One that no carrier can ring is kept and warned of: its agent is given no call.
        """
        for agent in await self._desk.all():
            if self._reach.name_of(agent.endpoint) is None:
                log.warning("no carrier can ring an agent's phone", agent=agent.login)
            elif self._renamed(agent):
                await self._desk.change(agent.login, self._renamed)

    def _renamed(self, agent: Agent) -> list[e.AgentEvent]:
        phone = self._reach.name_of(agent.endpoint)
        if phone is None or phone == agent.endpoint:
            return []
        return [e.AgentUpdated(agent.name, phone, dict(agent.skills))]

    async def sign_in(self, login: str) -> Agent:
        """The agent is at work, and paused until `ready`. Raises `EndpointInUse` when the phone is taken."""
        endpoint = (await self._desk.get(login)).endpoint
        for other in await self._desk.on_endpoint(endpoint):
            if other.signed_in and other.login != login:
                raise EndpointInUse(endpoint, other.login)
        return await self.change(login, lambda _agent: [e.AgentSignedIn()])

    async def sign_out(self, login: str) -> Agent:
        """At once, or after the call that rings or goes on."""
        return await self.change(login, lambda _agent: [e.AgentSignedOut()])

    async def ready(self, login: str) -> Agent:
        """Ends a pause, a wrap-up or a back-off; during a call withdraws what was to follow it."""
        return await self.change(login, lambda _agent: [e.AgentReadied()])

    async def pause(self, login: str, reason: str) -> Agent:
        """At once, or after the call that rings or goes on."""
        return await self.change(login, lambda _agent: [e.AgentPaused(reason)])

    async def presence(self, endpoint: str, registered: bool) -> None:
        """Whether a phone can be reached, as its carrier names it; a call that rings there is let finish."""
        for agent in await self._desk.on_endpoint(endpoint):
            await self.change(
                agent.login,
                lambda known: [e.PresenceChanged(registered)] if known.reachable is not registered else [],
            )

    async def change(self, login: str, decide: Decide) -> Agent:
        """Changes an agent as `Desk.change` does, then matches whoever can be matched because of it."""
        change = await self._desk.change(login, decide)
        await self.follow(change)
        return change.after

    async def follow(self, change: Change) -> None:
        """Matches and relaxes whatever an agent's change makes possible."""
        before, after = change.before, change.after
        if before.state is not after.state:
            log.info(
                "agent", agent=after.login, state=after.state.value, was=before.state.value, why=after.reason
            )
        given_up = frozenset(self._desk.classes(before)) - frozenset(self._desk.classes(after))
        if given_up:
            await self._waiting.relax_unstaffed(given_up)
        newly_covered = after.offerable and self._desk.classes(before) != self._desk.classes(after)
        if change.became_offerable or newly_covered:
            await self._matchmaker.match_agent(after.login)

    def _checked(self, login: str, name: str, endpoint: str, skills: dict[str, int]) -> str:
        """The phone under its carrier's name for it; raises `AgentInvalid`."""
        for what, text in (("login", login), ("name", name), ("endpoint", endpoint)):
            if not text.strip() or len(text) > 80 or not text.isprintable():
                raise AgentInvalid(f"{what}: should be 1 to 80 printable characters")
        for skill, level in skills.items():
            if skill not in self._config.skills:
                allowed = ", ".join(sorted(self._config.skills))
                raise AgentInvalid(f"skills: there is no skill {skill!r} (allowed: {allowed})")
            if not 1 <= level <= HIGHEST:
                raise AgentInvalid(f"skills: {skill} should be at a level from 1 to {HIGHEST}, not {level}")
        phone = self._reach.name_of(endpoint)
        if phone is None:
            raise AgentInvalid(
                f"endpoint: no carrier can ring {endpoint!r} (allowed: {self._reach.allowed()})"
            )
        return phone
