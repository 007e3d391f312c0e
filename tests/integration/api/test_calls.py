"""Calls over HTTP: lists that page, numbers that are masked, and a line in the audit for each look."""

from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import Program
from api.holds import SqlHolds
from api.principals import Principal, Role
from api.repository import SqlAudit
from ivr import events as e
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Http


async def actions(audit: SqlAudit) -> list[tuple[str, str, str]]:
    return [(line.who, line.action, line.object) for line in await audit.lines(100)]


async def test_a_list_pages_through_everything_once_newest_first(program: Program, http: Http) -> None:
    made = [await given.call(program, carrier_id=f"c{n}", minutes=n // 2) for n in range(7)]
    client = await http(Role.QA)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/calls", params=query)).json()
        seen += [call["id"] for call in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    newest_first = sorted(made, key=lambda call: (call.offered_at, call.id), reverse=True)
    assert seen == [str(call.id) for call in newest_first]


async def test_filters_leave_out_what_was_not_asked_for(program: Program, http: Http) -> None:
    talking = await given.call(program, *given.STORY, carrier_id="talking")
    left = await given.call(program, given.IDENTIFIED, a.ADMITTED, a.HUNG_UP, carrier_id="left", minutes=5)
    client = await http(Role.SUPERVISOR)

    async def ids(**filters: str) -> list[str]:
        answer = await client.get("/api/v1/calls", params=filters)
        assert answer.status_code == 200, answer.text
        return [call["id"] for call in answer.json()["items"]]

    assert await ids(state="talking") == [str(talking.id)]
    assert await ids(outcome="abandoned_in_menu") == [str(left.id)]
    assert await ids(agent="alice", queue="sales-zh") == [str(talking.id)]
    assert await ids(since="2026-11-20T04:02:00Z") == [str(left.id)]
    assert await ids(until="2026-11-20T12:02:00+08:00") == [str(talking.id)]
    assert await ids(caller=given.NUMBER) == [str(left.id), str(talking.id)]
    assert await ids(tier="basic") == []


async def test_one_call_and_its_timeline(program: Program, http: Http) -> None:
    call = await given.call(program, *given.STORY, a.HUNG_UP)
    client = await http(Role.SUPERVISOR)
    detail = (await client.get(f"/api/v1/calls/{call.id}")).json()
    assert detail["outcome"] == "answered"
    assert detail["ending"] == "customer"
    assert detail["caller"] == given.NUMBER
    assert detail["talks"][0]["agent"] == "alice"
    timeline = (await client.get(f"/api/v1/calls/{call.id}/timeline")).json()
    assert [entry["seconds"] for entry in timeline] == [float(n) for n in range(len(given.STORY) + 2)]
    reserved = next(entry["data"] for entry in timeline if entry["kind"] == "AgentReserved")
    assert reserved["why"] == given.RESERVED.why
    assert reserved["passed_over"] == given.RESERVED.passed_over


@pytest.mark.parametrize("role", [Role.QA, Role.SUPERVISOR])
async def test_numbers_and_names_are_shown_from_supervisor_on(
    program: Program, http: Http, role: Role
) -> None:
    call = await given.call(program, *given.STORY)
    client = await http(role)
    paths = ("/api/v1/calls", f"/api/v1/calls/{call.id}", f"/api/v1/calls/{call.id}/timeline")
    texts = [(await client.get(path)).text for path in paths]
    shown = role is Role.SUPERVISOR
    assert all(("13800138000" in text) is shown for text in texts)
    assert all(("张伟" in text) is shown for text in texts[1:])
    assert all("6225881234567890" not in text for text in texts)


async def test_a_legal_hold_is_shown_and_its_reason_from_supervisor_on(
    program: Program, http: Http, audit: SqlAudit
) -> None:
    call = await given.call(program, *given.STORY, a.HUNG_UP)
    path = f"/api/v1/calls/{call.id}"
    qa, supervisor = await http(Role.QA), await http(Role.SUPERVISOR)
    assert (await qa.get(path)).json()["hold"] is None
    holds = SqlHolds(program.database, program.clock, audit)
    await holds.hold(call.id, Principal("ann", Role.ADMIN), "张伟's complaint")
    since = program.clock.now().isoformat().replace("+00:00", "Z")
    assert (await qa.get(path)).json()["hold"] == {"since": since, "who": None, "reason": None}
    shown = (await supervisor.get(path)).json()["hold"]
    assert shown == {"since": since, "who": "ann", "reason": "张伟's complaint"}


async def test_only_a_supervisor_searches_by_number(program: Program, http: Http) -> None:
    query = {"caller": given.NUMBER}
    assert (await (await http(Role.QA)).get("/api/v1/calls", params=query)).status_code == 403
    assert (await (await http(Role.SUPERVISOR)).get("/api/v1/calls", params=query)).status_code == 200


async def test_every_look_at_personal_data_is_in_the_audit(
    program: Program, http: Http, audit: SqlAudit, tmp_path: Path
) -> None:
    call, recording = await given.answered_call(program, given.wav(tmp_path))
    client = await http(Role.SUPERVISOR)
    assert await actions(audit) == []
    for path in (
        f"calls/{call.id}",
        f"calls/{call.id}/timeline",
        f"calls/{call.id}/transcripts",
        f"calls/{call.id}/scores",
        f"recordings/{recording.id}/transcript",
        f"recordings/{recording.id}/audio/agent",
        "calls",
        f"calls?caller=%2B{given.NUMBER[1:]}",
    ):
        assert (await client.get(f"/api/v1/{path}")).status_code == 200
    who = "supervisor-0"
    assert list(reversed(await actions(audit))) == [
        (who, "call.read", f"call:{call.id}"),
        (who, "timeline.read", f"call:{call.id}"),
        (who, "transcript.read", f"recording:{recording.id}"),
        (who, "score.read", f"recording:{recording.id}"),
        (who, "transcript.read", f"recording:{recording.id}"),
        (who, "recording.play", f"recording:{recording.id}"),
        (who, "calls.list", "calls:1"),
        (who, "calls.search", "caller:+86138****8000"),
    ]


async def test_what_holds_no_personal_data_leaves_no_line(
    program: Program, http: Http, audit: SqlAudit
) -> None:
    await given.call(program, *given.STORY, a.HUNG_UP)
    client = await http(Role.QA)
    for path in ("queues", "agents", "ledger/lines", "ledger/report", "calls"):
        assert (await client.get(f"/api/v1/{path}")).status_code == 200
    assert await actions(audit) == []


async def test_the_audit_pages_and_reading_it_is_audited(program: Program, http: Http) -> None:
    call = await given.call(program)
    client = await http(Role.ADMIN)
    for _ in range(3):
        await client.get(f"/api/v1/calls/{call.id}")
    first = (await client.get("/api/v1/audit", params={"limit": 2})).json()
    rest = (await client.get("/api/v1/audit", params={"limit": 2, "cursor": first["next"]})).json()
    assert [line["action"] for line in first["items"] + rest["items"]] == ["call.read"] * 3
    about = (await client.get("/api/v1/audit", params={"about": "audit:all"})).json()
    assert len(about["items"]) == 2


async def test_the_ledger_adds_up(program: Program, http: Http) -> None:
    await given.call(program, *given.STORY, e.CallEnded(e.Party.AGENT, 44), carrier_id="dropped")
    await given.call(program, given.IDENTIFIED, a.ADMITTED, a.HUNG_UP, carrier_id="left")
    await given.call(program, *given.STORY, carrier_id="talking")
    client = await http(Role.QA)
    report = (await client.get("/api/v1/ledger/report")).json()
    assert report.pop("figures")["total"]["answered"] == 1
    assert report == {
        "offered": 2,
        "in_progress": 1,
        "outcomes": {"abandoned_in_menu": 1, "answered": 1},
        "endings": {"dropped": 1},
        "balanced": True,
    }
    lines = (await client.get("/api/v1/ledger/lines", params={"outcome": "answered"})).json()
    assert [(line["outcome"], line["ending"], line["cause"]) for line in lines["items"]] == [
        ("answered", "dropped", 44)
    ]
