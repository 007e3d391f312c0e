"""The stage that scores: what it is told of the call, and when."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from config.clock import ManualClock
from config.database import Database, metadata
from config.ids import new_id
from config.routing import load_routing
from config.settings import CONFIG_DIR
from ivr import events as e
from ivr.call import apply, begin
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from qa.judging import Verdict
from qa.library import Library
from qa.repository import SqlLedger, SqlScores
from qa.service import QualityService
from recordings.recording import Recording
from recordings.repository import Filed
from recordings.transcript import Track
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.unit.qa.talk import card, library, talk

CLOSING = {"id": "closing", "kind": "phrase_said", "phrases": ["goodbye"], "not_when": ["dropped"]}
EMPATHY = {"id": "empathy", "kind": "phrase_said", "phrases": ["sorry"], "only_when": ["complaint"]}
LOST = e.TalkEnded(a.RESERVATION, "alice", e.Party.CUSTOMER, 44)
COMPLAINING = (*a.IN_MENU[1:], e.IntentSet("complaint"), a.QUEUED, a.RESERVED, a.ANSWERED)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


async def verdicts(database: Database, *story: e.CallEvent) -> dict[str, str]:
    """How a call with this story, which may go on, is judged by its talk."""
    offered = replace(a.OFFERED, carrier_id=str(uuid4()))
    call, store = begin(uuid4(), offered, NOON), SqlCallStore(database)
    await store.create(call, [Entry(1, NOON, offered)])
    for seconds, event in enumerate(story):
        at = NOON + timedelta(seconds=seconds)
        call = apply(call, event, at)
        await store.append(call, [Entry(call.seq, at, event)])
    scores = SqlScores(database)
    quality = QualityService(
        SqlLedger(database),
        scores,
        Library(library().books, (card(CLOSING, EMPATHY),)),
        store,
        ManualClock(NOON),
        new_id,
        load_routing(CONFIG_DIR / "routing.yaml"),
    )
    filed = Filed(Recording(uuid4(), call.id, "en", NOON), a.RESERVATION, "alice", NOON)
    await quality.score(filed, talk("en", (0, Track.AGENT, "one moment please")))
    [saved] = await scores.of_call(call.id)
    return {item["id"]: item["verdict"] for item in saved["result"]["items"]}


async def test_a_call_that_was_cut_off_needs_no_closing(database: Database) -> None:
    assert (await verdicts(database, *a.TALKING[1:], a.HUNG_UP))["closing"] == Verdict.FAIL
    for ends in ((LOST,), (LOST, a.HUNG_UP), (e.CallEnded(e.Party.AGENT, 44),)):
        assert (await verdicts(database, *a.TALKING[1:], *ends))["closing"] == Verdict.NOT_APPLICABLE


async def test_a_complaint_is_judged_as_one(database: Database) -> None:
    assert (await verdicts(database, *COMPLAINING, a.TALK_ENDED))["empathy"] == Verdict.FAIL
    plain = await verdicts(database, *a.TALKING[1:], a.TALK_ENDED, e.IntentSet("complaint"), a.HUNG_UP)
    assert plain["empathy"] == Verdict.NOT_APPLICABLE
