"""A Redis of its own for these tests: a free port, a temporary folder, nothing kept."""

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from routing.adapters.redis import open_redis


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(server, port, folder)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    client = open_redis(f"redis://127.0.0.1:{redis_port}")
    await client.flushall()
    yield client
    await client.aclose()


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError(f"redis-server ended with {server.returncode} in {folder}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("redis-server did not answer")
