"""Agents' timeline events to JSON and back. A stored event names its kind and version."""

from typing import Any, get_args

from pydantic import TypeAdapter

from routing.agent import Agent
from routing.events import AgentEvent

VERSION = 1

KINDS: dict[str, type[AgentEvent]] = {kind.__name__: kind for kind in get_args(AgentEvent)}

_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}
_AGENT: TypeAdapter[Agent] = TypeAdapter(Agent)


def kind_of(event: AgentEvent) -> str:
    return type(event).__name__


def render(event: AgentEvent) -> dict[str, Any]:
    data: dict[str, Any] = _ADAPTERS[kind_of(event)].dump_python(event, mode="json")
    return data


def parse(kind: str, data: dict[str, Any]) -> AgentEvent:
    """The event that `render` stored; raises `KeyError` for a kind this program does not know."""
    event: AgentEvent = _ADAPTERS[kind].validate_python(data)
    return event


def render_agent(agent: Agent) -> dict[str, Any]:
    data: dict[str, Any] = _AGENT.dump_python(agent, mode="json")
    return data


def parse_agent(data: dict[str, Any]) -> Agent:
    return _AGENT.validate_python(data)
