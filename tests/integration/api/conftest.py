"""A program on a database in a temporary folder, HTTP to it with a token of each role, and its commands."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from api.app import create_app
from api.bootstrap import Program, open_program
from api.cli import app as commands
from api.principals import Role
from api.repository import SqlAudit, SqlTokens
from config.clock import ManualClock
from config.settings import CONFIG_DIR, Settings
from ivr.actions import Action
from tests.builders.calls import NOON

Http = Callable[..., Awaitable[httpx.AsyncClient]]
Hotline = Callable[..., Result]
Work = Callable[[Program], Awaitable[Any]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of the configuration only what calls need: scorecards and phrases take long to read."""
    folder = tmp_path / "config"
    folder.mkdir()
    for part in ("routing.yaml", "models.yaml", "menus", "prompts"):
        (folder / part).symlink_to(CONFIG_DIR / part)
    return Settings(data=tmp_path / "data", config=folder, carriers=(), embedded_worker=False)


@pytest.fixture
async def program(settings: Settings) -> AsyncIterator[Program]:
    """Some seconds after the calls of `given` began."""
    async with open_program(settings, clock=ManualClock(NOON + timedelta(seconds=20))) as opened:
        await opened.prepare()
        yield opened


class Carrier:
    """Keeps what it is asked for."""

    name = "test"

    def __init__(self) -> None:
        self.asked: list[Action] = []

    async def perform(self, _call_id: UUID, actions: Sequence[Action]) -> None:
        self.asked += actions


@pytest.fixture
def carrier(program: Program) -> Carrier:
    """The carrier of the calls that say they are of `test`."""
    made: Any = Carrier()
    program.carriers[made.name] = made
    return made  # type: ignore[no-any-return]


@pytest.fixture
def audit(program: Program) -> SqlAudit:
    return SqlAudit(program.database, program.clock, program.new_id)


@pytest.fixture
def app(program: Program) -> FastAPI:
    return create_app(program, "hotline_local")


@pytest.fixture
async def http(app: FastAPI, program: Program) -> AsyncIterator[Http]:
    """`await http(Role.QA)` is a client with a token of that role, `await http()` one without any."""
    tokens = SqlTokens(program.database, program.clock, program.new_id)
    clients: list[httpx.AsyncClient] = []

    async def client(role: Role | None = None, agent: str | None = None) -> httpx.AsyncClient:
        headers = {}
        if role is not None:
            token = await tokens.add(f"{role}-{len(clients)}", role, agent)
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers))
        return clients[-1]

    yield client
    for made in clients:
        await made.aclose()


@pytest.fixture
def hotline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Hotline:
    """`hotline("calls", "list")` runs the command; its output is as wide as it needs."""
    monkeypatch.setenv("HOTLINE_DATA", str(settings.data))
    monkeypatch.setenv("HOTLINE_CONFIG", str(settings.config))
    monkeypatch.setenv("HOTLINE_CARRIERS", "")
    return lambda *command, stdin=None: CliRunner().invoke(commands, [*command], input=stdin)


@pytest.fixture
def prepared(settings: Settings) -> Callable[[Work], Any]:
    """Runs work on the program before or after a command."""

    async def run(work: Work) -> Any:
        async with open_program(settings) as program:
            return await work(program)

    return lambda work: asyncio.run(run(work))


def data(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result, *words: str) -> None:
    """Exit code 1, and one message on stderr that says these words."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr
