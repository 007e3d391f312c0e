"""A call-centre floor for tests: real services and a real database, a clock moved by hand, no carrier.

Tests play the carrier: `answer`, `miss`, `hang_up`, `end_talk`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from api.bootstrap.carriers import phones_of
from config.clock import ManualClock
from config.database import Database, metadata
from config.ids import SeededIds
from config.routing import RoutingConfig
from ivr import events as e
from ivr.call import Call
from ivr.ports import Entry, Phones
from ivr.repository import SqlCallStore
from ivr.service import CallService, Publish
from routing.adapters.memory import MemoryBoard
from routing.agent import Agent
from routing.placing import place
from routing.ports import Board
from routing.reach import Reach
from routing.repository import SqlAgentStore
from routing.service import RoutingService
from tests.unit.routing.builders import START

LABEL = {"en": "x"}

#: By carrier, the phones that it can ring.
ONE_CARRIER = {"simulator": Phones("any text", str)}
TWO_CARRIERS = phones_of(("asterisk", "twilio"))


def given_config(**queues: Any) -> RoutingConfig:
    """Queue `sales` as tests mostly want it, changed and joined by `queues`."""
    sales = {"steps": [{"skills": {"sales": 3}}, {"after": "30s", "skills": {"sales": 1}}]} | queues.pop(
        "sales", {}
    )
    return RoutingConfig.model_validate(
        {
            "zone": "Asia/Shanghai",
            "languages": ["en"],
            "lines": 10,
            "numbers": {"*": {"menu": "main", "language": "en", "hours": None}},
            "hours": {},
            "tiers": {
                "standard": {"label": LABEL, "default": True},
                "vip": {"label": LABEL, "head_start": "3m"},
            },
            "skills": {"sales": LABEL, "orders": LABEL},
            "intents": {
                "sales": {"label": LABEL, "queue": "sales"},
                "danger": {"label": LABEL, "queue": "safety"},
            },
            "default_queue": "sales",
            "queue_defaults": {"announce_every": None, "max_wait": None},
            "queues": {
                name: {"label": LABEL} | queue
                for name, queue in {
                    "sales": sales,
                    "orders": {"steps": [{"skills": {"orders": 1}}]},
                    "safety": {"lane": 1, "steps": [{"skills": {}}]},
                    **queues,
                }.items()
            },
        }
    )


class Floor:
    def __init__(
        self,
        store: SqlCallStore,
        agents: SqlAgentStore,
        board: Board,
        config: RoutingConfig,
        phones: Mapping[str, Phones] = ONE_CARRIER,
    ) -> None:
        self.clock = ManualClock(START)
        self.config = config
        self.board = board
        self.store = store
        self.agent_store = agents
        self.new_id = SeededIds(self.clock, seed=1)
        self.rung: list[tuple[UUID, e.AgentReserved]] = []
        self.phones = dict(phones)
        self.start()

    def start(self) -> None:
        """The program's part: made anew, it knows only what is stored."""
        self.calls = CallService(self.store, self.clock, self.new_id)
        self.routing = RoutingService(
            self.board,
            self.agent_store,
            self.calls.record,
            self.clock,
            self.config,
            self.new_id,
            Reach(self.phones),
        )
        self.tell(self.follow)

    def tell(self, publish: Publish) -> None:
        """Whom calls tell of what happens to them."""
        self.calls.publish_to(publish)

    async def restart(self) -> None:
        self.board = MemoryBoard()
        self.start()
        await self.routing.rebuild(await self.store.open_calls())

    async def follow(self, call: Call, entry: Entry) -> None:
        match entry.event:
            case e.CallQueued() as event:
                await self.routing.offer(call, event)
            case e.AgentReserved() as event:
                self.rung.append((call.id, event))
            case e.AgentLegEnded() as event:
                await self.routing.missed(call, event)
            case e.CallAnswered() as event:
                await self.routing.answered(call, event)
            case e.TalkEnded() as event:
                await self.routing.talk_ended(call, event)
            case e.CallRecovered() as event:
                await self.routing.recovered(call, event)
            case e.CallEnded() as event:
                await self.routing.withdraw(call, event)

    # people

    async def agent(self, login: str, *, ready: bool = True, phone: str | None = None, **skills: int) -> None:
        await self.routing.add(login, login.title(), phone or f"PJSIP/{login}", skills or {"sales": 3})
        await self.routing.sign_in(login)
        if ready:
            await self.routing.ready(login)

    async def caller(self, tier: str = "standard", intent: str = "sales", carrier: str = "simulator") -> UUID:
        """A call that has come as far as its queue."""
        call = await self.calls.offered(e.CallOffered(carrier, str(self.new_id()), "4001"))
        identified = e.CallerIdentified(None, known=True, tier=tier, language="en")
        await self.calls.record(call, identified, e.CallAdmitted("main", "v1"), e.IntentSet(intent))
        await self.queue(call)
        return call

    async def queue(self, call: UUID) -> None:
        await self.calls.record(call, place(self.config, await self.calls.get(call), None, self.clock.now()))

    # the carrier's word

    async def answer(self, call: UUID) -> None:
        rung = await self.calls.get(call)
        assert rung.reservation
        assert rung.reserved_agent
        await self.calls.record(call, e.CallAnswered(rung.reservation, rung.reserved_agent))

    async def miss(self, call: UUID, reason: e.MissReason = e.MissReason.NO_ANSWER) -> None:
        rung = await self.calls.get(call)
        assert rung.reservation
        assert rung.reserved_agent
        await self.calls.record(call, e.AgentLegEnded(rung.reservation, rung.reserved_agent, reason))

    async def end_talk(self, call: UUID) -> None:
        talk = (await self.calls.get(call)).talk
        assert talk
        await self.calls.record(call, e.TalkEnded(talk.reservation, talk.agent, e.Party.AGENT))

    async def hang_up(self, call: UUID) -> None:
        await self.calls.record(call, e.CallEnded(e.Party.CUSTOMER, 16))

    async def advance(self, seconds: float) -> None:
        """Lets time pass, running each timer at its moment."""
        end = self.clock.now().timestamp() + seconds
        while (due := await self.routing.next_due()) is not None and due.timestamp() <= end:
            self.clock.move_to(due)
            await self.routing.run_due(self.clock.now())
        self.clock.advance(end - self.clock.now().timestamp())

    # what is so

    async def call(self, call: UUID) -> Call:
        return await self.store.get(call)

    async def events(self, call: UUID, kind: type) -> list[Any]:
        return [entry.event for entry in await self.store.timeline(call) if isinstance(entry.event, kind)]

    async def state(self, login: str) -> str:
        return (await self.routing.agent(login)).state.value

    async def known(self, login: str) -> Agent:
        return await self.routing.agent(login)

    async def rings_for(self, call: UUID) -> str | None:
        """The agent whose phone rings for the call."""
        found = await self.call(call)
        return found.reserved_agent if found.state == "ringing" else None


@asynccontextmanager
async def open_floor(
    folder: Path, config: RoutingConfig | None = None, phones: Mapping[str, Phones] = ONE_CARRIER
) -> AsyncIterator[Floor]:
    """A floor whose database is a file in `folder`."""
    database = Database(f"sqlite:///{folder / 'floor.sqlite3'}")
    try:
        await database.write(metadata.create_all)
        stores = SqlCallStore(database), SqlAgentStore(database)
        yield Floor(*stores, MemoryBoard(), config or given_config(), phones)
    finally:
        await database.close()
