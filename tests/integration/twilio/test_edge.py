"""What is not from Twilio, or makes no sense, is refused with one line in the log, and changes nothing."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from api.app import create_app
from api.webhooks import twilio as door
from ivr.events import InputGathered
from tests.integration.twilio.conftest import PUBLIC, CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers, Caller

SID = "CA" + "0" * 32
NOBODY = UUID(int=7)
Pairs = Sequence[tuple[str, str]]
Post = Callable[..., Any]


@pytest.fixture
async def post(centre: CallCentre) -> AsyncIterator[Post]:
    """Posts a form as Twilio does; keywords say what is wrong with it."""
    account = centre.twilio.account
    app = create_app(centre.program, "hotline_local")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:

        async def send(
            path: str,
            form: Mapping[str, str] | Pairs,
            *,
            token: str = account.auth_token,
            headers: Mapping[str, str] | None = None,
        ) -> httpx.Response:
            pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
            signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", dict(pairs))
            sent = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
            return await client.post(path, content=urlencode(pairs), headers=sent | dict(headers or {}))

        yield send


def incoming(centre: CallCentre, **more: str) -> dict[str, str]:
    return {
        "AccountSid": centre.twilio.account.sid,
        "CallSid": SID,
        "From": "+8613800138001",
        "To": "4001",
        "CallStatus": "ringing",
        "Direction": "inbound",
    } | more


async def calls_of(centre: CallCentre) -> int:
    """How many calls there are on record, those that ended among them."""
    return len([call async for call in centre.program.store.all_calls()])


ROUTES = (
    "/twilio/voice",
    "/twilio/voice/fallback",
    "/twilio/status",
    f"/twilio/calls/{NOBODY}/next?turn=1",
    f"/twilio/calls/{NOBODY}/gathered?turn=1&step=topic",
    f"/twilio/calls/{NOBODY}/waiting?turn=1",
    f"/twilio/calls/{NOBODY}/joined?turn=1",
    f"/twilio/calls/{NOBODY}/conference",
    f"/twilio/legs/{NOBODY}/status?call={NOBODY}",
    f"/twilio/recordings/{NOBODY}/status?call={NOBODY}",
)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("wrong", ["unsigned", "another token", "another form", "another account"])
async def test_nothing_gets_past_without_a_signature(
    centre: CallCentre, post: Post, path: str, wrong: str
) -> None:
    form = incoming(centre)
    with capture_logs() as logs:
        match wrong:
            case "unsigned":
                answer = await post(path, form, headers={"X-Twilio-Signature": ""})
            case "another token":
                answer = await post(path, form, token="guessed")
            case "another form":
                signed = RequestValidator(centre.twilio.account.auth_token).compute_signature(
                    f"{PUBLIC}{path}", form | {"To": "4002"}
                )
                answer = await post(path, form, headers={"X-Twilio-Signature": signed})
            case _:
                answer = await post(path, form | {"AccountSid": "AC" + "f" * 32})
    assert answer.status_code == 403
    assert [line["event"] for line in logs] == ["webhook refused"]
    assert not await calls_of(centre)


async def test_a_signature_for_another_route_is_none(centre: CallCentre, post: Post) -> None:
    form = incoming(centre)
    signed = RequestValidator(centre.twilio.account.auth_token).compute_signature(
        f"{PUBLIC}/twilio/status", form
    )
    assert (await post("/twilio/voice", form, headers={"X-Twilio-Signature": signed})).status_code == 403


async def test_the_path_counts_as_it_was_sent(centre: CallCentre, post: Post) -> None:
    form = incoming(centre)
    signed = RequestValidator(centre.twilio.account.auth_token).compute_signature(
        f"{PUBLIC}/twilio/voice", form
    )
    for path in ("/%74wilio/voice", "/twilio/v%6fice", "/twilio/voice?"):
        answer = await post(path, form, headers={"X-Twilio-Signature": signed})
        assert answer.status_code == (200 if path.endswith("?") else 403)


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/twilio/voice", {"CallSid": ""}, 400),
        ("/twilio/voice", {"CallSid": "CAxyz"}, 400),
        ("/twilio/voice", {"To": ""}, 400),
        ("/twilio/status", {"CallStatus": "exploded"}, 400),
        ("/twilio/status", {"CallStatus": ""}, 400),
        ("/twilio/status", {"CallStatus": "completed"}, 404),
        (f"/twilio/legs/{NOBODY}/status", {"CallStatus": "completed"}, 400),
        (f"/twilio/legs/{NOBODY}/status?call=x", {"CallStatus": "completed"}, 400),
        (f"/twilio/legs/{NOBODY}/status?call={NOBODY}", {"CallStatus": "completed"}, 404),
        (f"/twilio/calls/{NOBODY}/conference", {"StatusCallbackEvent": "conference-melt"}, 400),
        (f"/twilio/calls/{NOBODY}/conference", {"StatusCallbackEvent": "participant-join"}, 400),
        (f"/twilio/recordings/{NOBODY}/status", {"RecordingStatus": "rotten"}, 400),
        (f"/twilio/recordings/{NOBODY}/status", {"RecordingStatus": "completed"}, 400),
        (
            f"/twilio/recordings/{NOBODY}/status",
            {"RecordingStatus": "completed", "RecordingSid": "RE" + "0" * 32},
            404,
        ),
        (f"/twilio/calls/{NOBODY}/next", {}, 400),
        (f"/twilio/calls/{NOBODY}/next?turn=-1", {}, 400),
        (f"/twilio/calls/{NOBODY}/next?turn=99999999999999", {}, 400),
        ("/twilio/calls/none/next?turn=1", {}, 404),
        ("/twilio/nothing", {}, 404),
        ("/twilio/", {}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    centre: CallCentre, post: Post, path: str, change: dict[str, str], status: int
) -> None:
    with capture_logs() as logs:
        answer = await post(path, incoming(centre, **change))
    assert answer.status_code == status, answer.text
    assert [line["event"] for line in logs] == ["webhook refused"]
    assert not await calls_of(centre)


@pytest.mark.parametrize("part", ["next?turn=1", "gathered?turn=1&step=topic", "joined?turn=1"])
async def test_a_caller_whom_we_do_not_know_hears_an_apology(
    centre: CallCentre, post: Post, part: str
) -> None:
    with capture_logs() as logs:
        answer = await post(f"/twilio/calls/{NOBODY}/{part}", incoming(centre))
    assert answer.status_code == 200
    assert "<Hangup" in answer.text
    assert [line["event"] for line in logs] == ["webhook about an unknown call"]


async def test_another_callers_document_is_not_given(centre: CallCentre, post: Post) -> None:
    caller = await asked(centre)
    call = await centre.call_of(caller)
    before = await centre.kinds(caller)
    answer = await post(f"/twilio/calls/{call}/gathered?turn=1&step=topic", incoming(centre, Digits="1"))
    assert "<Hangup" in answer.text
    assert await centre.kinds(caller) == before


async def asked(centre: CallCentre) -> Caller:
    caller = centre.caller()
    await caller.dial("4001")
    await caller.asked("test-topic")
    return caller


async def test_a_repeated_parameter_is_refused(centre: CallCentre, post: Post) -> None:
    pairs = [*incoming(centre).items(), ("To", "4002")]
    with capture_logs() as logs:
        assert (await post("/twilio/voice", pairs)).status_code == 403
    assert [line["event"] for line in logs] == ["webhook refused"]
    assert not await calls_of(centre)


async def test_large_bodies_are_not_read(centre: CallCentre, post: Post) -> None:
    with capture_logs() as logs:
        answer = await post("/twilio/voice", incoming(centre, SpeechResult="x" * 1_000_000))
    assert answer.status_code == 413
    assert len(logs) == 1


async def test_large_bodies_of_which_no_length_is_told_are_not_read(centre: CallCentre) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1000
            yield b"x" * 1000

    with capture_logs() as logs:
        async with client_of(centre) as client:
            answer = await client.post("/twilio/voice", content=body())
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert door.MOST < sent <= door.MOST + 2000
    assert [line["event"] for line in logs] == ["webhook refused"]


def client_of(centre: CallCentre, base_url: str = PUBLIC) -> httpx.AsyncClient:
    app = create_app(centre.program, "hotline_local")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)


async def post_json(centre: CallCentre, body: bytes, path: str = "/twilio/status") -> httpx.Response:
    """As Twilio does: the URL is signed, and holds the body's digest."""
    url = f"{path}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(centre.twilio.account.auth_token).compute_signature(f"{PUBLIC}{url}", {})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
    async with client_of(centre) as client:
        right = await client.post(url, content=body, headers=headers)
        assert (await client.post(url, content=body + b" ", headers=headers)).status_code == 403
    return right


async def test_json_is_signed_by_its_digest(centre: CallCentre) -> None:
    body = json.dumps(incoming(centre, CallStatus="completed")).encode()
    assert (await post_json(centre, body)).status_code == 404  # no such call


@pytest.mark.parametrize(
    "body",
    [
        b"[1]",
        b"5",
        b"null",
        b'"AccountSid"',
        b"",
        b"{",
        b"\xff",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"a":' + b"[" * 500 + b"]" * 500 + b"}",
        b"9" * 10_000,
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_json_that_is_no_object_is_refused(centre: CallCentre, body: bytes) -> None:
    with capture_logs() as logs:
        answer = await post_json(centre, body)
    assert answer.status_code == 400, answer.text
    assert [line["event"] for line in logs] == ["webhook refused"] * 2  # the forgery, too


@pytest.mark.parametrize("twice", ["CallSid", "AccountSid", "CallStatus"])
async def test_json_with_a_repeated_member_is_refused(centre: CallCentre, twice: str) -> None:
    form = incoming(centre, CallStatus="completed")
    members = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in form.items()]
    members.append(f"{json.dumps(twice)}: {json.dumps(form[twice])}")
    answer = await post_json(centre, f"{{{', '.join(members)}}}".encode())
    assert (answer.status_code, answer.text) == (400, "a parameter is repeated\n")


async def test_a_list_of_pairs_is_no_object(centre: CallCentre) -> None:
    pairs = list(incoming(centre, CallStatus="completed").items())
    assert (await post_json(centre, json.dumps(pairs).encode())).status_code == 400


class TestBehindAProxy:
    """The proxy is at another host, below a path of its own that it takes away."""

    OUTSIDE, INSIDE = "https://pbx.example.org/hotline", "http://127.0.0.1:8080"

    @pytest.fixture
    def twilio_settings(self) -> dict[str, Any]:
        return {"public_url": self.OUTSIDE}

    async def _post(self, centre: CallCentre, path: str, signed: str) -> httpx.Response:
        form = incoming(centre)
        signature = RequestValidator(centre.twilio.account.auth_token).compute_signature(
            f"{signed}{path}", form
        )
        forwarded = {"X-Forwarded-Host": "127.0.0.1:8080", "X-Forwarded-Proto": "http"}
        async with client_of(centre, self.INSIDE) as client:
            return await client.post(path, data=form, headers={"X-Twilio-Signature": signature, **forwarded})

    async def test_what_is_signed_is_the_public_url(self, centre: CallCentre) -> None:
        answer = await self._post(centre, "/twilio/voice", self.OUTSIDE)
        assert answer.status_code == 200
        assert f"{self.OUTSIDE}/twilio/calls/" in answer.text
        assert "127.0.0.1" not in answer.text
        assert await calls_of(centre) == 1

    async def test_with_its_query(self, centre: CallCentre) -> None:
        answer = await self._post(centre, f"/twilio/calls/{NOBODY}/waiting?turn=1&piece=2", self.OUTSIDE)
        assert answer.status_code == 200
        assert f"{self.OUTSIDE}/twilio/calls/{NOBODY}/waiting?turn=1&amp;piece=2" in answer.text

    @pytest.mark.parametrize("signed", [INSIDE, "https://pbx.example.org", "http://pbx.example.org/hotline"])
    async def test_another_urls_signature_is_none(self, centre: CallCentre, signed: str) -> None:
        assert (await self._post(centre, "/twilio/voice", signed)).status_code == 403
        assert not await calls_of(centre)


@pytest.mark.parametrize(
    "said",
    [
        "</Say><Hangup/>",
        "'; DROP TABLE calls; --",
        "{{7*7}} ${jndi:ldap://x}",
        "\x00\x1b[31m\u202e",
        "好" * 5000,
        "\ud7ff\U0010ffff",
        "",
    ],
)
async def test_hostile_words_are_words(centre: CallCentre, post: Post, said: str) -> None:
    caller = centre.caller()
    await caller.dial("4002")
    await caller.asked("환불")
    call = await centre.call_of(caller)
    form = incoming(centre, CallSid=caller.call.sid, SpeechResult=said, Confidence="NaN")
    answer = await post(f"/twilio/calls/{call}/gathered?turn=1&step=topic", form)
    assert answer.status_code == 200
    assert "<Gather" in answer.text  # asked again
    assert "Hangup" not in answer.text
    (gathered,) = await centre.events(caller, InputGathered)
    assert len(gathered.value or "") <= 500
    assert gathered.confidence is None


async def test_digits_that_are_none_are_refused(centre: CallCentre, post: Post) -> None:
    caller = await asked(centre)
    call = await centre.call_of(caller)
    form = incoming(centre, CallSid=caller.call.sid, Digits="1<x>")
    with capture_logs() as logs:
        answer = await post(f"/twilio/calls/{call}/gathered?turn=1&step=topic", form)
    assert answer.status_code == 400
    assert [line["event"] for line in logs] == ["webhook refused"]
    assert not await centre.events(caller, InputGathered)


async def test_a_failure_of_ours_is_an_apology_and_a_failed_call(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("no")

    caller = await asked(centre)
    monkeypatch.setattr(centre.telephony.links, "urls", breaks)
    caller.press("1")
    assert await caller.ended() == "completed"
    assert caller.heard[-1].kind == "say"
    line = await centre.line(caller)
    assert line.ended_by == "system"


async def test_a_failure_of_ours_while_a_caller_waits_costs_a_piece_of_music(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("no")

    caller = await in_queue(centre)
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(centre.telephony.links, "music", breaks)
        await caller.listen(35)
    assert len([line for line in logs if line["log_level"] == "error"]) == 3  # every ten seconds
    await caller.hears("/music", within=11)
    caller.hang_up()
    line = await centre.line(caller)
    assert (line.outcome, line.ended_by) == ("abandoned_in_queue", "customer")
    assert not centre.twilio.alerts


async def test_what_is_asked_in_vain_after_the_end_is_no_warning(centre: CallCentre) -> None:
    with capture_logs() as logs:
        caller = await in_queue(centre)
        caller.hang_up()
        await centre.line(caller)
    asked = [line for line in logs if line["event"] == "webhook about a call that is over"]
    assert [line["log_level"] for line in asked] == ["debug"]
    assert not [line for line in logs if line["log_level"] in {"warning", "error"}]


async def test_what_a_caller_said_is_kept_where_the_menu_fails_on_it(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("no")

    caller = await asked(centre)
    monkeypatch.setattr(centre.program.menus, "of", breaks)
    caller.press("1")
    assert await caller.ended() == "completed"
    assert len(await centre.events(caller, InputGathered)) == 1
    line = await centre.line(caller)
    assert line.ended_by == "system"


async def test_who_takes_too_long_is_asked_to_come_again(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()
    record = centre.program.calls.happened

    async def slowly(*args: Any, **more: Any) -> None:
        await slow.wait()
        await record(*args, **more)

    caller = await asked(centre)
    monkeypatch.setattr(centre.telephony.tools.sink, "happened", slowly)
    caller.press("3")
    await caller.listen(2 * door.LIMIT)
    assert caller.call.status == "in-progress"
    slow.set()
    await caller.hears("test-info")
    await caller.ended()
    assert (await centre.line(caller)).outcome == "self_served"
    assert len(await centre.events(caller, InputGathered)) == 1


async def test_who_calls_a_program_that_starts_is_answered_once_it_takes_calls(
    centre: CallCentre, post: Post
) -> None:
    program, carriers = centre.program, dict(centre.program.carriers)
    program.carriers.clear()
    program.taking_calls.clear()
    answering = asyncio.create_task(post("/twilio/voice", incoming(centre)))
    await asyncio.sleep(door.LIMIT / 2)
    assert not answering.done()
    program.carriers.update(carriers)
    program.taking_calls.set()
    answer = await answering
    assert "test-topic" in answer.text
    assert await calls_of(centre) == 1


async def test_other_routes_still_want_a_token(centre: CallCentre) -> None:
    app = create_app(centre.program, "hotline_local")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        for path in ("/", "/twilio", "/api/v1/calls", "/twiliox", "//twilio/voice", "/Twilio/voice"):
            assert (await client.get(path)).status_code == 401, path
        with capture_logs() as logs:
            assert (await client.get("/twilio/prompts/AAAA/cache/0/x.wav")).status_code == 404
        assert [line["route"] for line in logs] == ["/twilio/prompts"]
        assert (await client.get("/twilio/voice")).status_code == 405


async def test_nothing_personal_is_logged(centre: CallCentre, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        await centre.agent("anna", ANNA, Answers(after=1))
        caller = await in_queue(centre, "+8613912345678")
        await caller.connected()
        caller.hang_up()
        await centre.line(caller)
        spoken = centre.caller("+8613912345678")
        await spoken.dial("4002")
        await spoken.asked("환불")
        await spoken.say("환불", 0.8)
        spoken.hang_up()
        await centre.line(spoken)
    said = json.dumps(logs, default=str, ensure_ascii=False) + caplog.text
    for secret in ("13912345678", "환불", centre.twilio.account.auth_token, "SpeechResult"):
        assert secret not in said
