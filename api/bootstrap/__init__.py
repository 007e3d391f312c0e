"""Puts the program together: the only place that picks classes.

What is here is loaded when it is first asked for: a command that needs a part does not wait for the whole.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.bootstrap.credentials import refused_credentials
    from api.bootstrap.program import Program
    from api.bootstrap.simulator import simulate
    from api.bootstrap.wiring import open_program, open_shelf
    from ivr.adapters.simulator import Happening
    from ivr.adapters.simulator.scenario import Agent as SimulatedAgent
    from ivr.adapters.simulator.scenario import Scenario, load_scenario

__all__ = [
    "Happening",
    "Program",
    "Scenario",
    "SimulatedAgent",
    "load_scenario",
    "open_program",
    "open_shelf",
    "refused_credentials",
    "simulate",
]

_PLACES = {
    "Happening": ("ivr.adapters.simulator", "Happening"),
    "Program": ("api.bootstrap.program", "Program"),
    "Scenario": ("ivr.adapters.simulator.scenario", "Scenario"),
    "SimulatedAgent": ("ivr.adapters.simulator.scenario", "Agent"),
    "load_scenario": ("ivr.adapters.simulator.scenario", "load_scenario"),
    "open_program": ("api.bootstrap.wiring", "open_program"),
    "open_shelf": ("api.bootstrap.wiring", "open_shelf"),
    "refused_credentials": ("api.bootstrap.credentials", "refused_credentials"),
    "simulate": ("api.bootstrap.simulator", "simulate"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _PLACES[name]
    return getattr(import_module(module), there)
