"""Sound at Twilio as people see it: what keeps it, another try, and its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.bootstrap.at_twilio import SoundAtTwilio
from recordings.ports import Fetch, FetchState
from tests.unit.ivr.twilio.api import refusal
from tests.unit.ivr.twilio.bench import LEG, RECORDING, Bench, pulling
from tests.unit.ivr.twilio.test_pulls import COMPLETED, later, lists, sound

DELETED = httpx.Response(204)


@dataclass
class Site:
    """A call that is over, and whose recording Twilio says is complete."""

    centre: Bench
    at_twilio: SoundAtTwilio
    recording: UUID = field(default_factory=uuid4)
    call: UUID = field(default_factory=uuid4)

    async def fetch(self) -> Fetch | None:
        return (await self.at_twilio.fetches([self.recording])).get(self.recording)

    async def known(self) -> bool:
        return await self.centre.store.get(self.recording) is not None

    def spool(self) -> list[str]:
        return sorted(path.name.removeprefix(str(self.recording)) for path in self.centre.spool.iterdir())

    def deleted(self) -> list[str]:
        return [asked.in_path["Sid"] for asked in self.centre.sent("DeleteRecording")]


@asynccontextmanager
async def site_of(folder: Path, **settings: Any) -> AsyncIterator[Site]:
    async with pulling(folder, **settings) as centre:
        site = Site(centre, SoundAtTwilio(centre.database, centre.spool, centre.clock))
        await centre.pulls.record(site.recording, site.call, LEG)
        await centre.pulls.arrived(site.recording, COMPLETED)
        lists(centre, status="completed")
        centre.api.will("Media", httpx.Response(200, content=sound()))
        centre.api.will("DeleteRecording", DELETED)
        yield site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(tmp_path) as made:
        yield made


@pytest.fixture
async def deleting(tmp_path: Path) -> AsyncIterator[Site]:
    """One that deletes at Twilio what is here."""
    async with site_of(tmp_path, delete_recordings=True) as made:
        yield made


async def test_where_twilio_is_not_in_use_it_is_said_that_nobody_asks(site: Site) -> None:
    centre = site.centre
    idle = SoundAtTwilio(centre.database, centre.spool, centre.clock, in_use=False)
    fetch = (await idle.fetches([site.recording]))[site.recording]
    assert (fetch.state, fetch.problem) == (
        FetchState.COMING,
        "HOTLINE_CARRIERS does not name twilio: nobody asks there",
    )


async def test_what_waits_says_what_keeps_it_until_it_is_here(site: Site) -> None:
    now = site.centre.clock.now()
    assert await site.fetch() == Fetch("twilio", FetchState.COMING, 0, now, None)
    site.centre.api.will("Media", httpx.Response(503))
    await site.centre.pulls.work()
    fetch = await site.fetch()
    assert fetch is not None
    assert (fetch.state, fetch.tries, fetch.next_try) == (FetchState.COMING, 1, now + timedelta(seconds=5))
    assert fetch.problem
    site.centre.api.will("Media", httpx.Response(200, content=sound()))
    await later(site.centre)
    assert await site.fetch() is None
    assert await site.at_twilio.fetches([uuid4()]) == {}
    assert not await site.at_twilio.again(site.recording)
    assert not await site.at_twilio.again(uuid4())


async def test_what_waits_long_is_fetched_at_once_if_somebody_asks(site: Site) -> None:
    site.centre.api.will("Media", httpx.Response(503))
    for _ in range(6):
        await later(site.centre)
    assert await site.centre.pulls.work() == 0
    site.centre.api.will("Media", httpx.Response(200, content=sound()))
    assert await site.at_twilio.again(site.recording)
    await site.centre.pulls.work()
    assert site.spool() == ["-agent.wav", "-customer.wav"]


async def test_what_was_given_up_is_fetched_if_somebody_asks(site: Site) -> None:
    site.centre.api.will("Media", httpx.Response(200, content=sound(channels=1)))
    await site.centre.pulls.work()
    lost = await site.fetch()
    assert lost is not None
    assert (lost.state, lost.tries, lost.next_try) == (FetchState.LOST, 1, None)
    assert "channels" in str(lost.problem)
    assert site.spool() == []
    site.centre.api.will("Media", httpx.Response(200, content=sound()))
    assert await site.at_twilio.again(site.recording)
    assert site.spool() == [".coming"], "the worker waits again"
    await site.centre.pulls.work()
    assert site.spool() == ["-agent.wav", "-customer.wav"]
    assert await site.fetch() is None


async def test_what_could_not_be_deleted_there_says_so_and_is_tried_again(deleting: Site) -> None:
    deleting.centre.stored[deleting.recording] = 2
    deleting.centre.api.will("DeleteRecording", refusal(400, 20001))
    for _ in range(40):
        await later(deleting.centre)
    left = await deleting.fetch()
    assert left is not None
    assert (left.state, left.next_try) == (FetchState.LEFT, None)
    assert left.problem
    deleting.centre.api.will("DeleteRecording", DELETED)
    assert await deleting.at_twilio.again(deleting.recording)
    await deleting.centre.pulls.work()
    assert await deleting.fetch() is None


async def test_what_is_kept_there_by_choice_is_only_forgotten(site: Site) -> None:
    await site.centre.pulls.work()
    await site.at_twilio.drop(site.recording)
    assert not await site.known()
    assert not site.deleted()


@pytest.mark.parametrize("sid", [RECORDING, None])
async def test_what_is_no_longer_kept_is_not_fetched_and_is_deleted_there(
    deleting: Site, sid: str | None
) -> None:
    await deleting.centre.store.change(deleting.recording, sid=sid)
    await deleting.at_twilio.drop(deleting.recording)
    assert deleting.spool() == []
    deleting.centre.api.will("DeleteRecording", *[httpx.Response(503)] * 8, DELETED)
    await later(deleting.centre)
    left = await deleting.fetch()
    assert left is not None
    assert (left.state, left.tries) == (FetchState.LEFT, 1)
    for _ in range(3):
        await later(deleting.centre)
    assert set(deleting.deleted()) == {RECORDING}
    assert not await deleting.known()
    assert not deleting.centre.sent("Media")
    assert deleting.spool() == []


async def test_what_is_not_deleted_there_by_choice_is_not_fetched_either(site: Site) -> None:
    await site.at_twilio.drop(site.recording)
    await site.centre.pulls.work()
    assert not await site.known()
    assert not site.deleted()
    assert not site.centre.sent("Media")


async def test_what_comes_while_it_ceases_to_be_kept_does_not_stay(deleting: Site) -> None:
    async def meanwhile() -> httpx.Response:
        await deleting.at_twilio.drop(deleting.recording)
        return httpx.Response(200, content=sound())

    deleting.centre.api.will("Media", meanwhile)
    await deleting.centre.pulls.work()
    assert deleting.spool() == []
    assert await deleting.known(), "it is to be deleted there"
    await deleting.centre.pulls.work()
    assert deleting.deleted() == [RECORDING]
    assert not await deleting.known()


async def test_a_deletion_that_never_works_is_forgotten_with_who_called(deleting: Site) -> None:
    deleting.centre.api.will("DeleteRecording", refusal(400, 20001))
    await deleting.at_twilio.drop(deleting.recording)
    for _ in range(40):
        await later(deleting.centre)
    left = await deleting.fetch()
    assert left is not None
    assert (left.state, left.next_try) == (FetchState.LEFT, None)
    await deleting.at_twilio.forget([uuid4()])
    assert await deleting.known()
    await deleting.at_twilio.forget([deleting.call])
    assert not await deleting.known()
