"""A recording: one file per track, and the way from being written to being scored.

The row of a recording is also its job: a worker holds it by a lease, and one that dies loses it to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from recordings.errors import IllegalRecordingTransition, LeaseLost
from recordings.transcript import Track


class RecordingState(StrEnum):
    PENDING = "pending"  # the carrier is writing it
    STORED = "stored"  # checked in: encrypted, hashed, waiting for a worker
    TRANSCRIBING = "transcribing"  # leased to a worker
    TRANSCRIBED = "transcribed"
    SCORED = "scored"
    FAILED = "failed"  # `failure` says why; may be tried again by hand


class Move(StrEnum):
    STORE = "stored"
    CLAIM = "claimed"
    TRANSCRIBE = "transcribed"
    SCORE = "scored"
    RELEASE = "released"
    FAIL = "failed"
    RETRY = "retried"
    LOOK_AGAIN = "looked for again"


_S = RecordingState

#: Complete: a pair that is not here is illegal, raises, and changes nothing.
TRANSITIONS: dict[tuple[RecordingState, Move], RecordingState] = {
    (_S.PENDING, Move.STORE): _S.STORED,
    (_S.PENDING, Move.FAIL): _S.FAILED,
    (_S.STORED, Move.CLAIM): _S.TRANSCRIBING,
    (_S.STORED, Move.FAIL): _S.FAILED,
    (_S.TRANSCRIBING, Move.CLAIM): _S.TRANSCRIBING,  # only once the lease has run out
    (_S.TRANSCRIBING, Move.TRANSCRIBE): _S.TRANSCRIBED,
    (_S.TRANSCRIBING, Move.RELEASE): _S.STORED,
    (_S.TRANSCRIBING, Move.FAIL): _S.FAILED,
    (_S.TRANSCRIBED, Move.SCORE): _S.SCORED,
    (_S.TRANSCRIBED, Move.FAIL): _S.FAILED,
    (_S.SCORED, Move.SCORE): _S.SCORED,  # a new version of the scorecard
    (_S.FAILED, Move.RETRY): _S.STORED,
    (_S.FAILED, Move.LOOK_AGAIN): _S.PENDING,
    (_S.SCORED, Move.LOOK_AGAIN): _S.PENDING,  # a track of it is still wanting
}

MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class StoredTrack:
    """Where a track lies: `key` in the audio store, `sha256` (hex) of its plain bytes, seconds, Hz."""

    key: str
    sha256: str
    duration: float
    sample_rate: int
    repaired: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Recording:
    """The sound of one conversation. `began_at` is second 0 of both tracks and of every word's time."""

    id: UUID
    call_id: UUID
    language: str
    began_at: datetime
    state: RecordingState = RecordingState.PENDING
    tracks: Mapping[Track, StoredTrack] = field(default_factory=dict)
    attempts: int = 0
    lease: Lease | None = None
    failure: str | None = None

    @property
    def duration(self) -> float:
        """Seconds of the longer track."""
        return max((track.duration for track in self.tracks.values()), default=0.0)

    def may(self, move: Move) -> bool:
        return (self.state, move) in TRANSITIONS

    def claimable(self, now: datetime) -> bool:
        """Whether a worker may take it: stored, or left behind by one whose lease ran out."""
        if self.state is RecordingState.TRANSCRIBING:
            return self.lease is None or self.lease.until <= now
        return self.state is RecordingState.STORED


def store(recording: Recording, tracks: Mapping[Track, StoredTrack], problem: str | None = None) -> Recording:
    """Checked in. One track may be missing (a medium that never flowed, or a `problem` with it), not both."""
    if not tracks:
        raise ValueError("a recording has at least one track")
    return replace(_move(recording, Move.STORE), tracks=dict(tracks), failure=problem)


def soundless(recording: Recording, reason: str) -> Recording:
    """Not one track can be checked in; unlike `fail` only for a recording that still waits for that."""
    if recording.state is not RecordingState.PENDING:
        raise IllegalRecordingTransition(recording.state, Move.FAIL)
    return fail(recording, reason)


def claim(recording: Recording, worker: str, now: datetime, until: datetime) -> Recording:
    """Leased to `worker` until `until`; counts as an attempt."""
    if not recording.claimable(now):
        raise IllegalRecordingTransition(recording.state, Move.CLAIM)
    moved = _move(recording, Move.CLAIM)
    return replace(moved, attempts=recording.attempts + 1, lease=Lease(worker, until))


def transcribed(recording: Recording, worker: str, problem: str | None = None) -> Recording:
    """Whatever kept it waiting is over; what is left is a `problem` with the track that it lacks."""
    return replace(_move(_held(recording, worker), Move.TRANSCRIBE), lease=None, failure=problem)


def scored(recording: Recording) -> Recording:
    return _move(recording, Move.SCORE)


def gave_up(recording: Recording, worker: str, reason: str) -> Recording:
    """An attempt went wrong: back to waiting, or failed once `MOST_ATTEMPTS` have been made."""
    move = Move.FAIL if recording.attempts >= MOST_ATTEMPTS else Move.RELEASE
    return replace(_move(_held(recording, worker), move), lease=None, failure=reason)


def put_off(recording: Recording, worker: str, reason: str) -> Recording:
    """It cannot be done yet, for no fault of its own: waits again, and the attempt does not count."""
    moved = _move(_held(recording, worker), Move.RELEASE)
    return replace(moved, lease=None, failure=reason, attempts=recording.attempts - 1)


def fail(recording: Recording, reason: str) -> Recording:
    """It can never succeed: say why, and try no more."""
    return replace(_move(recording, Move.FAIL), lease=None, failure=reason)


def retry(recording: Recording) -> Recording:
    """Somebody asks for a failed recording, or a scored one that lacks a track, to be tried afresh.

    One whose tracks are stored is transcribed again; for one that lacks any the carrier's files are looked
    for again, which may have come late, or have been mended.
    """
    lacking = len(recording.tracks) < len(Track) and recording.may(Move.LOOK_AGAIN)
    move = Move.LOOK_AGAIN if lacking else Move.RETRY
    return replace(_move(recording, move), attempts=0, failure=None)


def _move(recording: Recording, move: Move) -> Recording:
    state = TRANSITIONS.get((recording.state, move))
    if state is None:
        raise IllegalRecordingTransition(recording.state, move)
    return replace(recording, state=state)


def _held(recording: Recording, worker: str) -> Recording:
    if recording.state is RecordingState.TRANSCRIBING and (
        recording.lease is None or recording.lease.worker != worker
    ):
        raise LeaseLost(recording.id, worker)
    return recording
