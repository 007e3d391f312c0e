"""Puts the program together: the only place that picks classes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from api.journey import Journey, table_of
from api.migrations import upgrade_database
from api.timekeeper import Timekeeper
from config.clock import Clock, SystemClock
from config.database import Database
from config.ids import NewId, new_id
from config.routing import RoutingConfig, load_routing
from config.settings import Settings
from config.versions import ConfigVersions
from customers.repository import SqlCustomerStore
from customers.service import CustomerService
from ivr.actions import Action
from ivr.adapters.prompt_audio import PromptAudio
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
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf
from recordings.ports import Transcriber
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from recordings.worker import Worker
from routing.adapters.memory import MemoryBoard
from routing.placing import place
from routing.ports import Board
from routing.repository import SqlAgentStore
from routing.service import RoutingService

log = structlog.get_logger()


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

    def add_carrier(self, carrier: Telephony) -> None:
        self.carriers[carrier.name] = carrier

    def worker(self, transcriber: Transcriber, name: str | None = None) -> Worker:
        """One that takes recordings to transcripts and scores; any number may run, in any process."""
        return Worker(
            name or f"{socket.gethostname()}-{new_id()}",
            self.recordings,
            self.audio,
            transcriber,
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

    async def reattach(self, name: str) -> None:
        """Learns from a carrier what became of the calls that we hold to be open."""
        calls = [call for call in await self.store.open_calls() if call.carrier == name]
        await self.carriers[name].reattach(calls)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes calls for as long as it is entered: carriers, timers and, if wanted, a worker."""
        await self.prepare()
        timekeeper = Timekeeper(self.clock, self.routing.next_due, self.routing.run_due)
        async with AsyncExitStack() as stack:
            if self.settings.embedded_worker:
                worker = self.worker(VoskTranscriber(self.models, self.settings.workers or None))
                await stack.enter_async_context(_background(worker.run(self.recording.wanted)))
            await stack.enter_async_context(_background(timekeeper.run()))
            for carrier in self.carriers.values():
                await stack.enter_async_context(carrier.running(self.calls))
            yield


@asynccontextmanager
async def open_program(
    settings: Settings, *, clock: Clock | None = None, ids: NewId = new_id, upgrade: bool = True
) -> AsyncIterator[Program]:
    """The program wired and its database open, with no carrier yet; raises `ConfigInvalid`.

    With `upgrade`, an embedded database is brought to the newest schema first.
    """
    config = load_routing(settings.config / "routing.yaml")
    menus = load_menus(settings.config / "menus")
    if upgrade and not settings.database_url:
        await upgrade_database(settings.url)
    database = Database(settings.url)
    try:
        yield _wire(settings, config, menus, database, clock or SystemClock(), ids)
    finally:
        await database.close()


def _wire(
    settings: Settings,
    config: RoutingConfig,
    menus: Mapping[str, Menu],
    database: Database,
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
    board: Board = MemoryBoard()
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
        models=VoskModels(
            ModelShelf(Catalogue.read(settings.config / "models.yaml"), _model_folders(settings))
        ),
        ledger=ledger,
        scores=scores,
        quality=quality,
        journey=journey,
        carriers=carriers,
    )
    calls.publish_to(journey.follow, program.reattach)
    return program


def _model_folders(settings: Settings) -> Iterable[Path]:
    return [*([settings.vosk_models] if settings.vosk_models else []), settings.data_dir("models")]


@asynccontextmanager
async def _background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs `work` beside the block and ends it with the block; a failure of it is logged at once."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("background work ended", exc_info=error)
