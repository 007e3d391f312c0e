"""The REST API: shapes, refusals, pages, limits and what goes wrong on demand."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.telephony import audio
from tests.twilio import Account, Answer, Answers, AsgiTransport, Caller, Carrier, Reset, RingsOut, Tone
from tests.unit.twilio_standin.program import NUMBER, URL, Program

PUBLISHED = Path(__file__).parents[4] / "shared" / "twilio" / "twilio_api_v2010.json"
ANNA = "sip:anna@example.com"


@pytest.fixture
async def talk(program: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient) -> str:
    """Anna and the caller talk; her leg."""
    program.says("/voice", '<Dial><Conference endConferenceOnExit="true" waitUrl="">room</Conference></Dial>')
    carrier.phone(ANNA, Answers(after=1), voice=Tone(900))
    await caller.dial(NUMBER)
    await caller.listen(1)
    form = {"From": NUMBER, "To": ANNA, "EarlyMedia": "false"}
    made = await rest.post("/Conferences/room/Participants.json", data=form)
    await caller.connected()
    leg: str = made.json()["call_sid"]
    return leg


def refusal(reply: httpx.Response) -> tuple[int, int]:
    said = reply.json()
    assert said["status"] == reply.status_code
    assert said["more_info"].endswith(f"/{said['code']}")
    assert said["message"]
    return reply.status_code, said["code"]


async def test_nobody_else_is_let_in(carrier: Carrier) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(carrier.rest), base_url="https://api.twilio.com/2010-04-01"
    ) as client:
        path, sid = f"/Accounts/{carrier.account.sid}.json", carrier.account.sid
        assert refusal(await client.get(path)) == (401, 20003)
        assert refusal(await client.get(path, auth=(sid, "wrong"))) == (401, 20003)
        assert refusal(await client.get(path, headers={"authorization": "Basic !"})) == (401, 20003)
        assert (await client.get(path, auth=(sid, carrier.account.auth_token))).status_code == 200
        other = await client.get("/Accounts/AC00.json", auth=(sid, carrier.account.auth_token))
        assert refusal(other) == (404, 20404)


async def test_api_keys_open_as_well(program: Program) -> None:
    account = Account(keys={"SK1": "secret"})
    async with (
        Carrier(AsgiTransport(program), account=account) as carrier,
        httpx.AsyncClient(transport=httpx.ASGITransport(carrier.rest), auth=("SK1", "secret")) as client,
    ):
        reply = await client.get(f"https://api.twilio.com/2010-04-01/Accounts/{account.sid}.json")
        assert reply.json()["status"] == "active"


async def test_what_does_not_exist_is_not_found(rest: httpx.AsyncClient) -> None:
    for path in ("/Calls/CA00.json", "/Recordings/RE00.json", "/Recordings/RE00.wav", "/Nothing.json"):
        assert refusal(await rest.get(path)) == (404, 20404)
    for path in ("/Conferences/CF00/Participants/CA00.json", "/Conferences/CF00.json"):
        assert refusal(await rest.get(path)) == (404, 20404)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": NUMBER}, 21201),
        ({"To": ANNA}, 20001),
        ({"From": NUMBER, "To": "030-123"}, 21211),
        ({"From": "anna", "To": "+4930123456"}, 21212),
        ({"From": NUMBER, "To": ANNA, "Timeout": "4"}, 20001),
        ({"From": NUMBER, "To": ANNA, "Muted": "perhaps"}, 20001),
    ],
)
async def test_bad_participants_are_refused(
    rest: httpx.AsyncClient, carrier: Carrier, form: dict[str, str], code: int
) -> None:
    assert refusal(await rest.post("/Conferences/room/Participants.json", data=form)) == (400, code)
    assert not carrier.calls


class TestCalls:
    async def test_are_listed_in_pages_the_latest_first(
        self, program: Program, carrier: Carrier, rest: httpx.AsyncClient
    ) -> None:
        program.says("/voice", "<Hangup/>")
        sids = [(await carrier.caller(f"+49301234{at:03}").dial(NUMBER)).sid for at in range(7)]
        await carrier.settled()
        found: list[str] = []
        uri: str | None = f"/2010-04-01/Accounts/{carrier.account.sid}/Calls.json?PageSize=3&Status=completed"
        while uri:
            page = (await rest.get(f"https://api.twilio.com{uri}")).json()
            found += [one["sid"] for one in page["calls"]]
            uri = page["next_page_uri"]
        assert found == sids[::-1]
        none = (await rest.get("/Calls.json", params={"To": "+1"})).json()
        assert (none["calls"], none["next_page_uri"]) == ([], None)

    async def test_are_chosen_by_when_they_began(
        self, program: Program, carrier: Carrier, rest: httpx.AsyncClient
    ) -> None:
        program.says("/voice", "<Hangup/>")
        sids = []
        for _ in range(3):
            sids.append((await carrier.caller("+4930123456").dial(NUMBER)).sid)
            await carrier.let_pass(3600)

        async def began(**asked: str) -> list[str]:
            params = {name.replace("before", "<").replace("after", ">"): at for name, at in asked.items()}
            return [one["sid"] for one in (await rest.get("/Calls.json", params=params)).json()["calls"]]

        assert await began(StartTimeafter="2026-03-02T12:30:00Z") == [sids[2], sids[1]]
        assert await began(StartTimebefore="2026-03-02T13:30:00+00:00") == [sids[1], sids[0]]
        assert await began(StartTime="2026-03-02") == sids[::-1]
        assert await began(StartTimeafter="2026-03-03") == []
        refused = await rest.get("/Calls.json", params={"StartTime": "yesterday"})
        assert refusal(refused) == (400, 20001)

    async def test_over_ones_take_no_orders(
        self, program: Program, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
    ) -> None:
        program.says("/voice", "<Hangup/>")
        call = await caller.dial(NUMBER)
        early = await rest.post(f"/Calls/{call.sid}.json", data={"Url": f"{URL}/x"})
        assert refusal(early) == (400, 21220), "it still rings"
        await caller.ended()
        assert refusal(await rest.post(f"/Calls/{call.sid}.json", data={"Url": f"{URL}/x"})) == (400, 21220)
        assert refusal(await rest.post(f"/Calls/{call.sid}/Recordings.json")) == (400, 21220)
        fetched = (await rest.get(f"/Calls/{call.sid}.json")).json()
        assert (fetched["status"], fetched["direction"], fetched["duration"]) == ("completed", "inbound", "0")

    async def test_canceled_spares_those_in_progress(
        self, program: Program, caller: Caller, rest: httpx.AsyncClient
    ) -> None:
        program.says("/voice", '<Say>x</Say><Pause length="60"/>')
        call = await caller.dial(NUMBER)
        await caller.listen(1)
        await rest.post(f"/Calls/{call.sid}.json", data={"Status": "canceled"})
        assert call.status == "in-progress"
        await rest.post(f"/Calls/{call.sid}.json", data={"Status": "completed"})
        assert call.status == "completed"

    async def test_can_be_given_twiml_itself_of_4000_characters(
        self, program: Program, caller: Caller, rest: httpx.AsyncClient
    ) -> None:
        program.says("/voice", '<Say>x</Say><Pause length="60"/>')
        call = await caller.dial(NUMBER)
        await caller.listen(1)
        long = {"Twiml": f"<Response><Say>{'x' * 4000}</Say></Response>"}
        assert refusal(await rest.post(f"/Calls/{call.sid}.json", data=long)) == (400, 32018)
        await rest.post(f"/Calls/{call.sid}.json", data={"Twiml": "<Response><Say>Ho</Say></Response>"})
        await caller.hears("Ho")
        await caller.ended()

    async def test_can_be_made(self, program: Program, carrier: Carrier, rest: httpx.AsyncClient) -> None:
        phone = carrier.phone("+4930777777", Answers(after=4))
        program.says("/hello", "<Say>Hello</Say>")
        form = {"From": NUMBER, "To": "+4930777777", "Url": f"{URL}/hello", "StatusCallback": f"{URL}/told"}
        made = await rest.post("/Calls.json", data=form)
        assert (made.status_code, made.json()["status"]) == (201, "queued")
        await carrier.settled()
        assert [one.what for one in phone.calls[0].heard] == ["Hello"]
        assert [one.form["CallStatus"] for one in program.got("/told")] == ["completed"]
        assert program.got("/hello")[0].form["Direction"] == "outbound-api"


class TestRecordings:
    async def test_have_each_side_on_a_track_of_its_own(
        self,
        talk: str,
        program: Program,
        carrier: Carrier,
        caller: Caller,
        rest: httpx.AsyncClient,
    ) -> None:
        form = {"RecordingChannels": "dual", "RecordingStatusCallback": f"{URL}/recorded"}
        started = await rest.post(f"/Calls/{talk}/Recordings.json", data=form)
        assert (started.status_code, started.json()["status"]) == (201, "in-progress")
        sid = started.json()["sid"]
        again = await rest.post(f"/Calls/{talk}/Recordings.json", data=form)
        assert (again.status_code, again.json()["sid"]) == (200, sid)
        assert refusal(await rest.get(f"/Recordings/{sid}.wav")) == (404, 20404), "it is not complete"
        await caller.listen(20)
        caller.hang_up()
        await carrier.settled()
        told = program.got("/recorded")[-1].form
        assert (told["RecordingStatus"], told["RecordingDuration"]) == ("completed", "20")
        assert (told["CallSid"], told["RecordingChannels"]) == (talk, "2")
        media = await rest.get(f"/Recordings/{sid}.wav", params={"RequestedChannels": "2"})
        assert media.headers["content-type"] == "audio/x-wav"
        inbound, outbound = tracks(media.content)
        assert audio.tone_seconds(inbound, 900) == pytest.approx(20, abs=0.5)
        assert audio.tone_seconds(outbound, 400) == pytest.approx(20, abs=0.5)
        assert audio.tone_seconds(inbound, 400) == audio.tone_seconds(outbound, 900) == 0

    async def test_hold_only_what_was_said_while_connected(
        self, talk: str, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
    ) -> None:
        started = await rest.post(f"/Calls/{talk}/Recordings.json", data={"RecordingChannels": "dual"})
        await caller.listen(4)
        muted = f"/Conferences/room/Participants/{caller.call.sid}.json"
        await rest.post(muted, data={"Muted": "true"})
        await caller.listen(6)
        paused = f"/Calls/{talk}/Recordings/Twilio.CURRENT.json"
        assert (await rest.post(paused, data={"Status": "paused"})).json()["status"] == "paused"
        await caller.listen(10)
        assert (await rest.post(paused, data={"Status": "stopped"})).json()["status"] == "processing"
        caller.hang_up()
        await carrier.settled()
        media = await rest.get(f"/Recordings/{started.json()['sid']}")
        inbound, outbound = tracks(media.content)
        assert len(inbound) / audio.RATE == pytest.approx(20, abs=0.1)
        assert audio.tone_seconds(inbound, 900) == pytest.approx(10, abs=0.3)
        assert audio.tone_seconds(outbound, 400) == pytest.approx(4, abs=0.3)

    async def test_can_be_deleted_once(
        self, talk: str, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
    ) -> None:
        sid = (await rest.post(f"/Calls/{talk}/Recordings.json")).json()["sid"]
        await caller.listen(2)
        assert (await rest.delete(f"/Recordings/{sid}.json")).status_code == 400
        caller.hang_up()
        await carrier.settled()
        mono = await rest.get(f"/Recordings/{sid}.wav", params={"RequestedChannels": "2"})
        assert mono.status_code == 400, "there is one channel only"
        listed = (await rest.get(f"/Calls/{talk}/Recordings.json")).json()["recordings"]
        assert [one["sid"] for one in listed] == [sid]
        assert (await rest.delete(f"/Recordings/{sid}.json")).status_code == 204
        assert refusal(await rest.delete(f"/Recordings/{sid}.json")) == (404, 20404)
        assert refusal(await rest.get(f"/Recordings/{sid}.wav")) == (404, 20404)


class TestFaults:
    async def test_answers(self, rest: httpx.AsyncClient, carrier: Carrier) -> None:
        carrier.rest_faults.add(Answer(503), method="GET", path="Calls", times=2)
        carrier.rest_faults.add(Answer(429, 20429, retry_after=3))
        assert refusal(await rest.get("/Calls.json")) == (503, 20500)
        assert refusal(await rest.get("/Calls.json")) == (503, 20500)
        limited = await rest.get("/Calls.json")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
        assert (await rest.get("/Calls.json")).status_code == 200
        assert [one.status for one in carrier.rest_faults.asked] == [503, 503, 429, 200]

    @pytest.mark.parametrize(("done", "calls"), [(False, 0), (True, 1)])
    async def test_broken_connections(
        self, rest: httpx.AsyncClient, carrier: Carrier, done: bool, calls: int
    ) -> None:
        carrier.phone(ANNA, RingsOut())
        carrier.rest_faults.add(Reset(done=done), path="/Participants")
        with pytest.raises(ConnectionResetError):
            await rest.post("/Conferences/room/Participants.json", data={"From": NUMBER, "To": ANNA})
        assert len(carrier.calls) == calls

    async def test_a_limit_of_requests(self, rest: httpx.AsyncClient, carrier: Carrier) -> None:
        carrier.rest_faults.per_second = 2
        statuses = [(await rest.get("/Calls.json")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        await carrier.let_pass(1.1)
        assert (await rest.get("/Calls.json")).status_code == 200

    async def test_by_chance(self, rest: httpx.AsyncClient, carrier: Carrier) -> None:
        carrier.rest_faults.chance = 0.5
        seen = set()
        for _ in range(60):
            try:
                seen.add((await rest.get("/Calls.json")).status_code)
            except ConnectionResetError:
                seen.add(0)
        assert seen == {0, 200, 429, 500, 503}


@pytest.mark.beside_checkout
@pytest.mark.skipif(not PUBLISHED.exists(), reason="needs Twilio's OpenAPI description beside the checkout")
async def test_resources_have_the_fields_that_twilio_publishes(
    talk: str, carrier: Carrier, caller: Caller, rest: httpx.AsyncClient
) -> None:
    recording = (await rest.post(f"/Calls/{talk}/Recordings.json")).json()["sid"]
    conference = next(iter(carrier.conferences))
    account = carrier.account.sid
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["components"]["schemas"]
    resources = {
        f"/Calls/{talk}.json": "api.v2010.account.call",
        f"/Conferences/{conference}.json": "api.v2010.account.conference",
        f"/Conferences/{conference}/Participants/{talk}.json": "api.v2010.account.conference.participant",
        f"/Recordings/{recording}.json": "api.v2010.account.recording",
        f"https://api.twilio.com/2010-04-01/Accounts/{account}.json": "api.v2010.account",
    }
    for path, schema in resources.items():
        said = (await rest.get(path)).json()
        fields = published[schema]["properties"]
        assert set(fields) - set(said) == set(), path
        assert said["status"] in published[_enum(fields["status"])]["enum"], path


def _enum(field: dict[str, Any]) -> str:
    return str(field["$ref"]).rpartition("/")[2]


def tracks(body: bytes) -> tuple[audio.Samples, audio.Samples]:
    with wave.open(io.BytesIO(body), "rb") as file:
        assert file.getnchannels() == 2
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    return frames[:, 0] / 32768, frames[:, 1] / 32768
