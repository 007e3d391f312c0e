"""What may go wrong between Twilio and the program, on demand: for chosen deliveries, or by a seeded die."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Kind = Literal["twiml", "status", "conference", "recording"]
"""twiml: answered with a document and waited for; the others are notices, answered with nothing."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One thing that the program is told; notices of one `stream` go out in order."""

    kind: Kind
    url: str
    params: Mapping[str, str]
    stream: str
    method: str = "POST"

    @property
    def event(self) -> str:
        """ringing, completed, participant-join, ...: what it is about."""
        named = ("StatusCallbackEvent", "RecordingStatus", "CallStatus")
        return next((self.params[name] for name in named if name in self.params), "")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Delivered twice with one token, `gap` seconds apart; at once when it is 0."""

    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Delay:
    seconds: float


@dataclass(frozen=True, slots=True)
class Swap:
    """A notice goes out after the next one of its stream, or after `patience` seconds if there is none."""

    patience: float = 5.0


@dataclass(frozen=True, slots=True)
class Lose:
    """Never reaches the program; with `attempts` only so many of Twilio's attempts do not."""

    attempts: int = 99


@dataclass(frozen=True, slots=True)
class LoseReply:
    """Reaches the program, whose first `attempts` answers are in vain: failures of kind rt for Twilio."""

    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Arrives with a signature that is none."""


@dataclass(frozen=True, slots=True)
class Forge:
    """A stranger sends the same, badly signed and with `params` changed, just before."""

    params: Mapping[str, str] = field(default_factory=dict)


Fault = Duplicate | Delay | Swap | Lose | LoseReply | Corrupt | Forge


@dataclass(slots=True)
class Rule:
    fault: Fault
    applies: Callable[[Webhook], bool]
    times: int


_GAPS = (0.0, 0.5, 3.0)  # seconds


@dataclass(slots=True)
class Chaos:
    """Each delivery of `kinds` suffers each fault with its probability.

    `repeat` is of a request for a document that comes twice, of whichever kinds.
    """

    seed: int = 0
    repeat: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    swap: float = 0.0
    lose: float = 0.0
    lose_reply: float = 0.0
    forge: float = 0.0
    longest_delay: float = 10.0
    kinds: frozenset[Kind] = frozenset({"status", "conference", "recording"})
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(f"chaos {self.seed}")

    def faults(self, webhook: Webhook) -> list[Fault]:
        die = self._random
        if webhook.kind not in self.kinds:
            twice = webhook.kind == "twiml" and die.random() < self.repeat
            return [Duplicate(die.choice(_GAPS))] if twice else []
        possible: list[tuple[float, Fault]] = [
            (self.duplicate, Duplicate(die.choice(_GAPS))),
            (self.delay, Delay(die.uniform(0.0, self.longest_delay))),
            (self.swap, Swap()),
            (self.lose, Lose()),
            (self.lose_reply, LoseReply()),
            (self.forge, Forge()),
        ]
        return [fault for chance, fault in possible if die.random() < chance]


class Faults:
    """The faults in store for deliveries; none unless asked for."""

    def __init__(self) -> None:
        self.chaos: Chaos | None = None
        self._rules: list[Rule] = []

    def add(
        self,
        fault: Fault,
        *,
        kind: Kind | None = None,
        event: str | None = None,
        url: str = "",
        stream: str | None = None,
        times: int = 1,
    ) -> None:
        """For the next `times` deliveries of `kind` about `event` whose URL contains `url`."""

        def applies(webhook: Webhook) -> bool:
            return (
                (kind is None or webhook.kind == kind)
                and (event is None or webhook.event == event)
                and (stream is None or webhook.stream == stream)
                and url in webhook.url
            )

        self._rules.append(Rule(fault, applies, times))

    def take(self, webhook: Webhook) -> list[Fault]:
        """What this delivery shall suffer."""
        taken: list[Fault] = []
        for rule in self._rules:
            if rule.times > 0 and rule.applies(webhook):
                rule.times -= 1
                taken.append(rule.fault)
        return taken + (self.chaos.faults(webhook) if self.chaos else [])
