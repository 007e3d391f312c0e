"""What a webhook says, how it is signed, retried, and what may go wrong with it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.twilio import (
    Caller,
    Carrier,
    Chaos,
    Corrupt,
    Delay,
    Duplicate,
    Forge,
    Lose,
    LoseReply,
    Swap,
)
from tests.twilio.overrides import overrides
from tests.twilio.signing import corrupted, signature
from tests.unit.twilio_standin.program import NUMBER, URL, Answer, Asked, Program

HUNG_UP = "<Hangup/>"


def is_genuine(carrier: Carrier, asked: Asked) -> bool:
    """Whether Twilio's own library takes the signature for one of this account's."""
    url = f"{URL}{asked.path}" + (f"?{asked.query}" if asked.query else "")
    validator = RequestValidator(carrier.account.auth_token)
    return bool(validator.validate(url, dict(asked.form), asked.headers["x-twilio-signature"]))


def test_the_signature_of_twilios_own_example() -> None:
    """twilio.com/docs/usage/security, "Validating Signatures from Twilio"."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    assert signature("12345", url + "#rc=2", form) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    assert corrupted("0/KCTR6DLpKmkAf8muzZqo1nDgQ=") != "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


async def test_every_request_says_who_calls_whom_and_is_signed(
    program: Program, carrier: Carrier, caller: Caller
) -> None:
    program.says("/voice", '<Gather action="/digits?step=one" actionOnEmptyResult="true" timeout="1"/>')
    program.says("/digits", '<Redirect method="GET">/bye</Redirect>')
    program.says("/bye", HUNG_UP)
    call = await caller.dial(NUMBER, forwarded_from="+18005559999")
    await carrier.settled()
    assert [one.path for one in program.asked] == ["/voice", "/digits", "/bye", "/status"]
    for asked in program.asked:
        assert is_genuine(carrier, asked), asked.path
    form = program.asked[0].form
    assert form["CallSid"] == call.sid
    assert len(call.sid) == 34
    assert form["AccountSid"] == carrier.account.sid
    assert (form["From"], form["To"], form["Direction"]) == (caller.number, NUMBER, "inbound")
    assert (form["ApiVersion"], form["ForwardedFrom"]) == ("2010-04-01", "+18005559999")
    tokens = {one.headers["i-twilio-idempotency-token"] for one in program.asked}
    assert len(tokens) == 4


async def test_the_end_of_a_call_is_told_with_its_length(
    program: Program, carrier: Carrier, caller: Caller
) -> None:
    program.says("/voice", '<Pause length="2"/><Say>x</Say><Pause length="60"/>')
    await caller.dial(NUMBER)
    await carrier.settled()
    form = program.got("/status")[0].form
    assert (form["CallStatus"], form["CallbackSource"]) == ("completed", "call-progress-events")
    assert (form["CallDuration"], form["Duration"], form["SequenceNumber"]) == ("61", "2", "0")
    assert form["Timestamp"].endswith("+0000")


class TestFallback:
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Answer(status=500), "11200"),
            (Answer(status=404), "11200"),
            (Answer(b"<Response><Say>unclosed</Response>"), "12100"),
            (Answer(b"<Answer/>"), "12100"),
            (Answer(b"<Response>" + b" " * 65536 + b"</Response>"), "11750"),
            (Answer(b"{}", content_type="application/json"), "12300"),
            (Answer(b"<Response/>", content_type=None), "12300"),
            (Answer(status=302, headers={"location": "/voice"}), "11215"),
        ],
    )
    async def test_is_asked_when_a_document_cannot_be_had(
        self, program: Program, carrier: Carrier, caller: Caller, answer: Answer, code: str
    ) -> None:
        program.says("/voice", answer)
        program.says("/fallback", "<Say>Sorry</Say>")
        await caller.dial(NUMBER)
        assert await caller.ended() == "completed"
        form = program.got("/fallback")[0].form
        assert (form["ErrorCode"], form["ErrorUrl"]) == (code, f"{URL}/voice")
        assert caller.heard[-1].what == "Sorry"
        assert [str(alert.code) for alert in carrier.alerts] == [code]

    async def test_is_asked_when_a_sound_cannot_be_had(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        program.says("/voice", "<Play>/missing.wav</Play>")
        program.says("/missing.wav", Answer(status=404))
        program.says("/fallback", "<Say>Sorry</Say>")
        await caller.dial(NUMBER)
        await caller.ended()
        assert program.got("/fallback")[0].form["ErrorCode"] == "11200"

    async def test_that_fails_as_well_ends_the_call_with_an_apology(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        program.says("/voice", Answer(status=500))
        program.says("/fallback", Answer(status=500))
        await caller.dial(NUMBER)
        assert await caller.ended() == "completed"
        assert caller.heard[-1].kind == "error"
        assert len(carrier.alerts) == 2

    async def test_is_not_asked_for_verbs_that_nobody_knows(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        program.says("/voice", '<say>no</say><Say loud="yes">Hello</Say><Pause length="half"/>')
        await caller.dial(NUMBER)
        await caller.ended()
        assert caller.heard[0].what == "Hello"
        assert [alert.code for alert in carrier.alerts] == [12200, 12200, 12200]
        assert not program.got("/fallback")


class TestRetries:
    @pytest.mark.parametrize(
        ("fragment", "asked"),
        [("", 1), ("#rc=2&rp=5xx", 3), ("#rc=2&rp=4xx", 1), ("#rc=5&rp=all", 6), ("#rc=9&rp=5xx", 2)],
    )
    async def test_are_as_many_as_the_url_asks_for(
        self, program: Program, carrier: Carrier, caller: Caller, fragment: str, asked: int
    ) -> None:
        carrier.number(NUMBER, f"{URL}/voice{fragment}")
        program.says("/voice", Answer(status=503))
        await caller.dial(NUMBER)
        await caller.ended()
        assert len(program.got("/voice")) == asked
        assert len({one.headers["i-twilio-idempotency-token"] for one in program.asked}) == 1
        assert all(is_genuine(carrier, one) for one in program.asked)

    async def test_follow_a_lost_connection_without_being_asked_for(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        carrier.faults.add(Lose(attempts=1), kind="twiml")
        program.says("/voice", HUNG_UP)
        await caller.dial(NUMBER)
        await carrier.settled()
        assert [one.attempt for one in carrier.sent] == [0, 1, 0]
        assert not carrier.alerts

    async def test_repeat_the_token_when_the_answer_was_lost(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        carrier.number(NUMBER, f"{URL}/voice#rc=1&rp=ct,rt")
        carrier.faults.add(LoseReply(), kind="twiml")
        program.says("/voice", "<Say>lost</Say>", "<Say>heard</Say>")
        await caller.dial(NUMBER)
        await caller.ended()
        first, second = program.got("/voice")
        assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]
        assert [one.what for one in caller.heard] == ["heard"]

    @given(st.text(alphabet="#rcptx=&,0123456789all", max_size=30))
    def test_are_never_more_than_five(self, fragment: str) -> None:
        rules = overrides(f"https://example.com/#{fragment}")
        assert 0 <= rules.retries <= 5
        assert rules.total_seconds <= 15


class TestFaults:
    @pytest.fixture(autouse=True)
    def conference(self, program: Program) -> None:
        """A caller in a conference, whose callbacks are told of in order."""
        program.says(
            "/voice",
            '<Dial><Conference statusCallback="/conference" statusCallbackEvent="join leave end" waitUrl="">'
            "room</Conference></Dial>",
        )

    async def hears_of(self, program: Program, carrier: Carrier, caller: Caller) -> list[str]:
        await caller.dial(NUMBER)
        await caller.listen(30)
        caller.hang_up()
        await carrier.settled()
        return [one.form["StatusCallbackEvent"].partition("-")[2] for one in program.got("/conference")]

    async def test_none(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        assert await self.hears_of(program, carrier, caller) == ["join", "leave", "end"]
        assert [one.form["SequenceNumber"] for one in program.got("/conference")] == ["1", "2", "3"]

    @pytest.mark.parametrize("gap", [0.0, 3.0])
    async def test_duplicate(self, program: Program, carrier: Carrier, caller: Caller, gap: float) -> None:
        carrier.faults.add(Duplicate(gap), event="participant-leave")
        assert sorted(await self.hears_of(program, carrier, caller)) == ["end", "join", "leave", "leave"]
        leaves = program.got("/conference", StatusCallbackEvent="participant-leave")
        assert len({one.headers["i-twilio-idempotency-token"] for one in leaves}) == 1

    async def test_swap(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        carrier.faults.add(Swap(), event="participant-leave")
        assert await self.hears_of(program, carrier, caller) == ["join", "end", "leave"]

    async def test_swap_with_nothing(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        carrier.faults.add(Swap(), event="conference-end")
        assert await self.hears_of(program, carrier, caller) == ["join", "leave", "end"]

    async def test_delay(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        carrier.faults.add(Delay(60), event="participant-join")
        assert await self.hears_of(program, carrier, caller) == ["leave", "end", "join"]

    async def test_lose(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        carrier.faults.add(Lose(), event="participant-join")
        assert await self.hears_of(program, carrier, caller) == ["leave", "end"]
        assert [one.status for one in carrier.sent if one.webhook.event == "participant-join"] == [None, None]

    async def test_corrupt(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        carrier.faults.add(Corrupt(), event="participant-join")
        await self.hears_of(program, carrier, caller)
        genuine = [is_genuine(carrier, one) for one in program.got("/conference")]
        assert genuine == [False, True, True]

    async def test_forge(self, program: Program, carrier: Carrier, caller: Caller) -> None:
        params: Mapping[str, str] = {"CallSid": "CA" + "f" * 32}
        carrier.faults.add(Forge(params), event="participant-leave")
        assert await self.hears_of(program, carrier, caller) == ["join", "leave", "leave", "end"]
        forged, own = program.got("/conference", StatusCallbackEvent="participant-leave")
        assert (is_genuine(carrier, forged), is_genuine(carrier, own)) == (False, True)
        assert forged.form["CallSid"] == params["CallSid"]

    async def test_chaos_is_the_same_for_the_same_seed(
        self, program: Program, carrier: Carrier, caller: Caller
    ) -> None:
        stories = []
        for _ in range(2):
            carrier.faults.chaos = Chaos(seed=4, duplicate=0.5, delay=0.5, swap=0.5, forge=0.5)
            program.asked.clear()
            stories.append(await self.hears_of(program, carrier, caller))
        assert stories[0] == stories[1]
        assert len(stories[0]) > 3
