"""Speaks to the running program of this machine."""

from typing import Any

from api.cli.failures import Refused
from api.cli.session import settings


def post(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Raises `Refused` with what the program says, and `NotRunning`."""
    return _ask("POST", path, body)


def _ask(method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    import httpx

    from api.running_file import find_running

    running = find_running(settings().data_dir())
    headers = {"Authorization": f"Bearer {running.token}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=10, trust_env=False) as client:
        answer = client.request(method, path, json=body)
    if answer.is_success:
        found: dict[str, Any] = answer.json()
        return found
    raise Refused(_said(answer))


def _said(answer: Any) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the running program answered {answer.status_code}"
