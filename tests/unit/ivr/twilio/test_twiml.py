"""Actions become TwiML that Twilio takes, whatever they are, and that says what they say."""

from itertools import product
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Prompt,
    Reject,
    RingAgent,
    SpeechInput,
    StartRecording,
)
from ivr.adapters.twilio import saying, twiml
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.twiml import Place
from tests.unit.ivr.twilio.schema import WAITING, Invalid, validated

CALL = UUID("01a1f8cb-aca0-79f8-a9d1-44e441bc858e")
RESERVATION = UUID("01a1f8cb-aca0-79f8-a9d1-44e441bc858f")
ACCOUNT = Account(sid="AC" + "0" * 32, auth_token="t", public_url="https://hotline.example.com")
WELCOME = Prompt("zh", "您好，欢迎致电服务热线。", "welcome")
TOPIC = Prompt("en", "For sales, press one.", "topic")
WELCOME_URL = "https://hotline.example.com/twilio/prompts/x/welcome.wav?a=1&b=2"
PLACE = Place(ACCOUNT, CALL, 7, {WELCOME: WELCOME_URL})
AT = f"https://hotline.example.com/twilio/calls/{CALL}"


def document(*actions: Action, place: Place = PLACE) -> ET.Element:
    return validated(twiml.document(actions, place))


def shape(root: ET.Element) -> list[str]:
    return [child.tag for child in root]


class TestEachAction:
    def test_nothing_to_hear(self) -> None:
        for actions in [(), (Answer(),), (StartRecording(CALL, RESERVATION), CancelRing(RESERVATION))]:
            root = document(*actions)
            assert shape(root) == ["Pause", "Redirect"]
            assert root[0].get("length") == "60"
            assert root[1].text == f"{AT}/next?turn=7&heard=1"

    def test_reject_is_busy(self) -> None:
        root = document(Reject())
        assert shape(root) == ["Reject"]
        assert root[0].get("reason") == "busy"

    def test_a_call_that_hears_something_first_is_hung_up_not_rejected(self) -> None:
        assert shape(document(Play((WELCOME,)), Reject())) == ["Play", "Hangup"]

    def test_play_and_say(self) -> None:
        root = document(Answer(), Play((WELCOME, TOPIC)))
        assert shape(root) == ["Play", "Say", "Redirect"]
        assert root[0].text == WELCOME_URL
        assert (root[1].text, root[1].attrib) == (
            "For sales, press one.",
            {"voice": "Polly.Joanna", "language": "en-US"},
        )

    def test_hang_up_is_the_end(self) -> None:
        assert shape(document(Play((WELCOME,)), Hangup(), Play((TOPIC,)), Hold())) == ["Play", "Hangup"]

    def test_hold_is_a_conference_that_waits_for_the_agent(self) -> None:
        root = document(Hold("calm", (WELCOME,)))
        assert shape(root) == ["Play", "Dial"]
        assert root[1].attrib == {"action": f"{AT}/joined?turn=7", "method": "POST"}
        (conference,) = root[1]
        assert conference.text == str(CALL)
        assert conference.attrib == {
            "startConferenceOnEnter": "false",
            "endConferenceOnExit": "true",
            "beep": "false",
            "waitUrl": f"{AT}/waiting?turn=7",
            "waitMethod": "POST",
            "statusCallback": f"{AT}/conference#rc=3&rp=all",
            "statusCallbackMethod": "POST",
            "statusCallbackEvent": "start end join leave",
        }

    def test_what_is_announced_at_once_is_heard_before_the_conference(self) -> None:
        root = document(
            Hold(prompts=(WELCOME,)), Announce((TOPIC,)), RingAgent(RESERVATION, "liu", "sip:l@x", 15)
        )
        assert shape(root) == ["Play", "Say", "Dial"]

    def test_ringing_is_not_heard(self) -> None:
        assert shape(document(RingAgent(RESERVATION, "liu", "client:liu", 15.0))) == ["Pause", "Redirect"]


class TestGather:
    def test_keys_and_speech(self) -> None:
        keys, speech = DtmfInput(8, "*"), SpeechInput("zh", ("退款", "人工服务"))
        root = document(Gather("order number?", (WELCOME, TOPIC), keys, speech, timeout_seconds=4.2))
        (gather,) = root
        assert gather.attrib == {
            "input": "dtmf speech",
            "action": f"{AT}/gathered?turn=7&step=order+number%3F",
            "method": "POST",
            "actionOnEmptyResult": "true",
            "timeout": "5",
            "numDigits": "8",
            "finishOnKey": "*",
            "language": "cmn-Hans-CN",
            "speechTimeout": "auto",
            "profanityFilter": "false",
            "hints": "退款, 人工服务",
        }
        assert shape(gather) == ["Play", "Say"]

    def test_what_may_not_be_cut_short_is_heard_before_it(self) -> None:
        root = document(Gather("pin", (WELCOME,), DtmfInput(4), barge_in=False))
        assert shape(root) == ["Play", "Gather"]
        assert len(root[1]) == 0

    @pytest.mark.parametrize(
        ("dtmf", "speech", "listens_to"),
        [(True, False, "dtmf"), (False, True, "speech"), (True, True, "dtmf speech"), (False, False, "dtmf")],
    )
    def test_what_it_listens_to(self, dtmf: bool, speech: bool, listens_to: str) -> None:
        keys = DtmfInput(1, "") if dtmf else None
        (gather,) = document(Gather("s", (), keys, SpeechInput("en", ()) if speech else None))
        assert gather.get("input") == listens_to
        assert gather.get("finishOnKey") == ("" if dtmf else None)
        assert "hints" not in gather.attrib

    def test_one_that_other_actions_end_is_not_heard(self) -> None:
        gather = Gather("s", (WELCOME,), DtmfInput(1))
        others: list[Action] = [Play((TOPIC,)), Hold(prompts=(TOPIC,)), Gather("t", (TOPIC,)), Hangup()]
        for last in others:
            both: list[Action] = [gather, last]
            assert WELCOME_URL not in twiml.document(both, PLACE)
            assert WELCOME not in twiml.prompts_of(both)


def test_the_prompts_that_are_heard_are_known_beforehand() -> None:
    actions: list[Action] = [Play((WELCOME,)), Gather("s", (TOPIC,)), Hold(), Announce((TOPIC,))]
    assert twiml.prompts_of(actions) == (WELCOME, TOPIC)


class TestWaiting:
    def test_music_in_pieces(self) -> None:
        root = validated(twiml.waiting((), PLACE, "https://hotline.example.com/m3.wav", 3), WAITING)
        assert shape(root) == ["Play", "Redirect"]
        assert root[1].text == f"{AT}/waiting?turn=7&piece=4"

    def test_what_is_announced_comes_first(self) -> None:
        root = validated(twiml.waiting((TOPIC, WELCOME), PLACE, None), WAITING)
        assert shape(root) == ["Say", "Play", "Pause", "Redirect"]

    def test_what_is_not_to_be_had_yet_is_asked_for_again(self) -> None:
        url = f"{AT}/waiting?turn=7&piece=4"
        root = validated(twiml.come_again(url, 10), WAITING)
        assert [(each.tag, each.attrib, each.text) for each in root] == [
            ("Pause", {"length": "10"}, None),
            ("Redirect", {"method": "POST"}, url),
        ]


class TestApology:
    def test_it_is_spoken_in_both_languages_and_ends(self) -> None:
        root = validated(twiml.apology(ACCOUNT))
        assert shape(root) == ["Say", "Say", "Hangup"]
        assert [said.get("language") for said in root[:2]] == ["cmn-CN", "en-US"]


class TestVoices:
    @pytest.mark.parametrize(
        ("language", "voices", "expected"),
        [
            ("zh", {}, ("Polly.Zhiyu", "cmn-CN")),
            ("zh-CN", {}, ("Polly.Zhiyu", "cmn-CN")),
            ("en", {}, ("Polly.Joanna", "en-US")),
            ("ko", {}, ("Polly.Seoyeon", "ko-KR")),
            ("fr-FR", {}, (None, "fr-FR")),
            ("en", {"en": "Polly.Amy en-GB"}, ("Polly.Amy", "en-GB")),
            ("en", {"en": "Google.en-GB-Standard-A"}, ("Google.en-GB-Standard-A", "en-GB")),
            ("zh", {"zh": "Google.cmn-CN-Wavenet-B"}, ("Google.cmn-CN-Wavenet-B", "cmn-CN")),
            ("zh", {"zh": "Polly.Zhiyu-Neural"}, ("Polly.Zhiyu-Neural", "cmn-CN")),
            ("zh-CN", {"zh": "woman"}, ("woman", "cmn-CN")),
        ],
    )
    def test_voice_and_language_go_together(
        self, language: str, voices: dict[str, str], expected: tuple[str | None, str]
    ) -> None:
        assert saying.voice(language, voices) == expected

    def test_speech_is_heard_in_the_recognisers_own_tags(self) -> None:
        assert [saying.listened(each) for each in ("zh", "zh-CN", "en", "ko", "ja-JP")] == [
            "cmn-Hans-CN",
            "cmn-Hans-CN",
            "en-US",
            "ko-KR",
            "ja-JP",
        ]


class TestHints:
    def test_commas_and_tokens_do_not_get_through(self) -> None:
        assert saying.hints(["a, b", "$OOV_CLASS_DIGIT_SEQUENCE", "<x>&", "don't", "a b", "", "!"]) == (
            "a b, OOV CLASS DIGIT SEQUENCE, x, don't"
        )

    def test_no_more_than_twilio_takes(self) -> None:
        assert len(saying.hints(f"p{n}" for n in range(900)).split(", ")) == 500
        assert saying.hints(["x" * 101, "y" * 100]) == "y" * 100
        assert len(saying.hints("退" * 90 + str(n) for n in range(500)).encode()) <= saying.MOST_HINT_BYTES


class TestLongTexts:
    def test_they_are_broken_after_sentences(self) -> None:
        sentence = "您可以在收到商品后七天内无理由退货。"
        pieces = saying.sayable(sentence * 60)
        assert "".join(pieces) == sentence * 60
        assert len(pieces) > 1
        assert all(piece.endswith("。") for piece in pieces)

    def test_a_text_without_a_sentence_is_broken_at_words(self) -> None:
        pieces = saying.sayable("word " * 1500)
        assert " ".join("".join(pieces).split()) == " ".join(["word"] * 1500)
        assert all(piece.strip().startswith("word") and piece.strip().endswith("word") for piece in pieces)

    def test_a_document_that_would_be_too_long_keeps_its_end(self) -> None:
        prompts = tuple(Prompt("zh", f"{n}" + "很" * 1900) for n in range(40))
        root = document(Play(prompts), Gather("s", prompts, DtmfInput(1)))
        assert root[-1].tag == "Gather"
        assert len(root) > 5


# ---------------------------------------------------------------------- any actions

hostile = st.sampled_from(
    [
        '"/><Hangup/><Say x="',
        "</Say></Response><Response><Dial>+900</Dial>",
        "]]><![CDATA[",
        "&amp;&lt;&#x0;",
        "\x00\x08\x1b\ufffe\ud800",
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
        "𠮷" * 700,
        "。" * 2000,
        "x" * 2000,
        " \r\n\t ",
        "${jndi:ldap://x}",
    ]
)
said = hostile | st.text(max_size=200)
prompts = st.lists(
    st.builds(Prompt, st.sampled_from(["zh", "en", "ko"]), said, st.none() | st.just("name")), max_size=4
).map(tuple)
keys = st.builds(DtmfInput, st.integers(1, 32), st.sampled_from(["#", "*", "", "#*"]), st.floats(0.1, 10))
speech = st.builds(SpeechInput, st.sampled_from(["zh", "en", "ko"]), st.lists(said, max_size=50).map(tuple))
actions = st.lists(
    st.one_of(
        st.builds(Answer),
        st.builds(Reject),
        st.builds(Play, prompts, st.booleans()),
        st.builds(
            Gather,
            st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
            prompts,
            st.none() | keys,
            st.none() | speech,
            st.floats(0.01, 60),
            st.booleans(),
            st.booleans(),
        ),
        st.builds(Hold, st.just("default"), prompts),
        st.builds(Announce, prompts),
        st.builds(RingAgent, st.just(RESERVATION), said, said, st.floats(1, 60), said),
        st.builds(CancelRing, st.just(RESERVATION)),
        st.builds(StartRecording, st.just(CALL), st.just(RESERVATION)),
        st.builds(Hangup),
    ),
    max_size=8,
)


@given(actions, st.booleans())
def test_any_actions_make_a_document_that_twilio_takes(several: list[Action], served: bool) -> None:
    sounds = dict.fromkeys(twiml.prompts_of(several), WELCOME_URL) if served else {}
    document(*several, place=Place(ACCOUNT, CALL, 7, sounds))


@given(prompts, st.none() | st.just(WELCOME_URL), st.integers(0, 10**6))
def test_whoever_waits_hears_only_what_may_be_heard_there(
    several: tuple[Prompt, ...], music: str | None, piece: int
) -> None:
    validated(twiml.waiting(several, PLACE, music, piece), WAITING)


@given(said)
def test_a_text_is_said_and_nothing_else(text: str) -> None:
    spoken = [element for element in document(Play((Prompt("en", text),))) if element.tag == "Say"]
    kept = "".join(
        c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not _lone(c)) else " " for c in text
    )
    assert " ".join("".join(each.text or "" for each in spoken).split()) == " ".join(kept.split())


def _lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


# ---------------------------------------------------------------------- the rules themselves


@pytest.mark.parametrize(
    "bad",
    [
        "<Response/>",
        "<Response><Say>x</Say></Response>",
        "<Response><Gather action='https://h/'/></Response>",
        "<Response><Gather actionOnEmptyResult='true'/></Response>",
        "<Response><Hangup/><Say>x</Say></Response>",
        "<Response><Say>x</Say><Reject/></Response>",
        "<Response><Gather action='/g' actionOnEmptyResult='true'/></Response>",
        "<Response><Gather action='https://h/' actionOnEmptyResult='true'><Hangup/></Gather></Response>",
        "<Response><Gather action='https://h/' actionOnEmptyResult='true' bargeIn='true'/></Response>",
        "<Response><Gather action='https://h/' actionOnEmptyResult='true' timeout='0'/></Response>",
        "<Response><Dial action='https://h/'><Say>x</Say></Dial></Response>",
        "<Response><Pause length='0'/><Hangup/></Response>",
        f"<Response><Say>{'很' * 501}</Say><Hangup/></Response>",
        "<Response>text<Hangup/></Response>",
        f"<Response><!--{'x' * 65536}--><Hangup/></Response>",
    ],
)
def test_the_validator_refuses(bad: str) -> None:
    with pytest.raises(Invalid):
        validated(bad)


def test_every_pair_of_heard_actions_is_valid() -> None:
    gather = Gather("s", (TOPIC,), DtmfInput(1))
    all_of_them: list[Action] = [
        Answer(),
        Reject(),
        Play((WELCOME,)),
        gather,
        Hold(),
        Announce((TOPIC,)),
        Hangup(),
    ]
    for first, second in product(all_of_them, repeat=2):
        document(first, second)
