"""What Asterisk says, in our words: from captures."""

from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk import translate
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.translate import Ending, Ring
from ivr.events import MissReason, Party
from tests.unit.ivr.asterisk.conftest import Captured

HOSTILE = 'x\r\nAction: Originate\r\n\r\n"; DROP TABLE calls; --../../etc/passwd' + "9" * 10_000


def ending_of(events: list[Event]) -> Ending:
    ending = Ending()
    for event in events:
        ending.learn(event)
    return ending


def ring_of(events: list[Event]) -> Ring:
    ring = Ring()
    for event in events:
        ring.ending.learn(event)
        if event["event"] == "DialEnd":
            ring.dial_status = event["dialstatus"]
    return ring


class TestOffer:
    def test_from_the_start_of_agi(self, captured: Captured) -> None:
        start = next(e for e in captured("caller-rejected") if e["event"] == "AsyncAGIStart")
        offer = translate.offered(start)
        assert (offer.carrier_id, offer.called) == ("hotline-1795314804.1", "4008")
        assert (offer.caller, offer.caller_name) == ("13800138000", "王小明")

    def test_from_the_list_of_channels(self, captured: Captured) -> None:
        row = next(e for e in captured("channels") if e.get("context") == "hotline-inbound")
        offer = translate.offered(row)
        assert (offer.carrier_id, offer.called, offer.caller) == (
            "hotline-1795314808.6",
            "4008",
            "13800138000",
        )

    @pytest.mark.parametrize("nothing", ["", "unknown", "<unknown>", "anonymous", "\r\n\t"])
    def test_a_caller_who_does_not_say_is_nobody(self, nothing: str) -> None:
        env = quote(f"agi_extension: 4008\nagi_callerid: {nothing}\nagi_calleridname: {nothing}\n")
        offer = translate.offered({"uniqueid": "1.1", "env": env})
        assert (offer.caller, offer.caller_name) == (None, None)

    def test_a_hostile_caller_is_cut_and_cleaned(self) -> None:
        headers = {"uniqueid": "1.1", "exten": HOSTILE, "calleridnum": HOSTILE, "calleridname": HOSTILE}
        offer = translate.offered(headers)
        for value, most in ((offer.called, 64), (offer.caller, 64), (offer.caller_name, 128)):
            assert value is not None
            assert len(value) == most
            assert value.isprintable()

    @given(st.text())
    def test_no_environment_is_too_strange(self, env: str) -> None:
        translate.offered({"uniqueid": "1.1", "env": env})


class TestCallerId:
    @given(st.text())
    def test_stays_inside_of_its_quotes(self, label: str) -> None:
        header = translate.caller_id(label)
        assert header.startswith('"')
        assert header.endswith('" <>')
        assert not set(header[1:-4]) & set('"\\<>\r\n\0')
        assert len(header.encode()) < 300

    def test_keeps_a_name(self) -> None:
        assert translate.caller_id("王小明 (VIP)") == '"王小明 (VIP)" <>'


class TestLegId:
    def test_says_its_reservation(self) -> None:
        reservation = uuid4()
        assert translate.reservation_of(translate.leg_id(reservation)) == reservation

    @pytest.mark.parametrize("uniqueid", ["", "agent-", "agent-x", "hotline-1.1", str(UUID(int=1))])
    def test_nothing_else_is_one(self, uniqueid: str) -> None:
        assert translate.reservation_of(uniqueid) is None


class TestEnding:
    @pytest.mark.parametrize(
        ("capture", "by", "cause"),
        [
            ("caller-leaves-menu", Party.CUSTOMER, 16),  # Asterisk says cause 0
            ("caller-cancels", Party.CUSTOMER, 16),  # Asterisk says 127
            ("caller-rejected", Party.SYSTEM, 17),
            ("hung-up-by-us", Party.SYSTEM, 16),
            ("agent-media-lost", Party.CUSTOMER, 44),  # looks like our own doing until the Hangup
        ],
    )
    def test_who_and_why(self, captured: Captured, capture: str, by: Party, cause: int) -> None:
        ending = ending_of(captured(capture))
        assert ending.hung_up
        assert (ending.by(Party.CUSTOMER), ending.cause) == (by, cause)

    @pytest.mark.parametrize("cause", ["", "x", "-1", "²", "16.5"])
    def test_a_cause_that_is_no_number(self, cause: str) -> None:
        assert ending_of([{"event": "Hangup", "cause": cause}]).cause is None


class TestMissed:
    @pytest.mark.parametrize(
        ("capture", "reason", "cause"),
        [
            ("agent-refuses", MissReason.BUSY, 17),
            ("agent-does-not-answer", MissReason.NO_ANSWER, 19),
        ],
    )
    def test_from_captures(self, captured: Captured, capture: str, reason: MissReason, cause: int) -> None:
        ring = ring_of(captured(capture))
        assert ring.missed(cancelled=False, answered=False) is reason
        assert ring.ending.cause == cause

    @pytest.mark.parametrize(
        ("status", "cause", "reason"),
        [
            ("BUSY", 17, MissReason.BUSY),  # 486, 600
            ("NOANSWER", 19, MissReason.NO_ANSWER),  # 480
            ("NOANSWER", 21, MissReason.REJECTED),  # 603
            ("NOANSWER", 1, MissReason.FAILED),  # 404
            ("CONGESTION", 34, MissReason.FAILED),  # 503
            ("", 19, MissReason.NO_ANSWER),  # time to ring is over
            ("CHANUNAVAIL", 20, MissReason.UNREGISTERED),
        ],
    )
    def test_by_status_and_cause(self, status: str, cause: int, reason: MissReason) -> None:
        ring = Ring(status)
        ring.ending.learn({"event": "Hangup", "cause": str(cause)})
        assert ring.missed(cancelled=False, answered=False) is reason

    def test_our_own_doing_comes_first(self, captured: Captured) -> None:
        ring = ring_of(captured("ring-cancelled"))
        assert ring.missed(cancelled=True, answered=False) is MissReason.CANCELLED

    def test_answered_and_gone_before_the_caller_came(self) -> None:
        assert Ring("ANSWER").missed(cancelled=False, answered=True) is MissReason.FAILED
