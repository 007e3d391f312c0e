"""Service metrics: each figure is a formula with an id, its name in both languages and its source.

Shares are 0..1, durations seconds; a formula whose denominator is zero gives None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Level = Literal["SHORT", "IGN", "NEG", "POS", "HANDLED", "ICMI5"]
Unit = Literal["share", "seconds", "count"]

#: The service level of reports that ask for no other.
DEFAULT_LEVEL: Level = "SHORT"

#: Q.850 causes of a call that found no line: user busy, no circuit, congestion.
CONGESTED = (17, 34, 42)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the formulas are about: ended calls, all of them or those of one queue; times are sums in seconds.

    `queued` joined a queue: `answered` (A), `abandoned` there or while an agent's phone rang (B), or left it
    otherwise. Of these `answered_in` (A_T) and `abandoned_in` (B_T) waited at most the threshold, and `short`
    (B_s) at most the short-abandon limit. `blocked` met busy or congestion. Raises ValueError for counts that
    cannot be.
    """

    offered: int = 0
    self_served: int = 0
    blocked: int = 0
    queued: int = 0
    callbacks: int = 0
    answered: int = 0
    answered_in: int = 0
    abandoned: int = 0
    abandoned_in: int = 0
    short: int = 0
    dropped: int = 0
    missed_rings: int = 0
    answer_wait: float = 0.0
    longest_wait: float = 0.0
    talk: float = 0.0
    after_call: float = 0.0

    def __post_init__(self) -> None:
        parts = (
            (self.answered_in, self.answered),
            (self.dropped, self.answered),
            (self.abandoned_in, self.abandoned),
            (self.short, self.abandoned),
            (self.answered + self.abandoned + self.callbacks, self.queued),
            (self.queued, self.offered),
            (self.self_served, self.offered),
            (self.blocked, self.offered),
        )
        if any(not 0 <= part <= whole for part, whole in parts):
            raise ValueError("a count is less than 0, or more than what it is a part of")


@dataclass(frozen=True, slots=True)
class Formula:
    """What a report says about a figure. `of_queues`: whether it can be said of one queue's calls, too."""

    id: str
    en: str
    zh: str
    formula: str
    source: str
    of: Callable[[Counts], float | None]
    unit: Unit = "share"
    of_queues: bool = True


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _registry(*formulas: Formula) -> Mapping[str, Formula]:
    return MappingProxyType({formula.id: formula for formula in formulas})


#: Abandons within T left out (IGN), against (NEG), met (POS); short ones left out (SHORT), met (ICMI5).
LEVELS = _registry(
    Formula(
        "SHORT",
        "Service level",
        "服务水平",
        "A_T/(A+B-B_s)",
        "Genesys, short abandons off",
        lambda n: _ratio(n.answered_in, n.answered + n.abandoned - n.short),
    ),
    Formula(
        "IGN",
        "Service level, early abandons ignored",
        "服务水平（忽略阈值内放弃）",
        "A_T/(A+B-B_T)",
        "Cisco",
        lambda n: _ratio(n.answered_in, n.answered + n.abandoned - n.abandoned_in),
    ),
    Formula(
        "NEG",
        "Service level, abandons against",
        "服务水平（放弃计为未达标）",
        "A_T/(A+B)",
        "Cisco",
        lambda n: _ratio(n.answered_in, n.answered + n.abandoned),
    ),
    Formula(
        "POS",
        "Service level, early abandons met",
        "服务水平（阈值内放弃计为达标）",
        "(A_T+B_T)/(A+B)",
        "Cisco, Amazon Connect",
        lambda n: _ratio(n.answered_in + n.abandoned_in, n.answered + n.abandoned),
    ),
    Formula(
        "HANDLED",
        "Service level of the answered",
        "服务水平（仅计已接通）",
        "A_T/A",
        "ICMI, advised against",
        lambda n: _ratio(n.answered_in, n.answered),
    ),
    Formula(
        "ICMI5",
        "Service level, short abandons met",
        "服务水平（短时放弃计为达标）",
        "(A_T+B_s)/(A+B)",
        "ICMI",
        lambda n: _ratio(n.answered_in + n.short, n.answered + n.abandoned),
    ),
)

#: Beside the service level. Hang-ups in the menu are no abandons (Twilio); hold is part of talk.
FIGURES = _registry(
    Formula(
        "ASA",
        "Average speed of answer",
        "平均应答速度",
        "wait of the answered/A",
        "Amazon Connect",
        lambda n: _ratio(n.answer_wait, n.answered),
        "seconds",
    ),
    Formula(
        "LONGEST_WAIT",
        "Longest wait",
        "最长等待",
        "max(wait)",
        "Amazon Connect",
        lambda n: n.longest_wait if n.queued else None,
        "seconds",
    ),
    Formula(
        "ABANDON",
        "Abandonment rate",
        "放弃率",
        "B/(queued-callbacks)",
        "Amazon Connect, Twilio",
        lambda n: _ratio(n.abandoned, n.queued - n.callbacks),
    ),
    Formula(
        "TALK",
        "Average talk time",
        "平均通话时长",
        "talk/A",
        "Amazon Connect",
        lambda n: _ratio(n.talk, n.answered),
        "seconds",
    ),
    Formula(
        "ACW",
        "Average after-call work",
        "平均话后处理时长",
        "after-call/A",
        "Amazon Connect",
        lambda n: _ratio(n.after_call, n.answered),
        "seconds",
    ),
    Formula(
        "AHT",
        "Average handle time",
        "平均处理时长",
        "(talk+after-call)/A",
        "Amazon Connect",
        lambda n: _ratio(n.talk + n.after_call, n.answered),
        "seconds",
    ),
    Formula(
        "CONNECT",
        "Connect rate",
        "接通率",
        "(self-served+A)/offered",
        "gongweng.com",
        lambda n: _ratio(n.self_served + n.answered, n.offered),
        of_queues=False,
    ),
    Formula(
        "CONNECT_AGENT",
        "Agent connect rate",
        "人工接通率",
        "A/queued",
        "gongweng.com",
        lambda n: _ratio(n.answered, n.queued),
    ),
    Formula(
        "BLOCKED",
        "Blocked rate",
        "占线率",
        "(busy+congested)/offered",
        "Q.850 17, 34, 42; Voxco",
        lambda n: _ratio(n.blocked, n.offered),
        of_queues=False,
    ),
    Formula(
        "DROPPED",
        "Dropped rate",
        "掉线率",
        "ended by a listed cause/A",
        "dropped_causes in routing.yaml",
        lambda n: _ratio(n.dropped, n.answered),
    ),
    Formula(
        "MISSED_RINGS",
        "Missed rings",
        "未接振铃",
        "rings that no agent took",
        "Amazon Connect",
        lambda n: float(n.missed_rings),
        "count",
    ),
)


def formulas(level: Level = DEFAULT_LEVEL, *, of_queue: bool = False) -> tuple[Formula, ...]:
    """What a report shows: the service level by `level`, then the others; those that suit a queue alone."""
    shown = (LEVELS[level], *FIGURES.values())
    return tuple(formula for formula in shown if formula.of_queues or not of_queue)
