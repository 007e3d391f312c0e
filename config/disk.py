"""What has to survive a power cut."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Returns once a file, or the names in a folder, would survive one."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
