"""`hotline check` asks Twilio whether it takes the credentials, and says plainly what is wrong."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner, Result

from api.cli import app

SID, TOKEN = "AC" + "1" * 32, "t0ken-of-the-account"


class Twilio(HTTPServer):
    answer: tuple[int, object] = (200, {"sid": SID, "status": "active"})

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []


class Answers(BaseHTTPRequestHandler):
    server: Twilio

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, said = self.server.answer
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twilio]:
    """A server in Twilio's place, to which the environment points."""
    with Twilio() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HOTLINE_TWILIO__ACCOUNT_SID", SID)
        monkeypatch.setenv("HOTLINE_TWILIO__AUTH_TOKEN", TOKEN)
        monkeypatch.setenv("HOTLINE_TWILIO__BASE_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


def check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_credentials_that_work(twilio: Twilio) -> None:
    result = check()
    assert result.exit_code == 0, result.output
    assert twilio.asked == [f"/2010-04-01/Accounts/{SID}.json"]


def test_credentials_that_do_not(twilio: Twilio) -> None:
    twilio.answer = (401, {"code": 20003, "message": f"Authenticate {TOKEN}", "status": 401})
    result = check()
    assert result.exit_code == 1
    assert "HOTLINE_TWILIO: http://127.0.0.1:" in result.stdout
    assert "the account SID or the auth token is wrong (error 20003" in result.stdout
    assert TOKEN not in result.output

    told = json.loads(check("--json").stdout)
    assert [(one["file"], one["where"]) for one in told] == [("environment", "HOTLINE_TWILIO")]


def test_an_account_that_is_suspended(twilio: Twilio) -> None:
    twilio.answer = (200, {"sid": SID, "status": "suspended"})
    result = check()
    assert result.exit_code == 1
    assert "the Twilio account is suspended" in result.stdout


def test_nobody_there(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_TWILIO__BASE_URL", "http://127.0.0.1:9")
    result = check()
    assert result.exit_code == 1
    assert "Twilio gave no answer" in result.stdout


def test_a_file_alone_asks_nobody(twilio: Twilio) -> None:
    assert check("config/menus/main.yaml").exit_code == 0
    assert twilio.asked == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CARRIERS", "twilio", "calls come from Twilio, so set HOTLINE_TWILIO__PUBLIC_URL"),
        ("CARRIERS", "asterisk,twilio", "so set HOTLINE_TWILIO__PUBLIC_URL"),
        ("TWILIO__ACCOUNT_SID", "SK123", "HOTLINE_TWILIO__ACCOUNT_SID"),
        (
            "TWILIO__PUBLIC_URL",
            "hotline.example.com",
            "an address such as https://hotline.example.com is wanted",
        ),
        ("TWILIO__PUBLIC_URL", "https://me:pass@h.example", "the address may have no login"),
        ("TWILIO__BASE_URL", "https://h.example/?x=1", "the address may have no login, ? or #"),
        ("TWILIO__REQUESTS_PER_SECOND", "0", "HOTLINE_TWILIO__REQUESTS_PER_SECOND"),
    ],
)
def test_settings_that_cannot_be(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"HOTLINE_{name}", value)
    result = check()
    assert result.exit_code == 1
    assert told in result.output
    assert TOKEN not in result.output
