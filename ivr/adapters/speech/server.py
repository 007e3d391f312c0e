"""The websocket server for Asterisk's AEAP: a connection per caller, each heard on its own.

Asterisk gives up on an answer after a second, so nothing here waits for the recogniser: requests are answered
at once and the decoding happens on threads. Within one connection order is kept; none can hold up another.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from ivr.adapters.speech import messages
from ivr.adapters.speech.recogniser import CODECS, FellBehind, Heard, Listener, Listening, Recogniser

PROTOCOL = Subprotocol("speech_to_text")
MOST_BYTES = 1 << 16  # of one message; Asterisk's frames of sound have 160 to 640
MOST_PHRASES = 1000
SETUP_SECONDS = 5.0
CLOSE_SECONDS = 1.0  # for the other side to agree that it is over

_log = structlog.get_logger(__name__)


class Refused(Exception):
    """This connection cannot go on."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


class SpeechServer:
    """Answers AEAP on `host`:`port` (0 takes a free one).

    `SPEECH SET` understands `call` (our id of the call), `language`, and `grammar`: a JSON array of phrases,
    or the id of a set that was registered. The last two make it listen afresh; a language that
    is not set is `language`. `on_speech` is told the call as soon as its caller begins to speak.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        language: str,
        host: str = "127.0.0.1",
        port: int = 9099,
        threads: int | None = None,
        on_speech: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.recogniser, self.language, self.on_speech = recogniser, language, on_speech
        self.executor = ThreadPoolExecutor(
            threads or len(os.sched_getaffinity(0)), thread_name_prefix="speech"
        )
        self._grammars: dict[str, tuple[str, ...]] = {}
        self._host, self._port = host, port
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._server is None:
            return self._port
        return int(next(iter(self._server.sockets)).getsockname()[1])

    def register_grammar(self, grammar: str, phrases: Sequence[str]) -> None:
        """Makes `phrases` known under an id that is shorter than they are; replaces what was there."""
        self._grammars[grammar] = tuple(phrases)

    def forget_grammar(self, grammar: str) -> None:
        self._grammars.pop(grammar, None)

    def grammar(self, value: str) -> tuple[str, tuple[str, ...]] | None:
        """(id, phrases) that a `grammar` parameter stands for; None when it stands for nothing."""
        if not value.startswith("["):
            return (value, self._grammars[value]) if value in self._grammars else None
        try:
            phrases = json.loads(value)
        except (ValueError, RecursionError):
            return None
        if not all(isinstance(phrase, str) for phrase in phrases) or not 0 < len(phrases) <= MOST_PHRASES:
            return None
        return "phrases", tuple(phrases)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves for as long as it is entered; raises `OSError` when the port is taken."""
        async with serve(
            self._connected,
            self._host,
            self._port,
            subprotocols=[PROTOCOL],
            max_size=MOST_BYTES,
            compression=None,
            close_timeout=CLOSE_SECONDS,
        ) as self._server:
            try:
                yield
            finally:
                self._server.close()
                await self._server.wait_closed()
                self._server = None
        self.executor.shutdown(wait=False, cancel_futures=True)

    async def _connected(self, socket: ServerConnection) -> None:
        try:
            await _Session(self, socket).run()
        except ConnectionClosed as closed:
            if closed.sent and closed.sent.code != CloseCode.NORMAL_CLOSURE:
                _log.warning("speech.connection_failed", reason=closed.sent.reason)
        except Refused as refused:
            _log.warning("speech.connection_refused", reason=refused.reason)
            await socket.close(refused.code, refused.reason)


class _Session:
    """One connection: `setup` first, then parameters and sound as they come."""

    def __init__(self, server: SpeechServer, socket: ServerConnection) -> None:
        self._server, self._socket = server, socket
        self._params = {"language": server.language}
        self._grammar: tuple[str, tuple[str, ...]] | None = None
        self._results: list[dict[str, Any]] = []

    async def run(self) -> None:
        listener = await self._set_up()
        ear = asyncio.create_task(self._listen(listener))
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    listener.hear(message)
                else:
                    await self._answer(_parsed(message), listener)
        except FellBehind as error:
            raise Refused(CloseCode.TRY_AGAIN_LATER, "sound comes faster than it can be decoded") from error
        finally:
            ear.cancel()
            with suppress(asyncio.CancelledError):
                await ear

    async def _set_up(self) -> Listener:
        try:
            async with asyncio.timeout(SETUP_SECONDS):
                first = await self._socket.recv()
        except TimeoutError as error:
            raise Refused(CloseCode.POLICY_VIOLATION, "no setup came") from error
        if isinstance(first, bytes):
            raise Refused(CloseCode.PROTOCOL_ERROR, "sound before setup")
        setup = _parsed(first)
        if not isinstance(setup, messages.Setup):
            raise Refused(CloseCode.PROTOCOL_ERROR, "the first message is not setup")
        name = next((codec for codec in setup.codecs if codec in CODECS), None)
        if name is None:
            await self._socket.send(messages.refused(setup, f"codecs known are {', '.join(CODECS)}"))
            raise Refused(CloseCode.PROTOCOL_ERROR, "no codec in common")
        self._params |= _kept(setup.params)
        await self._socket.send(messages.setup_done(setup, name))
        return Listener(
            self._server.recogniser, self._server.executor, CODECS[name], self._phrase, self._speech
        )

    async def _listen(self, listener: Listener) -> None:
        try:
            await listener.run()
        except ConnectionClosed:
            return
        except Exception as error:
            _log.warning("speech.recogniser_failed", error=getattr(error, "id", type(error).__name__))
            await self._socket.close(CloseCode.INTERNAL_ERROR, "the recogniser failed")

    async def _answer(self, message: messages.Message, listener: Listener) -> None:
        match message:
            case messages.SetParams():
                await self._socket.send(self._set(message, listener))
            case messages.GetParams():
                await self._socket.send(self._get(message))
            case messages.Reply():
                if message.error is not None:
                    _log.warning("speech.result_refused", call=self._params.get("call"))
            case messages.Setup() | messages.Unknown():
                await self._socket.send(messages.refused(message, "not possible now"))

    def _set(self, request: messages.SetParams, listener: Listener) -> str:
        language = request.params.get("language", self._params["language"])
        if not self._server.recogniser.available(language):
            return messages.refused(request, "there is no model for that language")
        grammar = self._grammar
        if "grammar" in request.params:
            grammar = self._server.grammar(request.params["grammar"])
            if grammar is None:
                return messages.refused(request, "grammar is neither known nor a JSON array of phrases")
        self._params |= _kept(request.params)
        self._grammar = grammar
        if grammar and not request.params.keys().isdisjoint({"language", "grammar"}):
            self._results = []
            listener.listen(Listening(language, grammar[1]))
        return messages.set_done(request)

    def _get(self, request: messages.GetParams) -> str:
        known = {"results": self._results} | self._params
        unknown = [name for name in request.params if name not in known]
        if unknown:
            return messages.refused(request, "there is no such parameter")
        return messages.got(request, {name: known[name] for name in request.params})

    async def _phrase(self, heard: Heard) -> None:
        grammar = self._grammar[0] if self._grammar else ""
        self._results = [messages.result(heard.text, round(100 * heard.confidence), grammar)]
        await self._socket.send(messages.results(str(uuid4()), self._results))

    async def _speech(self) -> None:
        if self._server.on_speech and "call" in self._params:
            await self._server.on_speech(self._params["call"])


def _kept(params: Mapping[str, str]) -> dict[str, str]:
    """What is worth remembering: Asterisk also sends, say, the digits that were dialled."""
    return {name: params[name] for name in ("call", "language") if name in params}


def _parsed(text: str) -> messages.Message:
    try:
        return messages.parse(text)
    except messages.BadMessage as error:
        raise Refused(CloseCode.INVALID_DATA, str(error)) from error
