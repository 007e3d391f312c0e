"""Being in a conference: waiting, talking, on hold, until one leaves or is made to."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from .call import Source
from .conference import Conference, Participant
from .documents import ApplicationError
from .exchange import Exchange
from .waiting import loop, wait

WAIT_FAILED = "wait-failed"


async def attend(exchange: Exchange, conference: Conference, one: Participant) -> str:
    """Why they left. Whoever is cancelled in here leaves for the reason of their call's interruption."""
    conference.join(one)
    waits: asyncio.Task[None] | None = None
    if conference.status != "in-progress":
        waits = asyncio.create_task(_until(wait(exchange, conference, one), conference.started))
    try:
        if waits is not None:
            both: set[asyncio.Future[Any]] = {waits, one.left}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if waits.done():
                waits.result()
        return await one.left
    except ApplicationError as error:
        exchange.alert(error.code, str(error), one.call, error.url)
        conference.leave(one, "participant_hung_up")
        return WAIT_FAILED
    finally:
        if waits is not None:
            waits.cancel()
            await asyncio.gather(waits, return_exceptions=True)
        interruption = one.call.interruption
        conference.leave(one, interruption.reason if interruption else "participant_hung_up")


async def hold_music(exchange: Exchange, conference: Conference, one: Participant) -> None:
    """What one on hold hears, until they are not."""
    if one.hold_url:
        with suppress(ApplicationError):
            await loop(exchange, conference, one.call, Source(one.hold_url, one.hold_method), "hold-")


async def _until(work: Coroutine[Any, Any, None], event: asyncio.Event) -> None:
    """Does `work` until `event`; raises what it raises."""
    tasks: set[asyncio.Future[Any]] = {asyncio.ensure_future(work), asyncio.ensure_future(event.wait())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
