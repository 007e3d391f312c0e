"""The program when it is wired: what it takes up, how it runs, how it ends."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from api.journey import Journey
from api.purging import Purge
from api.timekeeper import Timekeeper
from config.clock import Clock
from config.database import Database
from config.ids import NewId, new_id
from config.routing import RoutingConfig
from config.settings import Settings
from customers.service import CustomerService
from ivr.adapters.prompt_audio import PromptAudio
from ivr.call import Call
from ivr.lines import Lines
from ivr.menus import MenuBook
from ivr.ports import Phones, Telephony
from ivr.repository import SqlCallStore
from ivr.service import CallService
from qa.repository import SqlLedger, SqlScores
from qa.service import QualityService
from recordings.adapters.files import FileAudioStore
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.ports import SoundAtCarriers
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from recordings.transcripts import SqlTranscripts
from recordings.worker import Worker
from routing.ports import Board
from routing.service import RoutingService

log = structlog.get_logger()


#: Gives counts by state.
Backlog = Callable[[], Awaitable[Mapping[str, int]]]

#: Adds a carrier to the program, with what else it needs, for as long as it is entered.
Bring = Callable[["Program"], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that is wired, for the edges (HTTP, command line, demo) to use.

    `bring` has a way to add each carrier that `HOTLINE_CARRIERS` may name. By carrier: `phones` that it can
    ring, also while it is not there, and `backlogs`, how many recordings it holds for us, by how far their
    fetching is.
    """

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
    transcripts: SqlTranscripts
    recording: RecordingService
    audio: FileAudioStore
    at_carriers: SoundAtCarriers
    models: VoskModels
    ledger: SqlLedger
    scores: SqlScores
    quality: QualityService
    journey: Journey
    purge: Purge
    carriers: dict[str, Telephony]
    phones: dict[str, Phones]
    bring: Mapping[str, Bring]
    backlogs: dict[str, Backlog] = field(default_factory=dict)
    taking_calls: asyncio.Event = field(default_factory=asyncio.Event)  # the carriers are there

    def worker(self, name: str | None = None, expect: Mapping[str, Sequence[str]] | None = None) -> Worker:
        """One that takes recordings to transcripts and scores; any number may run, in any process.

        `expect`, by language: phrases of which alone conversations are known to consist.
        """
        return Worker(
            name or f"{socket.gethostname()}-{new_id()}",
            self.recordings,
            self.transcripts,
            self.audio,
            VoskTranscriber(self.models, self.settings.workers or None, expect),
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
        await self.routing.rename_phones()
        await self.routing.rebuild(open_calls)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes calls for as long as it is entered: carriers, timers and, if wanted, a worker.

        The block begins whether or not carriers are within reach; they connect beside it.
        """
        self._warn_of_models()
        await self.prepare()
        open_calls = await self.store.open_calls()
        async with AsyncExitStack() as stack:
            for name in self.settings.carriers:
                await stack.enter_async_context(self.bring[name](self))
            if self.settings.embedded_worker:
                await stack.enter_async_context(self.working())
            for carrier in self.carriers.values():
                await stack.enter_async_context(carrier.running(self.calls))
            self.taking_calls.set()
            stack.callback(self.taking_calls.clear)
            await stack.enter_async_context(background(self._keep_time(open_calls)))
            yield

    def _warn_of_models(self) -> None:
        """Says what is wrong with folders of models; a model that is just not there is no fault."""
        for folder in self.models.shelf.no_folders():
            log.warning("HOTLINE_VOSK_MODELS names no folder", folder=str(folder))
        for status in self.models.shelf.list():
            if status.broken:
                log.warning("a speech model cannot be used", language=status.language, why=status.problem)

    async def _keep_time(self, open_calls: Sequence[Call]) -> None:
        """Timers run once the carriers have said what became of the open calls, or are out of reach."""
        await asyncio.gather(*(self._reattach(carrier, open_calls) for carrier in self.carriers.values()))
        await Timekeeper(self.clock, self.routing.next_due, self.routing.run_due, self.mend_board).run()

    async def _reattach(self, carrier: Telephony, open_calls: Sequence[Call]) -> None:
        """One carrier out of reach keeps nobody on another waiting."""
        try:
            await carrier.reattach([call for call in open_calls if call.carrier == carrier.name])
        except Exception:
            log.exception("what became of the open calls is not known", carrier=carrier.name)

    async def mend_board(self) -> None:
        """Fills the routing board from the database where it was lost: an emptied Redis, say."""
        if not await self.board.whole():
            log.warning("the routing board is lost: it is rebuilt")
            await self.routing.rebuild(await self.store.open_calls())
            await self.routing.match()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Task[None]]:
        """Transcribes, scores and purges for as long as it is entered; the task only ends by failing."""
        async with background(self.worker().run(self.recording.wanted)) as task, background(self.purge.run()):
            yield task


@asynccontextmanager
async def background(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
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
