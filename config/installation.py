"""Which installation this is: a name that its restarts share, and no other has."""

from pathlib import Path

from config.ids import new_id


def installation(data: Path) -> str:
    """The name kept in the data directory; made the first time."""
    kept = data / "installation"
    if not kept.exists():
        scratch = data / f".installation-{new_id()}"
        scratch.write_text(f"{new_id()}\n", "ascii")
        scratch.replace(kept)
    return kept.read_text("ascii").strip()
