"""Callers, agents and reservations for tests, with only what a test cares about said."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from routing.ports import READY, Standing
from routing.queue import Waiting
from routing.reservation import Reservation
from routing.skill import EVERYBODY

START = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def an_id(number: int) -> UUID:
    return UUID(int=number)


def given_waiting(number: int, arrived: float = 0.0, **details: Any) -> Waiting:
    """Caller `number`, who counts as having come `arrived` seconds after the start."""
    given: dict[str, Any] = {
        "queue": "sales",
        "carrier": "simulator",
        "virtual_arrival": after(arrived),
        "queued_at": after(arrived),
    }
    return Waiting(call=an_id(number), **(given | details))


def given_standing(
    login: str, *classes: str, seq: int = 1, ready: float | None = 0.0, **details: Any
) -> Standing:
    """An agent covering `classes`, ready since `ready` seconds after the start, or not ready (None)."""
    return Standing(
        login=login,
        seq=seq,
        state=details.pop("state", READY if ready is not None else "paused"),
        classes=(*classes, EVERYBODY),
        ready_since=None if ready is None else after(ready),
        **details,
    )


def given_reservation(number: int, call: int, agent: str) -> Reservation:
    return Reservation(an_id(number), an_id(call), agent, START)
