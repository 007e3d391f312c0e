"""Whatever a program says and a caller does, the carrier keeps its own rules."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.twilio import Answers, AsgiTransport, Busy, Carrier, Chaos, RingsOut, Unreachable
from tests.twilio.call import TERMINAL
from tests.twilio.signing import signature
from tests.unit.twilio_standin.program import NUMBER, URL, Answer, Program

VERBS = st.sampled_from(
    [
        "<Say>Hello</Say>",
        '<Pause length="3"/>',
        '<Gather numDigits="1" timeout="2" action="/next"><Say>One digit</Say></Gather>',
        '<Gather input="dtmf speech" timeout="1" actionOnEmptyResult="true" action="/next"/>',
        "<Redirect>/next</Redirect>",
        '<Dial action="/next"><Conference waitUrl="" endConferenceOnExit="true" statusCallback="/conference"'
        ' statusCallbackEvent="start end join leave">room</Conference></Dial>',
        '<Dial timeout="5"><Sip statusCallback="/leg">sip:anna@example.com</Sip></Dial>',
        '<Record timeout="2" action="/next"/>',
        "<Unknown/>",
        "<Hangup/>",
        "<Reject/>",
    ]
)
DOCUMENTS = st.lists(VERBS, max_size=4).map("".join) | st.sampled_from([Answer(status=500), Answer(b"<")])
DEEDS = st.lists(st.sampled_from(["1", "#", "wait", "say", "hang up", "drop"]), max_size=5)
PHONES = st.sampled_from([Answers(after=1, hangs_up_after=9), Busy(), RingsOut(), Unreachable(), Answers(9)])
ODDS = st.floats(0, 0.6)


async def story(
    program: Program,
    behaviour: Answers | Busy | RingsOut | Unreachable,
    callers: list[list[str]],
    chaos: Chaos,
) -> Carrier:
    async with Carrier(AsgiTransport(program)) as carrier:
        carrier.number(NUMBER, f"{URL}/voice", f"{URL}/fallback", f"{URL}/status")
        carrier.phone("sip:anna@example.com", behaviour)
        carrier.faults.chaos = chaos
        await asyncio.gather(*(act(carrier, f"+49301234{at:03}", deeds) for at, deeds in enumerate(callers)))
        await carrier.settled()
        return carrier


async def act(carrier: Carrier, number: str, deeds: list[str]) -> None:
    """Does this and that, and hangs up in the end."""
    caller = carrier.caller(number)
    await caller.dial(NUMBER)
    for deed in deeds:
        await caller.listen(1.5)
        match deed:
            case "say":
                await caller.say("billing")
            case "hang up":
                caller.hang_up()
            case "drop":
                caller.drop()
            case "1" | "#":
                caller.press(deed)
    await caller.listen(20)
    caller.hang_up()


@settings(max_examples=60)
@given(
    st.lists(DOCUMENTS, min_size=1, max_size=3),
    st.lists(DOCUMENTS, min_size=1, max_size=3),
    PHONES,
    st.lists(DEEDS, min_size=1, max_size=3),
    st.builds(
        Chaos, seed=st.integers(0, 99), duplicate=ODDS, delay=ODDS, swap=ODDS, forge=ODDS, lose_reply=ODDS
    ),
)
def test_every_call_has_one_end_and_says_so(
    first: list[str | Answer],
    following: list[str | Answer],
    behaviour: Answers | Busy | RingsOut | Unreachable,
    callers: list[list[str]],
    chaos: Chaos,
) -> None:
    program = Program()
    program.says("/voice", *first)
    program.says("/next", *following, "<Hangup/>")
    program.says("/fallback", "<Say>Sorry</Say>")
    carrier = asyncio.run(story(program, behaviour, callers, chaos))
    genuine = {one.token: one.webhook for one in carrier.sent if one.genuine}
    told = list(genuine.values())
    for call in carrier.calls.values():
        assert call.status in TERMINAL
        assert call.ended_at is not None
        assert (call.answered_at or call.created) <= call.ended_at
        if call.direction == "inbound":
            ends = [
                one.params["CallStatus"] for one in told if (one.kind, one.stream) == ("status", call.sid)
            ]
            assert ends == [call.status]
        times = [heard.at for heard in call.heard]
        assert times == sorted(times)
    for room in carrier.conferences.values():
        said = sorted(
            (one.params for one in told if one.stream == room.sid),
            key=lambda params: int(params["SequenceNumber"]),
        )
        assert [int(params["SequenceNumber"]) for params in said] == list(range(1, len(said) + 1))
        assert said[0]["StatusCallbackEvent"] == "participant-join"
        assert said[-1]["StatusCallbackEvent"] == "conference-end"
        events = [params["StatusCallbackEvent"] for params in said]
        assert events.count("participant-join") == events.count("participant-leave")
        assert events.count("conference-end") == 1
    assert not carrier.exchange.broken


@settings(max_examples=40)
@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5), st.text())
def test_any_text_is_signed_as_twilios_library_checks_it(form: dict[str, str], said: str) -> None:
    url = f"{URL}/voice?said={said.encode().hex()}"
    assert RequestValidator("token").validate(url, form, signature("token", url, form))
