"""The service-quality ledger: its lines, and its sum."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge import After, Here, Limit, Since, Until
from api.schemas import LedgerLineDetail, LedgerReport, Page
from qa.ledger import Outcome
from qa.metrics import DEFAULT_LEVEL, Level
from qa.report import as_json

router = APIRouter(tags=["ledger"])

Within = Annotated[float | None, Query(gt=0, le=86_400, description="seconds")]


@router.get("/api/v1/ledger/lines")
async def list_lines(
    here: Here,
    after: After,
    since: Since = None,
    until: Until = None,
    outcome: Outcome | None = None,
    limit: Limit = 100,
) -> Page[LedgerLineDetail]:
    """One line for every ended call, the newest first."""
    rows, following = await here.listing.ledger(since, until, outcome, limit, after)
    items = [LedgerLineDetail.model_validate(dict(row)) for row in rows]
    return Page(items=items, next=following.text() if following else None)


@router.get("/api/v1/ledger/report")
async def show_report(
    here: Here, since: Since = None, until: Until = None, level: Level = DEFAULT_LEVEL, within: Within = None
) -> LedgerReport:
    """The calls offered in [since, until), added up, and the figures of the service.

    `level` is the formula of the service level; `within` takes the place of each queue's own threshold.
    """
    report = await here.program.quality.report(since, until, level=level, within=within)
    return LedgerReport.model_validate(as_json(report))
