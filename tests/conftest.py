"""What every test shares: a kind taken from its folder, and a plain account of the tests left out."""

import os
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from tests.services.postgresql import postgresql
from tests.services.redis import redis_server
from tests.telephony.process import MissingTool

KINDS = {"unit": 30, "integration": 120, "e2e": 300}
"""Folder under tests/ -> seconds that one of its tests may take unless it says otherwise."""

SERVICES_REQUIRED = os.environ.get("HOTLINE_REQUIRE_SERVICES") == "1"
"""Whether a test that would be left out for want of a service fails instead."""

Report = pytest.TestReport | pytest.CollectReport

# The same examples each time: a run tells whether a change is right, not whether somebody was lucky. `make
# explore` goes where no run has been.
settings.register_profile("hotline", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("quick", settings.get_profile("hotline"), max_examples=20)
settings.register_profile("explore", settings.get_profile("hotline"), derandomize=False, max_examples=1000)
settings.load_profile("hotline")  # `make test-unit` chooses the quick one, `make explore` the last


def _kind(path: Path) -> str:
    folder = path.relative_to(Path(__file__).parent).parts[0]
    if folder not in KINDS:
        raise pytest.UsageError(f"{path} belongs in one of tests/{{{','.join(KINDS)}}}/")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its folder's kind, and run the quick kinds first."""
    for item in items:
        kind = _kind(item.path)
        item.add_marker(kind)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(KINDS[kind]))
    items.sort(key=lambda item: list(KINDS).index(_kind(item.path)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where every service is required."""
    report = yield
    optional = item.get_closest_marker("beside_checkout") is not None
    if report.skipped and not optional and not hasattr(report, "wasxfail"):
        _fail_if_required(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that would be left out."""
    report = yield
    if report.skipped:
        _fail_if_required(report)
    return report


def _fail_if_required(report: Report) -> None:
    if SERVICES_REQUIRED:
        report.longrepr = f"HOTLINE_REQUIRE_SERVICES=1, and this was left out: {_reason(report)}"
        report.outcome = "failed"


def _reason(report: Report) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End by saying which tests were left out and why."""
    left_out: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        left_out[_reason(report)].append(report.nodeid)
    if not left_out:
        return
    terminalreporter.section("left out", yellow=True)
    for reason, tests in sorted(left_out.items()):
        files = sorted({test.partition("::")[0] for test in tests})
        terminalreporter.line(f"{len(tests)} tests: {reason}: {', '.join(files)}")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server, by the URL of the database that every server has."""
    try:
        with postgresql() as url:
            yield url
    except MissingTool as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server."""
    try:
        with redis_server() as url:
            yield url
    except MissingTool as missing:
        pytest.skip(str(missing))


@pytest.fixture
def postgresql_database(postgresql_url: str) -> str:
    """The URL, as an administrator writes it, of an empty database on PostgreSQL."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return postgresql_url.replace("/postgres", f"/{name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of either kind, for SQLAlchemy."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    url: str = request.getfixturevalue("postgresql_database")
    return url.replace("postgresql://", "postgresql+psycopg://")
