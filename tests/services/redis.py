"""A Redis of its own for tests: a free port, a temporary folder, nothing kept."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.telephony.ports import free_tcp_port
from tests.telephony.process import MissingTool, stop


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty server; raises `MissingTool`."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise MissingTool("redis-server is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="hotline-redis-")), free_tcp_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(server, port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError(f"redis-server ended with {server.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("redis-server did not answer")
