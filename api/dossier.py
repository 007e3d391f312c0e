"""Everything that is known about one call, gathered."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.errors import AmbiguousId
from api.holds import Hold, find_hold
from api.telling import reasons, tell
from ivr.call import Call
from ivr.errors import UnknownCall
from ivr.ports import CallStore, Entry
from ivr.timeline import kind_of, render
from qa.ledger import LedgerLine
from qa.reasons import Reason
from recordings.errors import UnknownRecording
from recordings.marks import Redacted
from recordings.ports import Fetch
from recordings.repository import Filed, SqlRecordings

if TYPE_CHECKING:
    from api.bootstrap import Program

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording with what was made of it, and what is still to be done about its sound at the carrier."""

    filed: Filed
    fetch: Fetch | None
    transcript: Redacted | None
    scores: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Dossier:
    call: Call
    timeline: list[Entry]
    line: LedgerLine | None
    conversations: list[Conversation]
    hold: Hold | None
    zone: ZoneInfo


async def find_call(store: CallStore, prefix: str) -> UUID:
    """The call whose id begins with `prefix`; raises `UnknownCall` and `AmbiguousId`."""
    return await _find("call", prefix, store.matching, UnknownCall)


async def find_recording(store: SqlRecordings, prefix: str) -> UUID:
    """The recording whose id begins with `prefix`; raises `UnknownRecording` and `AmbiguousId`."""
    return await _find("recording", prefix, store.matching, UnknownRecording)


async def _find(
    kind: str, prefix: str, matching: Callable[[str], Awaitable[list[UUID]]], unknown: type[Exception]
) -> UUID:
    digits = prefix.replace("-", "").lower()
    if not digits or not set(digits) <= set("0123456789abcdef"):
        raise unknown(prefix)
    found = await matching(prefix)
    if not found:
        raise unknown(prefix)
    if len(found) > 1:
        shown = [str(one) for one in found[:_SHOWN]]
        raise AmbiguousId(kind, prefix, shown, more=len(found) > _SHOWN)
    return found[0]


async def dossier(program: "Program", call_id: UUID) -> Dossier:
    """Raises `UnknownCall`."""
    call = await program.store.get(call_id)
    conversations = [
        await conversation(program, filed) for filed in await program.recordings.of_call(call_id)
    ]
    return Dossier(
        call=call,
        timeline=await program.store.timeline(call_id),
        line=await program.ledger.line(call_id),
        conversations=conversations,
        hold=await find_hold(program.database, call_id),
        zone=program.config.timezone,
    )


async def conversation(program: "Program", filed: Filed) -> Conversation:
    """A recording with its transcript and its scores."""
    scores = await program.scores.of_call(filed.recording.call_id)
    fetches = await program.at_carriers.fetches([filed.recording.id])
    return Conversation(
        filed,
        fetches.get(filed.recording.id),
        await program.transcripts.get(filed.recording.id),
        [_with_sentences(row) for row in scores if row["recording_id"] == filed.recording.id],
    )


def as_data(found: Dossier) -> dict[str, Any]:
    """A dossier as plain data for JSON."""
    return {
        "id": found.call.id,
        "state": found.call.state.value,
        "outcome": found.line.outcome.value if found.line else None,
        "ending": found.line.ending.value if found.line and found.line.ending else None,
        "hold": _hold(found.hold) if found.hold else None,
        "timeline": [_entry(found.call, entry) for entry in found.timeline],
        "conversations": [conversation_data(one) for one in found.conversations],
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {"since": hold.since, "who": hold.who, "reason": hold.reason}


def _entry(call: Call, entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "seconds": round((entry.at - call.offered_at).total_seconds(), 3),
        "kind": kind_of(entry.event),
        "text": tell(entry.event),
        "reasons": list(reasons(entry.event)),
        "data": render(entry.event),
    }


def conversation_data(one: Conversation) -> dict[str, Any]:
    """A conversation as plain data for JSON."""
    recording = one.filed.recording
    return {
        "recording": recording.id,
        "agent": one.filed.agent,
        "state": recording.state.value,
        "duration": recording.duration,
        "failure": recording.failure,
        "fetch": asdict(one.fetch) if one.fetch else None,
        "transcript": transcript_data(one.transcript) if one.transcript else None,
        "scores": one.scores,
    }


def transcript_data(kept: Redacted) -> dict[str, Any]:
    transcript = kept.transcript
    return {
        "language": transcript.language,
        "model": transcript.model,
        "utterances": [
            {
                "track": said.track.value,
                "start": said.start,
                "end": said.end,
                "confidence": round(said.confidence, 4),
                "text": said.text(transcript.language),
            }
            for said in transcript.utterances
        ],
        "redactions": [asdict(one) for one in kept.redactions],
    }


def _with_sentences(row: dict[str, Any]) -> dict[str, Any]:
    items = [item | {"sentence": Reason(**item["reason"]).text("en")} for item in row["result"]["items"]]
    return row | {"result": row["result"] | {"items": items}}
