"""Calls as Twilio posts them, as fast as they are answered: `bench.webhooks` runs this in its own process.

A call follows the documents that it is given. It comes in, presses a key, waits in the conference for some
pieces of music (up to twelve, each ten seconds of a real caller's patience), and hangs up, as Twilio tells
it: who left, the conference's end, Dial's action, the call's end. Every webhook is signed, and has to be
answered with success before the call's next one. Callers begin within a second, which is not measured yet,
and call again until the end.
"""

import argparse
import asyncio
import json
import os
import re
from collections import defaultdict
from collections.abc import Generator
from html import unescape
from random import Random
from time import perf_counter, process_time
from urllib.parse import urldefrag, urlencode, urlsplit

from tests.twilio import Account
from tests.twilio.ids import Sids
from tests.twilio.signing import signature

PUBLIC = "https://hotline.example.com"
NUMBER = "4001"
MOST_PIECES = 12
RAMP = 1.5  # seconds
_ACTION, _WAIT, _CALLBACK = (
    re.compile(rf'\b{name}="([^"]+)"') for name in ("action", "waitUrl", "statusCallback")
)
_REDIRECT = re.compile(r"<Redirect[^>]*>([^<]+)</Redirect>")
_LENGTH = re.compile(rb"\ncontent-length: *(\d+)", re.IGNORECASE)

Form = dict[str, str]
#: Each webhook (its kind, URL and form) is answered with a document, before the next.
Call = Generator[tuple[str, str, Form], str, None]


class WentWrong(Exception):
    """A webhook was refused, or a document lacks what the call needs."""


def one_call(sid: str, conference: str, caller: str, account: str, pieces: int) -> Call:
    """Parameters: twilio.com/docs/voice/twiml#request-parameters and .../twiml/conference."""
    common = {"AccountSid": account, "ApiVersion": "2010-04-01", "CallSid": sid, "Direction": "inbound"}
    common |= {"Called": NUMBER, "Caller": caller, "From": caller, "To": NUMBER}
    common |= {"FromCity": "", "FromCountry": "CN", "FromState": "", "FromZip": ""}
    common |= {"ToCity": "", "ToCountry": "CN", "ToState": "", "ToZip": ""}
    up, over = common | {"CallStatus": "in-progress"}, common | {"CallStatus": "completed"}
    room = {"AccountSid": account, "ConferenceSid": conference, "FriendlyName": conference}
    person = room | {"CallSid": sid, "Muted": "false", "Hold": "false", "Coaching": "false"}
    person |= {"EndConferenceOnExit": "true", "StartConferenceOnEnter": "false"}

    def told(event: str, sequence: int, said: Form) -> tuple[str, str, Form]:
        numbered = {"StatusCallbackEvent": event, "SequenceNumber": str(sequence)}
        return "conference", callback, said | numbered

    menu = yield "voice", f"{PUBLIC}/twilio/voice", common | {"CallStatus": "ringing"}
    queue = yield "gathered", _found(_ACTION, menu), up | {"Digits": "1"}
    joined, callback, wait = (_found(what, queue) for what in (_ACTION, _CALLBACK, _WAIT))
    yield told("participant-join", 1, person)
    for _ in range(pieces):
        wait = _found(_REDIRECT, (yield "waiting", wait, up | room))
    yield told("participant-leave", 2, person | {"ReasonParticipantLeft": "participant_hung_up"})
    ended = {"ReasonConferenceEnded": "participant-with-end-conference-on-exit-left"}
    yield told("conference-end", 3, room | ended | {"CallSidEndingConference": sid})
    yield "joined", joined, over | {"DialCallStatus": "answered", "DialCallDuration": "60"}
    yield "status", f"{PUBLIC}/twilio/status", over | {"CallDuration": "75", "SequenceNumber": "0"}


def _found(what: re.Pattern[str], document: str) -> str:
    match = what.search(document)
    if match is None:
        raise WentWrong(f"no {what.pattern} in {document[:500]}")
    return unescape(match[1])


class Callers:
    """`latencies`, by kind, are milliseconds from a webhook's first byte to its answer's last."""

    def __init__(self, address: str, account: Account, seed: int) -> None:
        self.latencies: defaultdict[str, list[float]] = defaultdict(list)
        self.cpu_seconds = 0.0
        self._address = urlsplit(address)
        self._account = account
        self._sids = Sids(seed)
        self._random = Random(seed)
        self._measures = False
        self._over = False

    async def run(self, at_once: int, seconds: float) -> None:
        """So many calls at a time, one after another, are measured for so long."""
        async with asyncio.TaskGroup() as callers:
            for place in range(at_once):
                callers.create_task(self._caller(f"+86138{place:08d}"))
            await asyncio.sleep(RAMP)
            began, self._measures = process_time(), True
            await asyncio.sleep(seconds)
            self.cpu_seconds, self._measures = process_time() - began, False
            self._over = True

    async def _caller(self, number: str) -> None:
        await asyncio.sleep(self._random.random())
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        while not self._over:
            await self._call(reader, writer, number)
        writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: str) -> None:
        pieces = self._random.randint(0, MOST_PIECES)
        call = one_call(self._sids.new("CA"), self._sids.new("CF"), number, self._account.sid, pieces)
        kind, url, form = next(call)
        while True:
            request = self._request(url, form)
            began = perf_counter()
            writer.write(request)
            document = await _answer(reader)
            if self._measures:
                self.latencies[kind].append((perf_counter() - began) * 1000)
            try:
                kind, url, form = call.send(document)
            except StopIteration:
                return

    def _request(self, url: str, form: Form) -> bytes:
        path = urldefrag(url).url.removeprefix(PUBLIC)
        body = urlencode(form)
        head = (
            f"POST {path} HTTP/1.1",
            f"Host: {self._address.netloc}",
            "User-Agent: TwilioProxy/1.1",
            "Accept: */*",
            f"X-Twilio-Signature: {signature(self._account.auth_token, url, form)}",
            f"I-Twilio-Idempotency-Token: {self._sids.token()}",
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join((*head, "", body)).encode()


async def _answer(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = (await reader.readexactly(int(length[1]))).decode() if length else ""
    if not head.startswith(b"HTTP/1.1 20"):
        raise WentWrong(f"{head.splitlines()[0].decode()}: {body[:500]}")
    return body


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", help="of the web server: http://127.0.0.1:8080")
    parser.add_argument("--at-once", type=int, default=1, help="concurrent calls (default: 1)")
    parser.add_argument("--seconds", type=float, default=5.0, help="that are measured (default: 5)")
    options = parser.parse_args()
    callers = Callers(options.address, Account(), os.getpid())
    asyncio.run(callers.run(options.at_once, options.seconds))
    found = {"seconds": options.seconds, "cpu_seconds": callers.cpu_seconds}
    print(json.dumps(found | {"latencies": callers.latencies}))


if __name__ == "__main__":
    main()
