"""What is not from Twilio, or makes no sense, is refused with one line in the log, and changes nothing."""

import asyncio
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
    return len(await centre.program.store.open_calls())


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
    ],
)
async def test_what_makes_no_sense_is_refused(
    centre: CallCentre, post: Post, path: str, change: dict[str, str], status: int
) -> None:
    with capture_logs() as logs:
        answer = await post(path, incoming(centre, **change))
    assert answer.status_code == status, answer.text
    assert len(logs) <= 1
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
    assert (await post("/twilio/voice", pairs)).status_code == 403
    assert not await calls_of(centre)


async def test_large_bodies_are_not_read(centre: CallCentre, post: Post) -> None:
    with capture_logs() as logs:
        answer = await post("/twilio/voice", incoming(centre, SpeechResult="x" * 1_000_000))
    assert answer.status_code == 413
    assert len(logs) == 1


async def test_json_is_signed_by_its_digest(centre: CallCentre, post: Post) -> None:
    import hashlib

    body = json.dumps(incoming(centre, CallStatus="completed")).encode()
    path = f"/twilio/status?bodySHA256={hashlib.sha256(body).hexdigest()}"
    validator = RequestValidator(centre.twilio.account.auth_token)
    app = create_app(centre.program, "hotline_local")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        headers = {
            "X-Twilio-Signature": validator.compute_signature(f"{PUBLIC}{path}", {}),
            "Content-Type": "application/json",
        }
        assert (await client.post(path, content=body, headers=headers)).status_code == 404  # no such call
        assert (await client.post(path, content=body + b" ", headers=headers)).status_code == 403


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
    answer = await post(f"/twilio/calls/{call}/gathered?turn=1&step=topic", form)
    assert answer.status_code == 400
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


async def test_other_routes_still_want_a_token(centre: CallCentre) -> None:
    app = create_app(centre.program, "hotline_local")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        for path in ("/", "/twilio", "/api/v1/calls", "/twiliox", "//twilio/voice", "/Twilio/voice"):
            assert (await client.get(path)).status_code == 401, path
        assert (await client.get("/twilio/prompts/AAAA/cache/0/x.wav")).status_code == 404
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
