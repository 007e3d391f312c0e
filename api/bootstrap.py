"""Puts the program together: the only place that picks classes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import structlog

from api.journey import Journey, table_of
from api.migrations import upgrade_database
from api.timekeeper import Timekeeper
from config.clock import Clock, ManualClock, SystemClock
from config.database import Database
from config.ids import NewId, new_id
from config.installation import installation
from config.routing import RoutingConfig, load_routing
from config.settings import Settings
from config.versions import ConfigVersions
from customers.repository import SqlCustomerStore
from customers.service import CustomerService
from ivr.actions import Action
from ivr.adapters.asterisk.ami import AmiSettings
from ivr.adapters.asterisk.carrier import AsteriskPlace, AsteriskTelephony
from ivr.adapters.prompt_audio import PromptAudio
from ivr.adapters.simulator import Happening, Simulator
from ivr.adapters.simulator.happenings import Observe
from ivr.adapters.simulator.scenario import Agent as SimulatedAgent
from ivr.adapters.simulator.scenario import Scenario, load_scenario
from ivr.adapters.speech.server import SpeechServer
from ivr.attendant import Attendant
from ivr.call import Call
from ivr.lines import Lines
from ivr.menu import Menu
from ivr.menu_loader import load_menus
from ivr.menus import MenuBook
from ivr.ports import Telephony
from ivr.repository import SqlCallStore
from ivr.service import CallService
from qa.library import load_library
from qa.repository import SqlLedger, SqlScores
from qa.service import QualityService
from recordings import wav
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from recordings.worker import Worker
from routing.adapters.memory import MemoryBoard
from routing.adapters.redis import RedisBoard, open_redis
from routing.placing import place
from routing.ports import Board
from routing.repository import SqlAgentStore
from routing.service import RoutingService

__all__ = [
    "Happening",
    "Program",
    "Scenario",
    "SimulatedAgent",
    "load_scenario",
    "open_program",
    "open_shelf",
    "simulate",
]

log = structlog.get_logger()

_TELEPHONE_RATE = 8000  # Hz


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that is wired, for the edges (HTTP, command line, demo) to use."""

    settings: Settings
    config: RoutingConfig
    clock: Clock
    new_id: NewId
    database: Database
    store: SqlCallStore
    calls: CallService
    customers: CustomerService
    menus: MenuBook
    prompts: PromptAudio
    lines: Lines
    board: Board
    routing: RoutingService
    recordings: SqlRecordings
    recording: RecordingService
    audio: FileAudioStore
    models: VoskModels
    ledger: SqlLedger
    scores: SqlScores
    quality: QualityService
    journey: Journey
    carriers: dict[str, Telephony]

    def worker(self, name: str | None = None) -> Worker:
        """One that takes recordings to transcripts and scores; any number may run, in any process."""
        return Worker(
            name or f"{socket.gethostname()}-{new_id()}",
            self.recordings,
            self.audio,
            VoskTranscriber(self.models, self.settings.workers or None),
            self.settings.data_dir("spool"),
            self.clock,
            self.quality.score,
        )

    async def prepare(self) -> None:
        """Takes up where the last run ended: unfinished stages, lines in use, waiting callers, agents."""
        await self.menus.keep()
        await self.journey.catch_up()
        open_calls = await self.store.open_calls()
        self.lines.rebuild(open_calls)
        await self.routing.rebuild(open_calls)

    async def reattach(self) -> None:
        """Learns from the carriers what became of the calls that we hold to be open."""
        open_calls = await self.store.open_calls()
        for carrier in self.carriers.values():
            await carrier.reattach([call for call in open_calls if call.carrier == carrier.name])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes calls for as long as it is entered: carriers, timers and, if wanted, a worker."""
        await self.prepare()
        async with AsyncExitStack() as stack:
            for name in self.settings.carriers:
                await stack.enter_async_context(_CARRIERS[name](self))
            if self.settings.embedded_worker:
                await stack.enter_async_context(self.working())
            for carrier in self.carriers.values():
                await stack.enter_async_context(carrier.running(self.calls))
            await self.reattach()
            timekeeper = Timekeeper(self.clock, self.routing.next_due, self.routing.run_due, self.mend_board)
            await stack.enter_async_context(_background(timekeeper.run()))
            yield

    async def mend_board(self) -> None:
        """Fills the routing board from the database where it was lost: an emptied Redis, say."""
        if not await self.board.whole():
            log.warning("the routing board is lost: it is rebuilt")
            await self.routing.rebuild(await self.store.open_calls())
            await self.routing.match()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Task[None]]:
        """Transcribes and scores recordings for as long as it is entered; the task only ends by failing."""
        async with _background(self.worker().run(self.recording.wanted)) as task:
            yield task


@asynccontextmanager
async def open_program(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: NewId = new_id,
    upgrade: bool = True,
    overlay: Path | None = None,
    stand_in: str | None = None,
) -> AsyncIterator[Program]:
    """The program wired and its database open; raises `ConfigInvalid`.

    With `upgrade`, an embedded database is brought to the newest schema first. `overlay` is a folder whose
    routing.yaml is used instead, and whose menus are there as well. `stand_in` is a language whose recogniser
    model also hears the languages for which this machine has none.
    """
    config = load_routing((overlay or settings.config) / "routing.yaml")
    menus = load_menus(settings.config / "menus") | (load_menus(overlay / "menus") if overlay else {})
    if upgrade and not settings.database_url:
        await upgrade_database(settings.url)
    models = VoskModels(open_shelf(settings, stand_in))
    database = Database(settings.url)
    try:
        async with _board(settings.redis_url) as board:
            yield _wire(settings, config, menus, models, database, board, clock or SystemClock(), ids)
    finally:
        await database.close()


@asynccontextmanager
async def _board(redis_url: str) -> AsyncIterator[Board]:
    if not redis_url:
        yield MemoryBoard()
        return
    client = open_redis(redis_url)
    try:
        yield RedisBoard(client)
    finally:
        await client.aclose()


def _wire(
    settings: Settings,
    config: RoutingConfig,
    menus: Mapping[str, Menu],
    models: VoskModels,
    database: Database,
    board: Board,
    clock: Clock,
    ids: NewId,
) -> Program:
    carriers: dict[str, Telephony] = {}

    async def perform(call: Call, actions: tuple[Action, ...]) -> None:
        await carriers[call.carrier].perform(call.id, actions)

    store = SqlCallStore(database)
    calls = CallService(store, clock, ids)
    customers = CustomerService(
        SqlCustomerStore(database, clock),
        ids,
        region=config.region,
        tiers=frozenset(config.tiers),
        languages=frozenset(config.languages),
    )
    book = MenuBook(menus, ConfigVersions(database, clock))
    lines = Lines()
    routing = RoutingService(board, SqlAgentStore(database), calls.record, clock, config, ids)
    attendant = Attendant(calls, customers, book, config, lines, clock, perform, partial(place, config))
    recordings = SqlRecordings(database)
    recording = RecordingService(recordings, calls, ids, perform)
    ledger, scores = SqlLedger(database), SqlScores(database)
    quality = QualityService(
        ledger, scores, load_library(settings.config), clock, ids, frozenset(config.dropped_causes)
    )
    journey = Journey(table_of(attendant, routing, recording, quality), store, attendant)
    program = Program(
        settings=settings,
        config=config,
        clock=clock,
        new_id=ids,
        database=database,
        store=store,
        calls=calls,
        customers=customers,
        menus=book,
        prompts=PromptAudio(settings.config / "prompts", settings.data_dir("prompts")),
        lines=lines,
        board=board,
        routing=routing,
        recordings=recordings,
        recording=recording,
        audio=FileAudioStore(settings.data_dir("audio"), MasterKey(settings.data_dir("keys") / "audio.key")),
        models=models,
        ledger=ledger,
        scores=scores,
        quality=quality,
        journey=journey,
        carriers=carriers,
    )
    calls.publish_to(journey.follow)
    return program


@asynccontextmanager
async def _asterisk(program: Program) -> AsyncIterator[None]:
    """Adds the Asterisk carrier, and serves the websocket to which it connects for speech."""
    settings, data = program.settings.asterisk, program.settings.data_dir
    seen = (
        (data("prompts"), settings.prompts_path),
        (program.settings.config / "prompts", settings.recorded_prompts_path),
    )
    place = AsteriskPlace(
        spool=PurePosixPath(settings.spool_path or data("spool")),
        state=data("db"),
        folders=tuple((ours, PurePosixPath(theirs)) for ours, theirs in seen if theirs is not None),
        cel_file=settings.cel_file,
    )
    speech = SpeechServer(
        program.models,
        program.config.languages[0],
        program.settings.speech.host,
        program.settings.speech.port,
    )
    carrier = AsteriskTelephony(
        AmiSettings(settings.host, settings.ami_port, settings.username, settings.secret.get_secret_value()),
        place,
        program.prompts.path,
        owner=installation(data()),
        lease_seconds=settings.lease_seconds,
        on_presence=program.routing.presence,
        register_grammar=speech.register_grammar,
    )
    speech.on_speech = carrier.speech_started
    program.carriers[carrier.name] = carrier
    async with speech.running():
        yield


#: What `HOTLINE_CARRIERS` may name.
_CARRIERS: dict[str, Callable[[Program], AbstractAsyncContextManager[None]]] = {"asterisk": _asterisk}


def simulate(program: Program, clock: ManualClock, scenario: Scenario, observe: Observe) -> Simulator:
    """Adds the simulated carrier, which plays `scenario` as `clock`, the program's own, is moved."""
    simulator = Simulator(
        clock,
        next_due=program.routing.next_due,
        run_due=program.routing.run_due,
        prompt_path=program.prompts.path,
        callers=scenario.callers,
        phones=scenario.phones,
        recognise=partial(_hear, program.models),
        spool=program.settings.data_dir("spool"),
        observe=observe,
    )
    program.carriers[simulator.name] = simulator
    return simulator


async def _hear(
    models: VoskModels, path: Path, language: str, phrases: tuple[str, ...]
) -> tuple[str | None, float]:
    """The first phrase that the recogniser hears in a file, a tenth of a second at a time as in a call."""

    def listen() -> tuple[str | None, float]:
        samples, _ = wav.load(path, _TELEPHONE_RATE)
        decoder = models.phrases(language, _TELEPHONE_RATE, phrases)
        step = _TELEPHONE_RATE // 10
        steps = (samples[at : at + step].astype("<i2").tobytes() for at in range(0, len(samples), step))
        heard = next((phrase for part in steps if (phrase := decoder.accept(part))), None)
        heard = heard or decoder.finish()
        return (heard.text, heard.confidence) if heard else (None, 0.0)

    return await asyncio.to_thread(listen)


def open_shelf(settings: Settings, stand_in: str | None = None) -> ModelShelf:
    """The recogniser models of this machine; `stand_in` as for `open_program`."""
    shelf = ModelShelf(Catalogue.read(settings.config / "models.yaml"), _model_folders(settings))
    return shelf if stand_in is None else shelf.with_stand_in(stand_in)


def _model_folders(settings: Settings) -> Iterable[Path]:
    return [*([settings.vosk_models] if settings.vosk_models else []), settings.data_dir("models")]


@asynccontextmanager
async def _background(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Runs `work` beside the block and ends it with the block; a failure of it is logged at once."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("background work ended", exc_info=error)
