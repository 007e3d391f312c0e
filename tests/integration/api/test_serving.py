"""The program as a process: it announces itself, serves, and ends in good order."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import Settings

COMMAND = [sys.executable, "-c", "from api.cli import main; main()"]
ROOT = Path(__file__).parents[3]

Serve = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return kept | {
        "HOTLINE_DATA": str(settings.data),
        "HOTLINE_CONFIG": str(settings.config),
        "HOTLINE_CARRIERS": "",
        "HOTLINE_HTTP_PORT": "0",
        "HOTLINE_EMBEDDED_WORKER": "false",
        "HOTLINE_LOG_FORMAT": "json",
    }


@pytest.fixture
def serve(environment: dict[str, str]) -> Iterator[Serve]:
    started: list[subprocess.Popen[str]] = []

    def start(*command: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*COMMAND, *command], env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def announced(settings: Settings, process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What the program wrote for the commands of this machine, once it serves."""
    file = settings.data / "running.json"
    for _ in range(600):
        assert process.poll() is None, process.stderr and process.stderr.read()
        if file.exists():
            found: dict[str, Any] = json.loads(file.read_text())
            return found
        time.sleep(0.05)
    raise AssertionError("the program did not announce itself")


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_it_serves_and_stops_when_told(settings: Settings, environment: dict[str, str], serve: Serve) -> None:
    process = serve("serve")
    here = announced(settings, process)
    file = settings.data / "running.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert httpx.get(f"{here['url']}/readyz", trust_env=False).json()["ready"] is True
    assert httpx.get(f"{here['url']}/api/v1/agents", trust_env=False).status_code == 401

    taken = run(environment, "serve", "--port", here["url"].rpartition(":")[2])
    assert taken.returncode == 1
    assert "cannot listen on 127.0.0.1 port" in taken.stderr
    assert file.exists(), "the second program must leave the first alone"

    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=15)
    assert process.returncode == 0, log
    assert not file.exists()
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["event"] for line in lines if line["event"] in {"serving", "stopping"}] == [
        "serving",
        "stopping",
    ]
    assert here["token"] not in log


def test_the_running_program_takes_commands_about_agents(
    settings: Settings, environment: dict[str, str], serve: Serve
) -> None:
    announced(settings, serve("serve"))
    assert run(environment, "agents", "add", "alice").returncode == 0
    signed_in = run(environment, "agents", "sign-in", "alice", "--json")
    assert json.loads(signed_in.stdout)["state"] == "paused"
    ready = run(environment, "agents", "ready", "alice")
    assert (ready.returncode, ready.stdout) == (0, "alice is ready\n"), ready.stderr
    paused = run(environment, "agents", "pause", "alice", "--reason", "午餐")
    assert (paused.returncode, paused.stdout) == (0, "alice is paused (午餐)\n"), paused.stderr
    signed_out = run(environment, "agents", "sign-out", "alice")
    assert (signed_out.returncode, signed_out.stdout) == (0, "alice is offline\n"), signed_out.stderr
    [listed] = json.loads(run(environment, "agents", "list", "--json").stdout)
    assert (listed["state"], listed["reason"]) == ("offline", "")
    unknown = run(environment, "agents", "ready", "bob")
    assert (unknown.returncode, unknown.stderr) == (1, "error: there is no agent 'bob'\n")


def test_a_second_program_on_the_same_data_is_turned_away(
    settings: Settings, environment: dict[str, str], serve: Serve
) -> None:
    first = serve("serve")
    here = announced(settings, first)
    second = run(environment, "serve")
    assert second.returncode == 1
    assert f"another `hotline serve` works on the data directory {settings.data}" in second.stderr
    assert httpx.get(f"{here['url']}/readyz", trust_env=False).json()["ready"] is True

    first.kill()
    first.wait()
    (settings.data / "running.json").unlink()
    announced(settings, serve("serve"))


def test_a_broken_configuration_is_told_before_anything_is_served(
    settings: Settings, environment: dict[str, str]
) -> None:
    file = settings.config / "models.yaml"
    file.unlink()
    file.write_text("base_url: [")
    for command in ("serve", "worker"):
        refused = run(environment, command)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"error: {file}:1: is not YAML"), refused.stderr
    assert not (settings.data / "running.json").exists()


def test_answers_do_not_wait_for_the_clients_acknowledgement(settings: Settings, serve: Serve) -> None:
    here = announced(settings, serve("serve"))
    with httpx.Client(trust_env=False) as client:
        took = [client.get(f"{here['url']}/healthz").elapsed.total_seconds() for _ in range(21)]
    assert sorted(took)[10] < 0.035, "a client that is kept waiting acknowledges after 40 ms"


def test_it_serves_while_asterisk_is_away(
    settings: Settings, environment: dict[str, str], serve: Serve
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        environment |= {
            "HOTLINE_CARRIERS": "asterisk",
            "HOTLINE_ASTERISK__AMI_PORT": str(nobody.getsockname()[1]),
            "HOTLINE_SPEECH__PORT": "0",
        }
    began = time.monotonic()
    process = serve("serve")
    here = announced(settings, process)
    assert time.monotonic() - began < 10, "it waited for Asterisk"
    assert httpx.get(f"{here['url']}/healthz", trust_env=False).text == "ok\n"
    ready = httpx.get(f"{here['url']}/readyz", trust_env=False)
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "problems": {"carrier asterisk": "not connected"}}
    assert run(environment, "agents", "add", "alice").returncode == 0
    assert run(environment, "agents", "sign-in", "alice").returncode == 0

    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=15)
    assert process.returncode == 0, log
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "serving" in events
    assert "no connection to Asterisk" in events


def test_after_a_kill_it_starts_again_with_another_token(settings: Settings, serve: Serve) -> None:
    first = serve("serve")
    before = announced(settings, first)
    first.kill()
    first.wait()
    stale = (settings.data / "running.json").read_text()
    second = serve("serve")
    for _ in range(600):
        if (settings.data / "running.json").read_text() != stale:
            break
        assert second.poll() is None
        time.sleep(0.05)
    after = announced(settings, second)
    assert after["token"] != before["token"]
    old = {"Authorization": f"Bearer {before['token']}"}
    assert httpx.get(f"{after['url']}/api/v1/agents", headers=old, trust_env=False).status_code == 401
    new = {"Authorization": f"Bearer {after['token']}"}
    assert httpx.get(f"{after['url']}/api/v1/audit", headers=new, trust_env=False).status_code == 200


def test_a_worker_works_until_it_is_told_to_stop(settings: Settings, serve: Serve) -> None:
    process = serve("worker")
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "working"
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=15)
    assert process.returncode == 0, log


def test_a_command_whose_reader_goes_away_is_quiet(environment: dict[str, str]) -> None:
    shell = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "-", *COMMAND, "menus", "draw", "main"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.stdout == "flowchart TD\n"
    assert "Traceback" not in shell.stderr
