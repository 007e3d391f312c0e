"""Timelines in SQL. Appends of many calls share a transaction, so that a busy hour costs few commits."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, String, bindparam, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.database import Database
from ivr.call import Call, CallState
from ivr.errors import DuplicateEvent, TimelineConflict, UnknownCall
from ivr.ports import Entry
from ivr.tables import call_events, calls
from ivr.timeline import VERSION, kind_of, parse, parse_call, render, render_call

# Made once: what SQLAlchemy works out about a statement stays with it.
_INSERT_CALL = insert(calls)
_INSERT_EVENTS = insert(call_events)
_CALL = select(calls.c.body).where(calls.c.id == bindparam("call"))
_BY_CARRIER_ID = select(calls.c.id).where(
    calls.c.carrier == bindparam("carrier"), calls.c.carrier_id == bindparam("carrier_id")
)
_UPDATE_CALL = update(calls).where(calls.c.id == bindparam("call"))
_MARK_HANDLED = (
    update(calls)
    .where(calls.c.id == bindparam("call"), calls.c.handled < bindparam("upto"))
    .values(handled=bindparam("upto"))
)


class SqlCallStore:
    """`ivr.ports.CallStore` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._handled: dict[UUID, int] = {}

    async def create(self, call: Call, entries: Sequence[Entry]) -> Call:
        try:
            await self._database.write(lambda connection: _insert_call(connection, call, entries))
        except IntegrityError:
            existing = await self.find_by_carrier_id(call.carrier, call.carrier_id)
            if existing is None:
                raise
            return await self.get(existing)
        return call

    async def append(self, call: Call, entries: Sequence[Entry]) -> None:
        try:
            await self._database.write(lambda connection: _append(connection, call, entries))
        except IntegrityError as error:
            keys = [entry.source_key for entry in entries if entry.source_key]
            if keys and await self._known_key(keys):
                raise DuplicateEvent(", ".join(keys)) from error
            raise TimelineConflict(f"call {call.id} has moved past {entries[0].seq}") from error

    def mark_handled(self, call_id: UUID, seq: int) -> None:
        """Notes that the journey acted on events up to `seq`; written with the next transaction."""
        seq = self._handled[call_id] = max(seq, self._handled.get(call_id, 0))
        self._database.write_soon(call_id, _MARK_HANDLED, {"call": call_id, "upto": seq})

    def forget_handled(self, call_id: UUID) -> None:
        """Lets go of a call on which nothing more will happen."""
        self._handled.pop(call_id, None)

    async def flush(self) -> None:
        await self._database.flush()

    async def get(self, call_id: UUID) -> Call:
        row = await self._database.first(_CALL, {"call": call_id})
        if row is None:
            raise UnknownCall(call_id)
        return parse_call(row["body"])

    async def timeline(self, call_id: UUID) -> list[Entry]:
        query = select(call_events).where(call_events.c.call_id == call_id).order_by(call_events.c.seq)
        return [_entry(row) for row in await self._database.read(query)]

    async def find_by_carrier_id(self, carrier: str, carrier_id: str) -> UUID | None:
        row = await self._database.first(_BY_CARRIER_ID, {"carrier": carrier, "carrier_id": carrier_id})
        return row["id"] if row else None

    async def open_calls(self) -> list[Call]:
        query = (
            select(calls.c.body)
            .where(calls.c.state != CallState.ENDED)
            .order_by(calls.c.offered_at, calls.c.id)
        )
        return [parse_call(row["body"]) for row in await self._database.read(query)]

    async def unhandled(self) -> list[tuple[Call, list[Entry]]]:
        """Calls with events that the journey has not acted on, and those events, oldest call first."""
        query = select(calls.c.body, calls.c.handled).where(calls.c.handled < calls.c.seq)
        behind = []
        for row in await self._database.read(query.order_by(calls.c.offered_at, calls.c.id)):
            call = parse_call(row["body"])
            entries = await self.timeline(call.id)
            behind.append((call, [entry for entry in entries if entry.seq > row["handled"]]))
        return behind

    async def matching(self, prefix: str) -> list[UUID]:
        digits = "".join(c for c in prefix.lower() if c in "0123456789abcdef")
        text = func.replace(cast(calls.c.id, String), "-", "")
        query = select(calls.c.id).where(text.startswith(digits)).order_by(calls.c.id).limit(50)
        return [row["id"] for row in await self._database.read(query)]

    async def all_calls(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Call]:
        query = select(calls.c.body).order_by(calls.c.offered_at, calls.c.id)
        if since is not None:
            query = query.where(calls.c.offered_at >= since)
        if until is not None:
            query = query.where(calls.c.offered_at < until)
        for row in await self._database.read(query):
            yield parse_call(row["body"])

    async def numbers_called(self, carrier: str, since: datetime) -> set[str]:
        """At which numbers this carrier has brought calls since then."""
        query = select(calls.c.called).where(calls.c.carrier == carrier, calls.c.offered_at >= since)
        return {row["called"] for row in await self._database.read(query.distinct())}

    async def _known_key(self, keys: Sequence[str]) -> bool:
        query = select(call_events.c.seq).where(call_events.c.source_key.in_(keys)).limit(1)
        return await self._database.first(query) is not None


def _insert_call(connection: Connection, call: Call, entries: Sequence[Entry]) -> None:
    row = _columns(call) | {"id": call.id, "handled": 0}
    connection.execute(_INSERT_CALL, row)
    connection.execute(_INSERT_EVENTS, [_event_row(call.id, entry) for entry in entries])


def _append(connection: Connection, call: Call, entries: Sequence[Entry]) -> None:
    connection.execute(_INSERT_EVENTS, [_event_row(call.id, entry) for entry in entries])
    connection.execute(_UPDATE_CALL, _columns(call) | {"call": call.id})


def _columns(call: Call) -> dict[str, Any]:
    return {
        "carrier": call.carrier,
        "carrier_id": call.carrier_id,
        "state": call.state.value,
        "seq": call.seq,
        "offered_at": call.offered_at,
        "ended_at": call.ended_at,
        "called": call.called,
        "caller": call.caller,
        "customer": call.customer,
        "tier": call.tier,
        "language": call.language,
        "intent": call.intent,
        "queue": call.queue,
        "agent": call.talk.agent if call.talk else None,
        "body": render_call(call),
    }


def _event_row(call_id: UUID, entry: Entry) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "seq": entry.seq,
        "at": entry.at,
        "kind": kind_of(entry.event),
        "version": VERSION,
        "data": render(entry.event),
        "source_key": entry.source_key,
    }


def _entry(row: RowMapping) -> Entry:
    return Entry(row["seq"], row["at"], parse(row["kind"], row["data"]), row["source_key"])
