"""What Twilio's words for an ending mean, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.twilio import causes
from ivr.adapters.twilio.errors import EXPLAINED
from ivr.events import CallEnded, MissReason, Party

# https://www.rfc-editor.org/rfc/rfc3398, 8.2.6.1
# fmt: off
RFC_3398 = {
    400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 102,
    410: 22, 413: 127, 414: 127, 415: 79, 416: 127, 420: 127, 421: 127, 423: 127, 480: 18,
    481: 41, 482: 25, 483: 25, 484: 28, 485: 1, 486: 17, 500: 41, 501: 79, 502: 38,
    503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603: 21, 604: 1,
}
# fmt: on
TERMINAL = ["completed", "busy", "no-answer", "canceled", "failed"]


@pytest.mark.parametrize(("sip", "q850"), list(RFC_3398.items()))
def test_each_answer_of_sip_has_its_cause(sip: int, q850: int) -> None:
    assert causes.cause("failed", str(sip)) == q850


@pytest.mark.parametrize(
    ("status", "sip", "q850"),
    [
        ("completed", None, 16),
        ("completed", "200", 16),
        ("completed", "487", 16),
        ("busy", None, 17),
        ("busy", "486", 17),
        ("busy", "603", 21),
        ("no-answer", None, 19),
        ("no-answer", "487", 19),
        ("no-answer", "480", 18),
        ("canceled", None, 16),
        ("canceled", "487", 16),
        ("failed", None, 41),
        ("failed", "200", 41),
        ("failed", "404", 1),
        ("failed", "499", 41),
        ("failed", "599", 41),
        ("failed", "699", 21),
        ("in-progress", "200", None),
        (None, None, None),
        ("resting", "486", None),
    ],
)
def test_status_and_sip_together(status: str | None, sip: str | None, q850: int | None) -> None:
    assert causes.cause(status, sip) == q850


def test_a_far_end_that_falls_silent_is_out_of_order() -> None:
    assert causes.cause("completed", "408") == 27
    assert causes.cause("failed", "504", answered=True) == 27
    assert causes.cause("failed", "504") == 102
    assert causes.cause("completed", "502") == 38


@pytest.mark.parametrize("sip", ["", "abc", "99999999999", "-1", "４８６", "48", "486\r\n", "0"])
def test_a_code_that_is_none_says_nothing(sip: str) -> None:
    assert causes.cause("busy", sip) == 17


@pytest.mark.parametrize(
    ("status", "sip", "error", "reason", "q850"),
    [
        ("busy", "486", None, MissReason.BUSY, 17),
        ("busy", "600", None, MissReason.BUSY, 17),
        ("busy", "603", None, MissReason.REJECTED, 21),
        ("no-answer", "487", None, MissReason.NO_ANSWER, 19),
        ("no-answer", None, None, MissReason.NO_ANSWER, 19),
        ("no-answer", "480", None, MissReason.NO_ANSWER, 18),
        ("canceled", "487", None, MissReason.CANCELLED, 16),
        ("failed", "404", None, MissReason.FAILED, 1),
        ("failed", "503", None, MissReason.FAILED, 41),
        ("failed", "480", None, MissReason.NO_ANSWER, 18),
        ("failed", "486", None, MissReason.BUSY, 17),
        ("failed", None, "32009", MissReason.UNREGISTERED, 20),
        ("failed", "403", "10004", MissReason.CANCELLED, 21),
        ("completed", "200", None, MissReason.FAILED, 16),
        ("asleep", None, None, MissReason.FAILED, None),
        (None, None, "nonsense", MissReason.FAILED, None),
    ],
)
def test_why_an_agent_was_not_reached(
    status: str | None, sip: str | None, error: str | None, reason: MissReason, q850: int | None
) -> None:
    assert causes.missed(status, sip, error) == (reason, q850)


@given(st.sampled_from(TERMINAL), st.none() | st.integers(100, 699).map(str))
def test_a_ring_that_we_ended_is_cancelled_whatever_twilio_calls_it(status: str, sip: str | None) -> None:
    assert causes.missed(status, sip, cancelled=True)[0] is MissReason.CANCELLED


@pytest.mark.parametrize(
    ("code", "reason", "q850"),
    [
        (21211, MissReason.FAILED, 28),
        (21214, MissReason.FAILED, 3),
        (21215, MissReason.FAILED, 21),
        (21219, MissReason.FAILED, 21),
        (32009, MissReason.UNREGISTERED, 20),
        (99999, MissReason.FAILED, 41),
        (None, MissReason.FAILED, 41),
    ],
)
def test_a_ring_that_twilio_refuses(code: int | None, reason: MissReason, q850: int) -> None:
    assert causes.refused(code, 400) == (reason, q850)


@pytest.mark.parametrize(
    ("code", "status", "q850"),
    [
        (10001, 400, 41),
        (10004, 400, 34),
        (10005, 400, 41),
        (16021, 400, 34),
        (16024, 400, 41),
        (16026, 400, 41),
        (16030, 400, 41),
        (20003, 401, 41),
        (20005, 403, 41),
        (20403, 403, 41),
        (20404, 404, 41),
        (20429, 400, 42),
        (21205, 400, 41),
        (21210, 400, 21),
        (21212, 400, 21),
        (21213, 400, 21),
        (None, 401, 41),
        (None, 403, 41),
        (None, 404, 41),
    ],
)
def test_what_would_refuse_every_ring_is_no_agents_fault(code: int | None, status: int, q850: int) -> None:
    assert causes.refused(code, status) == (MissReason.CANCELLED, q850)


def test_what_would_refuse_every_ring_has_a_phrase() -> None:
    assert not causes.OURS - EXPLAINED.keys()


@pytest.mark.parametrize(
    ("status", "sip", "by_us", "ended"),
    [
        ("completed", "200", False, CallEnded(Party.CUSTOMER, 16)),
        ("completed", "200", True, CallEnded(Party.SYSTEM, 16)),
        ("completed", "408", False, CallEnded(Party.CUSTOMER, 27)),
        ("busy", None, False, CallEnded(Party.SYSTEM, 17)),
        ("busy", None, True, CallEnded(Party.SYSTEM, 17)),
        ("no-answer", None, False, CallEnded(Party.CUSTOMER, 16)),
        ("canceled", "487", False, CallEnded(Party.CUSTOMER, 16)),
        ("failed", "503", False, CallEnded(Party.UNKNOWN, 41, "Twilio says failed, with SIP 503")),
        ("failed", None, False, CallEnded(Party.UNKNOWN, 41, "Twilio says failed, with SIP nothing")),
    ],
)
def test_how_a_callers_call_ended(status: str, sip: str | None, by_us: bool, ended: CallEnded) -> None:
    assert causes.ended(status, sip, by_us=by_us) == ended


def test_an_unknown_status_is_not_repeated() -> None:
    ended = causes.ended("<script>13800138000", "９" * 500)
    assert (ended.by, ended.cause) == (Party.UNKNOWN, None)
    assert "script" not in ended.detail
    assert "138" not in ended.detail


@pytest.mark.parametrize(
    ("reason", "by"),
    [
        ("participant_hung_up", Party.AGENT),
        ("participant_add_failed", None),
        ("participant_updated_via_api", Party.SYSTEM),
        ("conference_ended_via_api", Party.SYSTEM),
        ("moderator_ended_conference", None),
        ("teleported", Party.UNKNOWN),
        (None, Party.UNKNOWN),
    ],
)
def test_why_somebody_left_a_conference(reason: str | None, by: Party | None) -> None:
    assert causes.left(reason, Party.AGENT) is by


@pytest.mark.parametrize(
    ("reason", "ending", "by"),
    [
        ("participant-with-end-conference-on-exit-left", Party.CUSTOMER, Party.CUSTOMER),
        ("participant-with-end-conference-on-exit-left", None, Party.UNKNOWN),
        ("last-participant-left", Party.AGENT, Party.AGENT),
        ("participant-with-end-conference-on-exit-kicked", Party.AGENT, Party.SYSTEM),
        ("last-participant-kicked", Party.AGENT, Party.SYSTEM),
        ("conference-ended-via-api", None, Party.SYSTEM),
        ("evaporated", Party.AGENT, Party.UNKNOWN),
        (None, None, Party.UNKNOWN),
    ],
)
def test_who_ended_a_conference(reason: str | None, ending: Party | None, by: Party) -> None:
    assert causes.conference_ended(reason, ending) is by


@pytest.mark.parametrize(
    ("status", "was_in_it"),
    [
        ("completed", True),
        ("answered", True),
        ("busy", False),
        ("no-answer", False),
        ("failed", False),
        ("canceled", False),
        (None, False),
        ("?", False),
    ],
)
def test_whether_a_dial_came_about(status: str | None, was_in_it: bool) -> None:
    assert causes.held(status) is was_in_it


@given(st.text() | st.none(), st.text() | st.none(), st.text() | st.none(), st.booleans())
def test_no_word_of_twilios_breaks_anything(
    status: str | None, sip: str | None, error: str | None, flag: bool
) -> None:
    causes.missed(status, sip, error, cancelled=flag)
    causes.ended(status, sip, by_us=flag)
    causes.left(status, Party.AGENT)
    causes.conference_ended(sip, Party.CUSTOMER if flag else None)
