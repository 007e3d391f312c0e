"""The simulated carrier."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from config.clock import ManualClock
from ivr.adapters.simulator import Simulator
from ivr.adapters.simulator.happenings import Observe
from ivr.adapters.simulator.scenario import Scenario
from recordings import wav

if TYPE_CHECKING:
    from api.bootstrap.program import Program
    from recordings.adapters.vosk_model import VoskModels

_TELEPHONE_RATE = 8000  # Hz


def simulate(program: "Program", clock: ManualClock, scenario: Scenario, observe: Observe) -> Simulator:
    """Adds the simulated carrier, which plays `scenario` as `clock`, the program's own, is moved."""
    simulator = Simulator(
        clock,
        next_due=program.routing.next_due,
        run_due=program.routing.run_due,
        prompt_path=program.prompts.path,
        callers=scenario.callers,
        phones=scenario.phones,
        recognise=partial(_hear, program.models),
        spool=program.settings.data_dir("spool"),
        observe=observe,
    )
    program.carriers[simulator.name] = simulator
    program.phones[simulator.name] = simulator.phones
    return simulator


async def _hear(
    models: "VoskModels", path: Path, language: str, phrases: tuple[str, ...]
) -> tuple[str | None, float]:
    """The first phrase that the recogniser hears in a file, a tenth of a second at a time as in a call."""

    def listen() -> tuple[str | None, float]:
        samples, _ = wav.load(path, _TELEPHONE_RATE)
        decoder = models.phrases(language, _TELEPHONE_RATE, phrases)
        step = _TELEPHONE_RATE // 10
        steps = (samples[at : at + step].astype("<i2").tobytes() for at in range(0, len(samples), step))
        heard = next((phrase for part in steps if (phrase := decoder.accept(part))), None)
        heard = heard or decoder.finish()
        return (heard.text, heard.confidence) if heard else (None, 0.0)

    return await asyncio.to_thread(listen)
