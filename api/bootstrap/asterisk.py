"""The Asterisk carrier, with the speech server that Asterisk connects to.

Their libraries take long to import: only a program with this carrier does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

import structlog

from api.bootstrap.program import Program, background
from config.installation import installation
from recordings.errors import ModelError

log = structlog.get_logger()


@asynccontextmanager
async def asterisk(program: Program) -> AsyncIterator[None]:
    """Adds the Asterisk carrier, and serves the websocket to which it connects for speech."""
    from ivr.adapters.asterisk.ami import AmiSettings
    from ivr.adapters.asterisk.carrier import AsteriskPlace, AsteriskTelephony
    from ivr.adapters.speech.server import SpeechServer

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
        clock=program.clock,
        lease_seconds=settings.lease_seconds,
        on_presence=program.routing.presence,
        register_grammar=speech.register_grammar,
    )
    speech.on_speech = carrier.speech_started
    program.carriers[carrier.name] = carrier
    async with speech.running(), background(load_models(program)):
        yield


async def load_models(program: Program) -> None:
    """Loads what menus listen with, which takes seconds: the first caller who speaks need not wait for it."""
    spoken = frozenset[str]().union(*(menu.languages_heard() for menu in program.menus.all()))
    for language in sorted(spoken):
        if program.models.available(language):
            try:
                await asyncio.to_thread(program.models.load, language)
            except ModelError as error:
                log.warning("a speech model cannot be used", language=language, why=str(error))
