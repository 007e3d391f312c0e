"""Callers who wait, agents who are called in, and how they part."""

import httpx
import pytest

from tests.twilio import Answers, Busy, Caller, Carrier, RingsOut, Unreachable
from tests.unit.twilio_standin.program import NUMBER, URL, Program

ANNA = "sip:anna@example.com"
HOLD = (
    '<Dial action="/joined"><Conference startConferenceOnEnter="false" endConferenceOnExit="true"'
    ' beep="false" waitUrl="/waiting" statusCallback="/conference" statusCallbackEvent="start end join leave"'
    ">room</Conference></Dial>"
)


@pytest.fixture
def waiting(program: Program) -> Program:
    """Callers wait in a room with music in pieces of ten seconds."""
    program.says("/voice", HOLD)
    program.plays("/music.wav", 10)
    program.says("/waiting", "<Play>/music.wav</Play><Redirect>/waiting?more=1</Redirect>")
    program.says("/joined", "<Say>Goodbye</Say>")
    return program


async def call_in(rest: httpx.AsyncClient, **more: str) -> str:
    """Has anna called into the room; her leg."""
    form = {
        "From": NUMBER,
        "To": ANNA,
        "Timeout": "20",
        "Label": "anna",
        "EarlyMedia": "false",
        "EndConferenceOnExit": "true",
        "StatusCallback": f"{URL}/leg",
    }
    events = ["initiated", "ringing", "answered", "completed"]
    reply = await rest.post(
        "/Conferences/room/Participants.json", data=form | {"StatusCallbackEvent": events} | more
    )
    assert reply.status_code == 201, reply.text
    leg: str = reply.json()["call_sid"]
    return leg


def events(program: Program, path: str, field: str) -> list[str]:
    return [one.form[field] for one in program.got(path)]


async def test_who_waits_hears_music_for_as_long_as_it_takes(
    waiting: Program, caller: Caller, carrier: Carrier
) -> None:
    await caller.dial(NUMBER)
    await caller.listen(25)
    assert [one.kind for one in caller.heard] == ["wait-play"] * 3
    asked = waiting.got("/waiting")
    assert [one.query for one in asked] == ["", "more=1", "more=1"]
    assert asked[0].form["FriendlyName"] == "room"
    assert not carrier.alerts


async def test_an_agent_who_answers_is_connected(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    carrier.phone(ANNA, Answers(after=3))
    await caller.dial(NUMBER)
    await caller.listen(5)
    leg = await call_in(rest)
    await caller.connected(within=10)
    await carrier.let_pass(5)
    assert events(waiting, "/leg", "CallStatus") == ["initiated", "ringing", "in-progress"]
    assert events(waiting, "/leg", "SequenceNumber") == ["0", "1", "2"]
    assert events(waiting, "/conference", "StatusCallbackEvent") == [
        "participant-join",
        "participant-join",
        "conference-start",
    ]
    assert waiting.got("/conference")[1].form["CallSid"] == leg
    assert waiting.got("/conference")[1].form["ParticipantLabel"] == "anna"
    assert caller.heard[-1].seconds < 10, "the music stopped"
    music = len(caller.heard)
    await carrier.let_pass(60)
    assert len(caller.heard) == music


async def test_who_is_rung_is_listed_and_nobody_else_may_have_their_label(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, RingsOut(), Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(5)
    leg = await call_in(rest)
    await carrier.let_pass(3)
    found = (await rest.get("/Conferences/room/Participants.json")).json()["participants"]
    people = {one["call_sid"]: (one["label"], one["status"]) for one in found}
    assert people == {caller.call.sid: (None, "connected"), leg: ("anna", "ringing")}
    again = await rest.post(
        "/Conferences/room/Participants.json", data={"From": NUMBER, "To": ANNA, "Label": "anna"}
    )
    assert (again.status_code, again.json()["code"]) == (400, 16026)
    assert len(anna.calls) == 1
    await carrier.let_pass(30)
    found = (await rest.get("/Conferences/room/Participants.json")).json()["participants"]
    assert [one["call_sid"] for one in found] == [caller.call.sid], "nobody came"
    await call_in(rest)
    await caller.connected()
    assert len(anna.calls) == 2


async def test_when_the_agent_hangs_up_the_caller_goes_on(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    carrier.phone(ANNA, Answers(after=1, hangs_up_after=30))
    await caller.dial(NUMBER)
    await caller.listen(5)
    leg = await call_in(rest)
    assert await caller.ended() == "completed"
    await carrier.settled()
    assert caller.heard[-1].what == "Goodbye"
    joined = waiting.got("/joined")[0].form
    assert (joined["DialCallStatus"], joined["CallStatus"]) == ("answered", "in-progress")
    leaves = waiting.got("/conference", StatusCallbackEvent="participant-leave")
    assert [one.form["ReasonParticipantLeft"] for one in leaves] == [
        "participant_hung_up",
        "moderator_ended_conference",
    ]
    end = waiting.got("/conference")[-1].form
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert end["CallSidEndingConference"] == leg
    last = waiting.got("/leg")[-1].form
    assert (last["CallStatus"], last["CallDuration"], last["SipResponseCode"]) == ("completed", "30", "200")


async def test_when_the_caller_hangs_up_the_agent_is_freed(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(2)
    await call_in(rest)
    await caller.connected()
    await caller.listen(10)
    caller.hang_up()
    await carrier.settled()
    assert anna.calls[0].status == "completed"
    assert waiting.got("/status")[0].form["CallStatus"] == "completed"
    assert waiting.got("/joined")[0].form["CallStatus"] == "completed", "the action is asked for in vain"
    assert "Goodbye" not in [one.what for one in caller.heard]
    end = waiting.got("/conference", StatusCallbackEvent="conference-end")[0].form
    assert end["CallSidEndingConference"] == caller.call.sid


@pytest.mark.parametrize(
    ("behaviour", "told", "status", "code"),
    [
        (Busy(), ["initiated", "ringing", "busy"], "busy", "486"),
        (Busy(after=2, code=603), ["initiated", "ringing", "busy"], "busy", "603"),
        (RingsOut(), ["initiated", "ringing", "no-answer"], "no-answer", "487"),
        (Unreachable(404), ["initiated", "failed"], "failed", "404"),
        (Unreachable(480), ["initiated", "failed"], "failed", "480"),
    ],
)
async def test_an_agent_who_cannot_be_had(
    waiting: Program,
    carrier: Carrier,
    caller: Caller,
    rest: httpx.AsyncClient,
    behaviour: Busy | RingsOut | Unreachable,
    told: list[str],
    status: str,
    code: str,
) -> None:
    carrier.phone(ANNA, behaviour)
    await caller.dial(NUMBER)
    await caller.listen(2)
    await call_in(rest)
    await carrier.let_pass(60)
    assert events(waiting, "/leg", "CallStatus") == told
    assert waiting.got("/leg")[-1].form["SipResponseCode"] == code
    left = waiting.got("/conference")[-1].form
    assert (left["ReasonParticipantLeft"], left["ParticipantCallStatus"]) == (
        "participant_add_failed",
        status,
    )
    assert caller.status == "in-progress", "the caller waits on"
    assert not caller.talking


async def test_ringing_lasts_five_seconds_longer_than_asked(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, RingsOut())
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest, Timeout="10")
    await carrier.let_pass(60)
    leg = anna.calls[0]
    assert leg.ended_at is not None
    assert (leg.ended_at - leg.created).total_seconds() == pytest.approx(15)


async def test_a_line_that_breaks_ends_the_talk(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    carrier.phone(ANNA, Answers(after=1, drops_after=8, drop_code=503))
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest)
    await caller.ended()
    await carrier.settled()
    last = waiting.got("/leg")[-1].form
    assert (last["CallStatus"], last["SipResponseCode"]) == ("failed", "503")
    assert caller.heard[-1].what == "Goodbye"


async def test_a_ring_can_be_cancelled(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    carrier.phone(ANNA, RingsOut())
    await caller.dial(NUMBER)
    await caller.listen(1)
    leg = await call_in(rest)
    await carrier.let_pass(3)
    reply = await rest.post(f"/Calls/{leg}.json", data={"Status": "canceled"})
    assert (reply.status_code, reply.json()["status"]) == (200, "canceled")
    await carrier.let_pass(60)
    assert events(waiting, "/leg", "CallStatus") == ["initiated", "ringing", "canceled"]
    again = await rest.post(f"/Calls/{leg}.json", data={"Status": "canceled"})
    assert (again.status_code, again.json()["code"]) == (400, 21220)


async def test_an_agent_who_answers_when_the_caller_has_left_waits_alone(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, Answers(after=10))
    await caller.dial(NUMBER)
    await caller.listen(1)
    leg = await call_in(rest)
    await caller.listen(4)
    caller.hang_up()
    await carrier.let_pass(20)
    assert anna.calls[0].status == "in-progress"
    assert [room.status for room in carrier.conferences.values()] == ["completed", "init"]
    await rest.post(f"/Calls/{leg}.json", data={"Status": "completed"})
    await carrier.settled()
    assert waiting.got("/leg")[-1].form["CallStatus"] == "completed"


async def test_early_media_puts_a_ringing_phone_into_the_conference(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    carrier.phone(ANNA, RingsOut())
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest, EarlyMedia="true")
    await carrier.let_pass(5)
    assert events(waiting, "/conference", "StatusCallbackEvent")[-1] == "conference-start"


async def test_a_waiting_caller_can_be_given_another_document(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    waiting.says("/news", "<Say>Please call again</Say>")
    await caller.dial(NUMBER)
    await caller.listen(12)
    reply = await rest.post(f"/Calls/{caller.call.sid}.json", data={"Url": f"{URL}/news"})
    assert reply.json()["status"] == "in-progress"
    await caller.hears("Please call again")
    await caller.ended()
    await carrier.settled()
    left = waiting.got("/conference", StatusCallbackEvent="participant-leave")[0].form
    assert left["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert waiting.got("/conference")[-1].form["ReasonConferenceEnded"].endswith("-kicked")
    assert not waiting.got("/joined"), "the Dial was not finished, it was replaced"


async def test_only_some_verbs_are_known_in_a_waiting_room(
    waiting: Program, carrier: Carrier, caller: Caller
) -> None:
    waiting.says("/waiting", "<Say>Wait</Say><Gather/><Pause length='5'/>")
    await caller.dial(NUMBER)
    await caller.listen(60)
    assert [one.kind for one in caller.heard] == ["wait-say", "silence"], "then there is silence"
    assert [one.code for one in carrier.alerts] == [12200]


async def test_a_waiting_room_that_cannot_be_had_lets_the_caller_fall_through(
    waiting: Program, carrier: Carrier, caller: Caller
) -> None:
    del waiting.pages["/waiting"]
    await caller.dial(NUMBER)
    await caller.ended()
    assert waiting.got("/joined")[0].form["DialCallStatus"] == "failed"
    assert [one.code for one in carrier.alerts] == [12300]


async def test_hold_and_mute_are_told_and_end_the_talk(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    waiting.says("/voice", HOLD.replace("join leave", "join leave mute hold"))
    waiting.says("/held", "<Play>/music.wav</Play>")
    carrier.phone(ANNA, Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest)
    await caller.connected()
    path = f"/Conferences/room/Participants/{caller.call.sid}.json"
    held = await rest.post(path, data={"Hold": "true", "HoldUrl": f"{URL}/held"})
    assert held.json()["hold"] is True
    await caller.hears("/music.wav")
    assert not caller.talking
    await rest.post(path, data={"Hold": "false"})
    await rest.post("/Conferences/room/Participants/anna.json", data={"Muted": "true"})
    await carrier.let_pass(1)
    assert events(waiting, "/conference", "StatusCallbackEvent")[-3:] == [
        "participant-hold",
        "participant-unhold",
        "participant-mute",
    ]


async def test_a_participant_can_be_put_out(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest, EndConferenceOnExit="false")
    await caller.connected()
    assert (await rest.delete("/Conferences/room/Participants/anna.json")).status_code == 204
    await carrier.let_pass(1)
    assert anna.calls[0].status == "completed"
    assert caller.status == "in-progress", "alone in the conference"
    assert (await rest.get("/Conferences/room/Participants/anna.json")).status_code == 404


@pytest.mark.parametrize(("beep", "heard"), [("true", 1), ("onEnter", 1), ("onExit", 0), ("false", 0)])
async def test_who_comes_is_announced_by_a_beep(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient, beep: str, heard: int
) -> None:
    carrier.phone(ANNA, Answers(after=1))
    carrier.phone("sip:bob@example.com", Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(1)
    await call_in(rest)
    await caller.connected()
    await call_in(rest, To="sip:bob@example.com", Label="bob", Beep=beep)
    await carrier.let_pass(5)
    assert len([one for one in caller.heard if one.kind == "tone"]) == heard


async def test_a_coach_is_heard_by_the_agent_alone(
    waiting: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    anna = carrier.phone(ANNA, Answers(after=1))
    boss = carrier.phone("sip:boss@example.com", Answers(after=1))
    await caller.dial(NUMBER)
    await caller.listen(1)
    leg = await call_in(rest)
    await caller.connected()
    await call_in(rest, To=boss.endpoint, Label="boss", Coaching="true", CallSidToCoach=leg)
    await carrier.let_pass(5)
    (room,) = carrier.conferences.values()
    coach = next(span for span in room.mix.speaking if span.call is boss.calls[0])
    assert coach.audible_to(anna.calls[0])
    assert not coach.audible_to(caller.call)


class TestDialToATelephone:
    NOUNS = pytest.mark.parametrize(
        ("noun", "endpoint"),
        [
            ("<Number>+4930999999</Number>", "+4930999999"),
            ("<Sip>sip:anna@example.com</Sip>", ANNA),
            ("<Client>anna</Client>", "client:anna"),
            ("+4930999999", "+4930999999"),
        ],
    )

    @NOUNS
    async def test_bridges_until_one_hangs_up(
        self, program: Program, carrier: Carrier, caller: Caller, noun: str, endpoint: str
    ) -> None:
        carrier.phone(endpoint, Answers(after=2, hangs_up_after=20))
        program.says("/voice", f'<Dial action="/dialled">{noun}</Dial>')
        program.says("/dialled", "<Say>Over</Say>")
        await caller.dial(NUMBER)
        await caller.connected()
        await caller.ended()
        form = program.got("/dialled")[0].form
        assert (form["DialCallStatus"], form["DialCallDuration"]) == ("completed", "20")
        leg = carrier.calls[form["DialCallSid"]]
        assert (leg.parent_sid, leg.direction) == (caller.call.sid, "outbound-dial")

    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [(Busy(), "busy"), (RingsOut(), "no-answer"), (Unreachable(), "failed")],
    )
    async def test_says_why_it_was_not_answered(
        self,
        program: Program,
        carrier: Carrier,
        caller: Caller,
        behaviour: Busy | RingsOut | Unreachable,
        status: str,
    ) -> None:
        carrier.phone("+4930999999", behaviour)
        program.says("/voice", '<Dial action="/dialled" timeout="10">+4930999999</Dial>')
        await caller.dial(NUMBER)
        await caller.ended()
        assert program.got("/dialled")[0].form["DialCallStatus"] == status

    async def test_a_caller_who_gives_up_cancels_the_ringing(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        phone = carrier.phone("+4930999999", RingsOut())
        program.says("/voice", "<Dial>+4930999999</Dial>")
        await caller.dial(NUMBER)
        await caller.listen(5)
        caller.hang_up()
        await carrier.settled()
        assert phone.calls[0].status == "canceled"
