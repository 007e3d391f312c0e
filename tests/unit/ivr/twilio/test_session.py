"""One caller: documents by turn, and what happens to agents, each told once."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivr.actions import (
    Action,
    Announce,
    Answer,
    CancelRing,
    DtmfInput,
    Gather,
    Hangup,
    Hold,
    Play,
    Reject,
    RingAgent,
    StartRecording,
)
from ivr.adapters.twilio import ringing as ringing_module
from ivr.adapters.twilio import session as session_module
from ivr.adapters.twilio import steering
from ivr.adapters.twilio import talking as talking_module
from ivr.adapters.twilio.http import ATTEMPTS
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallEnded,
    InputGathered,
    MissReason,
    Party,
    TalkEnded,
)
from tests.unit.ivr.twilio.api import found, listed, refusal
from tests.unit.ivr.twilio.bench import (
    A_CALL,
    CALLER,
    LEG,
    RECORDING,
    RESERVATION,
    Bench,
    Line,
    bench,
    gone,
    prompt,
    soon,
)

ASK = Gather("topic", (prompt("topic?"),), DtmfInput(1))
HOLD = Hold("default", (prompt("hold on"),))
RING = RingAgent(RESERVATION, "anna", "sip:anna@example.com", 20.0, "Wang Xiaoming")


async def asked(centre: Bench) -> Line:
    return await centre.call(Answer(), Play((prompt("welcome"),)), ASK)


async def waiting(centre: Bench) -> Line:
    line = await centre.call(Answer(), HOLD)
    await line.room("participant-join", CallSid=CALLER)
    await line.waits()
    return line


async def ringing(centre: Bench) -> Line:
    line = await waiting(centre)
    await line.perform(RING)
    await soon(lambda: line.session.talking.ringing.legs[RESERVATION].sid == LEG)
    return line


async def talking(centre: Bench) -> Line:
    line = await ringing(centre)
    await line.leg("in-progress")
    await line.room("participant-join", CallSid=LEG, ParticipantLabel=str(RESERVATION))
    return line


# ---------------------------------------------------------------------- documents


async def test_what_is_performed_while_the_call_is_offered_is_the_reply(centre: Bench) -> None:
    line = await asked(centre)
    assert line.verbs == ["Say", "Gather"]
    assert line.said == ["welcome", "topic?"]
    (offer,) = centre.sink.offers
    assert (offer.carrier_id, offer.called, offer.caller) == (CALLER, "4001", "+8613800138000")


async def test_a_busy_line_is_rejected(centre: Bench) -> None:
    line = await centre.call(Reject())
    assert line.verbs == ["Reject"]
    await line.ends("busy")
    assert centre.sink.of(CallEnded) == [CallEnded(Party.SYSTEM, 17)]


async def test_a_repeated_incoming_call_gets_the_same_document(centre: Bench) -> None:
    line = await asked(centre)
    again = await centre.call(ASK)
    assert again.document == line.document
    assert len(centre.sink.offers) == 1


async def test_an_answer_is_told_and_what_follows_is_the_reply(centre: Bench) -> None:
    line = await asked(centre)

    async def step(_call: object, event: object) -> None:
        await line.perform(Play((prompt("thanks"),)), HOLD)

    centre.sink.on_event = step
    await line.hears("gathered:topic", Digits="1")
    assert line.said == ["thanks", "hold on"]
    assert line.verbs[-1] == "Dial"
    (gathered,) = centre.sink.of(InputGathered)
    assert (gathered.step, gathered.value) == ("topic", "1")


async def test_a_repeated_answer_changes_nothing_and_gets_the_present_document(centre: Bench) -> None:
    line = await asked(centre)
    turn = line.turn()
    first = await line.hears("gathered:topic", Digits="1")
    again = await line.hears("gathered:topic", turn, Digits="2")
    assert again == first
    assert len(centre.sink.of(InputGathered)) == 1


async def test_two_at_once_are_one(centre: Bench) -> None:
    line = await asked(centre)
    turn = line.turn()
    both = await asyncio.gather(*(line.hears("gathered:topic", turn, Digits="1") for _ in range(2)))
    assert both[0] == both[1]
    assert len(centre.sink.of(InputGathered)) == 1


async def test_the_end_is_fetched_after_the_farewell(centre: Bench) -> None:
    line = await centre.call(Answer(), Play((prompt("bye"),)), Hangup())
    assert line.verbs == ["Say", "Redirect"]
    await line.hears("next")
    assert line.verbs == ["Hangup"]
    await line.ends()
    assert centre.sink.of(CallEnded) == [CallEnded(Party.SYSTEM, 16)]


async def test_who_hangs_up_during_the_farewell_ended_the_call(centre: Bench) -> None:
    line = await centre.call(Answer(), Play((prompt("bye"),)), Hangup())
    await line.ends()
    assert centre.sink.of(CallEnded) == [CallEnded(Party.CUSTOMER, 16)]


async def test_outside_of_a_webhook_twilio_is_told_to_fetch(centre: Bench) -> None:
    line = await waiting(centre)
    await line.perform(Play((prompt("sorry"),)), ASK)
    await soon(lambda: bool(centre.sent("UpdateCall")))
    (update,) = centre.sent("UpdateCall")
    assert update.form["Url"] == [
        f"https://hotline.example.com/twilio/calls/{line.id}/next?turn={line.turn()}"
    ]
    await line.hears("next")
    assert line.said == ["sorry", "topic?"]


async def test_a_webhook_that_crosses_the_update_brings_the_new_document(centre: Bench) -> None:
    line = await asked(centre)
    turn = line.turn()
    await line.perform(Play((prompt("sorry"),)), Hangup())
    await soon(lambda: bool(centre.sent("UpdateCall")))
    called = line.turn()
    await line.hears("gathered:topic", turn, Digits="1")
    assert line.said == ["sorry"]
    assert not centre.sink.of(InputGathered)
    await line.hears("next", called)
    assert line.said == ["sorry"]  # the present one again


async def test_what_ends_by_itself_is_not_interrupted(centre: Bench) -> None:
    line = await centre.call(Answer(), Play((prompt("news"),)))
    await line.perform(ASK)
    await line.hears("next")
    assert line.said == ["topic?"]
    assert not centre.sent("UpdateCall")


async def test_a_hangup_outside_of_a_webhook_ends_the_call(centre: Bench) -> None:
    line = await waiting(centre)
    await line.perform(Hangup())
    await soon(lambda: bool(centre.sent("UpdateCall")))
    assert centre.sent("UpdateCall")[0].form == {"Status": ["completed"]}
    await line.ends()
    assert centre.sink.of(CallEnded) == [CallEnded(Party.SYSTEM, 16)]


async def test_an_update_of_a_call_that_is_gone_finds_its_end(centre: Bench) -> None:
    line = await waiting(centre)
    centre.api.will("UpdateCall", gone())
    ended = {"sid": CALLER, "status": "completed", "end_time": "Fri, 20 Nov 2026 04:00:05 +0000"}
    centre.api.will("FetchCall", found("FetchCall", ended))
    await line.perform(ASK)
    await centre.sink.wait(CallEnded)
    assert not centre.telephony.sessions()


async def test_an_update_is_repeated_until_twilio_answers(
    centre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "_AGAIN", (0.001,) * 5)
    line = await waiting(centre)
    centre.api.will("UpdateCall", *[httpx.Response(503)] * 8, found("UpdateCall", {"sid": CALLER}))
    await line.perform(ASK)
    await soon(lambda: len(centre.sent("UpdateCall")) == 9)


@pytest.mark.parametrize(
    ("actions", "asked"), [((Play((prompt("sorry"),)), ASK), "Url"), ((Hangup(),), "Status")]
)
async def test_who_waits_is_tried_again_at_each_piece_of_music_until_twilio_answers(
    centre: Bench, monkeypatch: pytest.MonkeyPatch, actions: tuple[Action, ...], asked: str
) -> None:
    monkeypatch.setattr(steering, "_AGAIN", ())
    line = await waiting(centre)
    turn = line.turn()
    centre.api.will("UpdateCall", httpx.Response(503))
    with capture_logs() as logs:
        await line.perform(*actions)
        await soon(lambda: bool(logs))
    answered = asyncio.Event()

    async def slowly() -> httpx.Response:
        await answered.wait()
        return found("UpdateCall", A_CALL)

    centre.api.will("UpdateCall", slowly)
    await line.waits(1, turn)
    await soon(lambda: len(centre.sent("UpdateCall")) == ATTEMPTS + 1)
    await line.waits(2, turn)
    await asyncio.sleep(0.01)
    answered.set()
    (*before, update) = centre.sent("UpdateCall")
    assert len(before) == ATTEMPTS
    assert asked in update.form


async def test_announcements_go_with_the_next_piece_of_music_once(centre: Bench) -> None:
    line = await waiting(centre)
    await line.perform(Announce((prompt("you are next"),)))
    heard = await line.waits(1)
    assert "you are next" in heard
    assert await line.waits(1) == heard  # Twilio asked twice
    assert "you are next" not in await line.waits(2)
    assert not centre.sent("UpdateCall")


async def test_a_late_webhook_of_a_call_that_is_over_is_quiet(centre: Bench) -> None:
    line = await asked(centre)
    await line.ends()
    await line.ends()
    await line.room("conference-end")
    assert line.kinds() == ["CallOffered", "CallEnded"]


# ---------------------------------------------------------------------- agents


async def test_an_agent_is_rung_into_the_conference(centre: Bench) -> None:
    line = await ringing(centre)
    (ring,) = centre.sent("CreateParticipant")
    assert ring.in_path["ConferenceSid"] == str(line.id)
    assert ring.form["To"] == ["sip:anna@example.com"]
    assert ring.form["CallerDisplayName"] == ["Wang Xiaoming"]
    assert ring.form["Label"] == [str(RESERVATION)]
    assert ring.form["From"] == ["4001"]
    assert ring.form["Timeout"] == ["15"]  # Twilio adds five seconds
    await line.leg("ringing")
    await line.leg("ringing")
    assert centre.sink.of(AgentRang) == [AgentRang(RESERVATION, "anna")]


async def test_the_two_have_met_when_both_are_in(centre: Bench) -> None:
    line = await talking(centre)
    await line.room("conference-start")
    assert centre.sink.of(CallAnswered) == [CallAnswered(RESERVATION, "anna")]


async def test_an_agent_who_is_there_before_the_caller_waits_for_them(centre: Bench) -> None:
    line = await centre.call(Answer(), Play((prompt("recorded"),), interruptible=False), HOLD)
    await line.perform(RING)
    await soon(lambda: bool(centre.sent("CreateParticipant")))
    await line.leg("in-progress")
    await line.room("participant-join", CallSid=LEG, ParticipantLabel=str(RESERVATION))
    assert not centre.sink.of(CallAnswered)
    await line.room("participant-join", CallSid=CALLER)
    assert len(centre.sink.of(CallAnswered)) == 1
    assert not centre.sent("UpdateCall")


@pytest.mark.parametrize(
    ("status", "sip", "reason", "cause"),
    [
        ("busy", "486", MissReason.BUSY, 17),
        ("busy", "603", MissReason.REJECTED, 21),
        ("no-answer", "487", MissReason.NO_ANSWER, 19),
        ("failed", "404", MissReason.FAILED, 1),
    ],
)
async def test_a_ring_that_came_to_nothing(
    centre: Bench, status: str, sip: str, reason: MissReason, cause: int
) -> None:
    line = await ringing(centre)
    await line.leg(status, SipResponseCode=sip)
    assert await centre.sink.wait(AgentLegEnded) == AgentLegEnded(RESERVATION, "anna", reason, cause)


async def test_a_phone_that_twilio_does_not_ring_is_told_at_once(centre: Bench) -> None:
    centre.api.will("CreateParticipant", refusal(400, 21211))
    line = await waiting(centre)
    await line.perform(RING)
    missed = await centre.sink.wait(AgentLegEnded)
    assert (missed.reason, missed.cause) == (MissReason.FAILED, 28)


async def test_a_ring_is_cancelled(centre: Bench) -> None:
    line = await ringing(centre)
    await line.leg("ringing")
    await line.perform(CancelRing(RESERVATION))
    await soon(lambda: bool(centre.sent("UpdateCall")))
    assert centre.sent("UpdateCall")[0].form == {"Status": ["canceled"]}
    await line.leg("canceled")
    missed = await centre.sink.wait(AgentLegEnded)
    assert missed.reason is MissReason.CANCELLED


async def test_an_agent_who_answers_when_the_ring_was_cancelled_is_hung_up(centre: Bench) -> None:
    line = await ringing(centre)
    await line.perform(CancelRing(RESERVATION))
    await line.leg("in-progress")
    await soon(lambda: any(asked.form == {"Status": ["completed"]} for asked in centre.sent("UpdateCall")))
    assert not centre.sink.of(CallAnswered)


async def test_an_agent_who_answers_when_the_caller_is_gone_is_hung_up(centre: Bench) -> None:
    line = await ringing(centre)
    await line.ends()
    await line.leg("in-progress")
    await soon(lambda: any(asked.form == {"Status": ["completed"]} for asked in centre.sent("UpdateCall")))
    assert line.kinds() == ["CallOffered", "CallEnded"]


async def test_the_agent_leaves_first(centre: Bench) -> None:
    line = await talking(centre)
    await line.room("participant-leave", CallSid=LEG, ReasonParticipantLeft="participant_hung_up")
    await line.leg("completed", SipResponseCode="200")
    await line.hears("joined")
    assert centre.sink.of(TalkEnded) == [TalkEnded(RESERVATION, "anna", Party.AGENT, 16)]


async def test_the_caller_leaves_first(centre: Bench) -> None:
    line = await talking(centre)
    await line.room("participant-leave", CallSid=CALLER, ReasonParticipantLeft="participant_hung_up")
    await line.leg("completed")
    await line.ends()
    assert line.kinds() == ["CallOffered", "CallAnswered", "CallEnded"]


async def test_what_is_to_be_heard_waits_for_the_end_of_the_talk(centre: Bench) -> None:
    line = await talking(centre)
    await line.perform(Play((prompt("after"),)), ASK)
    await asyncio.sleep(0.01)
    assert not centre.sent("UpdateCall")
    await line.leg("completed")
    await line.hears("joined")
    assert line.said == ["after", "topic?"]


async def test_a_talk_is_recorded_on_the_agents_leg(centre: Bench) -> None:
    line = await talking(centre)
    recording = uuid4()
    await line.perform(StartRecording(recording, RESERVATION))
    await soon(lambda: bool(centre.sent("CreateCallRecording")))
    (start,) = centre.sent("CreateCallRecording")
    assert start.in_path["CallSid"] == LEG
    assert (centre.spool / f"{recording}.coming").exists()
    for _ in range(1000):
        pull = await centre.store.get(recording)
        if pull is not None and pull.sid is not None:
            break
        await asyncio.sleep(0.001)
    assert pull is not None
    assert pull.sid == RECORDING


async def test_a_caller_who_comes_out_without_having_met_anybody_waits_on(centre: Bench) -> None:
    line = await waiting(centre)
    await line.hears("joined")
    assert line.verbs == ["Dial"]


# ---------------------------------------------------------------------- any order

TALK: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("leg", "initiated", {}),
    ("leg", "ringing", {}),
    ("leg", "in-progress", {}),
    ("leg", "completed", {"SipResponseCode": "200"}),
    ("room", "participant-join", {"CallSid": CALLER, "SequenceNumber": "1"}),
    ("room", "participant-join", {"CallSid": LEG, "SequenceNumber": "2"}),
    ("room", "conference-start", {"SequenceNumber": "3"}),
    (
        "room",
        "participant-leave",
        {"CallSid": LEG, "SequenceNumber": "4", "ReasonParticipantLeft": "participant_hung_up"},
    ),
    (
        "room",
        "participant-leave",
        {"CallSid": CALLER, "SequenceNumber": "5", "ReasonParticipantLeft": "moderator_ended_conference"},
    ),
    (
        "room",
        "conference-end",
        {
            "SequenceNumber": "6",
            "CallSidEndingConference": LEG,
            "ReasonConferenceEnded": "participant-with-end-conference-on-exit-left",
        },
    ),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(range(len(TALK))),
    repeated=st.lists(st.sampled_from(range(len(TALK))), max_size=4),
    lost=st.sets(st.sampled_from(range(len(TALK))), max_size=3),
    out_after=st.integers(0, len(TALK)),
)
async def test_callbacks_in_any_order_tell_the_same_story(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    order: list[int],
    repeated: list[int],
    lost: set[int],
    out_after: int,
) -> None:
    """An agent answers, talks, hangs up, and the caller is told goodbye; `out_after` so many callbacks the
    caller comes out of the conference."""
    for module in (ringing_module, session_module, talking_module):
        monkeypatch.setattr(module, "SETTLE", 0.005)
    async with bench(tmp_path_factory.mktemp("any")) as centre:
        over = {"sid": LEG, "status": "completed", "end_time": "Fri, 20 Nov 2026 04:00:05 +0000"}

        async def fetched() -> httpx.Response:
            of_leg = LEG in centre.api.asked[-1].request.url.path
            return found("FetchCall", over if of_leg else A_CALL)

        centre.api.will("FetchCall", fetched)
        centre.api.will("ListParticipant", listed("ListParticipant", "participants"))
        line = await ringing(centre)
        told = [at for at in order if at not in lost] + repeated
        for number, at in enumerate([*told, None]):
            if number == min(out_after, len(told)):
                await line.hears("joined")
            if at is not None:
                kind, event, params = TALK[at]
                await line.notice(kind, event, params)
        await line.ends()
        kinds = [kind for kind in line.kinds() if kind != "AgentRang"]
        assert kinds == ["CallOffered", "CallAnswered", "TalkEnded", "CallEnded"]
        assert centre.sink.of(TalkEnded)[0].by is Party.AGENT
