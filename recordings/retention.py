"""What is no longer kept: from how long ago, and what of it is personal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from config.retention import Retention


class Kept(StrEnum):
    """What is kept for a time of its own."""

    AUDIO = "audio"
    ORIGINALS = "originals"
    TRANSCRIPTS = "transcripts"
    CALLERS = "callers"


def limits(retention: Retention, now: datetime) -> Mapping[Kept, datetime]:
    """What of calls that ended before a moment is to go; nothing of what is kept for ever."""
    days = {
        Kept.AUDIO: retention.audio,
        Kept.ORIGINALS: retention.originals,
        Kept.TRANSCRIPTS: retention.transcripts,
        Kept.CALLERS: retention.callers,
    }
    return {kept: now - timedelta(days=count) for kept, count in days.items() if count is not None}
