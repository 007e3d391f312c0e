"""The order in which callers are served: by virtual arrival, within strict lanes.

A caller counts as having come `head_start(tier) + boost(intent)` before they joined. The moment is frozen
when they join, so the order never needs re-sorting and ages by itself: with H the largest such sum, a caller
can be overtaken only by those who joined less than H after them, however many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from routing.skill import class_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: Microseconds between two lanes: 31 years, and six lanes still fit a double exactly.
_LANE = 10**15


def virtual_arrival(joined_at: datetime, head_start: float, boost: float) -> datetime:
    """When a caller counts as having come; `head_start` and `boost` in seconds."""
    return joined_at - timedelta(seconds=head_start + boost)


def longest_overtake(head_starts: Iterable[float], boosts: Iterable[float]) -> timedelta:
    """The bound H: within a lane, nobody is passed by a caller who joined this much later, or more."""
    return timedelta(seconds=max(head_starts, default=0.0) + max(boosts, default=0.0))


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds_since_1970: int) -> datetime:
    return _EPOCH + microseconds_since_1970 * _MICROSECOND


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue, at a relaxation step; with a `reservation`, an agent's phone rings for them.

    `carrier` brought the call and rings the phone.
    """

    call: UUID
    queue: str
    carrier: str
    virtual_arrival: datetime
    queued_at: datetime
    lane: int = 0
    step: int = 0
    menu_step: str = ""
    reservation: UUID | None = None

    @property
    def requirement_class(self) -> str:
        return class_of(self.queue, self.step, self.carrier)

    @property
    def score(self) -> int:
        """The least is served first; a higher lane comes before every lower one."""
        return microseconds(self.virtual_arrival) - self.lane * _LANE

    @property
    def place(self) -> tuple[int, str]:
        """The order of service; those who count as having come together go by their id."""
        return self.score, str(self.call)


def step_due(waited: timedelta, afters: Sequence[float]) -> int:
    """The step that a wait has reached; `afters` are the steps' beginnings in seconds, the first 0."""
    reached = [index for index, after in enumerate(afters) if waited >= timedelta(seconds=after)]
    return reached[-1] if reached else 0
