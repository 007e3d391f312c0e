"""Puts the program together: the only place that picks classes."""

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
    "simulate",
]
