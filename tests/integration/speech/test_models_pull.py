"""Fetching models from a server on this machine: whole or not at all, and nothing outside the folder."""

import hashlib
import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recordings.errors import ModelDownloadFailed, NotAModel
from recordings.models import Catalogue, ModelShelf, pull

FILES = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"]


def archive(names: list[str], size: int = 10) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for name in names:
            packed.writestr(name, b"x" * size)
    return body.getvalue()


GOOD = archive([f"small-cn/{name}" for name in FILES], size=100_000)


@pytest.fixture
def served() -> dict[str, bytes]:
    """Path -> what the server gives there; a body that ends in b"CUT" is promised longer than it is."""
    return {"/models/small-cn.zip": GOOD}


@pytest.fixture
def base_url(served: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.get(self.path)
            self.send_response(404 if body is None else 200)
            cut = body is not None and body.endswith(b"CUT")
            self.send_header("Content-Length", str(len(body or b"") + (1000 if cut else 0)))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/models/"
    server.shutdown()
    thread.join()
    server.server_close()


def catalogue(base_url: str, sha256: str | None = None) -> Catalogue:
    return Catalogue.model_validate(
        {"base_url": base_url, "models": {"zh": {"name": "small-cn", "sha256": sha256}}}
    )


def test_a_model_is_fetched_checked_and_found(base_url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    wanted = catalogue(base_url, hashlib.sha256(GOOD).hexdigest())
    folder = pull(wanted, "zh-CN", tmp_path / "models", lambda done, of: told.append((done, of)))
    assert folder.path == tmp_path / "models/small-cn"
    assert ModelShelf(wanted, [tmp_path / "models"]).find("zh") == folder
    assert told == sorted(told)
    assert told[-1] == (len(GOOD), len(GOOD))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["small-cn"]


def test_a_model_that_is_there_is_not_fetched_again(
    base_url: str, served: dict[str, bytes], tmp_path: Path
) -> None:
    pull(catalogue(base_url), "zh", tmp_path)
    served.clear()
    assert pull(catalogue(base_url), "zh", tmp_path).path == tmp_path / "small-cn"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "answers 404"),
        (b"<html>", "not a zip"),
        (GOOD[:-5000], "not a zip"),
        (GOOD + b"CUT", "without sending complete"),
        (archive(["small-cn/../../evil"]), "outside"),
        (archive(["/tmp/evil"]), "outside"),
        (archive(["..\\evil"]), "outside"),
        (archive(["C:/evil"]), "outside"),
        (archive(["other/am/final.mdl"]), "no folder small-cn"),
    ],
)
def test_what_cannot_be_used_is_not_kept(
    base_url: str, served: dict[str, bytes], tmp_path: Path, body: bytes | None, reason: str
) -> None:
    served.clear()
    if body is not None:
        served["/models/small-cn.zip"] = body
    into = tmp_path / "a/models"
    with pytest.raises(ModelDownloadFailed, match=reason):
        pull(catalogue(base_url), "zh", into)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_archive_without_a_model_is_refused(
    base_url: str, served: dict[str, bytes], tmp_path: Path
) -> None:
    served["/models/small-cn.zip"] = archive(["small-cn/README"])
    with pytest.raises(NotAModel, match=r"am/final\.mdl"):
        pull(catalogue(base_url), "zh", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_an_archive_is_refused(base_url: str, served: dict[str, bytes], tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        link = zipfile.ZipInfo("small-cn/am")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc")
    served["/models/small-cn.zip"] = body.getvalue()
    with pytest.raises(ModelDownloadFailed, match="outside"):
        pull(catalogue(base_url), "zh", tmp_path)


def test_another_checksum_is_refused(base_url: str, tmp_path: Path) -> None:
    with pytest.raises(ModelDownloadFailed, match=f"SHA-256 is {hashlib.sha256(GOOD).hexdigest()}"):
        pull(catalogue(base_url, "0" * 64), "zh", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_would_fill_the_disk_is_refused(
    base_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("recordings.models.MOST_UNPACKED", 1000)
    with pytest.raises(ModelDownloadFailed, match="unpack to more than"):
        pull(catalogue(base_url), "zh", tmp_path)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelDownloadFailed, match=r"http://127\.0\.0\.1:1/small-cn\.zip"):
        pull(catalogue("http://127.0.0.1:1"), "zh", tmp_path)
