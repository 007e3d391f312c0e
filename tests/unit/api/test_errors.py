"""Every error that the program foresees is a problem detail with its own id and a fitting status."""

import json
from collections.abc import Iterator

import pytest

import api.cli.failures
import api.migrations
import api.only_one
import api.running_file
import api.serving
from api.errors import STATUS, AmbiguousId, ApiError, BadRange, identify, status_of
from api.problems import respond
from config.yaml_lines import ConfigInvalid, Problem
from customers.errors import CustomersError
from ivr.errors import IvrError, UnknownCall
from recordings.errors import AudioDamaged, RecordingError
from routing.errors import RoutingError

#: They are for the command line: no request can meet them.
NOT_HTTP = {
    api.migrations.SchemaBehind,
    api.only_one.AlreadyServing,
    api.running_file.NotRunning,
    api.serving.PortTaken,
}


def family(kind: type[Exception]) -> Iterator[type[Exception]]:
    for below in kind.__subclasses__():
        yield below
        yield from family(below)


FORESEEN = [
    kind
    for base in (ApiError, CustomersError, IvrError, RoutingError, RecordingError)
    for kind in family(base)
    if kind not in NOT_HTTP and ".adapters." not in kind.__module__
]


@pytest.mark.parametrize("kind", FORESEEN, ids=lambda kind: kind.__name__)
def test_every_foreseen_error_has_a_status(kind: type[Exception]) -> None:
    assert any(parent in STATUS for parent in kind.__mro__), f"{kind.__name__} has no status"


def test_ids_are_unique_and_in_kebab_case() -> None:
    ids = [kind.id for kind in FORESEEN]  # type: ignore[attr-defined]
    assert len(ids) == len(set(ids))
    assert all(name == name.lower() and " " not in name and "_" not in name for name in ids)


def test_a_foreseen_error_says_what_it_is() -> None:
    response = respond(UnknownCall("x"))
    body = json.loads(bytes(response.body))
    assert response.status_code == body["status"] == 404
    assert response.media_type == "application/problem+json"
    assert body["id"] == "unknown-call"
    assert body["type"] == "urn:hotline:error:unknown-call"
    assert body["detail"] == "there is no call x"


def test_our_own_faults_do_not_show_their_inside() -> None:
    assert identify(RuntimeError("secret path /srv/x")) == (
        "internal-error",
        "something went wrong; the log says what",
    )
    damaged = AudioDamaged("ab/key.wav", "cut")
    assert status_of(damaged) == 500
    assert "ab/key" not in identify(damaged)[1]


def test_a_refused_file_lists_its_problems() -> None:
    body = json.loads(bytes(respond(ConfigInvalid([Problem("m.yaml", 3, "steps", "is missing")])).body))
    assert body["problems"] == ["m.yaml:3: steps: is missing"]


def test_an_ambiguous_id_lists_the_candidates() -> None:
    body = json.loads(bytes(respond(AmbiguousId("call", "01", ["010", "011"])).body))
    assert body["status"] == 409
    assert body["candidates"] == ["010", "011"]


def test_a_bad_range_says_how_much_there_is() -> None:
    assert respond(BadRange(7)).headers["content-range"] == "bytes */7"
