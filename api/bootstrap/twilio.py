"""The Twilio carrier. Its library takes long to import: only a program with this carrier does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from api.bootstrap.program import Program
from config.routing import ANY_NUMBER
from ivr.adapters.twilio import tables as tables  # the schema has them, whichever carriers there are
from recordings.errors import UnknownRecording

if TYPE_CHECKING:
    import httpx

_LATELY = timedelta(days=30)


@asynccontextmanager
async def twilio(
    program: Program, transport: "httpx.AsyncBaseTransport | None" = None
) -> AsyncIterator[None]:
    """Adds the Twilio carrier; `api.webhooks.twilio` hands it what Twilio posts. `transport` is for tests."""
    from ivr.adapters.twilio.account import Account
    from ivr.adapters.twilio.carrier import TwilioTelephony
    from ivr.adapters.twilio.prompts import PromptLinks
    from ivr.adapters.twilio.pulls import Pulls
    from ivr.adapters.twilio.repository import SqlPulls
    from ivr.adapters.twilio.rest import TwilioRest

    settings, data = program.settings.twilio, program.settings.data_dir
    account = Account.of(settings)
    rest = TwilioRest(account, transport)
    recorded = program.settings.config / "prompts"

    async def stored(recording: UUID) -> int:
        return await _stored_tracks(program, recording)

    carrier = TwilioTelephony(
        account,
        rest,
        PromptLinks(account, program.prompts.path, recordings=recorded, cache=data("prompts")),
        Pulls(SqlPulls(program.database), rest, account, data("spool"), program.clock, stored),
        program.clock,
        numbers=await _numbers(program),
        open_calls=program.store.open_calls,
        state=data("db"),
        reconcile_every=settings.reconcile_every,
    )
    program.carriers[carrier.name] = carrier
    program.backlogs[carrier.name] = carrier.pulls.counts
    yield


async def _numbers(program: Program) -> set[str]:
    """Those of the configuration, and those at which Twilio lately brought calls to `*`."""
    called = await program.store.numbers_called("twilio", program.clock.now() - _LATELY)
    return called | {number for number in program.config.numbers if number != ANY_NUMBER}


async def _stored_tracks(program: Program, recording: UUID) -> int:
    """How many tracks are noted with the recording and lie in the store."""
    try:
        tracks = (await program.recordings.get(recording)).recording.tracks
    except UnknownRecording:
        return 0
    return sum([await program.audio.exists(track.key) for track in tracks.values()])
