"""The carrier on an in-process Twilio and a core that decides nothing: webhooks go in, documents come out."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import httpx

from config.clock import ManualClock
from config.database import Database, open_engine
from ivr.actions import Action, Prompt
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.carrier import TwilioTelephony
from ivr.adapters.twilio.prompts import PromptLinks
from ivr.adapters.twilio.pulls import Pulls
from ivr.adapters.twilio.repository import SqlPulls
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.session import Session
from ivr.adapters.twilio.tables import twilio_recordings
from ivr.adapters.twilio.webhooks import Form
from ivr.call import Call
from tests.builders.calls import NOON
from tests.builders.sink import RecordingSink
from tests.unit.ivr.twilio.api import Asked, FakeTwilio, found, listed

ACCOUNT, CALLER, LEG = "AC" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32
ROOM, RECORDING = "CF" + "4" * 32, "RE" + "5" * 32
RESERVATION = uuid4()

A_CALL: dict[str, Any] = {"sid": CALLER, "status": "in-progress", "direction": "inbound"}


def account(**more: Any) -> Account:
    given: dict[str, Any] = {"requests_per_second": 1000.0, "calls_per_second": 1000.0, "say": True} | more
    return Account(sid=ACCOUNT, auth_token="token", public_url="https://hotline.example.com", **given)


class Bench:
    """`offered` is performed once a call is offered; `stored` counts tracks that the worker has stored."""

    def __init__(self, folder: Path, database: Database, **settings: Any) -> None:
        self.api = FakeTwilio()
        self.sink = RecordingSink()
        self.clock = ManualClock(NOON)
        self.account = account(**settings)
        self.spool = folder / "spool"
        self.spool.mkdir(exist_ok=True)
        self.rest = TwilioRest(self.account, self.api.transport, self.api.wait)
        self.database = database
        self.store = SqlPulls(database)
        self.stored: Counter[UUID] = Counter()
        self.pulls = Pulls(self.store, self.rest, self.account, self.spool, self.clock, self._stored)
        self._folder = folder
        self.telephony = self.another(self.rest)
        self.offered: tuple[Action, ...] = ()
        self.recorded: list[Call] = []  # open, by the record
        self.sink.on_offered = self._on_offered
        self.api.will("FetchAccount", found("FetchAccount", {"sid": ACCOUNT, "status": "active"}))
        self.api.will("ListCall", listed("ListCall", "calls"))
        self.api.will("UpdateCall", found("UpdateCall", A_CALL))
        self.api.will("FetchCall", found("FetchCall", A_CALL))
        self.api.will("ListConference", listed("ListConference", "conferences"))
        self.api.will("CreateParticipant", found("CreateParticipant", {"call_sid": LEG}, 201))
        self.api.will("CreateCallRecording", found("CreateCallRecording", {"sid": RECORDING}, 201))

    async def _on_offered(self, call_id: UUID, _event: object) -> None:
        await self.telephony.perform(call_id, self.offered)

    async def _stored(self, recording: UUID) -> int:
        return self.stored[recording]

    def another(self, rest: TwilioRest | None = None) -> TwilioTelephony:
        """The carrier of one process; after a restart there is another."""
        return TwilioTelephony(
            self.account,
            rest or TwilioRest(self.account, self.api.transport, self.api.wait),
            PromptLinks(
                self.account, _nowhere, recordings=self._folder / "recorded", cache=self._folder / "cache"
            ),
            self.pulls,
            self.clock,
            numbers=["4001"],
            open_calls=self.open_calls,
            state=self._folder,
            reconcile_every=3600,
        )

    async def open_calls(self) -> list[Call]:
        return self.recorded

    # ------------------------------------------------------------------ a caller

    async def call(self, *first: Action, sid: str = CALLER) -> "Line":
        """A call that came in, and is told `first`."""
        self.offered = first
        document = await self.telephony.voice(
            form(CallSid=sid, From="+8613800138000", To="4001", CallStatus="ringing")
        )
        session = self.telephony.session_of(sid)
        assert session is not None
        return Line(self, session, document)

    def sent(self, operation: str) -> list[Asked]:
        return [asked for asked in self.api.asked if asked.operation == operation]


class Line:
    """One caller, and the document that they hear."""

    def __init__(self, bench: Bench, session: Session, document: str) -> None:
        self.bench, self.session, self.document = bench, session, document
        assert session.call_id is not None
        self.id: UUID = session.call_id

    async def perform(self, *actions: Action) -> None:
        await self.bench.telephony.perform(self.id, actions)

    @property
    def verbs(self) -> list[str]:
        return [verb.tag for verb in ET.fromstring(self.document)]

    @property
    def said(self) -> list[str]:
        return [verb.text or "" for verb in ET.fromstring(self.document).iter("Say")]

    def turn(self) -> int:
        return self.session._documents.turn

    async def hears(self, webhook: str, turn: int | None = None, **params: str) -> str:
        """Twilio asks for the next document; `webhook` is next, gathered:<step> or joined."""
        kind, _, step = webhook.partition(":")
        telephony, turn = self.bench.telephony, self.turn() if turn is None else turn
        given = form(CallSid=self.session.call_sid, **({"CallStatus": "in-progress"} | params))
        if kind == "gathered":
            answer = await telephony.gathered(self.id, given, turn, step)
        elif kind == "joined":
            answer = await telephony.joined(self.id, given, turn)
        else:
            answer = await telephony.next(self.id, given, turn)
        self.document = answer
        return answer

    async def waits(self, piece: int = 0, turn: int | None = None) -> str:
        given = form(CallSid=self.session.call_sid)
        return await self.bench.telephony.waiting(
            self.id, given, self.turn() if turn is None else turn, piece
        )

    async def leg(self, status: str, reservation: UUID = RESERVATION, **params: str) -> None:
        given = form(**({"CallSid": LEG, "CallStatus": status} | params))
        await self.bench.telephony.leg(reservation, self.id, given)

    async def room(self, event: str, **params: str) -> None:
        given = form(StatusCallbackEvent=event, **({"ConferenceSid": ROOM} | params))
        await self.bench.telephony.conference(self.id, given)

    async def notice(self, kind: str, event: str, params: dict[str, str]) -> None:
        if kind == "leg":
            await self.leg(event, RESERVATION, **params)
        else:
            await self.room(event, **params)

    async def ends(self, status: str = "completed", **params: str) -> None:
        given = form(CallSid=self.session.call_sid, CallStatus=status, **params)
        await self.bench.telephony.status(given)

    def kinds(self) -> list[str]:
        return self.bench.sink.kinds(self.id)


def form(**params: str) -> Form:
    return Form(({"AccountSid": ACCOUNT} | params).items())


def prompt(text: str) -> Prompt:
    return Prompt("en", text)


@asynccontextmanager
async def bench(folder: Path, **settings: Any) -> AsyncIterator[Bench]:
    """A carrier that takes calls."""
    async with pulling(folder, **settings) as made, made.telephony.running(made.sink):
        await made.telephony.reattach([])
        yield made


@asynccontextmanager
async def pulling(folder: Path, **settings: Any) -> AsyncIterator[Bench]:
    """A carrier that does nothing by itself: recordings are fetched when a test says so."""
    url = f"sqlite:///{folder / 'pulls.sqlite3'}"
    engine = open_engine(url)
    twilio_recordings.create(engine, checkfirst=True)
    engine.dispose()
    database = Database(url)
    made = Bench(folder, database, **settings)
    try:
        yield made
    finally:
        await made.rest.close()
        await database.close()


async def soon(so: Callable[[], bool]) -> None:
    """Other tasks have their turn until it is so."""
    for _ in range(2000):
        if so():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


async def _nowhere(_prompt: Prompt) -> Path:
    raise AssertionError("Twilio speaks here")


def gone() -> httpx.Response:
    """What Twilio answers about a call that is over."""
    return httpx.Response(400, json={"code": 21220, "status": 400, "message": "x", "more_info": ""})
