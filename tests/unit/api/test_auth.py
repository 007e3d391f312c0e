"""Roles, tokens, and the table that says who may ask what."""

import pytest
from fastapi.routing import APIRoute

from api.auth import OPEN, ROLES, Authenticator
from api.errors import NotAuthenticated, NotYourAgent
from api.principals import Principal, Role, digest, new_token
from api.routes import ROUTERS

TOKEN = f"hotline_{'a1' * 22}"
ALICE = Principal("alice's phone", Role.AGENT, "alice")


async def find(sent: str) -> tuple[Principal, str] | None:
    return (ALICE, digest(TOKEN)) if sent == digest(TOKEN) else None


def routes() -> set[tuple[str, str]]:
    found = [route for router in ROUTERS for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in found), "a route that the table cannot govern"
    return {(m, route.path) for route in found if isinstance(route, APIRoute) for m in route.methods or ()}


def test_every_route_has_a_role_or_is_open_and_the_table_names_no_other() -> None:
    assert routes() == ROLES.keys() | OPEN
    assert not ROLES.keys() & OPEN


def test_only_health_and_readiness_are_open() -> None:
    assert {("GET", "/healthz"), ("GET", "/readyz")} == OPEN


def test_each_role_may_do_what_the_one_before_it_may() -> None:
    order = [Role.AGENT, Role.QA, Role.SUPERVISOR, Role.ADMIN]
    for index, role in enumerate(order):
        assert [role.covers(needed) for needed in order] == [n <= index for n in range(len(order))]


def test_an_agent_acts_for_that_agent_alone_and_a_supervisor_for_any() -> None:
    ALICE.require_agent("alice")
    Principal("s", Role.SUPERVISOR).require_agent("alice")
    for other in (ALICE, Principal("q", Role.QA), Principal("q", Role.QA, "alice")):
        with pytest.raises(NotYourAgent):
            other.require_agent("bob")


async def test_a_token_is_known_by_its_digest() -> None:
    authenticator = Authenticator(find)
    assert await authenticator.identify(f"Bearer {TOKEN}") == ALICE
    assert await authenticator.identify(f"bearer {TOKEN}") == ALICE


async def test_the_local_token_is_an_administrators() -> None:
    local = new_token()
    assert (await Authenticator(find, local).identify(f"Bearer {local}")).role is Role.ADMIN
    with pytest.raises(NotAuthenticated):
        await Authenticator(find).identify(f"Bearer {local}")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \udcff"]
)
async def test_anything_else_is_refused(header: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        await Authenticator(find, new_token()).identify(header)


def test_tokens_are_long_and_never_the_same() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 50
