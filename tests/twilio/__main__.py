"""A carrier on its own: `python -m tests.twilio --voice-url http://localhost:8000/twilio/voice`.

Serves Twilio's REST API on a port of this machine, and under /standin what makes people telephone::

    STANDIN=localhost:4010/standin
    curl -d '{"endpoint": "sip:anna@example.com", "behaviour": "answers", "after": 3}' $STANDIN/phones
    curl -d '{"from": "+4930123456", "to": "+18005550100"}' $STANDIN/calls
    curl -d '{"press": "1"}' $STANDIN/calls/CA...
"""

import argparse
import asyncio
import contextlib

from .account import Account
from .carrier import Carrier
from .clock import RealClock
from .control import Control
from .serving import serving
from .transport import HttpTransport


def arguments() -> argparse.Namespace:
    default = Account()
    parser = argparse.ArgumentParser(prog="python -m tests.twilio", description="A stand-in for Twilio.")
    parser.add_argument("--voice-url", required=True, help="asked what to do with a call")
    parser.add_argument("--fallback-url", default="", help="asked when that fails")
    parser.add_argument("--status-url", default="", help="told of the end of a call")
    parser.add_argument("--number", default="+18005550100", help="the account's number")
    parser.add_argument("--account", default=default.sid, help="its SID")
    parser.add_argument("--token", default=default.auth_token, help="its auth token")
    parser.add_argument("--port", type=int, default=4010, help="of the REST API; 0 takes a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast as real time")
    return parser.parse_args()


async def run(chosen: argparse.Namespace) -> None:
    transport = HttpTransport()
    account = Account(chosen.account, chosen.token)
    async with Carrier(transport, account=account, clock=RealClock(chosen.speed), remember=1000) as carrier:
        carrier.number(chosen.number, chosen.voice_url, chosen.fallback_url, chosen.status_url)
        async with serving(Control(carrier).app(), chosen.port) as url:
            print(f"Twilio's stand-in serves {url} for {account.sid}", flush=True)
            await asyncio.Event().wait()
    await transport.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(arguments()))
