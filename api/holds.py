"""Calls whose data are kept whatever their age, for a dispute or an authority."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from api.principals import Principal
from api.repository import SqlAudit
from config.clock import Clock
from config.database import Database
from ivr.tables import legal_holds


@dataclass(frozen=True, slots=True)
class Hold:
    call_id: UUID
    since: datetime
    who: str
    reason: str


async def find_hold(database: Database, call_id: UUID) -> Hold | None:
    """The hold on a call."""
    row = await database.first(select(legal_holds).where(legal_holds.c.call_id == call_id))
    return None if row is None else Hold(**row)


class SqlHolds:
    """Puts calls on hold and releases them; both leave a line in the audit."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def hold(self, call_id: UUID, who: Principal, reason: str) -> Hold:
        """The hold; one that there is already stays as it is."""
        await self._audit.note(who, "call.hold", "call", call_id, reason=reason)
        wanted = Hold(call_id, self._clock.now(), who.name, reason)
        same = select(legal_holds).where(legal_holds.c.call_id == call_id)

        def put(connection: Connection) -> Hold:
            found = connection.execute(same.with_for_update()).mappings().first()
            if found is None:
                connection.execute(insert(legal_holds), asdict(wanted))
                return wanted
            return Hold(**found)

        return await self._database.write(put)

    async def release(self, call_id: UUID, who: Principal) -> bool:
        """Whether there was a hold."""
        await self._audit.note(who, "call.release", "call", call_id)
        gone = delete(legal_holds).where(legal_holds.c.call_id == call_id)
        return bool(await self._database.write(lambda connection: connection.execute(gone).rowcount))

    async def all(self) -> list[Hold]:
        """The oldest first."""
        rows = await self._database.read(select(legal_holds).order_by(legal_holds.c.since))
        return [Hold(**row) for row in rows]
