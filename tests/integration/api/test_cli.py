"""The command line on a database of its own: what it prints, what it refuses, and how it ends."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.bootstrap import Program, open_program
from api.repository import SqlAudit
from config.clock import SystemClock
from config.settings import Settings
from ivr import events as e
from ivr.adapters.twilio.repository import PullState
from ivr.call import apply
from ivr.ports import Entry
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Hotline, Work, data, refused


async def audited(program: Program) -> list[tuple[str, str]]:
    lines = await SqlAudit(program.database, program.clock, program.new_id).lines(10)
    assert all(line.who.startswith("shell:") for line in lines)
    return [(line.action, line.object) for line in lines]


def test_every_command_has_help(hotline: Hotline) -> None:
    groups = {
        (): ["serve", "worker", "demo", "check", "report", "purge"],
        ("menus",): ["draw", "try"],
        ("calls",): ["list", "show", "transcript", "hold", "release", "holds"],
        ("recordings",): ["list", "show", "retry"],
        ("agents",): ["add", "list", "sign-in", "sign-out", "ready", "pause"],
        ("customers",): ["import"],
        ("models",): ["pull", "list"],
        ("tokens",): ["add", "list", "revoke"],
        ("db",): ["upgrade"],
    }
    for group, commands in groups.items():
        for command in commands:
            shown = hotline(*group, command, "--help")
            assert shown.exit_code == 0
            assert "Usage:" in shown.stdout


@pytest.mark.parametrize(
    "command", [["nothing"], ["calls", "list", "--limit", "0"], ["report", "--since", "soon"]]
)
def test_what_is_not_understood_ends_with_2(hotline: Hotline, command: list[str]) -> None:
    assert hotline(*command).exit_code == 2


def test_calls_show_tells_the_whole_story(
    hotline: Hotline, prepared: Callable[[Work], Any], tmp_path: Path
) -> None:
    call, _ = prepared(lambda program: given.answered_call(program, given.wav(tmp_path)))
    shown = hotline("calls", "show", str(call.id)).stdout
    for said in (
        f"call {call.id}  answered, the customer hung up",
        "+0.00 s  call from 13800138000 to 4001",
        "+4.00 s  keyed 16 characters, not kept at card",
        "+6.00 s  alice is chosen; PJSIP/1001 rings for 20 s",
        "why: ready longest (31 s) of 2 with zh 3",
        "passed over: 4 lacks the skills",
        "nearest: bob: ready 12 s",
        "0.5 s  agent     您好请讲",
        "score 90.0 of 100, good (service-zh v1)",
        "greeting: said: 您好  at 0.5 s",
    ):
        assert said in shown
    assert "6225881234567890" not in shown
    assert prepared(audited) == [("call.read", f"call:{call.id}")]


def test_calls_show_as_json_has_the_same(
    hotline: Hotline, prepared: Callable[[Work], Any], tmp_path: Path
) -> None:
    call, _ = prepared(lambda program: given.answered_call(program, given.wav(tmp_path)))
    shown = data(hotline("calls", "show", str(call.id), "--json"))
    assert shown["outcome"] == "answered"
    assert [entry["seconds"] for entry in shown["timeline"]] == [float(n) for n in range(10)]
    assert shown["timeline"][6]["reasons"][0] == "why: ready longest (31 s) of 2 with zh 3"
    conversation = shown["conversations"][0]
    assert conversation["transcript"]["utterances"][0]["start"] == 0.5
    assert conversation["scores"][0]["result"]["items"][0]["sentence"] == "said: 您好"


def test_a_transcript_hides_personal_data_unless_a_reason_is_given(
    hotline: Hotline, prepared: Callable[[Work], Any], tmp_path: Path
) -> None:
    heard = given.private_transcript()
    call, _ = prepared(lambda program: given.answered_call(program, given.wav(tmp_path), heard))
    command = ("calls", "transcript", str(call.id))
    assert "卡号[card]安全码[code]电话[phone]" in hotline(*command).stdout
    assert hotline(*command, "--original").exit_code == 2
    original = ("--original", "--reason", "complaint 17")
    assert "卡号[card]安全码[code]电话13800138000" in hotline(*command, *original).stdout
    (found,) = data(hotline(*command, *original, "--json"))
    assert [one["kind"] for one in found["redactions"]] == ["card", "code"]
    assert "13800138000" not in hotline("calls", "show", str(call.id)).stdout.split("recording ")[-1]
    audited_as = [action for action, _ in prepared(audited)]
    assert audited_as == ["call.read", *["transcript.original"] * 2, "transcript.read"]


def test_old_data_are_purged_unless_a_call_is_on_hold(
    hotline: Hotline, prepared: Callable[[Work], Any], settings: Settings, tmp_path: Path
) -> None:
    call, _ = prepared(lambda program: given.answered_call(program, given.wav(tmp_path)))
    routing = settings.config / "routing.yaml"
    kept = routing.read_text("utf-8").replace("  audio: 180\n", "  audio: 1\n")
    routing.unlink()
    routing.write_text(kept, "utf-8")
    held = data(hotline("calls", "hold", str(call.id), "--reason", "case 17", "--json"))
    assert (held["call"], held["reason"]) == (str(call.id), "case 17")
    assert [one["call"] for one in data(hotline("calls", "holds", "--json"))] == [str(call.id)]
    assert data(hotline("purge", "--dry-run", "--json"))["audio"] == 0
    assert data(hotline("calls", "release", str(call.id), "--json")) == {"released": True}
    old = _days_since_noon() > 1
    assert data(hotline("purge", "--dry-run", "--json"))["audio"] == old
    assert data(hotline("purge", "--json"))["audio"] == old
    assert data(hotline("purge", "--json"))["audio"] == 0
    assert "recordings whose sound went" in hotline("purge").stdout
    assert hotline("calls", "hold", str(call.id)).exit_code == 2


def test_calls_show_tells_of_a_legal_hold(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    call = str(prepared(lambda program: given.call(program, *given.STORY, a.HUNG_UP)).id)
    assert data(hotline("calls", "show", call, "--json"))["hold"] is None
    assert "legal hold" not in hotline("calls", "show", call).stdout
    held = data(hotline("calls", "hold", call, "--reason", "case 17", "--json"))
    shown = data(hotline("calls", "show", call, "--json"))["hold"]
    assert shown == {name: held[name] for name in ("since", "who", "reason")}
    told = hotline("calls", "show", call).stdout
    assert "on legal hold since 20" in told
    assert f"by {held['who']}: case 17" in told


def _days_since_noon() -> float:
    return (SystemClock().now() - a.NOON).total_seconds() / 86400


def test_an_id_may_be_shortened_until_it_is_ambiguous(
    hotline: Hotline, prepared: Callable[[Work], Any]
) -> None:
    async def two(program: Program) -> list[UUID]:
        return [(await given.call(program, carrier_id=f"c{n}")).id for n in range(2)]

    first, second = map(str, prepared(two))
    same = next(n for n in range(36) if first[n] != second[n])
    assert data(hotline("calls", "show", first[: same + 1], "--json"))["id"] == first
    assert data(hotline("calls", "show", first.replace("-", "").upper(), "--json"))["id"] == first
    refused(hotline("calls", "show", first[:same]), first, second, "which one?")
    refused(hotline("calls", "show", "ffff"), "there is no call ffff")
    refused(hotline("calls", "show", "'; DROP TABLE calls"), "there is no call")
    refused(hotline("calls", "show", "%"), "there is no call")


def test_calls_list_masks_numbers_and_filters(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    async def seed(program: Program) -> None:
        await given.call(program, *given.STORY, a.HUNG_UP, carrier_id="ended")
        await given.call(program, *given.STORY, carrier_id="talking", minutes=1)

    prepared(seed)
    listed = data(hotline("calls", "list", "--json"))
    assert [(one["outcome"], one["state"]) for one in listed] == [(None, "talking"), ("answered", "ended")]
    assert {one["caller"] for one in listed} == {"+86138****8000"}
    assert len(data(hotline("calls", "list", "--in-progress", "--json"))) == 1
    assert len(data(hotline("calls", "list", "--outcome", "answered", "--json"))) == 1
    assert len(data(hotline("calls", "list", "--since", "2026-11-20T12:00:30", "--json"))) == 1
    assert len(data(hotline("calls", "list", "--until", "2026-11-20", "--json"))) == 0
    assert len(data(hotline("calls", "list", "--limit", "1", "--json"))) == 1
    assert "13800138000" not in hotline("calls", "list").stdout
    assert hotline("calls", "list", "--outcome", "lost").exit_code == 2


def test_the_report_adds_up(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    async def seed(program: Program) -> None:
        await given.call(program, *given.STORY, e.CallEnded(e.Party.AGENT, 44), carrier_id="dropped")
        await given.call(program, given.IDENTIFIED, a.ADMITTED, a.HUNG_UP, carrier_id="left")

    prepared(seed)
    found = data(hotline("report", "--json"))
    figures = found.pop("figures")
    assert found == {
        "offered": 2,
        "in_progress": 0,
        "outcomes": {"abandoned_in_menu": 1, "answered": 1},
        "endings": {"dropped": 1},
        "balanced": True,
    }
    total, sales = figures["total"], figures["queues"]["sales-zh"]
    assert (total["values"]["ASA"], total["values"]["DROPPED"], total["values"]["CONNECT"]) == (2.0, 1.0, 0.5)
    assert (sales["within"], sales["target"], sales["values"]["SHORT"]) == (20.0, 0.8, 1.0)
    assert figures["formulas"]["SHORT"]["zh"] == "服务水平"
    strict = data(hotline("report", "--level", "NEG", "--within", "1.5", "--json"))["figures"]
    assert (strict["service_level"], strict["total"]["values"]["NEG"]) == ("NEG", 0.0)
    assert hotline("report", "--level", "BEST").exit_code == 2
    assert hotline("report", "--within", "0").exit_code == 2
    shown = hotline("report").stdout
    assert "Average speed of answer 平均应答速度" in shown
    assert "answered 已接听" in shown
    assert "dropped 掉线" in shown
    assert data(hotline("report", "--since", "2026-11-21", "--json"))["offered"] == 0


def test_a_report_that_does_not_add_up_ends_with_1(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    async def seed(program: Program) -> None:
        await given.call(program, given.IDENTIFIED, a.ADMITTED, a.HUNG_UP, carrier_id="left")
        lost = await given.call(program, given.IDENTIFIED, a.ADMITTED, carrier_id="lost")
        ended = apply(lost, a.HUNG_UP, program.clock.now())
        await program.store.append(ended, [Entry(ended.seq, program.clock.now(), a.HUNG_UP)])

    prepared(seed)
    shown = hotline("report")
    assert shown.exit_code == 1
    assert "the outcomes do not add up to the calls that ended" in shown.stdout
    as_json = hotline("report", "--json")
    assert as_json.exit_code == 1
    found = json.loads(as_json.stdout)
    assert (found["balanced"], found["offered"], found["outcomes"]) == (False, 2, {"abandoned_in_menu": 1})


def test_recordings_are_listed_and_shown(
    hotline: Hotline, prepared: Callable[[Work], Any], tmp_path: Path
) -> None:
    assert hotline("recordings", "list").stdout == "no recordings yet\n"
    assert data(hotline("recordings", "list", "--json")) == []
    _, recording = prepared(lambda program: given.answered_call(program, given.wav(tmp_path)))
    listed = data(hotline("recordings", "list", "--agent", "alice", "--json"))
    assert [(one["id"], one["state"], one["duration"]) for one in listed] == [
        (str(recording.id), "stored", 1.0)
    ]
    assert str(recording.id) in hotline("recordings", "list").stdout
    assert hotline("recordings", "list", "--state", "failed").stdout == "no recordings like that\n"
    assert data(hotline("recordings", "list", "--until", "2026-11-20", "--json")) == []
    assert "there are pending, stored" in hotline("recordings", "list", "--state", "lost").stderr
    shown = hotline("recordings", "show", str(recording.id)[:30]).stdout
    for said in (
        f"call {recording.call_id}",
        "您好请讲",
        "score 90.0 of 100",
        "(customer 1.0 s, agent 1.0 s)",
    ):
        assert said in shown
    found = data(hotline("recordings", "show", str(recording.id), "--json"))
    assert (found["call_id"], found["transcript"]["language"]) == (str(recording.call_id), "zh")
    refused(hotline("recordings", "show", "ffff"), "there is no recording ffff")
    refused(hotline("recordings", "retry", "%"), "there is no recording %")
    assert prepared(audited) == [("transcript.read", f"recording:{recording.id}")] * 2


def test_a_failed_recording_is_tried_again(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    failed = prepared(given.failed_recording)
    assert "the model is broken" in hotline("recordings", "list", "--state", "failed").stdout
    assert "is stored: a worker takes it up" in hotline("recordings", "retry", str(failed.id)).stdout
    refused(hotline("recordings", "retry", str(failed.id)), "a recording that is stored cannot be retried")
    assert prepared(audited) == [("recording.retry", f"recording:{failed.id}")]


def test_sound_that_waits_at_the_carrier_says_what_keeps_it(
    hotline: Hotline, prepared: Callable[[Work], Any]
) -> None:
    async def waiting(program: Program) -> str:
        recording = await given.silent_recording(program)
        next_try = program.clock.now() + timedelta(hours=1)
        await given.at_twilio(program, recording, attempts=7, due_at=next_try, failure="Twilio: 503")
        return str(recording.id)

    recording = prepared(waiting)
    told = "the sound is to come from twilio; 7 tries in vain, the next 20"
    for command in (("list",), ("show", recording)):
        shown = hotline("recordings", *command).stdout
        assert told in shown
        assert "Twilio: 503" in shown
    (listed,) = data(hotline("recordings", "list", "--json"))
    assert listed["fetch"] | {"next_try": None} == {
        "carrier": "twilio",
        "state": "coming",
        "tries": 7,
        "next_try": None,
        "problem": "Twilio: 503; HOTLINE_CARRIERS does not name twilio: nobody asks there",
    }
    assert data(hotline("recordings", "show", recording, "--json"))["fetch"] == listed["fetch"]
    told_by_call = data(hotline("calls", "show", listed["call_id"], "--json"))["conversations"]
    assert told_by_call[0]["fetch"]["problem"] == listed["fetch"]["problem"]
    assert told in hotline("calls", "show", listed["call_id"]).stdout
    tried = data(hotline("recordings", "retry", recording, "--json"))
    assert (tried["state"], tried["fetch"]["tries"]) == ("pending", 0)
    assert tried["fetch"]["next_try"] < listed["fetch"]["next_try"]


def test_sound_that_never_came_is_looked_for_again(
    hotline: Hotline, prepared: Callable[[Work], Any], settings: Settings
) -> None:
    async def lost(program: Program) -> str:
        recording = await given.silent_recording(program, failed=True)
        await given.at_twilio(program, recording, state=PullState.LOST, attempts=31, failure="Twilio: 404")
        return str(recording.id)

    recording = prepared(lost)
    told = (
        "no sound came; the sound did not come from twilio; 31 tries in vain, no more by itself: Twilio: 404"
    )
    assert told in hotline("recordings", "list").stdout
    tried = hotline("recordings", "retry", recording).stdout
    nobody = "HOTLINE_CARRIERS does not name twilio: nobody asks there"
    assert tried == f"recording {recording} is pending: the sound is to come from twilio: {nobody}\n"
    assert (settings.data_dir("spool") / f"{recording}.coming").exists()


def test_of_two_recordings_with_one_beginning_neither_is_taken(
    hotline: Hotline, prepared: Callable[[Work], Any]
) -> None:
    async def two(program: Program) -> list[str]:
        return [str((await given.failed_recording(program, why)).id) for why in ("cut", "torn")]

    first, second = prepared(two)
    same = next(n for n in range(36) if first[n] != second[n])
    refused(hotline("recordings", "retry", first[:same]), first, second, "which one?")


def test_agents_are_added_and_listed_without_the_program(hotline: Hotline) -> None:
    added = data(hotline("agents", "add", "alice", "--name", "艾丽", "--skill", "zh=4", "--json"))
    assert (added["endpoint"], added["state"], added["skills"]) == ("PJSIP/alice", "offline", {"zh": 4})
    assert [one["login"] for one in data(hotline("agents", "list", "--json"))] == ["alice"]
    assert "艾丽" in hotline("agents", "list").stdout
    refused(hotline("agents", "add", "alice"), "there is an agent 'alice' already")
    refused(hotline("agents", "add", "bob", "--skill", "magic"), "there is no skill 'magic'", "allowed")
    assert hotline("agents", "add", "bob", "--skill", "zh=much").exit_code == 2


def test_a_phone_that_no_carrier_can_ring_is_refused(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_CARRIERS", "asterisk")
    add = ("agents", "add", "alice", "--endpoint")
    refused(hotline(*add, "client:alice"), "no carrier can ring 'client:alice'", "asterisk: PJSIP/1001")
    assert data(hotline(*add, "1001", "--json"))["endpoint"] == "PJSIP/1001"


@pytest.mark.parametrize("command", ["sign-in", "sign-out", "ready", "pause"])
def test_live_commands_ask_for_the_running_program(hotline: Hotline, command: str) -> None:
    refused(hotline("agents", command, "alice"), "is `hotline serve` running")


def test_a_program_that_died_is_not_taken_for_running(hotline: Hotline, settings: Settings) -> None:
    file = settings.data_dir() / "running.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "t", "pid": 1}))
    refused(hotline("agents", "ready", "alice"), "does not answer", "is `hotline serve` running")
    file.write_text("{")
    refused(hotline("agents", "ready", "alice"), "is `hotline serve` running")


def test_customers_are_imported_whole_or_not_at_all(
    hotline: Hotline, prepared: Callable[[Work], Any], settings: Settings, tmp_path: Path
) -> None:
    tier = next(iter(asyncio.run(_tiers(settings))))
    file = tmp_path / "customers.csv"
    file.write_text(f"number,name,tier\n13800138000,张伟,{tier}\n", "utf-8")
    assert data(hotline("customers", "import", str(file), "--json")) == {"imported": 1}
    file.write_text("number,name,value\n13800138001,李娜,30000\n", "utf-8")
    assert "1 customers imported" in hotline("customers", "import", str(file)).stdout
    file.write_text(f"number,name,tier\n13900139000,Ann,{tier}\nnonsense,Bob,gold-plated\n", "utf-8")
    refused(hotline("customers", "import", str(file)), "nothing was imported", f"{file}: line 3: number")
    file.write_text(f"number,name,tier\n13900139000,{'a' * 200_000},{tier}\n")
    refused(hotline("customers", "import", str(file)), f"{file}: line 2: name: found", "at most 200 char")
    file.write_bytes(b"number,name,tier\n\xff\xfe\n")
    refused(hotline("customers", "import", str(file)), "is not UTF-8 text")
    refused(hotline("customers", "import", str(tmp_path / "none.csv")), "No such file")
    assert prepared(audited) == [("customers.import", "file:customers.csv")] * 2


async def _tiers(settings: Settings) -> list[str]:
    async with open_program(settings) as program:
        return list(program.config.tiers)


def test_a_token_is_shown_once_and_can_be_ended(hotline: Hotline, prepared: Callable[[Work], Any]) -> None:
    made = data(hotline("tokens", "add", "prometheus", "--role", "qa", "--json"))
    assert made["token"].startswith("hotline_")
    listed = hotline("tokens", "list", "--json")
    assert made["token"] not in listed.stdout
    assert data(listed)[0]["revoked_at"] is None
    refused(hotline("tokens", "add", "prometheus", "--role", "qa"), "never given twice")
    assert hotline("tokens", "revoke", "prometheus").exit_code == 0
    refused(hotline("tokens", "revoke", "prometheus"), "no token named")
    assert data(hotline("tokens", "list", "--json"))[0]["revoked_at"] is not None
    assert hotline("tokens", "add", "x", "--role", "king").exit_code == 2
    assert hotline("tokens", "add", "x", "--role", "agent").exit_code == 2
    assert prepared(audited) == [("token.revoke", "token:prometheus"), ("token.add", "token:prometheus")]


def test_an_upgrade_says_what_it_did(hotline: Hotline) -> None:
    first = data(hotline("db", "upgrade", "--json"))
    assert (first["before"], first["changed"]) == (None, True)
    assert data(hotline("db", "upgrade", "--json"))["changed"] is False
    assert "nothing to do" in hotline("db", "upgrade").stdout


def test_a_broken_configuration_is_told_with_its_line(
    hotline: Hotline, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.config / "routing.yaml").unlink()
    (settings.config / "routing.yaml").write_text("zone: Mars/Olympus\n")
    refused(hotline("calls", "list"), f"{settings.config / 'routing.yaml'}:1: zone")
    monkeypatch.setenv("HOTLINE_HTTP_PORT", "many")
    refused(hotline("calls", "list"), "HOTLINE_HTTP_PORT")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("base_url: [", ":1: is not YAML"),
        ("base_url: http://example\nmodel: {}\n", ":2: model: is not a key here; did you mean 'models'?"),
        (
            "base_url: http://example\nmodels:\n  zh: {name: a, size: 1}\n",
            ":3: models.zh.size: is not a key here (allowed: name, package, sha256)",
        ),
        (
            "base_url: ftp://example\nmodels: {zh: {name: a}}\n",
            ":1: base_url: String should match pattern '^https?://'",
        ),
    ],
)
@pytest.mark.parametrize("command", [("models", "list"), ("calls", "list")])
def test_a_broken_catalogue_of_models_is_told_with_its_line(
    hotline: Hotline, settings: Settings, command: tuple[str, ...], text: str, told: str
) -> None:
    file = settings.config / "models.yaml"
    file.unlink()
    file.write_text(text)
    refused(hotline(*command), f"{file}{told}")


def test_a_database_of_another_version_is_refused(
    hotline: Hotline, prepared: Callable[[Work], Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = f"sqlite:///{settings.data_dir() / 'empty.sqlite3'}"
    monkeypatch.setenv("HOTLINE_DATABASE_URL", empty)
    refused(hotline("calls", "list"), "run `hotline db upgrade`")
    assert hotline("db", "upgrade").exit_code == 0
    assert data(hotline("calls", "list", "--json")) == []
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    refused(hotline("calls", "list"), "the database cannot be used")
