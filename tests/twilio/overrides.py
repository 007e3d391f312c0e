"""Overrides in a webhook URL's fragment: twilio.com/docs/usage/webhooks/webhooks-connection-overrides."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag

_POLICIES = {"4xx", "5xx", "ct", "rt", "all"}


@dataclass(frozen=True, slots=True)
class Overrides:
    """Seconds; `retries` after the first attempt, on failures of the kinds in `policies`."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0
    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})

    def again(self, failure: str) -> bool:
        """`failure`: 4xx, 5xx, ct (no connection) or rt (no answer in time)."""
        return failure in self.policies or "all" in self.policies


def overrides(url: str) -> Overrides:
    """What the fragment of `url` asks for; what is out of range is as if it were not there."""
    asked = dict(parse_qsl(urldefrag(url).fragment))
    policies = frozenset(asked.get("rp", "ct").split(","))
    return Overrides(
        connect_seconds=_between(asked.get("ct"), 100, 10_000, 5_000) / 1000,
        read_seconds=_between(asked.get("rt"), 100, 15_000, 15_000) / 1000,
        total_seconds=_between(asked.get("tt"), 100, 15_000, 15_000) / 1000,
        retries=_between(asked.get("rc"), 0, 5, 1),
        policies=policies if policies <= _POLICIES else frozenset({"ct"}),
    )


def _between(text: str | None, least: int, most: int, otherwise: int) -> int:
    if text is None or not text.isdecimal() or not least <= int(text) <= most:
        return otherwise
    return int(text)
