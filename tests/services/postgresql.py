"""A PostgreSQL of its own for tests: a free port, a temporary folder, nothing kept."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.telephony.ports import free_tcp_port
from tests.telephony.process import MissingTool, stop

_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server without databases of its own; raises `MissingTool`."""
    programs = _programs()
    folder, port = Path(tempfile.mkdtemp(prefix="hotline-postgresql-")), free_tcp_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "hotline", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*as_user, *map(str, make)], check=True, capture_output=True, cwd=folder)
    options = [part for option in (*_OPTIONS, "listen_addresses=127.0.0.1") for part in ("-c", option)]
    command = [*as_user, str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(server, programs, port, folder)
        yield f"postgresql://hotline@127.0.0.1:{port}/postgres"
    finally:
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Debian keeps them out of the search path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = shutil.which("initdb") or (str(found[-1]) if found else None)
    if program is None:
        raise MissingTool("PostgreSQL is not installed")
    return Path(program).resolve().parent


def _wait_until_it_answers(server: subprocess.Popen[bytes], programs: Path, port: int, folder: Path) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError(f"postgres ended with {server.returncode}: {(folder / 'log').read_text()}")
        if subprocess.run(ask, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("postgres did not answer")
