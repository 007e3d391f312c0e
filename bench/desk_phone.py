"""An agent's phone that knows when its INVITE came: the smallest SIP user agent that can be rung."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

Address = tuple[str, int]

_SDP = (
    "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class DeskPhone(asyncio.DatagramProtocol):
    """Answers every call at once, is silent, and hangs up `talks` seconds after it was answered."""

    def __init__(self, talks: float) -> None:
        self._talks = talks
        self._rung: asyncio.Queue[float] = asyncio.Queue()
        self._answers: dict[str, bytes] = {}
        self._acknowledged: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None
        # Never read: what the far end says is not listened to.
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 0))

    @classmethod
    @asynccontextmanager
    async def plugged_in(cls, talks: float = 0.3) -> AsyncIterator["DeskPhone"]:
        loop = asyncio.get_running_loop()
        transport, phone = await loop.create_datagram_endpoint(
            lambda: cls(talks), local_addr=("127.0.0.1", 0)
        )
        try:
            yield phone
        finally:
            transport.close()
            phone._ear.close()

    @property
    def uri(self) -> str:
        assert self._transport is not None
        return f"sip:phone@127.0.0.1:{self._transport.get_extra_info('sockname')[1]}"

    async def rung(self, timeout: float = 30) -> float:
        """When the next call's INVITE came (`perf_counter`); raises TimeoutError."""
        return await asyncio.wait_for(self._rung.get(), timeout)

    # ------------------------------------------------------------------ SIP

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        came = perf_counter()
        lines = data.decode(errors="replace").split("\r\n")
        method = lines[0].split(" ", 1)[0]
        call = _header(lines, "Call-ID")
        if method == "INVITE":
            if call not in self._answers:
                self._rung.put_nowait(came)
                self._answers[call] = self._answer(lines)
            self._send(self._answers[call], addr)
        elif method == "ACK" and call in self._answers and call not in self._acknowledged:
            self._acknowledged.add(call)
            asyncio.get_running_loop().call_later(self._talks, self._send, self._bye(call), addr)
        elif method in ("BYE", "CANCEL", "OPTIONS"):
            self._send(_response("200 OK", lines, "", ""), addr)

    def _send(self, message: bytes, to: Address) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.sendto(message, to)

    def _answer(self, invite: list[str]) -> bytes:
        body = _SDP.format(port=self._ear.getsockname()[1])
        return _response(
            "200 OK", invite, f"Contact: <{self.uri}>\r\nContent-Type: application/sdp\r\n", body
        )

    def _bye(self, call: str) -> bytes:
        """From what the answer said: the two parties change places."""
        answer = self._answers[call].decode().split("\r\n")
        far = _header(answer, "From")
        target = far.partition("<")[2].partition(">")[0]
        via = self.uri.partition("@")[2]
        return (
            f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK-{call}\r\n"
            f"From: {_header(answer, 'To')}\r\nTo: {far}\r\nCall-ID: {call}\r\nCSeq: 1 BYE\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def _header(lines: list[str], name: str) -> str:
    """The first header of that name, empty where there is none."""
    prefix = f"{name}:".lower()
    return next((line[len(prefix) :].strip() for line in lines if line.lower().startswith(prefix)), "")


def _response(status: str, request: list[str], headers: str, body: str) -> bytes:
    vias = "".join(f"{line}\r\n" for line in request if line.lower().startswith("via:"))
    to = _header(request, "To")
    tag = "" if ";tag=" in to else ";tag=phone"
    return (
        f"SIP/2.0 {status}\r\n{vias}From: {_header(request, 'From')}\r\nTo: {to}{tag}\r\n"
        f"Call-ID: {_header(request, 'Call-ID')}\r\nCSeq: {_header(request, 'CSeq')}\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
