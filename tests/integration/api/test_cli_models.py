"""Models on the command line: which there are, and fetching one from a server of one's own."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from config.settings import Settings
from tests.integration.api.conftest import Hotline, data, refused

FILES = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """What the server shares: an archive of one tiny model, 500 kB of it."""
    folder = tmp_path / "shared"
    folder.mkdir()
    with zipfile.ZipFile(folder / "small-cn.zip", "w") as packed:
        for name in FILES:
            packed.writestr(f"small-cn/{name}", b"x" * 100_000)
    return folder


@pytest.fixture
def server(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """HOTLINE_MODELS_URL leads to it."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shared)))
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HOTLINE_MODELS_URL", f"http://127.0.0.1:{serving.server_port}")
    yield
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def catalogue(settings: Settings, shared: Path) -> Path:
    """A models.yaml whose makers are out of reach, with the checksum of the archive."""
    path = settings.config / "models.yaml"
    path.unlink()
    digest = hashlib.sha256((shared / "small-cn.zip").read_bytes()).hexdigest()
    path.write_text(
        f"base_url: http://127.0.0.1:1\nmodels:\n  zh: {{name: small-cn, sha256: {digest}}}\n", "utf-8"
    )
    return path


def test_models_are_listed(hotline: Hotline) -> None:
    assert {one["language"] for one in data(hotline("models", "list", "--json"))} >= {"zh", "en", "ko"}
    refused(hotline("models", "pull", "tlh"), "no model is configured for 'tlh'")


@pytest.mark.usefixtures("server", "catalogue")
def test_a_model_is_fetched_and_then_is_there(hotline: Hotline, settings: Settings) -> None:
    place = settings.data / "models" / "small-cn"
    [before] = data(hotline("models", "list", "--json"))
    assert before["path"] is None

    pulled = hotline("models", "pull", "zh")
    assert pulled.exit_code == 0, pulled.output
    assert pulled.stdout == f"small-cn is in {place}\n"
    assert "small-cn" in pulled.stderr
    assert "500.6/500.6 kB" in pulled.stderr, "how much of it has come is shown"
    assert sorted(path.relative_to(place).as_posix() for path in place.rglob("*.*")) == sorted(FILES)

    [after] = data(hotline("models", "list", "--json"))
    assert (after["path"], after["problem"]) == (str(place), None)


@pytest.mark.usefixtures("server", "catalogue")
def test_a_program_reads_where_the_model_is(hotline: Hotline, settings: Settings, shared: Path) -> None:
    fetched = {"language": "zh", "name": "small-cn", "path": str(settings.data / "models" / "small-cn")}
    assert data(hotline("models", "pull", "zh", "--json")) == fetched
    (shared / "small-cn.zip").unlink()
    assert data(hotline("models", "pull", "zh", "--json")) == fetched, "one that is there stays"


@pytest.mark.usefixtures("server", "catalogue")
def test_what_is_not_the_model_is_refused_and_not_kept(
    hotline: Hotline, settings: Settings, shared: Path
) -> None:
    (shared / "small-cn.zip").write_bytes(b"something else")
    pulled = hotline("models", "pull", "zh")
    assert pulled.exit_code == 1
    assert "error: the model small-cn could not be fetched: its SHA-256 is" in pulled.stderr
    assert not list((settings.data / "models").iterdir())
