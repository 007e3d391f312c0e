"""The carrier: whose webhook it is, what was before a restart, and when calls can be taken."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ivr import events as e
from ivr.actions import Answer, Gather, Hold, Reject
from ivr.adapters.twilio import carrier, reattachment
from ivr.adapters.twilio.carrier import UnknownToUs
from ivr.adapters.twilio.webhooks import BadWebhook
from ivr.call import Call
from ivr.events import AgentLegEnded, CallAnswered, CallEnded, CallRecovered, MissReason, Party, TalkEnded
from tests.builders import calls as a
from tests.builders.calls import given_call
from tests.unit.ivr.twilio.api import found, listed, refusal
from tests.unit.ivr.twilio.bench import A_CALL, CALLER, LEG, ROOM, Bench, Line, bench, form, prompt, soon

ASK = Gather("topic", (prompt("topic?"),))
OFFERED = e.CallOffered("twilio", CALLER, "4001", "+8613800138000")
AGENT: dict[str, Any] = {"call_sid": LEG, "label": str(a.RESERVATION), "status": "connected"}
THERE: dict[str, Any] = {"call_sid": CALLER, "label": None, "status": "connected"}


def known(*history: e.CallEvent) -> Call:
    """A call that the record holds open."""
    return given_call(OFFERED, *history[1:])


async def taken_up(centre: Bench, call: Call) -> Line:
    await centre.telephony.reattach([call])
    session = centre.telephony.session_of(CALLER)
    assert session is not None
    return Line(centre, session, "<Response/>")


def in_conference(centre: Bench, *people: dict[str, Any], over: bool = False) -> None:
    room = {"sid": ROOM, "status": "completed" if over else "in-progress"}
    centre.api.will("ListConference", listed("ListConference", "conferences", room))
    centre.api.will("ListParticipant", listed("ListParticipant", "participants", *people))


async def test_webhooks_of_unknown_calls_are_refused(centre: Bench) -> None:
    nobody = uuid4()
    with pytest.raises(UnknownToUs):
        await centre.telephony.next(nobody, form(CallSid=CALLER), 1)
    with pytest.raises(UnknownToUs):
        await centre.telephony.status(form(CallSid=CALLER, CallStatus="completed"))
    with pytest.raises(UnknownToUs):
        await centre.telephony.conference(
            nobody, form(ConferenceSid=ROOM, StatusCallbackEvent="conference-start")
        )
    assert not centre.sink.events


async def test_another_calls_document_is_not_given(centre: Bench) -> None:
    line = await centre.call(ASK)
    with pytest.raises(UnknownToUs):
        await centre.telephony.next(line.id, form(CallSid="CA" + "9" * 32), line.turn())


async def test_a_bad_webhook_changes_nothing(centre: Bench) -> None:
    line = await centre.call(ASK)
    before = line.turn()
    with pytest.raises(BadWebhook):
        await line.hears("gathered:topic", Digits="abc")
    assert line.turn() == before


async def test_an_end_that_comes_before_the_call_ends_it(centre: Bench) -> None:
    with pytest.raises(UnknownToUs):
        await centre.telephony.status(form(CallSid=CALLER, CallStatus="completed"))
    await centre.call(ASK)
    await centre.sink.wait(CallEnded)
    assert centre.sink.of(CallEnded) == [CallEnded(Party.CUSTOMER, 16)]


async def test_two_calls_do_not_meet(centre: Bench) -> None:
    other = "CA" + "7" * 32
    one, two = await centre.call(ASK), await centre.call(Reject(), sid=other)
    assert one.id != two.id
    await two.ends("busy")
    assert one.kinds() == ["CallOffered"]
    assert two.kinds() == ["CallOffered", "CallEnded"]


async def test_a_call_that_cannot_be_stored_is_forgotten(centre: Bench) -> None:
    tried = asyncio.Event()

    async def breaks(*_: object) -> None:
        tried.set()
        raise RuntimeError("no database")

    centre.sink.on_offered = breaks
    telling = asyncio.create_task(centre.telephony.voice(form(CallSid=CALLER, From="1", To="2")))
    await tried.wait()
    assert not telling.done()  # it is tried again
    telling.cancel()


# ---------------------------------------------------------------------- restarts


async def test_a_caller_who_waits_is_left_where_they_are(centre: Bench) -> None:
    in_conference(centre, THERE)
    line = await taken_up(centre, known(*a.WAITING))
    assert centre.sink.of(CallRecovered) == [CallRecovered(talking=False)]
    await line.perform(Answer(), Hold())
    await asyncio.sleep(0.01)
    assert not centre.sent("UpdateCall")


async def test_a_caller_in_the_menu_is_asked_again(centre: Bench) -> None:
    line = await taken_up(centre, known(*a.IN_MENU))
    await line.perform(Answer(), ASK)
    await soon(lambda: bool(centre.sent("UpdateCall")))
    assert len(centre.sent("UpdateCall")) == 1
    await line.hears("next")
    assert line.said == ["topic?"]


async def test_turns_are_never_given_twice(centre: Bench) -> None:
    centre.clock.advance(3600)
    line = await taken_up(centre, known(*a.IN_MENU))
    assert line.turn() > 30_000


async def test_a_talk_goes_on(centre: Bench) -> None:
    in_conference(centre, THERE, AGENT)
    line = await taken_up(centre, known(*a.TALKING))
    assert centre.sink.of(CallRecovered) == [CallRecovered(talking=True)]
    await line.leg("completed", a.RESERVATION)
    await line.hears("joined", 7)  # a turn of the earlier process
    assert [event.by for event in centre.sink.of(TalkEnded)] == [Party.AGENT]


async def test_a_talk_that_the_agent_ended(centre: Bench) -> None:
    room = {"sid": ROOM, "status": "completed", "call_sid_ending_conference": LEG}
    centre.api.will("ListConference", listed("ListConference", "conferences", room))
    await taken_up(centre, known(*a.TALKING))
    assert [event.by for event in centre.sink.of(TalkEnded)] == [Party.AGENT]
    assert centre.sink.of(CallRecovered) == [CallRecovered(talking=False)]


async def test_a_phone_that_rang_and_was_answered(centre: Bench) -> None:
    in_conference(centre, THERE, AGENT)
    centre.api.will(
        "FetchCall",
        found("FetchCall", {"sid": CALLER, "status": "in-progress"}),
        found("FetchCall", {"sid": LEG, "status": "in-progress"}),
    )
    await taken_up(centre, known(*a.RINGING))
    assert len(centre.sink.of(CallAnswered)) == 1
    assert centre.sink.of(CallRecovered) == [CallRecovered(talking=True)]


async def test_a_phone_that_is_not_heard_of_again_is_given_up(
    centre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivr.adapters.twilio import ringing

    monkeypatch.setattr(ringing, "RING_GRACE", 0.01)
    in_conference(centre, THERE)
    await taken_up(centre, known(*a.RINGING))
    assert (await centre.sink.wait(AgentLegEnded)).reason is MissReason.CANCELLED


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("completed", CallEnded(Party.CUSTOMER, 16)),
        ("no-answer", CallEnded(Party.CUSTOMER, 16)),
        ("failed", None),
    ],
)
async def test_a_call_that_is_over(centre: Bench, status: str, ended: CallEnded | None) -> None:
    over = {"sid": CALLER, "status": status, "end_time": "Fri, 20 Nov 2026 04:00:05 +0000"}
    centre.api.will("FetchCall", found("FetchCall", over))
    await centre.telephony.reattach([known(*a.WAITING)])
    (told,) = centre.sink.of(CallEnded)
    assert told == ended or (ended is None and told.by is Party.UNKNOWN)
    assert not centre.telephony.sessions()


async def test_a_call_that_twilio_does_not_know(centre: Bench) -> None:
    centre.api.answers["FetchCall"].clear()
    await centre.telephony.reattach([known(*a.WAITING)])
    assert centre.sink.of(CallEnded)[0].by is Party.UNKNOWN


async def test_what_became_of_calls_is_asked_until_twilio_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "_FIRST_CONTACT", 0.01)
    monkeypatch.setattr(reattachment, "_TRY_AGAIN", 0.01)
    async with bench(tmp_path) as centre:
        good = list(centre.api.answers["FetchAccount"])
        centre.api.will("FetchAccount", httpx.ConnectError("no"))
        fresh = centre.another()
        async with fresh.running(centre.sink):
            await fresh.reattach([known(*a.WAITING)])
            assert not fresh.connected
            waiting = asyncio.create_task(fresh.voice(form(CallSid="CA" + "8" * 32, From="1", To="2")))
            await asyncio.sleep(0.02)
            assert not waiting.done()
            centre.api.will("FetchAccount", *good)
            await centre.sink.wait(CallRecovered)
            await asyncio.wait_for(waiting, 2)
            assert fresh.connected


OTHER = "CA" + "7" * 32
NOT_JSON = httpx.Response(200, text="<html>")


@pytest.mark.parametrize("answer", [refusal(403, 20003), NOT_JSON])
async def test_a_call_of_which_twilio_tells_nothing_keeps_no_other_waiting(
    centre: Bench, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    monkeypatch.setattr(reattachment, "_TRY_AGAIN", 0.0)
    odd, good = known(*a.IN_MENU), given_call(replace(OFFERED, carrier_id=OTHER), *a.IN_MENU[1:])
    in_conference(centre)
    centre.api.will_of("FetchCall", {CALLER: answer, OTHER: found("FetchCall", A_CALL | {"sid": OTHER})})
    await centre.telephony.reattach([odd, good])
    assert centre.telephony.connected
    assert centre.sink.kinds(good.id) == ["CallRecovered"]
    assert centre.sink.kinds(odd.id) == []
    centre.recorded = [odd, good]
    await centre.telephony.reconciliation.look()
    assert centre.telephony.connected
    assert centre.sink.kinds(odd.id) == []
    centre.api.will("FetchCall", found("FetchCall", A_CALL))
    await centre.telephony.reconciliation.look()
    await centre.telephony.reconciliation.look()
    assert centre.sink.kinds(odd.id) == centre.sink.kinds(good.id) == ["CallRecovered"]
