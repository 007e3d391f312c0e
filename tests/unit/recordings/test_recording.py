"""The life of a recording: only the moves in the table, leases, attempts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings import recording as r
from recordings.errors import IllegalRecordingTransition, LeaseLost
from recordings.recording import Move, Recording, RecordingState, StoredTrack
from recordings.transcript import Track

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRACKS = {
    Track.CUSTOMER: StoredTrack("k", "0" * 64, 12.5, 8000),
    Track.AGENT: StoredTrack("l", "1" * 64, 13, 8000),
}


def given_pending() -> Recording:
    return Recording(UUID(int=1), UUID(int=2), "zh", NOW)


def given_claimed(worker: str = "a") -> Recording:
    return r.claim(r.store(given_pending(), TRACKS), worker, NOW, NOW + timedelta(minutes=5))


def test_the_way_from_written_to_scored() -> None:
    recording = r.scored(r.transcribed(given_claimed(), "a"))
    assert (recording.state, recording.attempts, recording.lease) == (RecordingState.SCORED, 1, None)
    assert recording.duration == 13


def test_a_recording_without_any_track_cannot_be_stored() -> None:
    with pytest.raises(ValueError, match="at least one track"):
        r.store(given_pending(), {})


def test_a_lease_keeps_other_workers_away_until_it_runs_out() -> None:
    recording = given_claimed()
    with pytest.raises(IllegalRecordingTransition):
        r.claim(recording, "b", NOW + timedelta(minutes=4), NOW + timedelta(minutes=9))
    later = NOW + timedelta(minutes=5)
    taken = r.claim(recording, "b", later, later + timedelta(minutes=5))
    assert taken.lease is not None
    assert (taken.lease.worker, taken.attempts) == ("b", 2)


def test_a_worker_that_lost_its_lease_cannot_finish() -> None:
    with pytest.raises(LeaseLost):
        r.transcribed(given_claimed("a"), "b")
    with pytest.raises(LeaseLost):
        r.gave_up(given_claimed("a"), "b", "no")


def test_a_failed_attempt_is_tried_again_and_the_last_one_is_not() -> None:
    recording = r.store(given_pending(), TRACKS)
    for attempt in range(1, r.MOST_ATTEMPTS + 1):
        recording = r.gave_up(r.claim(recording, "a", NOW, NOW), "a", f"attempt {attempt}")
    assert (recording.state, recording.failure) == (RecordingState.FAILED, f"attempt {r.MOST_ATTEMPTS}")
    again = r.retry(recording)
    assert (again.state, again.attempts, again.failure) == (RecordingState.STORED, 0, None)


def test_for_a_recording_that_failed_before_it_was_stored_the_sound_is_looked_for_again() -> None:
    again = r.retry(r.fail(given_pending(), "no sound"))
    assert again == given_pending()
    assert r.store(again, TRACKS).state is RecordingState.STORED


def test_sound_that_is_stored_has_come() -> None:
    assert r.soundless(given_pending(), "no sound").state is RecordingState.FAILED
    for recording in (r.store(given_pending(), TRACKS), given_claimed()):
        with pytest.raises(IllegalRecordingTransition):
            r.soundless(recording, "no sound")


def test_for_a_recording_that_lacks_a_track_the_sound_is_looked_for_again() -> None:
    one = {Track.AGENT: TRACKS[Track.AGENT]}
    lacking = r.store(given_pending(), one, "the other is no WAV")
    assert lacking.failure == "the other is no WAV"
    claimed = r.claim(lacking, "a", NOW, NOW)
    scored = r.scored(r.transcribed(claimed, "a", lacking.failure))
    for recording in (scored, r.fail(claimed, "the model ended")):
        again = r.retry(recording)
        assert (again.state, again.tracks, again.failure) == (RecordingState.PENDING, one, None)


def test_what_kept_a_recording_waiting_is_over_once_it_is_transcribed() -> None:
    waiting = r.put_off(given_claimed(), "a", "no model")
    assert waiting.failure == "no model"
    assert r.transcribed(r.claim(waiting, "a", NOW, NOW), "a").failure is None


def test_only_a_failed_recording_is_retried() -> None:
    scored = r.scored(r.transcribed(given_claimed(), "a"))
    for recording in (given_pending(), r.store(given_pending(), TRACKS), given_claimed(), scored):
        with pytest.raises(IllegalRecordingTransition):
            r.retry(recording)


MOVES = {
    Move.STORE: lambda x: r.store(x, TRACKS),
    Move.CLAIM: lambda x: r.claim(x, "a", NOW, NOW),
    Move.TRANSCRIBE: lambda x: r.transcribed(x, "a"),
    Move.SCORE: r.scored,
    Move.RELEASE: lambda x: r.gave_up(x, "a", "why"),
    Move.FAIL: lambda x: r.fail(x, "why"),
    Move.RETRY: r.retry,
    Move.LOOK_AGAIN: r.retry,
}


@given(st.lists(st.sampled_from(Move), max_size=20))
def test_whatever_happens_only_moves_of_the_table_are_made(moves: list[Move]) -> None:
    recording = given_pending()
    for move in moves:
        before = recording
        try:
            recording = MOVES[move](recording)
        except IllegalRecordingTransition:
            assert recording is before
        else:
            made = Move.FAIL if move is Move.RELEASE and recording.state is RecordingState.FAILED else move
            if made in (Move.RETRY, Move.LOOK_AGAIN):
                made = Move.RETRY if before.tracks else Move.LOOK_AGAIN
            assert r.TRANSITIONS[before.state, made] is recording.state


def test_every_state_can_be_reached_and_left_as_the_table_says() -> None:
    assert {state for state, _ in r.TRANSITIONS} | set(r.TRANSITIONS.values()) == set(RecordingState)
