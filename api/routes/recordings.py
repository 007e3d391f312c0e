"""Recordings: what they are, how they sound, what was said, and how it was scored."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from api import retrying
from api.auth import Asking
from api.edge import After, Edge, Here, Limit, Since, Until, Word
from api.errors import NotFound
from api.listing import RecordingFilters
from api.ranges import byte_range, stream
from api.schemas import (
    FetchDetail,
    Page,
    RecordingDetail,
    RedactionDetail,
    ScoreDetail,
    TrackDetail,
    TranscriptDetail,
    UtteranceDetail,
    WordDetail,
)
from recordings.errors import AudioMissing
from recordings.marks import Redacted
from recordings.ports import Fetch
from recordings.recording import RecordingState
from recordings.repository import Filed
from recordings.transcript import Track

router = APIRouter(tags=["recordings"])


@router.get("/api/v1/calls/{call_id}/recordings")
async def list_recordings(call_id: UUID, here: Here) -> list[RecordingDetail]:
    """One for each conversation of the call."""
    await here.program.store.get(call_id)
    return await _details(here, await here.program.recordings.of_call(call_id))


@router.get("/api/v1/calls/{call_id}/transcripts")
async def list_transcripts(call_id: UUID, here: Here, asking: Asking) -> list[TranscriptDetail]:
    """What was said, without personal data."""
    await here.program.store.get(call_id)
    found = []
    for filed in await here.program.recordings.of_call(call_id):
        kept = await here.program.transcripts.get(filed.recording.id)
        if kept is not None:
            await here.audit.note(asking, "transcript.read", "recording", filed.recording.id)
            found.append(_transcript(filed.recording.id, kept))
    return found


@router.get("/api/v1/calls/{call_id}/scores")
async def list_scores(call_id: UUID, here: Here, asking: Asking) -> list[ScoreDetail]:
    """Scores quote what was said, so reading them is audited as a transcript is."""
    await here.program.store.get(call_id)
    rows = await here.program.scores.of_call(call_id)
    for row in rows:
        await here.audit.note(asking, "score.read", "recording", row["recording_id"])
    return [ScoreDetail.model_validate(row) for row in rows]


@router.get("/api/v1/recordings")
async def list_all(
    here: Here,
    after: After,
    since: Since = None,
    until: Until = None,
    state: RecordingState | None = None,
    agent: Word = None,
    language: Word = None,
    limit: Limit = 50,
) -> Page[RecordingDetail]:
    """The newest first; `since` and `until` bound the moment they began."""
    filters = RecordingFilters(since, until, state, agent, language)
    found, following = await here.listing.recordings(filters, limit, after)
    return Page(items=await _details(here, found), next=following.text() if following else None)


@router.post("/api/v1/recordings/{recording_id}/retry")
async def try_again(recording_id: UUID, here: Here, asking: Asking) -> RecordingDetail:
    """Has a failed recording transcribed again; where no sound had come, it is looked for again.

    What waits or failed at the carrier is tried at once.
    """
    filed = await retrying.try_again(here.program, here.audit, asking, recording_id)
    here.program.recording.wanted.set()
    return (await _details(here, [filed]))[0]


@router.get("/api/v1/recordings/{recording_id}")
async def show_recording(recording_id: UUID, here: Here) -> RecordingDetail:
    return (await _details(here, [await here.program.recordings.get(recording_id)]))[0]


@router.get("/api/v1/recordings/{recording_id}/transcript")
async def show_transcript(recording_id: UUID, here: Here, asking: Asking) -> TranscriptDetail:
    """What was said, without personal data: `redactions` tells where something was taken out."""
    await here.program.recordings.get(recording_id)
    kept = await here.program.transcripts.get(recording_id)
    if kept is None:
        raise NotFound(f"recording {recording_id} has no transcript")
    await here.audit.note(asking, "transcript.read", "recording", recording_id)
    return _transcript(recording_id, kept)


@router.get("/api/v1/recordings/{recording_id}/transcript/original")
async def show_original(
    recording_id: UUID,
    here: Here,
    asking: Asking,
    reason: Annotated[str, Query(min_length=3, max_length=200)],
) -> TranscriptDetail:
    """What was said, with personal data but for cards. The audit keeps who read it and the `reason`."""
    await here.program.recordings.get(recording_id)
    kept = await here.program.transcripts.original(recording_id)
    if kept is None:
        raise NotFound(f"no original transcript of recording {recording_id} is kept")
    await here.audit.note(asking, "transcript.original", "recording", recording_id, reason=reason)
    return _transcript(recording_id, kept, original=True)


@router.get(
    "/api/v1/recordings/{recording_id}/audio/{track}",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}},
)
async def play(
    recording_id: UUID,
    track: Track,
    here: Here,
    asking: Asking,
    wanted: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
) -> Response:
    """A track as WAV; one range of bytes may be asked for, so a player can jump to a second."""
    filed = await here.program.recordings.get(recording_id)
    stored = filed.recording.tracks.get(track)
    if stored is None or filed.purged_at is not None:
        raise AudioMissing(f"{recording_id}/{track}")
    file = await here.program.audio.open(stored.key)
    try:
        await here.audit.note(asking, "recording.play", "recording", recording_id, track=track.value)
        size = file.seek(0, 2)
        return stream(file, byte_range(wanted, size), size, "audio/wav")
    except BaseException:
        file.close()
        raise


async def _details(here: Edge, found: Sequence[Filed]) -> list[RecordingDetail]:
    fetches = await here.program.at_carriers.fetches([filed.recording.id for filed in found])
    return [recording_detail(filed, fetches.get(filed.recording.id)) for filed in found]


def recording_detail(filed: Filed, fetch: Fetch | None) -> RecordingDetail:
    recording = filed.recording
    tracks: dict[Track, Any] = {
        track: TrackDetail.model_validate(stored) for track, stored in recording.tracks.items()
    }
    return RecordingDetail(
        id=recording.id,
        call_id=recording.call_id,
        agent=filed.agent,
        language=recording.language,
        state=recording.state,
        began_at=recording.began_at,
        closed_at=filed.closed_at,
        duration=recording.duration,
        tracks=tracks,
        attempts=recording.attempts,
        failure=recording.failure,
        purged_at=filed.purged_at,
        fetch=FetchDetail.model_validate(fetch) if fetch else None,
    )


def _transcript(recording_id: UUID, kept: Redacted, *, original: bool = False) -> TranscriptDetail:
    transcript = kept.transcript
    return TranscriptDetail(
        recording_id=recording_id,
        original=original,
        language=transcript.language,
        model=transcript.model,
        duration=transcript.duration,
        utterances=[
            UtteranceDetail(
                track=utterance.track,
                start=utterance.start,
                end=utterance.end,
                confidence=round(utterance.confidence, 4),
                text=utterance.text(transcript.language),
                words=[WordDetail.model_validate(word) for word in utterance.words],
            )
            for utterance in transcript.utterances
        ],
        redactions=[RedactionDetail.model_validate(redaction) for redaction in kept.redactions],
    )
