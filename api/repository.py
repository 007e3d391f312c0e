"""API tokens and the audit log in SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.errors import TokenExists, UnknownToken
from api.principals import Principal, Role, digest, new_token
from api.tables import api_tokens, audit
from config.clock import Clock
from config.database import Database
from config.ids import NewId


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token without what it is."""

    name: str
    role: Role
    agent: str | None
    made_at: datetime
    revoked_at: datetime | None


class SqlTokens:
    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def add(self, name: str, role: Role, agent: str | None = None) -> str:
        """Makes a token and gives it, for the only time; raises `TokenExists`."""
        token = new_token()
        row = {
            "id": self._new_id(),
            "name": name,
            "role": role.value,
            "agent": agent,
            "digest": digest(token),
            "made_at": self._clock.now(),
        }
        try:
            await self._database.write(lambda connection: connection.execute(insert(api_tokens), row))
        except IntegrityError as error:
            raise TokenExists(name) from error
        return token

    async def revoke(self, name: str) -> None:
        """Ends a token at once; raises `UnknownToken` for one that is not in force."""
        live = (api_tokens.c.name == name) & api_tokens.c.revoked_at.is_(None)
        ended = update(api_tokens).where(live).values(revoked_at=self._clock.now())
        if not await self._database.write(lambda connection: connection.execute(ended).rowcount):
            raise UnknownToken(name)

    async def all(self) -> list[TokenInfo]:
        rows = await self._database.read(select(api_tokens).order_by(api_tokens.c.made_at, api_tokens.c.id))
        return [
            TokenInfo(row["name"], Role(row["role"]), row["agent"], row["made_at"], row["revoked_at"])
            for row in rows
        ]

    async def find(self, sent: str) -> tuple[Principal, str] | None:
        """Who has the token in force whose digest is `sent`, and the digest as it is stored."""
        live = (api_tokens.c.digest == sent) & api_tokens.c.revoked_at.is_(None)
        row = await self._database.first(select(api_tokens).where(live))
        if row is None:
            return None
        return Principal(row["name"], Role(row["role"]), row["agent"]), row["digest"]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """`object` is a kind and an id, such as `call:0190…`."""

    id: UUID
    at: datetime
    who: str
    role: str
    action: str
    object: str
    detail: dict[str, Any]


def audit_row(
    name: UUID, at: datetime, who: Principal, action: str, kind: str, thing: object, detail: dict[str, Any]
) -> dict[str, Any]:
    """A line of the audit, to be inserted along with what it tells of."""
    return {
        "id": name,
        "at": at,
        "who": who.name,
        "role": who.role.value,
        "action": action,
        "object": f"{kind}:{thing}"[:160],
        "detail": detail,
    }


class SqlAudit:
    """Who saw or changed whose data. Written before the data is given out."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def note(self, who: Principal, action: str, kind: str, name: object, **detail: Any) -> None:
        row = audit_row(self._new_id(), self._clock.now(), who, action, kind, name, detail)
        await self._database.write(lambda connection: connection.execute(insert(audit), row))

    async def lines(
        self, limit: int, before: UUID | None = None, about: str | None = None
    ) -> list[AuditLine]:
        """The newest first; `before` is the id of the last line seen, `about` an object."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        if about is not None:
            query = query.where(audit.c.object == about)
        return [AuditLine(**row) for row in await self._database.read(query)]
