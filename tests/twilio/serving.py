"""An ASGI application on a port of this machine, in this process's event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from .transport import Asgi


@asynccontextmanager
async def serving(app: Asgi, port: int = 0) -> AsyncIterator[str]:
    """Gives the base URL; 0 takes a free port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serves = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if serves.done():
                serves.result()
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serves
        listening.close()
