"""What agents and supervisors do: records, sign-in, ready, pause, and phones coming and going."""

from collections.abc import Callable

import structlog

from config.routing import RoutingConfig
from routing import events as e
from routing.agent import Agent
from routing.desk import Change, Decide, Desk
from routing.errors import AgentInvalid, EndpointInUse
from routing.matchmaker import Matchmaker
from routing.ports import AgentEntry
from routing.skill import HIGHEST
from routing.waiting_room import WaitingRoom

log = structlog.get_logger()

#: The one name of a phone that may be written in several ways: the name that its carrier uses.
PhoneName = Callable[[str], str]


def as_written(phone: str) -> str:
    return phone


class AgentService:
    def __init__(
        self,
        desk: Desk,
        matchmaker: Matchmaker,
        waiting: WaitingRoom,
        config: RoutingConfig,
        phone_name: PhoneName = as_written,
    ) -> None:
        self._desk = desk
        self._matchmaker = matchmaker
        self._waiting = waiting
        self._config = config
        self._phone_name = phone_name

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
        self._check(login, name, endpoint, skills)
        return await self._desk.add(login, e.AgentAdded(name, self._phone_name(endpoint), skills))

    async def update(self, login: str, name: str, endpoint: str, skills: dict[str, int]) -> Agent:
        """Raises `UnknownAgent`, `AgentInvalid`."""
        self._check(login, name, endpoint, skills)
        updated = e.AgentUpdated(name, self._phone_name(endpoint), skills)
        return await self.change(login, lambda _agent: [updated])

    async def rename_phones(self) -> None:
        """Gives phones that are on record under another name the one that their carrier uses."""
        for agent in await self._desk.all():
            if self._phone_name(agent.endpoint) != agent.endpoint:
                await self._desk.change(agent.login, self._renamed)

    def _renamed(self, agent: Agent) -> list[e.AgentEvent]:
        return [e.AgentUpdated(agent.name, self._phone_name(agent.endpoint), dict(agent.skills))]

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
        """The carrier says whether a phone can be reached; a call already ringing there is let finish."""
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

    def _check(self, login: str, name: str, endpoint: str, skills: dict[str, int]) -> None:
        for what, text in (("login", login), ("name", name), ("endpoint", endpoint)):
            if not text.strip() or len(text) > 80 or not text.isprintable():
                raise AgentInvalid(f"{what}: should be 1 to 80 printable characters")
        for skill, level in skills.items():
            if skill not in self._config.skills:
                allowed = ", ".join(sorted(self._config.skills))
                raise AgentInvalid(f"skills: there is no skill {skill!r} (allowed: {allowed})")
            if not 1 <= level <= HIGHEST:
                raise AgentInvalid(f"skills: {skill} should be at a level from 1 to {HIGHEST}, not {level}")
