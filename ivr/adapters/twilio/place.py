"""Up to when Twilio's list of calls was compared with ours, known after a restart."""

from datetime import datetime
from pathlib import Path


class LookedUntil:
    """A moment in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> datetime | None:
        """None where nothing was kept, or it cannot be read."""
        try:
            kept = datetime.fromisoformat(self._file.read_text().strip())
        except (OSError, ValueError):
            return None
        return kept if kept.tzinfo is not None else None

    def keep(self, until: datetime) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{until.isoformat()}\n")
        beside.replace(self._file)
