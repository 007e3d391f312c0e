"""Another try for a recording, wherever it failed: at its carrier, in the spool, at the transcriber."""

from typing import TYPE_CHECKING
from uuid import UUID

from api.principals import Principal
from api.repository import SqlAudit
from recordings.errors import SoundPurged
from recordings.recording import RecordingState, retry
from recordings.repository import Filed

if TYPE_CHECKING:
    from api.bootstrap import Program


async def try_again(program: "Program", audit: SqlAudit, who: Principal, recording: UUID) -> Filed:
    """The recording, to be tried at once.

    Raises `UnknownRecording`, `SoundPurged`, and, where nothing failed and nothing waits,
    `IllegalRecordingTransition`.
    """
    filed = await program.recordings.get(recording)
    if filed.purged_at is not None:
        raise SoundPurged(filed.purged_at)
    fetch = (await program.at_carriers.fetches([recording])).get(recording)
    why = filed.recording.failure or (fetch.problem if fetch else None)
    fetched_again = await program.at_carriers.again(recording)
    if filed.recording.state is RecordingState.FAILED or not fetched_again:
        await program.recordings.change(recording, retry)
    await audit.note(who, "recording.retry", "recording", recording, failure=why)
    return await program.recordings.get(recording)
