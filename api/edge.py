"""What every route is given: the program, and the edge's own stores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime

from api.listing import Cursor, Listing
from api.metrics import Metrics
from api.repository import SqlAudit, SqlTokens

if TYPE_CHECKING:
    from api.bootstrap import Program


@dataclass(frozen=True, slots=True)
class Edge:
    program: "Program"
    tokens: SqlTokens
    audit: SqlAudit
    listing: Listing
    metrics: Metrics


async def _edge(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


async def _cursor(cursor: Annotated[str | None, Query(max_length=200)] = None) -> Cursor | None:
    return None if cursor is None else Cursor.parse(cursor)


Here = Annotated[Edge, Depends(_edge)]
After = Annotated[Cursor | None, Depends(_cursor)]
Limit = Annotated[int, Query(ge=1, le=500, description="the most that one page holds")]
Since = Annotated[AwareDatetime | None, Query(description="offered at this moment or later")]
Until = Annotated[AwareDatetime | None, Query(description="offered before this moment")]

#: Text to compare with: no control characters, and not longer than any column.
Word = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
