"""Agents' timelines in each kind of database."""

from collections.abc import AsyncIterator

import pytest

from config.database import Database, metadata
from routing import agent as agents
from routing.errors import AgentConflict, AgentExists, UnknownAgent
from routing.events import AgentAdded, AgentEvent, AgentPaused, AgentSignedIn
from routing.ports import AgentEntry
from routing.repository import SqlAgentStore
from tests.unit.routing.builders import START, after

ADDED = AgentAdded("安妮", "PJSIP/1001", {"sales": 3, "zh": 5})


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlAgentStore]:
    database = Database(database_url)
    await database.write(metadata.create_all)
    yield SqlAgentStore(database)
    await database.close()


async def given_agent(store: SqlAgentStore, login: str = "ann") -> agents.Agent:
    agent = agents.begin(login, ADDED, START)
    await store.create(agent, AgentEntry(1, START, ADDED))
    return agent


def happened(agent: agents.Agent, *events: AgentEvent) -> tuple[agents.Agent, list[AgentEntry]]:
    entries = []
    for event in events:
        agent = agents.apply(agent, event, after(agent.seq))
        entries.append(AgentEntry(agent.seq, agent.since, event))
    return agent, entries


async def test_an_agent_is_read_back_as_they_were_stored(store: SqlAgentStore) -> None:
    ann = await given_agent(store)
    after_all, entries = happened(ann, AgentSignedIn(), AgentPaused("午休"))
    await store.append(after_all, entries)
    bob = await given_agent(store, "bob")
    assert await store.get("ann") == after_all
    assert await store.all() == [after_all, bob]
    assert await store.on_endpoint("PJSIP/1001") == [after_all, bob]
    assert await store.on_endpoint("PJSIP/1002") == []
    assert await store.timeline("ann") == [AgentEntry(1, START, ADDED), *entries]


async def test_of_two_writers_who_saw_the_same_agent_one_is_refused_and_nothing_of_theirs_stored(
    store: SqlAgentStore,
) -> None:
    ann = await given_agent(store)
    first, entries = happened(ann, AgentSignedIn())
    await store.append(first, entries)
    late, more = happened(ann, AgentSignedIn(), AgentPaused("late"))
    with pytest.raises(AgentConflict):
        await store.append(late, more)
    assert await store.get("ann") == first
    assert len(await store.timeline("ann")) == 2


async def test_a_login_is_given_once_and_a_stranger_is_said_to_be_one(store: SqlAgentStore) -> None:
    await given_agent(store)
    with pytest.raises(AgentExists):
        await given_agent(store)
    with pytest.raises(UnknownAgent):
        await store.get("bob")
