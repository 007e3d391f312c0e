"""Who saw or changed whose data."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import Asking
from api.edge import Here, Limit
from api.schemas import AuditDetail, Page

router = APIRouter(tags=["audit"])


@router.get("/api/v1/audit")
async def list_audit(
    here: Here,
    asking: Asking,
    cursor: UUID | None = None,
    about: Annotated[str | None, Query(max_length=160, pattern=r"^[^\x00-\x1f]*$")] = None,
    limit: Limit = 100,
) -> Page[AuditDetail]:
    """The newest first; `about` is an object such as `call:<id>`. Reading it leaves a line too."""
    lines = await here.audit.lines(limit + 1, cursor, about)
    await here.audit.note(asking, "audit.read", "audit", about or "all")
    items = [AuditDetail.model_validate(line) for line in lines[:limit]]
    return Page(items=items, next=str(items[-1].id) if len(lines) > limit else None)
