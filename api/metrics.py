"""Figures for Prometheus: some are counted as calls go by, the rest is read when somebody asks.

What is read comes from the record itself, so it is right after a restart too. No label is about a person.
"""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.listing import Listing
from ivr.call import CallState
from qa.ledger import Outcome
from recordings.recording import RecordingState
from routing.agent import AgentState

if TYPE_CHECKING:
    from api.bootstrap import Program

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_Samples = list[tuple[list[str], float]]


class Metrics:
    """One registry for each program, so that two in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._stages = Histogram(
            "hotline_journey_stage_seconds",
            "How long a stage of a call's journey took",
            ["stage"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._failures = Counter(
            "hotline_journey_stage_failures",
            "Stages that failed since the program started",
            ["stage"],
            registry=self.registry,
        )
        self._read = _Read()
        self.registry.register(self._read)

    def stage_ran(self, stage: str, seconds: float, failed: bool) -> None:
        """Told by the journey after each stage."""
        self._stages.labels(stage).observe(seconds)
        if failed:
            self._failures.labels(stage).inc()

    async def exposition(self, program: "Program", listing: Listing) -> bytes:
        """The Prometheus text format, 0.0.4."""
        self._read.families = await _families(program, listing)
        return generate_latest(self.registry)


class _Read(Collector):
    """What was read for the answer that is being written."""

    def __init__(self) -> None:
        self.families: list[Metric] = []

    def collect(self) -> list[Metric]:
        return self.families


async def _families(program: "Program", listing: Listing) -> list[Metric]:
    outcomes = await listing.outcomes()
    calls = await listing.calls_by_state()
    recordings = await listing.recordings_by_state()
    agents = dict.fromkeys(AgentState, 0)
    for agent in await program.routing.agents():
        agents[agent.state] += 1
    queues = [([name], float(await program.board.length(name))) for name in program.config.queues]
    ended = CounterMetricFamily("hotline_calls", "Ended calls by outcome", labels=["outcome"])
    for outcome in Outcome:
        ended.add_metric([outcome.value], outcomes.get(outcome, 0))
    at_carriers = GaugeMetricFamily(
        "hotline_recordings_at_carrier",
        "Recordings that a carrier holds or held for us, by how far their fetching is",
        labels=["carrier", "state"],
    )
    for carrier, counts in program.backlogs.items():
        for state, count in (await counts()).items():
            at_carriers.add_metric([carrier, str(state)], count)
    in_progress = [([state.value], float(calls.get(state, 0))) for state in _open_states()]
    backlog = [([state.value], float(recordings.get(state, 0))) for state in RecordingState]
    return [
        ended,
        _gauge("hotline_calls_in_progress", "Calls that have not ended, by state", "state", in_progress),
        _gauge("hotline_queue_waiting", "Callers waiting, by queue", "queue", queues),
        _gauge(
            "hotline_agents", "Agents by state", "state", [([state.value], n) for state, n in agents.items()]
        ),
        _gauge("hotline_recordings", "Recordings by how far they are", "state", backlog),
        at_carriers,
        _gauge("hotline_lines_in_use", "Lines with a caller on them", None, [([], program.lines.in_use())]),
    ]


def _open_states() -> list[CallState]:
    return [state for state in CallState if state is not CallState.ENDED]


def _gauge(name: str, text: str, label: str | None, samples: _Samples) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label] if label else [])
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
