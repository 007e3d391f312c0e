"""Each verb of TwiML does to a caller what Twilio's documentation says."""

import pytest

from tests.twilio import Caller, Carrier, NotInTime
from tests.unit.twilio_standin.program import NUMBER, URL, Program


def kinds(caller: Caller) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in caller.heard]


async def test_say_play_and_pause_take_their_time(program: Program, carrier: Carrier, caller: Caller) -> None:
    program.plays("/music.wav", 7.5)
    program.says(
        "/voice", '<Say language="de-DE">Hello there</Say><Play>/music.wav</Play><Pause length="3"/>'
    )
    await caller.dial(NUMBER)
    assert await caller.ended() == "completed"
    assert kinds(caller) == [("say", "Hello there"), ("play", f"{URL}/music.wav"), ("silence", "")]
    assert [round(one.seconds, 1) for one in caller.heard[1:]] == [7.5, 3.0]
    assert caller.heard[0].language == "de-DE"
    assert not carrier.alerts


async def test_a_call_begins_with_ringing_and_is_answered_by_the_first_verb(
    program: Program, caller: Caller
) -> None:
    program.says("/voice", "<Say>Hello</Say><Redirect>/on</Redirect>")
    program.says("/on", "<Hangup/>")
    await caller.dial(NUMBER)
    await caller.ended()
    assert program.got("/voice")[0].form["CallStatus"] == "ringing"
    assert program.got("/on")[0].form["CallStatus"] == "in-progress"


@pytest.mark.parametrize(
    ("reason", "status"), [('reason="busy"', "busy"), ("", "no-answer"), ('reason="rejected"', "no-answer")]
)
async def test_reject_refuses_a_call_that_was_not_answered(
    program: Program, caller: Caller, reason: str, status: str
) -> None:
    program.says("/voice", f'<Pause length="2"/><Reject {reason}/>')
    await caller.dial(NUMBER)
    assert await caller.ended() == status
    assert caller.call.answered_at is None


async def test_a_document_without_verbs_ends_the_call(program: Program, caller: Caller) -> None:
    program.says("/voice", "")
    await caller.dial(NUMBER)
    assert await caller.ended() == "completed"


async def test_redirect_resolves_relative_urls_and_drops_what_follows(
    program: Program, caller: Caller
) -> None:
    program.says("/voice", '<Redirect method="GET">deep/next?turn=2</Redirect><Say>never</Say>')
    program.says("/deep/next", "<Redirect>other</Redirect>")
    program.says("/deep/other", "<Hangup/>")
    await caller.dial(NUMBER)
    await caller.ended()
    assert [(one.method, one.path) for one in program.asked[:3]] == [
        ("POST", "/voice"),
        ("GET", "/deep/next"),
        ("POST", "/deep/other"),
    ]
    assert program.asked[1].query.startswith("turn=2&AccountSid=")


class TestGather:
    async def test_digits_go_to_the_action(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Gather numDigits="2" action="/digits?turn=1"><Say>Two digits</Say></Gather>')
        program.says("/digits", "<Hangup/>")
        await caller.dial(NUMBER)
        await caller.asked("Two digits")
        assert caller.press("12")
        await caller.ended()
        asked = program.got("/digits")[0]
        assert (asked.query, asked.form["Digits"], asked.form["FinishedOnKey"]) == ("turn=1", "12", "")
        assert asked.form["msg"] == "Gather End"
        assert caller.call.seconds <= 1, "the last digit is not waited for"

    async def test_a_key_stops_the_prompt(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Gather action="/digits"><Pause length="60"/></Gather>')
        await caller.dial(NUMBER)
        await caller.asked()
        await caller.listen(2)
        caller.press("1#")
        await caller.ended()
        assert caller.heard[0].seconds == pytest.approx(2, abs=0.1)
        assert program.got("/digits")[0].form["FinishedOnKey"] == "#"

    async def test_digits_count_as_complete_when_none_follows(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Gather timeout="3" action="/digits"/>')
        await caller.dial(NUMBER)
        await caller.asked()
        caller.press("4")
        await caller.listen(2)
        caller.press("2")
        await caller.ended()
        assert program.got("/digits")[0].form["Digits"] == "42"

    async def test_silence_goes_on_with_the_next_verb(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Gather timeout="4" action="/digits"/><Say>Nothing?</Say>')
        await caller.dial(NUMBER)
        await caller.ended()
        assert not program.got("/digits")
        assert kinds(caller) == [("say", "Nothing?")]

    @pytest.mark.parametrize("empty", [True, False])
    async def test_silence_is_reported_on_demand(
        self, program: Program, carrier: Carrier, caller: Caller, empty: bool
    ) -> None:
        carrier.habits.empty_digits = empty
        program.says("/voice", '<Gather timeout="4" action="/digits" actionOnEmptyResult="true"/>')
        await caller.dial(NUMBER)
        await caller.ended()
        assert program.got("/digits")[0].form.get("Digits") == ("" if empty else None)

    async def test_without_an_action_the_document_itself_is_asked_again(
        self, program: Program, caller: Caller
    ) -> None:
        program.says("/voice", '<Gather numDigits="1"/>', "<Hangup/>")
        await caller.dial(NUMBER)
        await caller.asked()
        caller.press("7")
        await caller.ended()
        assert program.got("/voice")[1].form["Digits"] == "7"

    async def test_speech_is_reported_when_the_caller_pauses(self, program: Program, caller: Caller) -> None:
        program.says(
            "/voice",
            '<Gather input="dtmf speech" speechTimeout="2" hints="billing, sales" action="/said">'
            '<Pause length="30"/></Gather>',
        )
        await caller.dial(NUMBER)
        await caller.asked("billing")
        await caller.say("billing", confidence=0.75)
        await caller.listen(1)
        await caller.say("please")
        await caller.ended()
        form = program.got("/said")[0].form
        assert form["SpeechResult"] == "billing please"
        assert float(form["Confidence"]) == pytest.approx(0.9)
        assert "Digits" not in form

    async def test_speech_does_not_stop_the_prompt_without_barge_in(
        self, program: Program, caller: Caller
    ) -> None:
        program.says(
            "/voice",
            '<Gather input="speech" speechTimeout="1" bargeIn="false" action="/said">'
            '<Pause length="20"/></Gather>',
        )
        await caller.dial(NUMBER)
        await caller.asked()
        await caller.say("billing")
        await caller.ended()
        assert caller.heard[0].seconds == pytest.approx(20)
        assert program.got("/said")[0].form["SpeechResult"] == "billing"

    async def test_who_hangs_up_reports_nothing(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Gather action="/digits" actionOnEmptyResult="true"/>')
        await caller.dial(NUMBER)
        await caller.asked()
        caller.press("1")
        caller.hang_up()
        assert await caller.ended() == "completed"
        assert not program.got("/digits")

    async def test_keys_while_nobody_listens_are_lost(self, program: Program, caller: Caller) -> None:
        program.says("/voice", '<Pause length="9"/><Gather numDigits="1" action="/digits"/>')
        await caller.dial(NUMBER)
        await caller.listen(2)
        assert not caller.press("1")
        await caller.ended()
        assert not program.got("/digits")


async def test_a_message_is_recorded_until_a_key(program: Program, carrier: Carrier, caller: Caller) -> None:
    program.says(
        "/voice", '<Record action="/message" recordingStatusCallback="/taped" finishOnKey="#" timeout="5"/>'
    )
    program.says("/message", "<Hangup/>")
    await caller.dial(NUMBER)
    await caller.until(lambda call: call.listening is not None)
    await caller.say("Please call me back", seconds=6)
    caller.press("#")
    await caller.ended()
    await carrier.settled()
    form = program.got("/message")[0].form
    assert (form["Digits"], form["RecordingDuration"]) == ("#", "6")
    assert program.got("/taped")[0].form["RecordingSid"] == form["RecordingSid"]


async def test_a_message_of_nothing_goes_on_with_the_next_verb(program: Program, caller: Caller) -> None:
    program.says("/voice", '<Record action="/message" timeout="5"/><Say>Goodbye</Say>')
    await caller.dial(NUMBER)
    await caller.ended()
    assert not program.got("/message")
    assert kinds(caller)[-1] == ("say", "Goodbye")


async def test_what_does_not_happen_is_told_with_what_did(program: Program, caller: Caller) -> None:
    program.says("/voice", "<Say>Hello</Say><Gather/>")
    await caller.dial(NUMBER)
    with pytest.raises(NotInTime, match=r"(?s)CA[0-9a-f]{32} is .*say: Hello"):
        await caller.asked("billing", within=30)
