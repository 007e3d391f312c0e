"""Recordings come from Twilio, both tracks, whatever goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from api.listing import Listing
from api.metrics import Metrics
from ivr.adapters.twilio.repository import PullState
from recordings.wav import load
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.telephony import audio
from tests.twilio import Answer, Answers, Caller, Lose, Tone


async def recorded_call(centre: CallCentre) -> Caller:
    """A talk of 20 s, agent at 900 Hz and caller at 400 Hz, and its end."""
    await centre.agent("anna", ANNA, Answers(after=1))
    centre.twilio.phone(ANNA).voice = Tone(900)
    caller = await in_queue(centre)
    await caller.connected()
    await centre.twilio.until(lambda: bool(centre.twilio.recordings))
    await caller.listen(20)
    caller.hang_up()
    await centre.twilio.settled()
    return caller


async def fetched(centre: CallCentre, state: PullState = PullState.DONE, within: float = 600) -> None:
    """Returns once the recording is as far as `state`."""
    async with asyncio.timeout(within):
        while not (await centre.pulls.counts())[state]:
            await centre.twilio.let_pass(1)


def track(centre: CallCentre, recording: UUID, name: str) -> tuple[float, Callable[[float], float]]:
    """Its seconds, and how many of them hold a tone."""
    path = centre.settings.data_dir("spool") / f"{recording}-{name}.wav"
    info = load(path)[1]
    return info.duration, lambda frequency: audio.tone_seconds(audio.read(path), frequency)


async def recording_of(centre: CallCentre, caller: Caller) -> UUID:
    (filed,) = await centre.program.recordings.of_call(await centre.call_of(caller))
    return filed.recording.id


async def test_a_conversation_is_fetched_in_two_tracks(centre: CallCentre) -> None:
    caller = await recorded_call(centre)
    await fetched(centre)
    recording = await recording_of(centre, caller)
    agent, hears_agent = track(centre, recording, "agent")
    customer, hears_customer = track(centre, recording, "customer")
    assert agent == customer
    assert 19 < agent < 22
    assert hears_agent(900) > 15
    assert hears_customer(400) > 15
    assert hears_agent(400) < 1
    assert hears_customer(900) < 1
    assert not centre.twilio.alerts
    assert not list(centre.settings.data_dir("spool").glob("*.coming"))


async def test_a_lost_callback_does_not_lose_the_recording(centre: CallCentre) -> None:
    centre.twilio.faults.add(Lose(), kind="recording", times=20)
    caller = await recorded_call(centre)
    await fetched(centre)
    assert track(centre, await recording_of(centre, caller), "agent")[0] > 19


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_what_cannot_be_fetched_is_fetched_later(centre: CallCentre, status: int) -> None:
    centre.twilio.rest_faults.add(Answer(status), path=".wav", times=4)
    caller = await recorded_call(centre)
    assert list(centre.settings.data_dir("spool").glob("*.coming"))
    await fetched(centre)
    assert track(centre, await recording_of(centre, caller), "customer")[0] > 19


async def at_twilio(centre: CallCentre) -> dict[str, float]:
    """How many recordings there are at Twilio, by state, as Prometheus is told."""
    program = centre.program
    told = (await Metrics().exposition(program, Listing(program.database))).decode()
    figures = {family.name: family.samples for family in text_string_to_metric_families(told)}
    samples = figures["hotline_recordings_at_carrier"]
    assert {sample.labels["carrier"] for sample in samples} == {"twilio"}
    return {sample.labels["state"]: sample.value for sample in samples}


async def test_what_lies_at_twilio_is_a_figure(centre: CallCentre) -> None:
    none = dict.fromkeys(map(str, PullState), 0.0)
    assert await at_twilio(centre) == none
    centre.twilio.rest_faults.add(Answer(503), path=".wav", times=4)
    await recorded_call(centre)
    assert await at_twilio(centre) == none | {"coming": 1.0}
    await fetched(centre)
    assert await at_twilio(centre) == none | {"done": 1.0}


class TestDeleting:
    @pytest.fixture
    def twilio_settings(self) -> dict[str, object]:
        return {"delete_recordings": True}

    @pytest.mark.parametrize("refusals", [0, 4])
    async def test_what_is_stored_is_deleted_there(self, centre: CallCentre, refusals: int) -> None:
        centre.twilio.rest_faults.add(Answer(503), method="DELETE", times=refusals)
        await recorded_call(centre)
        await fetched(centre, PullState.STORED)
        await centre.twilio.let_pass(30)
        (recording,) = centre.twilio.recordings.values()
        assert recording.status == "completed", "it is not stored here yet"
        await centre.program.worker().work()
        await fetched(centre)
        assert recording.status == "deleted"
        assert not list(centre.settings.data_dir("spool").iterdir())


@asynccontextmanager
async def no_writing(centre: CallCentre) -> AsyncIterator[None]:
    """Nothing can be noted about recordings at Twilio, also by a program that starts meanwhile."""
    refuse = "CREATE TRIGGER full BEFORE UPDATE ON twilio_recordings BEGIN SELECT RAISE(ABORT, 'full'); END"
    await centre.program.database.write(lambda connection: connection.execute(text(refuse)))
    yield
    await centre.program.database.write(lambda connection: connection.execute(text("DROP TRIGGER full")))


async def test_an_error_of_the_database_ends_no_fetching(centre: CallCentre) -> None:
    centre.twilio.rest_faults.add(Answer(503), path=".wav", times=5)
    caller = await recorded_call(centre)
    async with no_writing(centre):
        await centre.twilio.let_pass(30)
        assert not (await centre.pulls.counts())[PullState.DONE]
    await fetched(centre)
    assert track(centre, await recording_of(centre, caller), "agent")[0] > 19


async def test_an_error_of_the_database_at_the_start_forgets_no_recording(centre: CallCentre) -> None:
    centre.twilio.faults.add(Lose(), kind="recording", times=20)
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.twilio.until(lambda: bool(centre.twilio.recordings))
    await caller.listen(10)
    async with no_writing(centre):
        await centre.stop()
        caller.hang_up()
        await centre.twilio.settled()
        await centre.start()
        await centre.twilio.let_pass(30)
    await fetched(centre)
    assert track(centre, await recording_of(centre, caller), "agent")[0] > 9


async def test_a_restart_in_a_talk_still_fetches_it(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.twilio.until(lambda: bool(centre.twilio.recordings))
    await centre.stop()
    await caller.listen(10)
    caller.hang_up()
    await centre.twilio.settled()
    await centre.start()
    await fetched(centre)
    assert track(centre, await recording_of(centre, caller), "agent")[0] > 9


async def test_a_talk_that_goes_on_after_a_restart_is_recorded_once(centre: CallCentre) -> None:
    await centre.agent("anna", ANNA, Answers(after=1))
    caller = await in_queue(centre)
    await caller.connected()
    await centre.twilio.until(lambda: bool(centre.twilio.recordings))
    await caller.listen(5)
    await centre.stop()
    await centre.start()
    await caller.listen(5)
    caller.hang_up()
    await centre.twilio.settled()
    await fetched(centre)
    assert len(centre.twilio.recordings) == 1
    assert track(centre, await recording_of(centre, caller), "agent")[0] > 9


async def test_the_worker_waits_for_what_is_on_its_way(centre: CallCentre) -> None:
    centre.twilio.rest_faults.add(Answer(503), path=".wav", times=3)
    caller = await recorded_call(centre)
    worker = centre.program.worker()
    await centre.twilio.let_pass(3)
    await worker.work()
    recording = await recording_of(centre, caller)
    assert (await centre.program.recordings.get(recording)).recording.state == "pending"
    await fetched(centre)
    await worker.work()
    kept = (await centre.program.recordings.get(recording)).recording
    assert set(kept.tracks) == {"agent", "customer"}


async def test_a_recording_that_twilio_lost_is_told_to_be(centre: CallCentre) -> None:
    caller = await recorded_call(centre)
    (recording,) = centre.twilio.recordings.values()
    recording.status = "absent"
    await fetched(centre, PullState.LOST)
    assert not list(centre.settings.data_dir("spool").glob("*"))
    worker = centre.program.worker()
    await centre.twilio.let_pass(700)
    await worker.work()
    kept = (await centre.program.recordings.get(await recording_of(centre, caller))).recording
    assert kept.state == "failed"
