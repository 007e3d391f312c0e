"""A command loads what it needs and no more: who types it waits for that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from api.cli import main
try:
    main()
finally:
    print(*sorted(set(sys.argv[1].split(",")) & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        (["--help"], "vosk,fastapi,sqlalchemy,alembic,numpy,redis,httpx,panoramisk,twilio,pydantic"),
        (["calls", "list"], "vosk,fastapi,redis,httpx,panoramisk,twilio,websockets,requests"),
        (["check"], "vosk,fastapi,sqlalchemy,redis,httpx,panoramisk,twilio,websockets,requests"),
    ],
    ids=["help", "calls list", "check"],
)
def test_a_command_does_not_load_what_it_does_not_use(
    settings: Settings, command: list[str], spared: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RUN.replace("sys.argv[1]", repr(spared)), *command],
        env=os.environ | {"HOTLINE_DATA": str(settings.data), "HOTLINE_CONFIG": str(settings.config)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == "\n", f"loaded needlessly: {ran.stderr}"
