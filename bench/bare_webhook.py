"""The least that a webhook can be: a FastAPI route with one constant document, served as the program is.

`python -m bench.bare_webhook --port N`. The document has a place for every call to go on to, so that the same
calls can be made as with the program; the form is not read.
"""

import argparse
import asyncio
import socket

import uvicorn
from fastapi import FastAPI, Response

from bench.webhook_calls import PUBLIC

_CALL = f"{PUBLIC}/twilio/calls/018f0000-0000-7000-8000-0000000000aa"
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    f'<Gather action="{_CALL}/gathered?turn=1&amp;step=topic" method="POST" input="dtmf" timeout="20"/>'
    f'<Dial action="{_CALL}/joined?turn=2" method="POST"><Conference waitUrl="{_CALL}/waiting?turn=2" '
    f'statusCallback="{_CALL}/conference#rc=3&amp;rp=all" beep="false">bare</Conference></Dial>'
    f'<Redirect method="POST">{_CALL}/waiting?turn=2&amp;piece=1</Redirect></Response>'
)


def bare_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/twilio/{rest:path}")
    async def webhook() -> Response:
        return Response(DOCUMENT, media_type="text/xml; charset=utf-8")

    return app


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, required=True)
    listener = socket.create_server(("127.0.0.1", parser.parse_args().port), backlog=2048)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as api/serving.py does, and what follows
    config = uvicorn.Config(
        bare_app(), lifespan="off", log_config=None, access_log=False, server_header=False
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
