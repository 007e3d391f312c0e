"""`hotline serve` and `hotline worker`: the program, and helpers of its background work."""

import asyncio
from typing import Annotated

import typer

from api.cli.session import settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else HOTLINE_HTTP_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="HTTP port; else HOTLINE_HTTP_PORT. 0: any.")
    ] = None,
) -> None:
    """Take calls: carriers, menus, routing, recording, the HTTP API and, unless told otherwise, a worker."""
    from api.serving import serve as run
    from config.logging import configure

    given = {"http_host": host, "http_port": port}
    chosen = settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    configure(chosen.log_format, chosen.log_level)
    asyncio.run(run(chosen))


def worker() -> None:
    """Transcribe and score recordings, beside a program with HOTLINE_EMBEDDED_WORKER=false."""
    from api.serving import work
    from config.logging import configure

    chosen = settings()
    configure(chosen.log_format, chosen.log_level)
    asyncio.run(work(chosen))
