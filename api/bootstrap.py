"""Puts the program together: the only place that picks classes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from api.journey import Journey, table_of
from api.timekeeper import Timekeeper
from config.clock import Clock, SystemClock
from config.database import open_engine
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
from ivr.menus import MenuBook
from ivr.ports import Telephony
from ivr.repository import SqlCallStore
from ivr.service import CallService
from qa.repository import SqlLedger, SqlScores
from qa.service import QualityService
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.vosk import VoskTranscriber
from recordings.models import Catalogue, ModelShelf
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from recordings.worker import Worker
from routing.adapters.memory import MemoryBoard
from routing.placing import Placing
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
    engine: AsyncEngine
    store: SqlCallStore
    calls: CallService
    customers: CustomerService
    menus: MenuBook
    prompts: PromptAudio
    lines: Lines
    routing: RoutingService
    recordings: SqlRecordings
    recording: RecordingService
    audio: FileAudioStore
    ledger: SqlLedger
    scores: SqlScores
    quality: QualityService
    journey: Journey
    timekeeper: Timekeeper
    carriers: dict[str, Telephony]

    def worker(self, transcriber: VoskTranscriber, name: str | None = None) -> Worker:
        return Worker(
            name or f"{socket.gethostname()}-{new_id()}",
            self.recordings,
            self.audio,
            transcriber,
            self.settings.data_dir("spool"),
            self.clock,
            self.quality.score,
        )
