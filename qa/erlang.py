"""Erlang B, C and A: how many lines and agents a load needs.

Traffic (erlangs) = arrival rate x mean handle time. Sources: CRAN ErlangC, pyworkforce, erlang.com.
"""

import math
from dataclasses import dataclass

_NEGLIGIBLE = 45.0  # natural logarithms below the greatest
_MOST = 100_000


class UnstableQueueError(ValueError):
    """So few agents that without abandonment the queue only grows."""


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` arrive in `interval` seconds and take `aht` seconds each to handle."""

    calls: float
    interval: float
    aht: float

    def __post_init__(self) -> None:
        if self.calls < 0 or self.interval <= 0 or self.aht <= 0:
            raise ValueError("calls must be at least 0, interval and aht above 0 seconds")

    @property
    def rate(self) -> float:
        """Arrivals a second."""
        return self.calls / self.interval

    @property
    def traffic(self) -> float:
        """Erlangs."""
        return self.rate * self.aht


@dataclass(frozen=True, slots=True)
class Queueing:
    """What callers meet. Probabilities 0..1, times in seconds.

    `service_level` is the share of all offered calls answered within the threshold, `asa` the mean wait of
    the answered, `mean_wait` that of all offered, `occupancy` the share of agents' time spent handling.
    """

    p_wait: float
    p_abandon: float
    service_level: float
    asa: float
    mean_wait: float
    occupancy: float


def erlang_b(traffic: float, lines: int) -> float:
    """Probability 0..1 that a call finds all lines busy: B0=1, Bn=A*B(n-1)/(n+A*B(n-1))."""
    if traffic < 0 or lines < 0:
        raise ValueError("traffic and lines must be at least 0")
    blocking = 1.0
    for n in range(1, lines + 1):
        blocking = traffic * blocking / (n + traffic * blocking)
    return blocking


def lines_for(traffic: float, blocking: float) -> int:
    """The fewest lines on which at most `blocking` (0..1, above 0) of the calls find none free."""
    if traffic < 0 or not 0 < blocking <= 1:
        raise ValueError("traffic must be at least 0, blocking above 0 and at most 1")
    lines, probability = 0, 1.0
    while probability > blocking:
        lines += 1
        probability = traffic * probability / (lines + traffic * probability)
    return lines


def erlang_c(load: Load, agents: int, threshold: float = 20.0) -> Queueing:
    """Callers who never give up: C=nB/(n-A(1-B)), SL=1-C*exp(-(n-A)T/AHT), ASA=C*AHT/(n-A).

    Raises UnstableQueueError when `agents` does not exceed the traffic.
    """
    traffic = load.traffic
    if agents <= traffic:
        raise UnstableQueueError(f"{agents} agents cannot carry {traffic:.3f} erlangs")
    blocking = erlang_b(traffic, agents)
    p_wait = agents * blocking / (agents - traffic * (1 - blocking))
    asa = p_wait * load.aht / (agents - traffic)
    late = p_wait * math.exp(-(agents - traffic) * threshold / load.aht)
    return Queueing(p_wait, 0.0, 1 - late, asa, asa, traffic / agents)


def erlang_a(load: Load, agents: int, patience: float, threshold: float = 20.0) -> Queueing:
    """Callers whose patience is exponential with mean `patience` seconds (Palm; Garnett et al.).

    A birth-death chain with death rate min(k,n)*mu + max(k-n,0)*theta. An arrival that finds j waiting is
    served after V with exp(-theta*V) ~ Beta(n*mu/theta, j+1), which gives the answered's wait in closed form.
    Raises UnstableQueueError where patience is so long that the queue has practically no end.
    """
    if agents < 1 or patience <= 0 or threshold < 0:
        raise ValueError("agents must be at least 1, patience above 0 s, threshold at least 0 s")
    if load.calls == 0:
        return Queueing(0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    shape = agents * patience / load.aht
    at_once, weights = _queue_weights(load, agents, patience)
    served_within = _ServedWithin(shape, threshold / patience)
    harmonic = 0.0
    busy = served = in_time = waited = queued = 0.0
    for waiting, weight in enumerate(weights):
        chance = shape / (shape + waiting + 1)
        harmonic += 1 / (shape + waiting + 1)
        busy += weight
        queued += waiting * weight
        served += weight * chance
        in_time += weight * served_within.next()
        waited += weight * chance * harmonic * patience
    everyone = at_once + busy
    p_abandon = (busy - served) / everyone
    return Queueing(
        p_wait=busy / everyone,
        p_abandon=p_abandon,
        service_level=min(1.0, (at_once + in_time) / everyone),
        asa=waited / (at_once + served),
        mean_wait=queued / everyone / load.rate,
        occupancy=load.traffic * (1 - p_abandon) / agents,
    )


def _queue_weights(load: Load, agents: int, patience: float) -> tuple[float, list[float]]:
    """How likely, up to one factor, an agent is free, and all are busy with 0, 1, 2, ... waiting.

    Erlang B is the share of "all busy, nobody waiting" among the states up to there. Logarithms, scaled to
    the greatest, because in an overload the weights pass any float before they fall.
    """
    blocking = erlang_b(load.traffic, agents)
    if blocking == 0:
        return 1.0, []
    shape, arrivals = agents * patience / load.aht, load.rate * patience
    logs = [math.log(blocking)]
    peak = max(logs[0], math.log1p(-blocking))
    while arrivals >= shape + len(logs) or logs[-1] > peak - _NEGLIGIBLE:
        if len(logs) == _MOST:
            raise UnstableQueueError(f"more than {_MOST} callers would wait for {agents} agents")
        logs.append(logs[-1] + math.log(arrivals / (shape + len(logs))))
        peak = max(peak, logs[-1])
    return math.exp(math.log1p(-blocking) - peak), [math.exp(log - peak) for log in logs]


class _ServedWithin:
    """For j = 0, 1, ... waiting: probability of being served, within the threshold, before giving up.

    It is c/(c+j+1) * P(Beta(c+1, j+1) >= x) with x = exp(-T/patience); for whole j the Beta's distribution is
    the sum of x^(c+1) * (c+1)_i/i! * (1-x)^i over i <= j, kept in logarithms because x^(c+1) may underflow.
    """

    def __init__(self, shape: float, patiences: float) -> None:
        self._shape = shape
        self._log_x = -patiences
        self._log_rest = math.log(-math.expm1(-patiences)) if patiences > 0 else -math.inf
        self._below = 0.0
        self._j = 0

    def next(self) -> float:
        c, j = self._shape, self._j
        if j == 0:
            term = (c + 1) * self._log_x
        else:
            term = (c + 1) * self._log_x + math.lgamma(c + 1 + j) - math.lgamma(c + 1) - math.lgamma(j + 1)
            term += j * self._log_rest
        self._below += math.exp(term)
        self._j += 1
        return c / (c + j + 1) * max(0.0, 1 - self._below)


def agents_for(
    load: Load,
    *,
    service_level: float = 0.8,
    threshold: float = 20.0,
    max_occupancy: float = 1.0,
    patience: float | None = None,
) -> int:
    """The fewest agents on the telephone for a service level (0..1) within `threshold` seconds.

    Erlang C, or Erlang A where the callers' mean `patience` (s) is given. Raises ValueError for a target
    that no number of agents reaches.
    """
    if not 0 <= service_level < 1 or not 0 < max_occupancy <= 1:
        raise ValueError("service_level must be in 0..1 (below 1), max_occupancy above 0 and at most 1")
    fewest = 1 if patience is not None else math.floor(load.traffic) + 1
    for agents in range(fewest, _MOST):
        if patience is None:
            met = erlang_c(load, agents, threshold)
        else:
            met = erlang_a(load, agents, patience, threshold)
        if met.service_level >= service_level and round(met.occupancy, 6) <= max_occupancy:
            return agents
    raise ValueError(f"no number of agents up to {_MOST} meets the target")


def staff_for(agents: int, shrinkage: float) -> int:
    """People to schedule so that `agents` sit at the telephone when a share 0..1 of paid time is lost."""
    if agents < 0 or not 0 <= shrinkage < 1:
        raise ValueError("agents must be at least 0 and shrinkage in 0..1 (below 1)")
    return math.ceil(round(agents / (1 - shrinkage), 6))
