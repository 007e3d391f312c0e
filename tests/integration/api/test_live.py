"""Agents and queues over HTTP, as they stand now."""

from api.bootstrap import Program
from api.bootstrap.carriers import phones_of
from api.principals import Role
from ivr.call import CallState
from ivr.events import CallQueued
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Http

ALICE = {"login": "alice", "name": "Alice 艾丽", "endpoint": "PJSIP/1001", "skills": {}}


async def test_an_agent_is_added_and_goes_through_the_day(program: Program, http: Http) -> None:
    admin, alice = await http(Role.ADMIN), await http(Role.AGENT, "alice")
    made = await admin.post("/api/v1/agents", json=ALICE)
    assert made.status_code == 201
    assert made.json()["state"] == "offline"
    states = []
    for what in ("sign-in", "ready", "pause", "ready", "sign-out"):
        answer = await alice.post(
            f"/api/v1/agents/alice/{what}", json={"reason": "tea"} if what == "pause" else None
        )
        assert answer.status_code == 200, answer.text
        states.append((answer.json()["state"], answer.json()["reason"]))
    assert states == [
        ("paused", "signed in"),
        ("ready", ""),
        ("paused", "tea"),
        ("ready", ""),
        ("offline", ""),
    ]


async def test_an_agents_token_sees_and_moves_that_agent_alone(program: Program, http: Http) -> None:
    admin, alice = await http(Role.ADMIN), await http(Role.AGENT, "alice")
    await admin.post("/api/v1/agents", json=ALICE)
    await admin.post("/api/v1/agents", json=ALICE | {"login": "bob", "endpoint": "PJSIP/1002"})
    assert [agent["login"] for agent in (await alice.get("/api/v1/agents")).json()] == ["alice"]
    assert len((await admin.get("/api/v1/agents")).json()) == 2
    refused = await alice.post("/api/v1/agents/bob/sign-in")
    assert (refused.status_code, refused.json()["id"]) == (403, "not-your-agent")
    assert (await alice.get("/api/v1/agents/bob")).status_code == 403
    assert (await (await http(Role.SUPERVISOR)).post("/api/v1/agents/bob/sign-in")).status_code == 200


async def test_what_an_agent_cannot_do_now_is_a_conflict(http: Http) -> None:
    admin = await http(Role.ADMIN)
    await admin.post("/api/v1/agents", json=ALICE)
    ready = await admin.post("/api/v1/agents/alice/ready")
    assert (ready.status_code, ready.json()["id"]) == (409, "illegal-agent-transition")
    again = await admin.post("/api/v1/agents", json=ALICE)
    assert (again.status_code, again.json()["id"]) == (409, "agent-exists")
    assert (await admin.post("/api/v1/agents/carol/sign-in")).status_code == 404
    skills = await admin.post("/api/v1/agents", json=ALICE | {"login": "dan", "skills": {"magic": 3}})
    assert (skills.status_code, skills.json()["id"]) == (422, "agent-invalid")


async def test_an_agent_needs_a_phone_that_a_carrier_can_ring(program: Program, http: Http) -> None:
    program.phones.clear()
    program.phones.update(phones_of(("asterisk", "twilio")))
    admin = await http(Role.ADMIN)
    refused = await admin.post("/api/v1/agents", json=ALICE | {"endpoint": "skype:alice"})
    assert (refused.status_code, refused.json()["id"]) == (422, "agent-invalid")
    assert all(part in refused.text for part in ("skype:alice", "asterisk: PJSIP/1001", "twilio: a number"))
    added = await admin.post("/api/v1/agents", json=ALICE | {"endpoint": "+86 138 0013 8000"})
    assert (added.status_code, added.json()["endpoint"]) == (201, "+8613800138000")


async def test_a_queue_shows_who_waits_and_who_could_serve(program: Program, http: Http) -> None:
    queue = next(iter(program.config.queues.values()))
    joins = CallQueued(queue.name, a.NOON)
    first = await given.call(program, given.IDENTIFIED, a.ADMITTED, joins, carrier_id="first")
    await program.routing.offer(first)
    assert first.state is CallState.QUEUED
    client = await http(Role.AGENT, "alice")
    shown = (await client.get(f"/api/v1/queues/{queue.name}")).json()
    assert shown["length"] == 1
    assert shown["ready"] == 0
    assert shown["waiting"][0]["call"] == str(first.id)
    assert shown["waiting"][0]["position"] == 1
    assert shown["longest_wait"] > 0
    assert shown["estimated_wait"] is shown["waiting"][0]["estimated_wait"] is None  # nobody is at work

    program.phones.clear()
    program.phones.update(phones_of(("asterisk",)))
    await program.routing.add("bob", "Bob", "1002", dict.fromkeys(program.config.skills, 5))
    await program.routing.sign_in("bob")
    await program.routing.ready("bob")
    shown = (await client.get(f"/api/v1/queues/{queue.name}")).json()
    assert shown["estimated_wait"] == 2 * queue.handle_time
    assert shown["waiting"][0]["estimated_wait"] is None  # of another carrier
    every = (await client.get("/api/v1/queues")).json()
    assert [one["name"] for one in every] == list(program.config.queues)
    assert (await client.get("/api/v1/queues/nowhere")).status_code == 404
