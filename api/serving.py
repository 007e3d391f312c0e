"""Runs the program behind its HTTP port until it is told to stop, and ends both in good order."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.bootstrap import open_program
from api.errors import ApiError
from api.migrations import require_current
from api.only_one import only_one
from api.principals import new_token
from api.running_file import Running, announced
from config.settings import Settings

log = structlog.get_logger()

_GRACE = 10  # seconds that requests under way have to finish

#: Seconds for which a thread may keep the interpreter from the others. The default of 5 ms is paid at each
#: step of a call that waits behind a busy database thread: at 27 calls a second a commit took 140 ms, now 90.
_SWITCH = 0.0005


class PortTaken(ApiError):
    id = "port-taken"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host} port {port}: {reason}; HOTLINE_HTTP_PORT chooses another")


async def serve(settings: Settings) -> None:
    """Takes calls and answers HTTP until SIGINT or SIGTERM.

    The port is opened first, and then the data directory is taken: a second program on either touches
    nothing. It serves whether or not carriers are within reach; `/readyz` says when calls can be taken.
    """
    sys.setswitchinterval(_SWITCH)
    with (
        _stop_signal() as stop,
        _listening(settings.http_host, settings.http_port) as listener,
        only_one(settings.data_dir()),
    ):
        async with open_program(settings) as program:
            await require_current(program.database)
            gc.freeze()  # what is there now stays: it need not be looked through in the middle of calls
            token = new_token()
            here = Running(_url(listener), token)
            async with _answering(create_app(program, token), listener) as ended, program.running():
                with announced(settings.data_dir(), here):
                    log.info("serving", url=here.url, carriers=sorted(program.carriers))
                    await _until(stop, ended)
                    log.info("stopping")


async def work(settings: Settings) -> None:
    """Transcribes and scores recordings until SIGINT or SIGTERM."""
    with _stop_signal() as stop:
        async with open_program(settings) as program:
            await require_current(program.database)
            async with program.working() as working:
                log.info("working")
                await _until(stop, working)
                log.info("stopping")


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise PortTaken(host, port, os.strerror(error.errno or 0)) from error
    with listener:
        # The parts of an answer are not held back for the client's acknowledgement, which takes 40 ms.
        # asyncio does so by itself, but not for a listener that it has not made; connections inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _url(listener: socket.socket) -> str:
    """How this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves signals alone: the program ends first, then its port."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _answering(app: ASGIApp, listener: socket.socket) -> AsyncIterator["asyncio.Task[None]"]:
    """HTTP is answered while the block runs; the task ends early only if the server fails."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield task
    finally:
        server.should_exit = True
        await task


@contextmanager
def _stop_signal() -> Iterator[asyncio.Event]:
    """Set by SIGINT or SIGTERM, from the start on: a program told to stop while it starts stops in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _until(stop: asyncio.Event, work: "asyncio.Task[None]") -> None:
    """Returns once `stop` is set; raises what `work` raises if it ends before that."""
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({told, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
    if work.done():
        work.result()
        raise RuntimeError("the background work ended by itself")
