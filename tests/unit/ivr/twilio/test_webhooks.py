"""Forms: what Twilio posts, typed, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Gather
from ivr.adapters.twilio import webhooks
from ivr.adapters.twilio.webhooks import BadWebhook, Form, Heard
from ivr.events import CallOffered, InputSource

CALL, CONFERENCE, RECORDING = "CA" + "2" * 32, "CF" + "4" * 32, "RE" + "5" * 32


def form(**params: str) -> Form:
    return Form(params.items())


def test_an_incoming_call() -> None:
    given = form(CallSid=CALL, From="+8613800138000", To="+1415", CallerName="王小明")
    assert webhooks.incoming(given) == CallOffered("twilio", CALL, "+1415", "+8613800138000", "王小明")


@pytest.mark.parametrize("withheld", ["", "anonymous", "Anonymous", "+266696687", "Restricted"])
def test_a_withheld_number_is_none(withheld: str) -> None:
    assert webhooks.incoming(form(CallSid=CALL, From=withheld, To="1")).caller is None


@pytest.mark.parametrize(
    "params",
    [{}, {"CallSid": CALL}, {"CallSid": "CA1", "To": "1"}, {"CallSid": CALL + "0", "To": "1"}],
)
def test_what_lacks_a_part_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(BadWebhook):
        webhooks.incoming(form(**params))


def test_a_repeated_parameter_is_refused() -> None:
    with pytest.raises(BadWebhook):
        Form([("To", "1"), ("To", "2")])


@pytest.mark.parametrize(
    ("params", "heard"),
    [
        ({"Digits": "12#"}, Heard("12#")),
        ({"Digits": ""}, Heard()),
        ({}, Heard()),
        ({"SpeechResult": "refund", "Confidence": "0.25"}, Heard(None, "refund", 0.25)),
        ({"SpeechResult": "a\r\nb\x00", "Confidence": "high"}, Heard(None, "a  b", None)),
        ({"SpeechResult": "x", "Confidence": "NaN"}, Heard(None, "x", None)),
        ({"SpeechResult": "x", "Confidence": "7"}, Heard(None, "x", 1.0)),
    ],
)
def test_what_was_heard(params: dict[str, str], heard: Heard) -> None:
    assert webhooks.heard(form(**params)) == heard


def test_keys_come_before_words() -> None:
    asked = Gather("topic", (), sensitive=True)
    event = webhooks.gathered(asked, Heard("12", "twelve", 0.9))
    assert (event.source, event.value, event.length, event.confidence) == (InputSource.DTMF, "12", 2, None)
    assert event.sensitive
    assert webhooks.gathered(asked, Heard()).source is InputSource.NONE


@pytest.mark.parametrize("digits", ["1a", "<x>", "1 2", "١"])
def test_digits_that_are_none_are_refused(digits: str) -> None:
    with pytest.raises(BadWebhook):
        webhooks.heard(form(Digits=digits))


@pytest.mark.parametrize("status", ["", "exploded", "COMPLETED"])
def test_unknown_statuses_are_refused(status: str) -> None:
    with pytest.raises(BadWebhook):
        webhooks.progress(form(CallSid=CALL, CallStatus=status))
    with pytest.raises(BadWebhook):
        webhooks.recording(form(RecordingSid=RECORDING, RecordingStatus=status))
    with pytest.raises(BadWebhook):
        webhooks.conference(form(ConferenceSid=CONFERENCE, StatusCallbackEvent=status))


def test_a_participant_has_a_leg() -> None:
    with pytest.raises(BadWebhook):
        webhooks.conference(form(ConferenceSid=CONFERENCE, StatusCallbackEvent="participant-join"))


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20)))
def test_anything_else_is_refused_and_nothing_breaks(params: dict[str, str]) -> None:
    given_form = Form(params.items())
    for parse in (webhooks.incoming, webhooks.progress, webhooks.conference, webhooks.recording):
        with pytest.raises(BadWebhook):
            parse(given_form)
