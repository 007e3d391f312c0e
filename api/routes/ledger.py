"""The service-quality ledger: its lines, and its sum."""

from fastapi import APIRouter

from api.edge import After, Here, Limit, Since, Until
from api.schemas import LedgerLineDetail, LedgerReport, Page
from qa.ledger import Outcome
from qa.service import as_json

router = APIRouter(tags=["ledger"])


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
async def show_report(here: Here, since: Since = None, until: Until = None) -> LedgerReport:
    """The calls offered in [since, until), added up."""
    return LedgerReport.model_validate(as_json(await here.program.quality.added_up(since, until)))
