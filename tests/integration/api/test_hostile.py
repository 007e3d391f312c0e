"""Whatever is sent, the answer is a 4xx with an id, and nothing is repeated back."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.principals import Role
from tests.integration.api.conftest import Http

NASTY = ["'; DROP TABLE calls;--", "\x00", "../../etc/passwd", "x" * 10_000, "\r\nX: y", "客户", "%", "NaN"]


def is_problem(answer: Any) -> bool:
    body = answer.json()
    return (
        400 <= answer.status_code < 500
        and answer.headers["content-type"] == "application/problem+json"
        and isinstance(body["id"], str)
        and body["status"] == answer.status_code
    )


@pytest.mark.parametrize("name", ["since", "until", "state", "outcome", "limit", "cursor", "caller"])
async def test_a_filter_that_makes_no_sense_is_refused(http: Http, name: str) -> None:
    client = await http(Role.ADMIN)
    for bad in NASTY:
        answer = await client.get("/api/v1/calls", params={name: bad})
        assert is_problem(answer), bad
        assert "DROP" not in answer.text


@pytest.mark.parametrize("name", ["queue", "agent", "tier", "language", "intent"])
async def test_a_name_that_nobody_has_finds_nothing_or_is_refused(http: Http, name: str) -> None:
    client = await http(Role.ADMIN)
    for bad in NASTY:
        answer = await client.get("/api/v1/calls", params={name: bad})
        assert (answer.status_code == 200 and answer.json()["items"] == []) or is_problem(answer), bad


@pytest.mark.parametrize("bad", ["1", "x", "0" * 31, "..", "%00", "018f0000-0000-7000-8000-00000000000g"])
@pytest.mark.parametrize(
    "path", ["calls/{}", "calls/{}/timeline", "recordings/{}", "recordings/{}/transcript"]
)
async def test_what_is_no_id_is_refused(http: Http, path: str, bad: str) -> None:
    assert is_problem(await (await http(Role.ADMIN)).get("/api/v1/" + path.format(bad)))


async def test_a_track_that_does_not_exist_is_refused(http: Http) -> None:
    path = "/api/v1/recordings/018f0000-0000-7000-8000-000000000000/audio/../../key"
    assert is_problem(await (await http(Role.ADMIN)).get(path))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"login": ""}',
        json.dumps({"login": "a", "name": "a", "endpoint": "a", "skills": {"zh": "many"}}).encode(),
        json.dumps({"login": "a", "name": "a", "endpoint": "a", "role": "admin"}).encode(),
        json.dumps({"login": "a\r\nb", "name": "a", "endpoint": "a"}).encode(),
        json.dumps({"login": "a\x00", "name": "a", "endpoint": "a"}).encode(),
        json.dumps({"login": "x" * 81, "name": "a", "endpoint": "a"}).encode(),
        b'{"login": ' + b"[" * 100_000,
    ],
)
async def test_a_body_that_is_no_agent_is_refused(http: Http, body: bytes) -> None:
    client = await http(Role.ADMIN)
    answer = await client.post("/api/v1/agents", content=body, headers={"content-type": "application/json"})
    assert is_problem(answer)
    assert (await client.get("/api/v1/agents")).json() == []


async def test_a_huge_body_is_not_read(http: Http) -> None:
    answer = await (await http(Role.ADMIN)).post("/api/v1/agents", content=b"x" * (2 << 20))
    assert answer.status_code == 413
    assert (await (await http()).post("/api/v1/agents", content=b"x" * (2 << 20))).status_code == 401


async def test_a_login_that_nobody_can_have_is_refused(http: Http) -> None:
    client = await http(Role.ADMIN)
    for login in ("a%00b", "a%0d%0ab", "%2e%2e", "x" * 5000, "%ff"):
        assert is_problem(await client.post(f"/api/v1/agents/{login}/sign-in")), login


async def test_other_methods_are_refused(http: Http) -> None:
    client = await http(Role.ADMIN)
    for method in ("DELETE", "PUT", "PATCH", "TRACE"):
        assert is_problem(await client.request(method, "/api/v1/calls")), method


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(query=st.dictionaries(st.sampled_from(["since", "queue", "cursor", "limit"]), st.text(max_size=40)))
async def test_no_query_breaks_the_list(http: Http, query: dict[str, str]) -> None:
    client = await http()
    headers = {"Authorization": "Bearer hotline_local"}
    try:
        answer = await client.get("/api/v1/calls", params=query, headers=headers)
    except UnicodeEncodeError:
        return  # lone surrogates cannot be put into a URL
    assert answer.status_code == 200 or is_problem(answer)
