"""Calls: the list, one of them, and what happened to it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from api.auth import Asking
from api.edge import After, Here, Limit, Since, Until, Word
from api.errors import Forbidden
from api.holds import Hold, find_hold
from api.listing import Filters
from api.masking import mask_name, mask_number
from api.principals import Principal
from api.schemas import CallDetail, CallSummary, HoldDetail, Page, TalkDetail, TimelineEntry
from ivr.call import Call, CallState
from ivr.ports import Entry
from ivr.timeline import kind_of, render
from qa.ledger import LedgerLine, Outcome

router = APIRouter(prefix="", tags=["calls"])


@router.get("/api/v1/calls")
async def list_calls(
    here: Here,
    asking: Asking,
    after: After,
    since: Since = None,
    until: Until = None,
    state: CallState | None = None,
    outcome: Outcome | None = None,
    queue: Word = None,
    agent: Word = None,
    tier: Word = None,
    language: Word = None,
    intent: Word = None,
    caller: Annotated[str | None, Query(max_length=80, pattern=r"^\+[0-9]{3,20}$")] = None,
    limit: Limit = 50,
) -> Page[CallSummary]:
    """The newest first. Only a supervisor may ask for the calls of one `caller` (E.164)."""
    if caller is not None:
        if not asking.sees_numbers:
            raise Forbidden("searching by caller needs the role supervisor")
        await here.audit.note(asking, "calls.search", "caller", mask_number(caller))
    filters = Filters(since, until, state, outcome, queue, agent, tier, language, intent, caller)
    rows, following = await here.listing.calls(filters, limit, after)
    if asking.sees_numbers and rows and caller is None:
        await here.audit.note(asking, "calls.list", "calls", len(rows))
    items = [CallSummary.model_validate(_shown(row, asking)) for row in rows]
    return Page(items=items, next=following.text() if following else None)


@router.get("/api/v1/calls/{call_id}")
async def show_call(call_id: UUID, here: Here, asking: Asking) -> CallDetail:
    call = await here.program.store.get(call_id)
    line = await here.program.ledger.line(call_id)
    hold = await find_hold(here.program.database, call_id)
    await here.audit.note(asking, "call.read", "call", call_id, numbers=asking.sees_numbers)
    return _detail(call, line, hold, asking)


@router.get("/api/v1/calls/{call_id}/timeline")
async def show_timeline(call_id: UUID, here: Here, asking: Asking) -> list[TimelineEntry]:
    """Everything that happened, oldest first; `AgentReserved` says why that agent."""
    call = await here.program.store.get(call_id)
    entries = await here.program.store.timeline(call_id)
    await here.audit.note(asking, "timeline.read", "call", call_id, numbers=asking.sees_numbers)
    return [timeline_entry(call, entry, asking) for entry in entries]


def timeline_entry(call: Call, entry: Entry, asking: Principal) -> TimelineEntry:
    data = render(entry.event)
    if not asking.sees_numbers:
        data |= {key: mask_number(data[key]) for key in ("caller",) if key in data}
        data |= {
            key: mask_name(data[key]) for key in ("caller_name", "name") if key in data and _of_caller(entry)
        }
    seconds = round((entry.at - call.offered_at).total_seconds(), 3)
    return TimelineEntry(seq=entry.seq, at=entry.at, seconds=seconds, kind=kind_of(entry.event), data=data)


def _of_caller(entry: Entry) -> bool:
    return kind_of(entry.event) in {"CallOffered", "CallerIdentified"}


def _shown(row: RowMapping, asking: Principal) -> dict[str, Any]:
    values = dict(row)
    return values if asking.sees_numbers else values | {"caller": mask_number(values["caller"])}


def _detail(call: Call, line: LedgerLine | None, hold: Hold | None, asking: Principal) -> CallDetail:
    clear = asking.sees_numbers
    return CallDetail(
        id=call.id,
        state=call.state,
        offered_at=call.offered_at,
        ended_at=call.ended_at,
        carrier=call.carrier,
        called=call.called,
        caller=call.caller if clear else mask_number(call.caller),
        caller_name=call.caller_name if clear else mask_name(call.caller_name),
        customer=call.customer,
        customer_name=call.customer_name if clear else mask_name(call.customer_name),
        tier=call.tier,
        language=call.language,
        intent=call.intent,
        queue=call.queue,
        agent=call.talk.agent if call.talk else None,
        outcome=line.outcome if line else None,
        ending=line.ending if line else None,
        menu=call.menu,
        step=call.step,
        attributes=call.attributes,
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        missed=list(call.missed),
        talks=[
            TalkDetail(
                agent=talk.agent,
                began_at=talk.began_at,
                ended_at=talk.ended_at,
                ended_by=talk.ended_by,
                cause=talk.cause,
                recording=talk.recording,
            )
            for talk in call.talks
        ],
        ended_by=call.ended_by,
        cause=call.cause,
        hold=_hold(hold, asking) if hold else None,
    )


def _hold(hold: Hold, asking: Principal) -> HoldDetail:
    """A reason may name people."""
    clear = asking.sees_numbers
    return HoldDetail(
        since=hold.since, who=hold.who if clear else None, reason=hold.reason if clear else None
    )
