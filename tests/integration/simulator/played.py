"""The demo's calls in a process of their own: `python -m tests.integration.simulator.played FOLDER OVERLAY`.

OVERLAY is a folder like config/demo. FOLDER gets `told.json`, with the narration and all rows of all tables,
and the recordings' tracks, as the callers' and agents' phones left them, in `spool/`.
"""

import asyncio
import io
import json
import sys
from pathlib import Path

from rich.console import Console
from sqlalchemy import select

from api import demo
from api.bootstrap import load_scenario, open_program
from config.clock import ManualClock
from config.database import metadata
from config.ids import SeededIds
from config.logging import configure
from config.settings import Settings


async def play(folder: Path, overlay: Path) -> None:
    settings = Settings(data=folder, carriers=(), database_url="", redis_url="")
    scenario = load_scenario(overlay / "scenario.yaml")
    clock = ManualClock(scenario.starts)
    ids = SeededIds(clock, demo.SEED)
    console = Console(file=io.StringIO(), width=200, record=True)
    async with open_program(
        settings, clock=clock, ids=ids, overlay=overlay, stand_in=demo.STAND_IN
    ) as program:
        await demo.introduce(program, scenario)
        await demo.play(program, clock, scenario, console)
        await program.store.flush()
        tables = {
            table.name: [
                [str(value) for value in row.values()]
                for row in await program.database.read(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }
    told = {"narration": console.export_text().splitlines(), **tables}
    (folder / "told.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    configure("console", "error")
    asyncio.run(play(Path(sys.argv[1]), Path(sys.argv[2])))
