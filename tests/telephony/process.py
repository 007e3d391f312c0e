"""Child processes that never outlive the tests."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: The kernel kills the child when its parent dies, however that happens.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")


class MissingTool(Exception):
    """A program or folder that the harness needs is not on this machine."""


def require_tools(*names: str) -> None:
    """Raise MissingTool naming those of the programs that are not installed."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise MissingTool(f"not installed: {', '.join(missing)}")


def spawn(
    command: Sequence[str | Path], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a command whose output goes to `log`; `env` replaces the environment."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*DIE_WITH_PARENT, *map(str, command)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
        )


def stop(process: subprocess.Popen[bytes], grace: float = 5) -> None:
    """End a process politely, then by force; it is reaped on return."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with SIGKILL; it is reaped on return."""
    process.kill()
    process.wait()
