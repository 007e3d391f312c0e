"""Picks the classes and puts them together."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from api.bootstrap.asterisk import asterisk
from api.bootstrap.at_twilio import SoundAtTwilio
from api.bootstrap.carriers import phones_of
from api.bootstrap.program import Program
from api.bootstrap.twilio import twilio
from api.configuration import load_together
from api.journey import Journey, decisions_of, table_of
from api.migrations import upgrade_database
from api.purging import Purge
from config.clock import Clock, SystemClock
from config.database import Database
from config.ids import NewId, new_id
from config.routing import RoutingConfig
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
from ivr.menus import MenuBook
from ivr.ports import Telephony
from ivr.repository import SqlCallStore
from ivr.service import CallService
from qa.library import load_library
from qa.repository import SqlLedger, SqlScores
from qa.service import QualityService
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.sealing import KeySeal
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from recordings.transcripts import SqlTranscripts
from routing.adapters.memory import MemoryBoard
from routing.placing import place
from routing.ports import Board
from routing.reach import Reach
from routing.repository import SqlAgentStore
from routing.service import RoutingService


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
    config, menus = load_together(settings.config, overlay)
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
    from routing.adapters.redis import RedisBoard, open_redis

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
        tiers=config.tiers,
        languages=frozenset(config.languages),
    )
    book = MenuBook(menus, ConfigVersions(database, clock))
    lines = Lines()
    phones = phones_of(settings.carriers)
    agents = SqlAgentStore(database)
    routing = RoutingService(board, agents, calls.record, clock, config, ids, Reach(phones))
    attendant = Attendant(calls, customers, book, config, lines, clock, perform, partial(place, config))
    recordings = SqlRecordings(database)
    key = MasterKey(settings.data_dir("keys") / "audio.key")
    audio = FileAudioStore(settings.data_dir("audio"), key)
    at_carriers = SoundAtTwilio(
        database, settings.data_dir("spool"), clock, in_use="twilio" in settings.carriers
    )
    recording = RecordingService(recordings, ids, perform)
    ledger, scores = SqlLedger(database), SqlScores(database)
    quality = QualityService(ledger, scores, load_library(settings.config), store, clock, ids, config)
    journey = Journey(
        decisions_of(attendant, recording), table_of(attendant, routing, recording, quality), store, attendant
    )
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
        transcripts=SqlTranscripts(database, KeySeal(key), config.region),
        recording=recording,
        audio=audio,
        at_carriers=at_carriers,
        models=models,
        ledger=ledger,
        scores=scores,
        quality=quality,
        journey=journey,
        purge=Purge(database, audio, at_carriers, settings.data_dir("spool"), config.retention, clock, ids),
        carriers=carriers,
        phones=phones,
        bring={"asterisk": asterisk, "twilio": twilio},
    )
    calls.publish_to(journey.follow)
    calls.decide_by(journey)
    return program


def open_shelf(settings: Settings, stand_in: str | None = None) -> ModelShelf:
    """The recogniser models of this machine; `stand_in` as for `open_program`."""
    shelf = ModelShelf(Catalogue.read(settings.config / "models.yaml"), _model_folders(settings))
    return shelf if stand_in is None else shelf.with_stand_in(stand_in)


def _model_folders(settings: Settings) -> Iterable[Path]:
    return [*([settings.vosk_models] if settings.vosk_models else []), settings.data_dir("models")]
