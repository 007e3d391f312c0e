"""Agents: who they are, what they do now, and what they tell us to do."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import Asking
from api.edge import Here
from api.errors import NotYourAgent
from api.schemas import AfterwardsDetail, AgentDetail, NewAgent, Pause
from routing.agent import Agent

router = APIRouter(tags=["agents"])

Login = Annotated[str, Path(max_length=80, pattern=r"^[^\x00-\x1f]+$")]


@router.get("/api/v1/agents")
async def list_agents(here: Here, asking: Asking) -> list[AgentDetail]:
    """Every agent, by login; a token of one agent sees that agent."""
    found = await here.program.routing.agents()
    return [agent_detail(agent) for agent in found if asking.sees_agent(agent.login)]


@router.post("/api/v1/agents", status_code=201)
async def add_agent(new: NewAgent, here: Here, asking: Asking) -> AgentDetail:
    """A new agent, signed out."""
    added = await here.program.routing.add(new.login, new.name, new.endpoint, new.skills)
    await here.audit.note(asking, "agent.add", "agent", new.login)
    return agent_detail(added)


@router.get("/api/v1/agents/{login}")
async def show_agent(login: Login, here: Here, asking: Asking) -> AgentDetail:
    if not asking.sees_agent(login):
        raise NotYourAgent(login)
    return agent_detail(await here.program.routing.agent(login))


@router.post("/api/v1/agents/{login}/sign-in")
async def sign_in(login: Login, here: Here, asking: Asking) -> AgentDetail:
    """At work, and paused until ready."""
    asking.require_agent(login)
    return agent_detail(await here.program.routing.sign_in(login))


@router.post("/api/v1/agents/{login}/sign-out")
async def sign_out(login: Login, here: Here, asking: Asking) -> AgentDetail:
    """At once, or after the call that rings or goes on."""
    asking.require_agent(login)
    return agent_detail(await here.program.routing.sign_out(login))


@router.post("/api/v1/agents/{login}/ready")
async def be_ready(login: Login, here: Here, asking: Asking) -> AgentDetail:
    """Takes calls from now on: ends a pause, a wrap-up or a back-off."""
    asking.require_agent(login)
    return agent_detail(await here.program.routing.ready(login))


@router.post("/api/v1/agents/{login}/pause")
async def pause(login: Login, here: Here, asking: Asking, why: Pause | None = None) -> AgentDetail:
    """At once, or after the call that rings or goes on."""
    asking.require_agent(login)
    return agent_detail(await here.program.routing.pause(login, why.reason if why else ""))


def agent_detail(agent: Agent) -> AgentDetail:
    after = agent.afterwards
    return AgentDetail(
        login=agent.login,
        name=agent.name,
        endpoint=agent.endpoint,
        skills=agent.skills,
        state=agent.state,
        since=agent.since,
        reason=agent.reason,
        reachable=agent.reachable,
        until=agent.until,
        call=agent.call,
        queue=agent.queue,
        misses=agent.misses,
        afterwards=AfterwardsDetail(state=after.state, reason=after.reason) if after else None,
    )
