"""What virtual callers and agents are going to do: the parts that they were given to play.

All times are seconds. A caller's replies are taken in order, one for each time the menu asks, whatever the
menu calls its steps; when none is left the caller is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ivr.events import MissReason, Party

NORMAL_CLEARING = 16
THINKING = 1.0  # from the end of a prompt to a reply that names no time of its own


@dataclass(frozen=True, slots=True)
class Keys:
    """Presses `digits`, the first `at` seconds after the prompt began, or once it has been heard.

    More digits than the step takes are typed ahead: the next steps find them.
    """

    digits: str
    at: float | None = None
    gap: float = 0.3


@dataclass(frozen=True, slots=True)
class Says:
    """Speaks: `audio` is put to the recogniser; without it the recogniser is spared and hears `phrase`."""

    phrase: str = ""
    audio: Path | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Lets the time to answer run out."""


Reply = Keys | Says | Silence


class Stage(StrEnum):
    """Where a caller loses heart."""

    UNANSWERED = "unanswered"  # before anything was heard; `time` is 1
    MENU = "menu"  # `time`: at which question, from 1
    RINGING = "ringing"  # `time`: at which agent's ring, from 1


@dataclass(frozen=True, slots=True)
class Leaves:
    """Hangs up `after` seconds into the `time`-th such moment."""

    stage: Stage
    time: int = 1
    after: float = 1.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """`audio` spoken by `party`, from `at` seconds into the talk."""

    party: Party
    at: float
    audio: Path


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: after `seconds` the leg of `ended_by` goes, with Q.850 `cause`.

    A cause such as 44 (media lost) or 27 (phone gone) makes it a dropped call rather than a hang-up.
    """

    seconds: float = 20.0
    utterances: tuple[Utterance, ...] = ()
    ended_by: Party = Party.CUSTOMER
    cause: int = NORMAL_CLEARING


@dataclass(frozen=True, slots=True)
class Caller:
    """One call. `label` is what people see of it; `number` None is a withheld one.

    `patience` is how long they hear music before they hang up; `stays` how long they stay on the line after
    an agent left them, None for as long as the menu keeps them; nobody stays past `lifetime`. `talks` are
    taken in order, the last again and again. A caller who meets busy calls again after `redials_after`.
    """

    label: str
    arrives: float
    called: str
    number: str | None = None
    name: str | None = None
    replies: tuple[Reply, ...] = ()
    patience: float = 300.0
    leaves: Leaves | None = None
    talks: tuple[Talk, ...] = (Talk(),)
    stays: float | None = None
    lifetime: float = 7200.0
    redials_after: float | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone: it answers `answers_after` seconds of ringing.

    `misses` says otherwise for single rings, counted from 1; in each of `unregistered` (from, until), seconds
    from the start, nothing can reach it.
    """

    endpoint: str
    answers_after: float = 3.0
    misses: Mapping[int, MissReason] = field(default_factory=dict)
    unregistered: tuple[tuple[float, float], ...] = ()
