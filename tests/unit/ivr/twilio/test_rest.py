"""Requests to Twilio under bad conditions: repeated where that is safe, and never for ever."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import EXPLAINED, TwilioError, TwilioRefused, TwilioUnavailable
from ivr.adapters.twilio.http import ATTEMPTS, LONGEST_PAUSE, Pace
from ivr.adapters.twilio.rest import TwilioRest
from tests.unit.ivr.twilio.api import FakeTwilio, found, listed, refusal

SID, CALL, LEG = "AC" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32
CONFERENCE, RECORDING = "CF" + "4" * 32, "RE" + "5" * 32
NAME, LABEL = "01a1f8cb-aca0-79f8-a9d1-44e441bc858e", "01a1f8cb-aca0-79f8-a9d1-44e441bc858f"
TOKEN, KEY, SECRET = "t0ken-of-the-account", "SK" + "7" * 32, "s3cret-of-the-key"
NUMBER = "+8613800138000"

A_CALL: dict[str, Any] = {"sid": CALL, "status": "in-progress", "direction": "inbound"}
BROKEN = httpx.Response(503, text="<html>upstream</html>")
LOST = httpx.ReadTimeout("no answer")
NOT_REACHED = httpx.ConnectError("refused")


def rest_on(api: FakeTwilio, **more: Any) -> TwilioRest:
    settings: dict[str, Any] = {"requests_per_second": 1000.0, "calls_per_second": 1000.0} | more
    account = Account(sid=SID, auth_token=TOKEN, public_url="https://hotline.example.com", **settings)
    return TwilioRest(account, api.transport, api.wait)


@pytest.fixture
def api() -> FakeTwilio:
    return FakeTwilio()


async def ring(rest: TwilioRest, **more: Any) -> str:
    return await rest.add_participant(
        NAME,
        to=NUMBER,
        label=LABEL,
        timeout=15,
        caller_id="+14158675310",
        status_callback="https://h.example/l",
        **more,
    )


def conference(api: FakeTwilio, *labels: str) -> None:
    """A conference of our name, in which legs of these labels are rung."""
    api.will("ListConference", listed("ListConference", "conferences", {"sid": CONFERENCE, "status": "init"}))
    people = [{"call_sid": LEG, "label": label, "status": "ringing"} for label in labels]
    api.will("ListParticipant", listed("ListParticipant", "participants", *people))


ROOM = found("CreateParticipant", {"call_sid": LEG, "label": LABEL, "status": "queued"}, 201)
RECORDED = found("CreateCallRecording", {"sid": RECORDING, "call_sid": LEG, "status": "in-progress"}, 201)


class TestAgainAndAgain:
    @pytest.mark.parametrize("trouble", [BROKEN, LOST, NOT_REACHED, httpx.RemoteProtocolError("cut")])
    async def test_what_says_how_things_shall_be_is_repeated(
        self, api: FakeTwilio, trouble: httpx.Response | Exception
    ) -> None:
        api.will("UpdateCall", trouble, trouble, found("UpdateCall", A_CALL))
        assert await rest_on(api).update_call(CALL, url="https://h.example/next?turn=1")
        assert api.operations == ["UpdateCall"] * 3
        assert len(api.waited) == 2
        assert 0.125 <= api.waited[0] <= 0.25 <= 2 * api.waited[1] <= 1.0

    async def test_not_for_ever(self, api: FakeTwilio) -> None:
        api.will("FetchCall", BROKEN)
        with pytest.raises(TwilioUnavailable, match="no answer in 4 attempts \\(HTTP 503\\)"):
            await rest_on(api).fetch_call(CALL)
        assert len(api.asked) == ATTEMPTS

    async def test_a_request_that_is_never_answered_has_a_deadline(self, api: FakeTwilio) -> None:
        async def never() -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

        api.will("FetchCall", never)
        with pytest.raises(TwilioUnavailable, match="TimeoutError"):
            await rest_on(api, timeout_seconds=0.01).fetch_call(CALL)

    async def test_too_many_requests_wait_as_long_as_twilio_asks(self, api: FakeTwilio) -> None:
        busy, rude = (
            refusal(429, 20429, **{"retry-after": "7"}),
            refusal(429, 20429, **{"retry-after": "9999"}),
        )
        api.will("CreateParticipant", busy, rude, ROOM)
        assert await ring(rest_on(api)) == LEG
        assert (
            api.operations == ["CreateParticipant"] * 3
        )  # never processed: safe, even where something is made
        assert api.waited == [7.0, LONGEST_PAUSE]

    @pytest.mark.parametrize("asked", ["", "soon", "-5", "Sun, 22 Nov 2026 09:30:00 GMT", "²"])
    async def test_a_retry_after_that_is_no_number(self, api: FakeTwilio, asked: str) -> None:
        busy = httpx.Response(429, headers=[(b"retry-after", asked.encode("latin-1"))])
        api.will("FetchCall", busy, found("FetchCall", A_CALL))
        assert await rest_on(api).fetch_call(CALL) is not None
        assert 0.125 <= api.waited[0] <= 0.25

    async def test_a_refusal_is_final(self, api: FakeTwilio) -> None:
        api.will("UpdateCall", refusal(400, 21205))
        with pytest.raises(TwilioRefused) as caught:
            await rest_on(api).update_call(CALL, url="https://h.example/next")
        assert (caught.value.code, caught.value.status) == (21205, 400)
        assert len(api.asked) == 1

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"{}", b'{"calls": 7}'])
    async def test_an_answer_that_makes_no_sense(self, api: FakeTwilio, body: bytes) -> None:
        api.will("ListCallRecording", httpx.Response(200, content=body))
        with pytest.raises(TwilioUnavailable):
            await rest_on(api).recordings_of(LEG)


class TestRinging:
    async def test_an_answer_that_was_lost_does_not_ring_twice(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", LOST, ROOM)
        conference(api, "another", LABEL)
        assert await ring(rest_on(api)) == LEG
        assert api.operations == ["CreateParticipant", "ListConference", "ListParticipant"]

    @pytest.mark.parametrize("trouble", [LOST, BROKEN])
    async def test_what_was_not_done_is_asked_for_again(
        self, api: FakeTwilio, trouble: httpx.Response | Exception
    ) -> None:
        api.will("CreateParticipant", trouble, ROOM)
        conference(api, "another")
        assert await ring(rest_on(api)) == LEG
        assert api.operations.count("CreateParticipant") == 2

    async def test_a_connection_that_failed_was_no_request(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", NOT_REACHED, ROOM)
        assert await ring(rest_on(api)) == LEG
        assert api.operations == ["CreateParticipant"] * 2

    async def test_a_label_that_is_there_already_is_the_same_ring(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", refusal(400, 16026))
        conference(api, LABEL)
        assert await ring(rest_on(api)) == LEG

    async def test_a_label_that_cannot_be_found_is_a_refusal(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", refusal(400, 16026))
        conference(api)
        with pytest.raises(TwilioRefused):
            await ring(rest_on(api))

    async def test_it_gives_up_in_the_end(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", LOST)
        conference(api)
        with pytest.raises(TwilioUnavailable):
            await ring(rest_on(api))
        assert api.operations.count("CreateParticipant") == ATTEMPTS

    async def test_nobody_is_in_a_conference_that_is_over(self, api: FakeTwilio) -> None:
        over = {"sid": CONFERENCE, "status": "completed"}
        api.will("ListConference", listed("ListConference", "conferences", over))
        assert await rest_on(api).participants(NAME) == []
        assert api.operations == ["ListConference"]

    async def test_a_conference_that_ends_while_it_is_asked(self, api: FakeTwilio) -> None:
        conference(api)
        api.will("ListParticipant", refusal(404, 20404))
        assert await rest_on(api).participants(NAME) == []

    @pytest.mark.parametrize(("seconds", "sent"), [(0, "5"), (15, "15"), (10_000, "600")])
    async def test_the_time_to_ring_is_one_that_twilio_takes(
        self, api: FakeTwilio, seconds: int, sent: str
    ) -> None:
        api.will("CreateParticipant", ROOM)
        await rest_on(api).add_participant(
            NAME,
            to=NUMBER,
            label=LABEL,
            timeout=seconds,
            caller_id="x",
            status_callback="https://h.example/l",
        )
        assert api.asked[0].form["Timeout"] == [sent]

    async def test_what_is_asked_for(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", ROOM)
        await ring(rest_on(api))
        asked = api.asked[0]
        assert asked.in_path["ConferenceSid"] == NAME
        assert asked.form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
        wanted = {
            "StartConferenceOnEnter": "true",
            "EndConferenceOnExit": "true",
            "Beep": "false",
            "Label": LABEL,
        }
        assert {name: asked.form[name] for name in wanted} == {
            name: [value] for name, value in wanted.items()
        }
        assert asked.form["EarlyMedia"] == ["false"]
        assert "CallerDisplayName" not in asked.form

    async def test_a_phone_that_can_is_told_who_calls(self, api: FakeTwilio) -> None:
        api.will("CreateParticipant", ROOM)
        await ring(rest_on(api), display_name="王小明")
        assert api.asked[0].form["CallerDisplayName"] == ["王小明"]

    @pytest.mark.parametrize(("code", "asked"), [(13259, 2), (99999, 2), (21211, 1)])
    async def test_a_name_that_twilio_does_not_take_costs_nobody_the_ring(
        self, api: FakeTwilio, code: int, asked: int
    ) -> None:
        api.will("CreateParticipant", refusal(400, code), ROOM)
        if asked == 1:
            with pytest.raises(TwilioRefused):
                await ring(rest_on(api), display_name="王小明")
        else:
            assert await ring(rest_on(api), display_name="王小明") == LEG
            assert "CallerDisplayName" not in api.asked[1].form
        assert len(api.asked) == asked


class TestRecording:
    async def test_both_directions_on_a_channel_each(self, api: FakeTwilio) -> None:
        api.will("CreateCallRecording", RECORDED)
        assert await rest_on(api).start_recording(LEG, status_callback="https://h.example/r") == RECORDING
        form = api.asked[0].form
        assert (form["RecordingChannels"], form["RecordingTrack"], form["Trim"]) == (
            ["dual"],
            ["both"],
            ["do-not-trim"],
        )

    @pytest.mark.parametrize(
        ("status", "asked"), [("in-progress", 1), ("paused", 1), ("completed", 2), ("absent", 2)]
    )
    async def test_a_lost_answer_does_not_record_twice(
        self, api: FakeTwilio, status: str, asked: int
    ) -> None:
        there = {"sid": RECORDING, "call_sid": LEG, "status": status}
        api.will("CreateCallRecording", LOST, RECORDED)
        api.will("ListCallRecording", listed("ListCallRecording", "recordings", there))
        assert await rest_on(api).start_recording(LEG, status_callback="https://h.example/r") == RECORDING
        assert api.operations.count("CreateCallRecording") == asked

    async def test_one_that_may_run_already_is_looked_for_first(self, api: FakeTwilio) -> None:
        there = {"sid": RECORDING, "call_sid": LEG, "status": "in-progress"}
        api.will("ListCallRecording", listed("ListCallRecording", "recordings", there))
        rest = rest_on(api)
        assert await rest.start_recording(LEG, status_callback="https://h.example/r", again=True) == RECORDING
        assert api.operations == ["ListCallRecording"]

    async def test_what_is_gone_is_deleted(self, api: FakeTwilio) -> None:
        await rest_on(api).delete_recording(RECORDING)
        assert api.operations == ["DeleteRecording"]

    async def test_a_recording_that_cannot_be_deleted_yet(self, api: FakeTwilio) -> None:
        api.will("DeleteRecording", refusal(409, 20409))
        with pytest.raises(TwilioRefused):
            await rest_on(api).delete_recording(RECORDING)


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class TestSound:
    async def test_it_is_put_in_place_whole(self, api: FakeTwilio, tmp_path: Path) -> None:
        sound = b"RIFF" + bytes(range(256)) * 1000
        api.will("Media", httpx.Response(200, content=sound))
        to = tmp_path / "both.wav"
        await rest_on(api).media(RECORDING, to)
        assert to.read_bytes() == sound
        assert files(tmp_path) == [to]
        assert api.asked[0].query == {"RequestedChannels": ["2"]}
        assert api.asked[0].request.url.path == f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.wav"
        assert api.asked[0].request.headers["authorization"].startswith("Basic ")

    async def test_half_of_it_is_nothing(self, api: FakeTwilio, tmp_path: Path) -> None:
        async def broken() -> httpx.Response:
            async def chunks() -> Any:
                yield b"RIFF" * 1000
                raise httpx.ReadError("cut")

            return httpx.Response(200, content=chunks())

        api.will("Media", broken)
        to = tmp_path / "both.wav"
        to.write_bytes(b"an older one")
        with pytest.raises(TwilioUnavailable, match="ReadError"):
            await rest_on(api).media(RECORDING, to)
        assert to.read_bytes() == b"an older one"
        assert files(tmp_path) == [to]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (refusal(404, 20404), TwilioRefused),
            (refusal(400, 20001), TwilioRefused),
            (httpx.Response(401, text=""), TwilioRefused),
            (refusal(429, 20429), TwilioUnavailable),
            (BROKEN, TwilioUnavailable),
            (NOT_REACHED, TwilioUnavailable),
        ],
    )
    async def test_sound_that_cannot_be_had(
        self, api: FakeTwilio, tmp_path: Path, answer: httpx.Response | Exception, error: type[TwilioError]
    ) -> None:
        api.will("Media", answer)
        with pytest.raises(error):
            await rest_on(api).media(RECORDING, tmp_path / "both.wav")
        assert files(tmp_path) == []

    async def test_the_password_does_not_follow_to_another_host(
        self, api: FakeTwilio, tmp_path: Path
    ) -> None:
        seen: list[httpx.Request] = []

        async def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            if request.url.host == "api.twilio.com":
                return httpx.Response(307, headers={"location": "https://media.example.com/sound"})
            return httpx.Response(200, content=b"RIFF")

        account = Account(sid=SID, auth_token=TOKEN, public_url="https://hotline.example.com")
        await TwilioRest(account, httpx.MockTransport(answer)).media(RECORDING, tmp_path / "x.wav")
        assert [("authorization" in each.headers) for each in seen] == [True, False]


class TestCalls:
    SINCE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def record(self, minutes: float | None) -> dict[str, Any]:
        at = None if minutes is None else self.SINCE + timedelta(minutes=minutes)
        return A_CALL | {"start_time": at.strftime("%a, %d %b %Y %H:%M:%S +0000") if at else None}

    async def test_page_after_page(self, api: FakeTwilio) -> None:
        following = f"/2010-04-01/Accounts/{SID}/Calls.json?Page=1&PageToken=PAxyz"
        api.will(
            "ListCall",
            listed("ListCall", "calls", self.record(2), self.record(1), next_page=following),
            BROKEN,
            listed("ListCall", "calls", self.record(0)),
        )
        calls = [call async for call in rest_on(api).calls(since=self.SINCE)]
        assert [call.started_at for call in calls] == [self.SINCE + timedelta(minutes=m) for m in (2, 1, 0)]
        assert api.asked[-1].query == {"Page": ["1"], "PageToken": ["PAxyz"]}

    async def test_only_those_of_the_time_asked_for_in_any_order(self, api: FakeTwilio) -> None:
        records = [self.record(minutes) for minutes in (None, 10, 5, -600, 4.9, -0.1, 0)]
        api.will("ListCall", listed("ListCall", "calls", *records))
        until = self.SINCE + timedelta(minutes=5)
        calls = [call async for call in rest_on(api).calls(since=self.SINCE, until=until)]
        assert [call.started_at and (call.started_at - self.SINCE).seconds for call in calls] == [
            None,
            294,
            0,
        ]

    async def test_twilio_is_asked_in_utc(self, api: FakeTwilio) -> None:
        api.will("ListCall", listed("ListCall", "calls"))
        since = datetime(2026, 11, 22, 1, 0, tzinfo=UTC).astimezone(_china())
        assert [call async for call in rest_on(api).calls(since=since)] == []
        assert api.asked[0].query["StartTime>"] == ["2026-11-22T01:00:00Z"]

    async def test_a_call_that_twilio_does_not_know(self, api: FakeTwilio) -> None:
        assert await rest_on(api).fetch_call(CALL) is None

    @pytest.mark.parametrize("answer", [refusal(404, 20404), refusal(400, 21220)])
    async def test_a_call_that_is_over_cannot_be_steered(
        self, api: FakeTwilio, answer: httpx.Response
    ) -> None:
        api.will("UpdateCall", answer)
        assert not await rest_on(api).update_call(CALL, status="completed")

    @pytest.mark.parametrize(
        ("status", "over"),
        [("queued", False), ("ringing", False), ("in-progress", False), ("completed", True), ("busy", True)],
    )
    async def test_whether_it_is_over(self, api: FakeTwilio, status: str, over: bool) -> None:
        api.will(
            "FetchCall", found("FetchCall", A_CALL | {"status": status, "duration": "", "end_time": None})
        )
        call = await rest_on(api).fetch_call(CALL)
        assert call is not None
        assert (call.over, call.duration, call.ended_at) == (over, None, None)


def _china() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Shanghai")


class TestCredentials:
    def opens(self, api: FakeTwilio, status: str = "active") -> None:
        api.will("FetchAccount", found("FetchAccount", {"sid": SID, "status": status}))
        api.will("ListCall", listed("ListCall", "calls"))

    async def test_account_and_token(self, api: FakeTwilio) -> None:
        self.opens(api)
        await rest_on(api).check()
        assert api.operations == ["FetchAccount"]
        assert api.asked[0].in_path == {"Sid": SID}

    async def test_key_and_token_are_both_tried(self, api: FakeTwilio) -> None:
        self.opens(api)
        await rest_on(api, key=(KEY, SECRET)).check()
        logins = [httpx.BasicAuth(SID, TOKEN), httpx.BasicAuth(KEY, SECRET)]
        sent = [asked.request.headers["authorization"] for asked in api.asked]
        assert sent == [login._auth_header for login in logins]

    async def test_a_wrong_token(self, api: FakeTwilio) -> None:
        api.will("FetchAccount", refusal(401, 20003))
        with pytest.raises(TwilioRefused, match="the account SID or the auth token is wrong \\(error 20003"):
            await rest_on(api).check()

    async def test_a_refusal_without_a_code(self, api: FakeTwilio) -> None:
        for status, told in (
            (401, "credentials \\(HTTP 401\\)"),
            (403, "credentials"),
            (410, "refuses the request"),
        ):
            api.will("FetchCall", httpx.Response(status, text="<html>"))
            with pytest.raises(TwilioRefused, match=told):
                await rest_on(api).fetch_call(CALL)

    async def test_a_wrong_key(self, api: FakeTwilio) -> None:
        self.opens(api)
        api.will("ListCall", refusal(401, 20003))
        with pytest.raises(TwilioRefused, match="the API key or its secret is wrong"):
            await rest_on(api, key=(KEY, SECRET)).check()

    @pytest.mark.parametrize("status", ["suspended", "closed"])
    async def test_an_account_that_is_closed(self, api: FakeTwilio, status: str) -> None:
        self.opens(api, status)
        with pytest.raises(TwilioRefused, match=f"the Twilio account is {status}"):
            await rest_on(api).check()

    async def test_twilio_out_of_reach(self, api: FakeTwilio) -> None:
        api.will("FetchAccount", NOT_REACHED)
        with pytest.raises(TwilioUnavailable, match="ConnectError"):
            await rest_on(api).check()

    @pytest.mark.parametrize(
        "trouble",
        [refusal(401, 20003), refusal(400, 21211), BROKEN, LOST, NOT_REACHED, httpx.Response(200, text="{")],
    )
    async def test_no_secret_and_no_number_gets_out(
        self, api: FakeTwilio, trouble: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for operation in ("FetchAccount", "UpdateCall", "CreateParticipant"):
            api.will(operation, trouble)
        conference(api)
        rest = rest_on(api, key=(KEY, SECRET))
        uses: list[Callable[[], Any]] = [
            rest.check,
            lambda: rest.update_call(CALL, url="https://h.example/?x=" + TOKEN),
            lambda: ring(rest),
        ]
        for use in uses:
            with pytest.raises(TwilioError) as caught:
                await use()
            told = (
                "".join(traceback.format_exception(caught.value))
                + repr(caught.value)
                + repr(rest)
                + caplog.text
            )
            for secret in (TOKEN, SECRET, NUMBER, "Basic "):
                assert secret not in told

    def test_an_account_does_not_show_its_secrets(self) -> None:
        account = Account(
            sid=SID,
            auth_token=TOKEN,
            key=(KEY, SECRET),
            shared_key=SECRET,
            public_url="https://hotline.example.com",
        )
        assert TOKEN not in repr(account)
        assert SECRET not in repr(account)


class TestBaseUrl:
    async def test_another_address_with_a_path(
        self, api: FakeTwilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TWILIO_EDGE", "sydney")
        monkeypatch.setenv("TWILIO_REGION", "au1")
        seen: list[str] = []

        async def answer(request: httpx.Request) -> httpx.Response:
            seen.append(str(request.url.copy_with(query=None)))
            return httpx.Response(200, json=A_CALL)

        account = Account(
            sid=SID, auth_token=TOKEN, public_url="https://h.example", base_url="http://127.0.0.1:4010/twilio"
        )
        rest = TwilioRest(account, httpx.MockTransport(answer))
        await rest.fetch_call(CALL)
        assert seen == [f"http://127.0.0.1:4010/twilio/2010-04-01/Accounts/{SID}/Calls/{CALL}.json"]
        await rest.close()

    async def test_proxies_of_the_environment_are_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        account = Account(sid=SID, auth_token=TOKEN, public_url="https://h.example")
        rest = TwilioRest(account)
        mounts = rest._http._client._mounts
        assert [pattern.pattern for pattern in mounts] == ["https://"]
        await rest.close()


class TestPace:
    class Clock:
        """Time that passes only by waiting."""

        def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
            self.now = 1000.0
            monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now)

        async def wait(self, seconds: float) -> None:
            self.now += seconds

    async def test_agents_are_rung_no_faster_than_the_account_may(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = self.Clock(monkeypatch)
        pace = Pace(1.0, clock.wait)
        at = []
        for _ in range(4):
            await pace.turn()
            at.append(clock.now - 1000)
        assert at == pytest.approx([0, 1, 2, 3])

    async def test_a_seconds_worth_may_go_at_once_after_a_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = self.Clock(monkeypatch)
        pace = Pace(10.0, clock.wait)
        at = []
        for _ in range(25):
            await pace.turn()
            at.append(clock.now - 1000)
        assert at[:10] == pytest.approx([0] * 10)
        assert at[24] == pytest.approx(1.5)

    @given(st.floats(0.2, 200), st.lists(st.floats(0, 3), min_size=1, max_size=60))
    def test_never_more_than_the_rate_in_any_second(self, rate: float, pauses: list[float]) -> None:
        asyncio.run(self._never_more(rate, pauses))

    async def _never_more(self, rate: float, pauses: list[float]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            clock = self.Clock(patch)
            pace, at = Pace(rate, clock.wait), []
            for pause in pauses:
                clock.now += pause
                await pace.turn()
                at.append(clock.now)
        burst = max(rate, 1.0)
        for first in range(len(at)):
            for last in range(first, len(at)):
                assert last - first + 1 <= burst + rate * (at[last] - at[first]) + 1e-6

    async def test_who_does_not_want_it_any_more_takes_nobodys_turn(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = self.Clock(monkeypatch)
        pace = Pace(1.0, clock.wait)
        assert await pace.turn()
        assert not await pace.turn(lambda: False)
        until = clock.now + 0.5
        assert not await pace.turn(lambda: clock.now < until)  # while it waited
        assert await pace.turn()
        assert clock.now == pytest.approx(1001)


def test_explanations_can_be_part_of_a_sentence() -> None:
    for words in EXPLAINED.values():
        assert not words.endswith(".")
