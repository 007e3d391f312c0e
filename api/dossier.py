"""Everything that is known about one call, gathered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.errors import AmbiguousId
from api.telling import reasons, tell
from ivr.call import Call
from ivr.errors import UnknownCall
from ivr.ports import CallStore, Entry
from ivr.timeline import kind_of, render
from qa.ledger import LedgerLine
from qa.reasons import Reason
from recordings.repository import Filed
from recordings.transcript import Transcript

if TYPE_CHECKING:
    from api.bootstrap import Program

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording with what was made of it."""

    filed: Filed
    transcript: Transcript | None
    scores: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Dossier:
    call: Call
    timeline: list[Entry]
    line: LedgerLine | None
    conversations: list[Conversation]
    zone: ZoneInfo


async def find_call(store: CallStore, prefix: str) -> UUID:
    """The call whose id begins with `prefix`; raises `UnknownCall` and `AmbiguousId`."""
    digits = prefix.replace("-", "").lower()
    if not digits or not set(digits) <= set("0123456789abcdef"):
        raise UnknownCall(prefix)
    found = await store.matching(prefix)
    if not found:
        raise UnknownCall(prefix)
    if len(found) > 1:
        shown = [str(one) for one in found[:_SHOWN]]
        raise AmbiguousId("call", prefix, shown, more=len(found) > _SHOWN)
    return found[0]


async def dossier(program: "Program", call_id: UUID) -> Dossier:
    """Raises `UnknownCall`."""
    call = await program.store.get(call_id)
    scores = await program.scores.of_call(call_id)
    conversations = []
    for filed in await program.recordings.of_call(call_id):
        recording = filed.recording.id
        of_it = [_with_sentences(row) for row in scores if row["recording_id"] == recording]
        conversations.append(Conversation(filed, await program.recordings.transcript(recording), of_it))
    return Dossier(
        call=call,
        timeline=await program.store.timeline(call_id),
        line=await program.ledger.line(call_id),
        conversations=conversations,
        zone=program.config.timezone,
    )


def as_data(found: Dossier) -> dict[str, Any]:
    """A dossier as plain data for JSON."""
    return {
        "id": found.call.id,
        "state": found.call.state.value,
        "outcome": found.line.outcome.value if found.line else None,
        "ending": found.line.ending.value if found.line and found.line.ending else None,
        "timeline": [_entry(found.call, entry) for entry in found.timeline],
        "conversations": [_conversation(one) for one in found.conversations],
    }


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


def _conversation(one: Conversation) -> dict[str, Any]:
    recording = one.filed.recording
    return {
        "recording": recording.id,
        "agent": one.filed.agent,
        "state": recording.state.value,
        "duration": recording.duration,
        "failure": recording.failure,
        "transcript": _transcript(one.transcript) if one.transcript else None,
        "scores": one.scores,
    }


def _transcript(transcript: Transcript) -> dict[str, Any]:
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
    }


def _with_sentences(row: dict[str, Any]) -> dict[str, Any]:
    items = [item | {"sentence": Reason(**item["reason"]).text("en")} for item in row["result"]["items"]]
    return row | {"result": row["result"] | {"items": items}}
