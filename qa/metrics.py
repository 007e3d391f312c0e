"""Service metrics: each figure is a formula with an id, its name in both languages and its source.

Shares are 0..1, durations seconds; a formula whose denominator is zero gives None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Level = Literal["IGN", "NEG", "POS", "HANDLED", "ICMI5", "SHORT"]

#: The service level of reports that ask for no other, its threshold and its short abandon, in seconds.
DEFAULT_LEVEL: Level = "SHORT"
DEFAULT_THRESHOLD = 20.0
DEFAULT_SHORT = 5.0


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Calls that joined a queue: how they left, and how many of each within the threshold T.

    `short` are the abandons before the short-abandon limit. Raises ValueError for counts that cannot be.
    """

    answered: int
    abandoned: int
    answered_in: int
    abandoned_in: int
    short: int

    def __post_init__(self) -> None:
        parts = (self.answered_in, self.abandoned_in, self.short)
        if min(parts) < 0 or self.answered_in > self.answered:
            raise ValueError("counts must be at least 0, and answered_in at most answered")
        if max(self.abandoned_in, self.short) > self.abandoned:
            raise ValueError("abandoned_in and short must be at most abandoned")


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def ign(n: QueueCounts) -> float | None:
    """IGN: A_T/(A+B-B_T), abandons within T ignored (Cisco, Bright Pattern)."""
    return _ratio(n.answered_in, n.answered + n.abandoned - n.abandoned_in)


def neg(n: QueueCounts) -> float | None:
    """NEG: A_T/(A+B), every abandon counts against (Cisco)."""
    return _ratio(n.answered_in, n.answered + n.abandoned)


def pos(n: QueueCounts) -> float | None:
    """POS: (A_T+B_T)/(A+B), abandons within T count as met (Cisco, Amazon Connect)."""
    return _ratio(n.answered_in + n.abandoned_in, n.answered + n.abandoned)


def handled(n: QueueCounts) -> float | None:
    """HANDLED: A_T/A, abandons left out; ICMI's contributor advises against it."""
    return _ratio(n.answered_in, n.answered)


def icmi5(n: QueueCounts) -> float | None:
    """ICMI5: (A_T+B_s)/(A+B), short abandons count as met (ICMI)."""
    return _ratio(n.answered_in + n.short, n.answered + n.abandoned)


def short(n: QueueCounts) -> float | None:
    """SHORT: A_T/(A+B-B_s), short abandons left out (Genesys with short abandons off)."""
    return _ratio(n.answered_in, n.answered + n.abandoned - n.short)


LEVELS: Mapping[Level, Callable[[QueueCounts], float | None]] = MappingProxyType(
    {"IGN": ign, "NEG": neg, "POS": pos, "HANDLED": handled, "ICMI5": icmi5, "SHORT": short}
)


def service_level(n: QueueCounts, level: Level = DEFAULT_LEVEL) -> float | None:
    """The service level by one of LEVELS."""
    return LEVELS[level](n)


def asa(answered_wait: float, answered: int) -> float | None:
    """ASA: mean queue wait of the answered, in seconds (Amazon Connect)."""
    return _ratio(answered_wait, answered)


def aht(talk: float, hold: float, after_call: float, handled_calls: int) -> float | None:
    """AHT: (talk + hold + after-call work)/handled, in seconds (Amazon Connect)."""
    return _ratio(talk + hold + after_call, handled_calls)


def abandonment(abandoned: int, queued: int, callbacks: int = 0) -> float | None:
    """ABANDON: abandoned/(queued - callbacks); hang-ups in the menu are no abandons (Amazon, Twilio)."""
    return _ratio(abandoned, queued - callbacks)


def connect_rate(self_served: int, answered: int, entering: int) -> float | None:
    """CONNECT, 接通率: (menu self-service completions + agent answers)/entering calls (gongweng.com)."""
    return _ratio(self_served + answered, entering)


def agent_connect_rate(answered: int, entering_for_agent: int) -> float | None:
    """CONNECT_AGENT, 人工接通率: agent answers/calls that asked for an agent."""
    return _ratio(answered, entering_for_agent)


def blocked(busy_or_congested: int, attempts: int) -> float | None:
    """BLOCKED: busy or congested (Q.850 17, 34, 42)/all attempts; common goal at most 2 % (Voxco)."""
    return _ratio(busy_or_congested, attempts)


def dropped(dropped_calls: int, answered: int) -> float | None:
    """DROPPED: answered calls whose first-leaving leg ended by a listed cause/answered (our own)."""
    return _ratio(dropped_calls, answered)


def occupancy(handle: float, idle: float) -> float | None:
    """OCCUPANCY: handle/(handle + idle) time (Amazon Connect)."""
    return _ratio(handle, handle + idle)


def occupancy_online(talk: float, after_call: float, online: float) -> float | None:
    """OCCUPANCY_ONLINE: (talk + after-call)/online time (Alibaba Cloud Call Center)."""
    return _ratio(talk + after_call, online)


def fcr_survey(resolved: int, asked: int) -> float | None:
    """FCR_SURVEY: callers who say their issue was resolved at the first call/callers asked (SQM)."""
    return _ratio(resolved, asked)


def fcr_repeat(without_repeat: int, calls: int) -> float | None:
    """FCR_REPEAT: calls with no call on the same issue within 7 days/calls (callcentrehelper)."""
    return _ratio(without_repeat, calls)


def nps(promoters: int, detractors: int, answers: int) -> float | None:
    """NPS: share of 9-10 less share of 0-6, in points -100..100 (Bain; vector DELA)."""
    return _ratio(100.0 * (promoters - detractors), answers)


def csat(satisfied: int, answers: int) -> float | None:
    """CSAT: share of answers 4-5 on a scale of 5."""
    return _ratio(satisfied, answers)


@dataclass(frozen=True, slots=True)
class Formula:
    """What a report says about a figure: names, formula and source; `unit` is share, seconds or points."""

    id: str
    en: str
    zh: str
    formula: str
    source: str
    unit: Literal["share", "seconds", "points"] = "share"


def _registry(*formulas: Formula) -> Mapping[str, Formula]:
    return MappingProxyType({formula.id: formula for formula in formulas})


FORMULAS = _registry(
    Formula(
        "IGN", "Service level, early abandons ignored", "服务水平（忽略阈值内放弃）", "A_T/(A+B-B_T)", "Cisco"
    ),
    Formula("NEG", "Service level, abandons against", "服务水平（放弃计为未达标）", "A_T/(A+B)", "Cisco"),
    Formula(
        "POS",
        "Service level, early abandons met",
        "服务水平（阈值内放弃计为达标）",
        "(A_T+B_T)/(A+B)",
        "Cisco",
    ),
    Formula(
        "HANDLED", "Service level of the answered", "服务水平（仅计已接通）", "A_T/A", "ICMI, advised against"
    ),
    Formula(
        "ICMI5",
        "Service level, short abandons met",
        "服务水平（短时放弃计为达标）",
        "(A_T+B_s)/(A+B)",
        "ICMI",
    ),
    Formula("SHORT", "Service level", "服务水平", "A_T/(A+B-B_s)", "Genesys, short abandons off"),
    Formula(
        "ASA", "Average speed of answer", "平均应答速度", "wait of answered/A", "Amazon Connect", "seconds"
    ),
    Formula(
        "AHT",
        "Average handle time",
        "平均处理时长",
        "(talk+hold+after-call)/handled",
        "Amazon Connect",
        "seconds",
    ),
    Formula(
        "ABANDON", "Abandonment rate", "放弃率", "abandoned/(queued-callbacks)", "Amazon Connect, Twilio"
    ),
    Formula("CONNECT", "Connect rate", "接通率", "(self-served+answered)/entering", "gongweng.com"),
    Formula(
        "CONNECT_AGENT", "Agent connect rate", "人工接通率", "answered/asked for an agent", "gongweng.com"
    ),
    Formula("BLOCKED", "Blocked rate", "占线率", "(busy+congested)/attempts", "Q.850 17, 34, 42; Voxco"),
    Formula(
        "DROPPED", "Dropped rate", "掉线率", "ended by a listed cause/answered", "configured Q.850 causes"
    ),
    Formula("OCCUPANCY", "Occupancy", "坐席占用率", "handle/(handle+idle)", "Amazon Connect"),
    Formula(
        "OCCUPANCY_ONLINE", "Occupancy while online", "在线占用率", "(talk+after-call)/online", "Alibaba CCC"
    ),
    Formula("FCR_SURVEY", "First-call resolution, survey", "首次解决率（调查）", "resolved/asked", "SQM"),
    Formula(
        "FCR_REPEAT",
        "First-call resolution, repeat calls",
        "首次解决率（重复来电）",
        "no repeat in 7 days/calls",
        "callcentrehelper",
    ),
    Formula("NPS", "Net promoter score", "净推荐值", "100*(9-10 less 0-6)/answers", "Bain", "points"),
    Formula("CSAT", "Customer satisfaction", "客户满意度", "(answers 4-5)/answers", "common practice"),
)
