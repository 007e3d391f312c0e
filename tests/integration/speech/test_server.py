"""The AEAP server with a real recogniser: twenty callers at once, and visitors who do not behave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, NegotiationError
from websockets.typing import Subprotocol

from ivr.adapters.speech.server import SpeechServer
from ivr.pcm import encode_ulaw
from recordings import wav
from recordings.adapters.vosk_model import VoskModels

MENU = ["환불", "반품", "비밀번호", "상담원"]
SAID = {"refund": "환불", "return": "반품", "password": "비밀번호", "person": "상담원"}
FRAME = 160  # bytes of µ-law in 20 ms


class Asterisk:
    """One channel's side of the protocol, as res_speech_aeap.c speaks it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        await self.socket.send(json.dumps({"request": request, "id": "1", **fields}))
        return await self.receive()

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            message = json.loads(await self.socket.recv())
        assert isinstance(message, dict)
        return message

    async def set_up(self, codec: str = "ulaw") -> None:
        reply = await self.ask("setup", version="0.1.0", codecs=[{"name": codec}], params={})
        assert reply["codecs"] == [{"name": codec}]

    async def set(self, **params: str) -> dict[str, Any]:
        return await self.ask("set", params=params)

    async def speak(self, sound: bytes, frame: int = FRAME) -> None:
        for at in range(0, len(sound), frame):
            await self.socket.send(sound[at : at + frame])

    async def result(self) -> dict[str, Any]:
        message = await self.receive()
        assert message["request"] == "set"
        await self.socket.send(json.dumps({"response": "set", "id": message["id"]}))
        (found,) = message["params"]["results"]
        assert isinstance(found, dict)
        return found

    async def closed(self) -> tuple[int, str]:
        """(code, reason) with which the server ended the connection."""
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
        return self.socket.close_code or 0, self.socket.close_reason or ""


@pytest.fixture
async def server(models: VoskModels) -> AsyncIterator[SpeechServer]:
    made = SpeechServer(models, "ko", port=0)
    made.register_grammar("menu", MENU)
    async with made.running():
        yield made


@asynccontextmanager
async def calling(server: SpeechServer) -> AsyncIterator[Asterisk]:
    async with connect(
        f"ws://127.0.0.1:{server.port}", subprotocols=[Subprotocol("speech_to_text")], max_size=None
    ) as socket:
        yield Asterisk(socket)


@pytest.fixture
def sounds(recordings: Path) -> dict[str, bytes]:
    """What is said -> µ-law."""
    return {
        phrase: encode_ulaw(wav.load(recordings / f"ko-{meaning}-1.wav")[0])
        for meaning, phrase in SAID.items()
    }


async def test_a_phrase_is_heard_and_reported(server: SpeechServer, sounds: dict[str, bytes]) -> None:
    async with calling(server) as asterisk:
        await asterisk.set_up()
        assert await asterisk.set(call="0189", grammar="menu") == {"response": "set", "id": "1"}
        await asterisk.speak(sounds["환불"])
        found = await asterisk.result()
        assert (found["text"], found["grammar"]) == ("환불", "menu")
        assert 50 < found["score"] <= 100
        assert await asterisk.ask("get", params=["results"]) == {
            "response": "get",
            "id": "1",
            "params": {"results": [found]},
        }
        assert (await asterisk.ask("get", params=["call"]))["params"] == {"call": "0189"}


async def test_one_connection_serves_the_whole_menu(server: SpeechServer, sounds: dict[str, bytes]) -> None:
    async with calling(server) as asterisk:
        await asterisk.set_up()
        for phrase in (*MENU, *MENU):
            await asterisk.set(grammar=json.dumps(MENU))
            await asterisk.speak(sounds[phrase])
            assert (await asterisk.result())["text"] == phrase


async def test_twenty_callers_at_once_are_each_understood(
    server: SpeechServer, sounds: dict[str, bytes]
) -> None:
    slowest = 0.0

    async def tick() -> None:
        nonlocal slowest
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            await asyncio.sleep(0.01)
            slowest = max(slowest, loop.time() - begun - 0.01)

    async def caller(number: int) -> str:
        async with calling(server) as asterisk:
            await asterisk.set_up()
            await asterisk.set(call=str(number), grammar="menu")
            await asterisk.speak(sounds[MENU[number % 4]])
            return str((await asterisk.result())["text"])

    ticking = asyncio.create_task(tick())
    heard = await asyncio.gather(*map(caller, range(20)))
    ticking.cancel()
    assert heard == [MENU[number % 4] for number in range(20)]
    assert slowest < 0.5, "the recogniser held the event loop up"


async def test_linear_sound_is_taken_too(server: SpeechServer, recordings: Path) -> None:
    samples, _ = wav.load(recordings / "ko-person-2.wav")
    async with calling(server) as asterisk:
        await asterisk.set_up("slin")
        await asterisk.set(grammar="menu")
        await asterisk.speak(samples.astype("<i2").tobytes(), 320)
        assert (await asterisk.result())["text"] == "상담원"


async def test_a_stream_that_stops_for_silence_ends_the_phrase(
    server: SpeechServer, sounds: dict[str, bytes]
) -> None:
    async with calling(server) as asterisk:
        await asterisk.set_up()
        await asterisk.set(grammar="menu")
        await asterisk.speak(sounds["환불"][:12000])
        assert (await asterisk.result())["text"] == "환불"


async def test_the_call_is_told_when_its_caller_begins_to_speak(
    models: VoskModels, sounds: dict[str, bytes]
) -> None:
    spoke: asyncio.Queue[str] = asyncio.Queue()
    server = SpeechServer(models, "ko", port=0, on_speech=spoke.put)
    async with server.running(), calling(server) as asterisk:
        await asterisk.set_up()
        await asterisk.set(call="0189", grammar=json.dumps(MENU))
        await asterisk.speak(bytes([0xFF]) * 8000)
        await asterisk.speak(sounds["비밀번호"])
        assert (await asterisk.result())["text"] == "비밀번호"
        assert spoke.get_nowait() == "0189"
        assert spoke.empty()


async def test_what_cannot_be_set_is_refused_and_the_call_goes_on(
    server: SpeechServer, sounds: dict[str, bytes]
) -> None:
    async with calling(server) as asterisk:
        await asterisk.set_up()
        for params in (
            {"language": "zh"},
            {"grammar": "other"},
            {"grammar": "[1]"},
            {"grammar": "["},
            {"grammar": "[]"},
        ):
            assert "error_msg" in await asterisk.set(**params)
        assert "error_msg" in await asterisk.ask("get", params=["secret"])
        assert "error_msg" in await asterisk.ask("dance")
        assert "error_msg" in await asterisk.ask("setup", codecs=[{"name": "ulaw"}])
        assert await asterisk.set(grammar="menu") == {"response": "set", "id": "1"}
        await asterisk.speak(sounds["반품"])
        assert (await asterisk.result())["text"] == "반품"


async def test_digits_that_asterisk_sends_are_forgotten(server: SpeechServer) -> None:
    async with calling(server) as asterisk:
        await asterisk.set_up()
        await asterisk.set(dtmf="4")
        assert "error_msg" in await asterisk.ask("get", params=["dtmf"])


GOOD = '{"request":"setup","id":"1","codecs":[{"name":"ulaw"}]}'


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        ([b"\xff" * 160], 1002, "sound before setup"),
        (['{"request":"set","id":"1","params":{}}'], 1002, "the first message is not setup"),
        (["not json"], 1007, "not JSON"),
        (["[" * 60_000], 1007, "not JSON"),
        (['{"request":"setup","id":"1","codecs":[{"name":"g729"}]}'], 1002, "no codec in common"),
        ([GOOD, "{"], 1007, "not JSON"),
        ([GOOD, b"\0" * 1_000_000], 1009, ""),
        (["x" * 1_000_000], 1009, ""),
        (
            [GOOD, '{"request":"set","id":"1","params":{"grammar":"[\\"refund\\"]"}}', b"\0" * 800],
            1011,
            "failed",
        ),
    ],
)
async def test_who_does_not_keep_to_the_protocol_is_shown_out_and_nobody_else_is_disturbed(
    server: SpeechServer, sounds: dict[str, bytes], messages: list[str | bytes], code: int, reason: str
) -> None:
    async with calling(server) as bystander:
        await bystander.set_up()
        await bystander.set(grammar="menu")
        await bystander.speak(sounds["환불"][:8000])
        async with calling(server) as visitor:
            for message in messages:
                await visitor.socket.send(message)
            ended, why = await visitor.closed()
        assert ended == code
        assert reason in why
        await bystander.speak(sounds["환불"][8000:])
        assert (await bystander.result())["text"] == "환불"


async def test_another_protocol_is_refused_at_the_door(server: SpeechServer) -> None:
    for offered in ([Subprotocol("chat")], None):
        with pytest.raises((InvalidStatus, NegotiationError)):
            await connect(f"ws://127.0.0.1:{server.port}", subprotocols=offered)


async def test_sound_that_piles_up_ends_the_connection(
    server: SpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.adapters.speech.recogniser.BEHIND_SECONDS", 1.0)
    async with calling(server) as asterisk:
        await asterisk.set_up()
        await asterisk.set(grammar="menu")
        for _ in range(20):
            await asterisk.socket.send(b"\xff" * 60_000)
        assert (await asterisk.closed())[0] == 1013


async def test_what_was_said_is_in_no_log(server: SpeechServer, sounds: dict[str, bytes]) -> None:
    with capture_logs() as logs:
        async with calling(server) as asterisk:
            await asterisk.set_up()
            await asterisk.set(grammar="menu", dtmf="7")
            await asterisk.speak(sounds["환불"])
            await asterisk.result()
            await asterisk.socket.send("bad")
            await asterisk.closed()
    assert logs
    assert not any("환불" in str(entry) or "7" in str(entry) for entry in logs)
