"""A telephone network on this machine alone: virtual callers, virtual agents, real audio."""

from ivr.adapters.simulator.carrier import SimulationStuck, Simulator
from ivr.adapters.simulator.happenings import Happening
from ivr.adapters.simulator.load import Share, generate
from ivr.adapters.simulator.scenario import Scenario, load_scenario
from ivr.adapters.simulator.script import (
    Caller,
    Keys,
    Leaves,
    Phone,
    Says,
    Silence,
    Stage,
    Talk,
    Utterance,
)

__all__ = [
    "Caller",
    "Happening",
    "Keys",
    "Leaves",
    "Phone",
    "Says",
    "Scenario",
    "Share",
    "Silence",
    "SimulationStuck",
    "Simulator",
    "Stage",
    "Talk",
    "Utterance",
    "generate",
    "load_scenario",
]
