"""Nobody gets past the table: every route, with every role and with none."""

import re

import pytest
from fastapi import FastAPI

from api.auth import OPEN, ROLES
from api.principals import Role
from api.routes import ROUTERS
from tests.integration.api.conftest import Http

NOBODY = "00000000-0000-7000-8000-000000000000"


def concrete(path: str) -> str:
    path = path.replace("{track}", "agent")
    path = re.sub(r"\{(call|recording)_id\}", NOBODY, path)
    return re.sub(r"\{\w+\}", "nobody", path)


@pytest.mark.parametrize("role", Role)
async def test_a_route_lets_in_its_role_and_those_above(http: Http, role: Role) -> None:
    client = await http(role, "nobody")
    for method, path in ROLES:
        answer = await client.request(method, concrete(path))
        refused = answer.status_code == 403
        assert refused is not role.covers(ROLES[method, path]), (method, path, answer.status_code)
        assert answer.status_code < 500


async def test_no_route_answers_without_a_token(http: Http) -> None:
    client = await http()
    for method, path in ROLES:
        answer = await client.request(method, concrete(path))
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["id"] == "not-authenticated"


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
async def test_open_routes_answer_anybody(http: Http, method: str, path: str) -> None:
    assert (await (await http()).request(method, path)).status_code in {200, 503}


async def test_a_route_that_the_table_forgot_is_refused_to_everybody(app: FastAPI, http: Http) -> None:
    @app.get("/api/v1/forgotten")
    async def forgotten() -> str:
        return "data"

    assert (await (await http(Role.ADMIN)).get("/api/v1/forgotten")).status_code == 403
    assert (await (await http()).get("/api/v1/forgotten")).status_code == 401


async def test_the_app_has_no_route_beside_the_routers(app: FastAPI) -> None:
    assert len(app.routes) == len(ROUTERS)


@pytest.mark.parametrize("path", ["/", "/redoc", "/api/v1/nothing", "/healthz/", "/docs/oauth2-redirect"])
async def test_what_does_not_exist_is_not_told_to_strangers(http: Http, path: str) -> None:
    assert (await (await http()).get(path)).status_code == 401
    assert (await (await http(Role.ADMIN)).get(path)).status_code == 404


async def test_a_revoked_token_is_worth_nothing(http: Http, app: FastAPI) -> None:
    client = await http(Role.QA)
    assert (await client.get("/api/v1/calls")).status_code == 200
    await app.state.edge.tokens.revoke("qa-0")
    assert (await client.get("/api/v1/calls")).status_code == 401


async def test_the_local_token_opens_everything(http: Http) -> None:
    client = await http()
    answer = await client.get("/api/v1/audit", headers={"Authorization": "Bearer hotline_local"})
    assert answer.status_code == 200
