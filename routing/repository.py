"""Agents in SQL. Appends that arrive together share a transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.database import Database
from routing.agent import Agent
from routing.errors import AgentConflict, AgentExists, UnknownAgent
from routing.ports import AgentEntry
from routing.tables import agent_events, agents
from routing.timeline import VERSION, kind_of, parse, parse_agent, render, render_agent

# Made once: what SQLAlchemy works out about a statement stays with it.
_INSERT_EVENTS = insert(agent_events)
_UPDATE_AGENT = update(agents).where(agents.c.login == bindparam("agent"))


class SqlAgentStore:
    """`routing.ports.AgentStore` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, agent: Agent, entry: AgentEntry) -> None:
        def write(connection: Connection) -> None:
            connection.execute(insert(agents), _columns(agent) | {"login": agent.login})
            connection.execute(_INSERT_EVENTS, [_event_row(agent.login, entry)])

        try:
            await self._database.write(write)
        except IntegrityError as error:
            raise AgentExists(agent.login) from error

    async def append(self, agent: Agent, entries: Sequence[AgentEntry]) -> None:
        def write(connection: Connection) -> None:
            rows = [_event_row(agent.login, entry) for entry in entries]
            connection.execute(_INSERT_EVENTS, rows)
            connection.execute(_UPDATE_AGENT, _columns(agent) | {"agent": agent.login})

        try:
            await self._database.write(write)
        except IntegrityError as error:
            raise AgentConflict(f"agent {agent.login!r} has moved past {entries[0].seq}") from error

    async def get(self, login: str) -> Agent:
        rows = await self._database.read(select(agents.c.body).where(agents.c.login == login))
        if not rows:
            raise UnknownAgent(login)
        return parse_agent(rows[0]["body"])

    async def all(self) -> list[Agent]:
        rows = await self._database.read(select(agents.c.body).order_by(agents.c.login))
        return [parse_agent(row["body"]) for row in rows]

    async def on_endpoint(self, endpoint: str) -> list[Agent]:
        query = select(agents.c.body).where(agents.c.endpoint == endpoint).order_by(agents.c.login)
        return [parse_agent(row["body"]) for row in await self._database.read(query)]

    async def timeline(self, login: str) -> list[AgentEntry]:
        query = select(agent_events).where(agent_events.c.agent == login).order_by(agent_events.c.seq)
        return [_entry(row) for row in await self._database.read(query)]


def _columns(agent: Agent) -> dict[str, Any]:
    return {
        "name": agent.name,
        "endpoint": agent.endpoint,
        "skills": agent.skills,
        "state": agent.state.value,
        "since": agent.since,
        "reachable": agent.reachable,
        "seq": agent.seq,
        "body": render_agent(agent),
    }


def _event_row(login: str, entry: AgentEntry) -> dict[str, Any]:
    return {
        "agent": login,
        "seq": entry.seq,
        "at": entry.at,
        "kind": kind_of(entry.event),
        "version": VERSION,
        "data": render(entry.event),
    }


def _entry(row: RowMapping) -> AgentEntry:
    return AgentEntry(row["seq"], row["at"], parse(row["kind"], row["data"]))
