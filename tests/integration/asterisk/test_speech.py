"""Speech in the menu, with a recogniser that hears what the test says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ivr.actions import Answer, DtmfInput, Gather, Prompt, SpeechInput
from ivr.events import InputGathered, InputSource
from tests.e2e.conftest import PhoneFactory
from tests.integration.asterisk.conftest import Desk, until
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.audio import read, tone, tone_seconds, tone_share
from tests.telephony.phone import Phone
from tests.telephony.ports import free_tcp_port
from tests.telephony.process import MissingTool

Sounds = Callable[[str, float], Prompt]


class Ear:
    """An AEAP server. `say` is what it will have understood; `told` the parameters of each connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.told: list[dict[str, str]] = []
        self.connected = 0
        self.codecs: list[str] = []
        self.sound = b""
        self._sockets: list[ServerConnection] = []

    @property
    def heard(self) -> int:
        return len(self.sound)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Ear"]:
        async with serve(self._listen, "127.0.0.1", self.port, subprotocols=["speech_to_text"]):  # type: ignore[list-item]
            yield self

    async def say(self, text: str, score: int = 90) -> None:
        found = {"text": text, "score": score, "grammar": "menu"}
        request = {"request": "set", "id": "1", "params": {"results": [found]}}
        await self._sockets[-1].send(json.dumps(request))

    async def fall_ill(self) -> None:
        await self._sockets[-1].close()

    async def _listen(self, socket: ServerConnection) -> None:
        self._sockets.append(socket)
        self.told.append({})
        self.connected += 1
        async for message in socket:
            if isinstance(message, bytes):
                self.sound += message
                continue
            request = json.loads(message)
            if request.get("request") == "setup":
                self.codecs = [codec["name"] for codec in request["codecs"]]
                answer = {"response": "setup", "id": request["id"], "codecs": request["codecs"]}
                await socket.send(json.dumps(answer))
            elif request.get("request") == "set":
                self.told[-1] |= request["params"]
                await socket.send(json.dumps({"response": "set", "id": request["id"]}))
        self.connected -= 1


@pytest.fixture(scope="module")
def ear_port() -> int:
    return free_tcp_port()


@pytest.fixture(scope="module")
def asterisk_session(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path, ear_port: int
) -> Iterator[AsteriskServer]:
    """An Asterisk whose recogniser is the test's own."""
    try:
        work = tmp_path_factory.mktemp("asterisk-speech")
        server = AsteriskServer(work, shared=[shared_folder], aeap_port=ear_port)
    except MissingTool as missing:
        pytest.skip(f"no Asterisk: {missing}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def ear(ear_port: int) -> AsyncIterator[Ear]:
    async with Ear(ear_port).running() as running:
        yield running


@pytest.fixture
def asked(sounds: Sounds) -> Callable[..., Gather]:
    def make(prompt_seconds: float = 6.0, dtmf: DtmfInput | None = None, timeout: float = 3.0) -> Gather:
        prompts = (sounds(f"question-{prompt_seconds}", prompt_seconds),)
        speech = SpeechInput("zh", ("查订单", "人工"))
        return Gather("menu", prompts, dtmf, speech, timeout_seconds=timeout)

    return make


async def called(
    desk: Desk, phone: PhoneFactory, gather: Gather, speaks: Path | None = None
) -> tuple[Phone, UUID]:
    caller = await phone("13800138000", speaks=speaks)
    await caller.dial("4008")
    call_id = await desk.offered()
    await desk.do(call_id, Answer(), gather)
    await caller.wait("CALL_ESTABLISHED")
    return caller, call_id


async def test_words_are_gathered_while_the_prompt_plays(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    _, call_id = await called(desk, phone, asked())
    await until(lambda: ear.heard > 4000)
    assert ear.told[-1] == {"call": str(call_id), "language": "zh", "grammar": '["查订单", "人工"]'}
    await ear.say("人工", 87)
    gathered = await desk.sink.wait(InputGathered, timeout=2)
    assert (gathered.source, gathered.value, gathered.confidence) == (InputSource.SPEECH, "人工", 0.87)
    await until(lambda: ear.connected == 0)


async def test_the_recogniser_hears_the_caller_in_the_codec_that_was_agreed_on(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather], tmp_path: Path
) -> None:
    await called(desk, phone, asked(), speaks=tone(tmp_path / "voice.wav", 1300, 60))
    await until(lambda: ear.heard > 32_000)
    assert ear.codecs == ["slin"]
    samples = np.frombuffer(ear.sound[:32_000], "<i2") / 32768
    assert tone_share(samples[8000:], 1300) > 0.9


async def test_a_digit_is_taken_instead(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    caller, _ = await called(desk, phone, asked(dtmf=DtmfInput(2, between_seconds=1.5)))
    await until(lambda: ear.heard > 4000)
    await caller.press("42")
    gathered = await desk.sink.wait(InputGathered, timeout=4)
    assert (gathered.source, gathered.value) == (InputSource.DTMF, "42")


async def test_silence_is_told(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    await called(desk, phone, asked(prompt_seconds=0.5, timeout=1.0))
    assert (await desk.sink.wait(InputGathered, timeout=6)).source is InputSource.NONE


async def test_new_actions_end_the_listening(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    _, call_id = await called(desk, phone, asked(timeout=20.0))
    await until(lambda: ear.heard > 4000)
    await desk.do(call_id, Gather("next", (), DtmfInput(1), timeout_seconds=0.1))
    gathered = await desk.sink.wait(InputGathered, timeout=3)
    assert (gathered.step, gathered.source) == ("next", InputSource.NONE)


async def test_the_prompt_falls_silent_when_the_caller_speaks(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    caller, call_id = await called(desk, phone, asked())
    await until(lambda: ear.heard > 4000)
    await desk.carrier.speech_started(str(call_id))
    await asyncio.sleep(2.0)
    await ear.say("人工")
    await desk.sink.wait(InputGathered, timeout=2)
    await caller.hang_up()
    await caller.wait("CALL_CLOSED")
    (heard,) = caller.recordings()
    assert 0 < tone_seconds(read(heard), 700) < 1.8


async def test_without_a_recogniser_the_keys_remain(
    desk: Desk, phone: PhoneFactory, asked: Callable[..., Gather]
) -> None:
    caller, _ = await called(desk, phone, asked(dtmf=DtmfInput(1)))
    await caller.press("3")
    assert (await desk.sink.wait(InputGathered)).value == "3"


async def test_when_the_recogniser_goes_away_there_is_time_for_the_keys(
    desk: Desk, phone: PhoneFactory, ear: Ear, asked: Callable[..., Gather]
) -> None:
    await called(desk, phone, asked(prompt_seconds=1.0, dtmf=DtmfInput(1), timeout=3.0))
    await until(lambda: ear.heard > 4000)
    went_away = asyncio.get_running_loop().time()
    await ear.fall_ill()
    gathered = await desk.sink.wait(InputGathered, timeout=6)
    assert gathered.source is InputSource.NONE
    assert asyncio.get_running_loop().time() - went_away > 3.0
