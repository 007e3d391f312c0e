"""Every request that we send and every field that we read is in Twilio's published description."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.remote import RemoteCall, RemoteConference, RemoteParticipant, RemoteRecording
from ivr.adapters.twilio.rest import TwilioRest
from scripts.twilio_contract import CONTRACT as CONTRACT_FILE
from scripts.twilio_contract import DESCRIPTION, facts
from tests.unit.ivr.twilio.api import CONTRACT, Asked, FakeTwilio, conforms, found, listed

ACCOUNT_SID, CALL, LEG = "AC" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32
CONFERENCE, RECORDING, PARENT = "CF" + "4" * 32, "RE" + "5" * 32, "CA" + "6" * 32
NAME, LABEL = "01a1f8cb-aca0-79f8-a9d1-44e441bc858e", "01a1f8cb-aca0-79f8-a9d1-44e441bc858f"
CALLBACK = "https://hotline.example.com/twilio/legs/x/status?call=y#rc=3&rp=all"
START, END = datetime(2026, 11, 22, 9, 30, tzinfo=UTC), datetime(2026, 11, 22, 9, 31, 5, tzinfo=UTC)

A_CALL: dict[str, Any] = {
    "sid": CALL,
    "status": "completed",
    "direction": "inbound",
    "from": "+8613800138000",
    "to": "+14158675310",
    "start_time": "Sun, 22 Nov 2026 09:30:00 +0000",
    "end_time": "Sun, 22 Nov 2026 09:31:05 +0000",
    "duration": "65",
    "parent_call_sid": PARENT,
}
A_RECORDING: dict[str, Any] = {
    "sid": RECORDING,
    "call_sid": LEG,
    "status": "absent",
    "channels": 2,
    "start_time": "Sun, 22 Nov 2026 09:30:00 +0000",
    "duration": "65",
    "error_code": 16101,
}
A_PERSON: dict[str, Any] = {"call_sid": LEG, "label": LABEL, "status": "ringing"}
A_CONFERENCE: dict[str, Any] = {
    "sid": CONFERENCE,
    "status": "in-progress",
    "friendly_name": NAME,
    "date_created": "Sun, 22 Nov 2026 09:30:00 +0000",
    "call_sid_ending_conference": LEG,
}
REMOTE_CALL = RemoteCall(
    CALL, "completed", "inbound", "+8613800138000", "+14158675310", START, END, 65, PARENT
)
REMOTE_RECORDING = RemoteRecording(RECORDING, LEG, "absent", 2, START, 65, 16101)


def twilio() -> FakeTwilio:
    api = FakeTwilio()
    api.will("FetchAccount", found("FetchAccount", {"sid": ACCOUNT_SID, "status": "active"}))
    api.will("ListCall", listed("ListCall", "calls", A_CALL))
    api.will("FetchCall", found("FetchCall", A_CALL))
    api.will("UpdateCall", found("UpdateCall", A_CALL))
    api.will("ListConference", listed("ListConference", "conferences", A_CONFERENCE))
    api.will("ListParticipant", listed("ListParticipant", "participants", A_PERSON))
    api.will("CreateParticipant", found("CreateParticipant", A_PERSON, 201))
    api.will("ListCallRecording", listed("ListCallRecording", "recordings", A_RECORDING))
    api.will("CreateCallRecording", found("CreateCallRecording", A_RECORDING, 201))
    api.will("DeleteRecording", httpx.Response(204))
    return api


async def every_call(rest: TwilioRest) -> list[RemoteCall]:
    return [call async for call in rest.calls(since=START)]


Use = Callable[[TwilioRest], Awaitable[object]]

USES: dict[str, tuple[Use, object, list[str]]] = {
    "check": (lambda rest: rest.check(), None, ["FetchAccount", "ListCall"]),
    "calls": (every_call, [REMOTE_CALL], ["ListCall"]),
    "fetch_call": (lambda rest: rest.fetch_call(CALL), REMOTE_CALL, ["FetchCall"]),
    "redirect": (lambda rest: rest.update_call(CALL, url=CALLBACK), True, ["UpdateCall"]),
    "complete": (lambda rest: rest.update_call(CALL, status="completed"), True, ["UpdateCall"]),
    "cancel": (lambda rest: rest.update_call(CALL, status="canceled"), True, ["UpdateCall"]),
    "add_participant": (
        lambda rest: rest.add_participant(
            NAME,
            to="sip:anna@example.com",
            label=LABEL,
            timeout=15,
            caller_id="+14158675310",
            status_callback=CALLBACK,
            conference_callback=CALLBACK,
            display_name="王小明",
        ),
        LEG,
        ["CreateParticipant"],
    ),
    "participants": (
        lambda rest: rest.participants(NAME),
        [RemoteParticipant(LEG, LABEL, "ringing")],
        ["ListConference", "ListParticipant"],
    ),
    "conferences": (
        lambda rest: rest.conferences(NAME),
        [RemoteConference(CONFERENCE, "in-progress", LEG)],
        ["ListConference"],
    ),
    "start_recording": (
        lambda rest: rest.start_recording(LEG, status_callback=CALLBACK),
        RECORDING,
        ["CreateCallRecording"],
    ),
    "recordings_of": (lambda rest: rest.recordings_of(LEG), [REMOTE_RECORDING], ["ListCallRecording"]),
    "delete_recording": (lambda rest: rest.delete_recording(RECORDING), None, ["DeleteRecording"]),
}


@pytest.mark.parametrize("use", USES)
async def test_what_is_sent_and_read_is_in_the_description(use: str) -> None:
    work, gives, operations = USES[use]
    api = twilio()
    rest = TwilioRest(
        Account(
            sid=ACCOUNT_SID,
            auth_token="token",
            key=("SK" + "7" * 32, "secret"),
            public_url="https://hotline.example.com",
        ),
        api.transport,
        api.wait,
    )
    assert await work(rest) == gives
    assert api.operations == operations
    for asked in api.asked:
        _held_to_the_contract(asked)
    await rest.close()


def _held_to_the_contract(asked: Asked) -> None:
    operation = CONTRACT[asked.operation]
    conforms(asked.in_path, operation["in_path"], f"sent {asked.operation}")
    conforms(asked.query, operation["in_query"], f"sent {asked.operation}")
    conforms(asked.form, operation["in_form"], f"sent {asked.operation}")
    for name, sent in {**asked.query, **asked.form}.items():
        shape = operation["in_query"].get(name) or operation["in_form"][name]
        assert len(sent) == 1 or shape["type"] == "array", f"{name} is sent {len(sent)} times"
    needed = {name for name, shape in operation["in_form"].items() if shape.get("required")}
    assert needed <= asked.form.keys()
    if operation["in_form"]:
        assert asked.request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_every_operation_of_the_contract_is_used() -> None:
    assert {name for _, _, operations in USES.values() for name in operations} == CONTRACT.keys()


def test_every_method_is_held_to_it() -> None:
    methods = {name for name in vars(TwilioRest) if not name.startswith("_")}
    assert methods - {"close", "media", "update_call"} <= USES.keys()


@pytest.mark.beside_checkout
def test_the_contract_is_what_the_description_says() -> None:
    if not DESCRIPTION.exists():
        pytest.skip(
            f"Twilio's description does not lie beside the checkout ({'/'.join(DESCRIPTION.parts[-3:])})"
        )
    assert json.loads(CONTRACT_FILE.read_text()) == facts(json.loads(DESCRIPTION.read_text()))
