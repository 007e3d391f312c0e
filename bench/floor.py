"""A call centre for a bench: an Asterisk of its own, and the program on it with bench/config."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.program import HotlineProgram, make_configuration
from tests.telephony.asterisk import AsteriskServer

_LONG = 600  # seconds without audio until Asterisk gives a call up: a bench's phones may be silent


@dataclass(frozen=True, slots=True)
class Floor:
    work: Path
    asterisk: AsteriskServer
    hotline: HotlineProgram

    @property
    def prompts(self) -> Path:
        """The menus' prompts, in a folder that Asterisk sees under the same path."""
        return self.work / "shared" / "config" / "prompts"

    @property
    def spool(self) -> Path:
        """Where recordings are until a worker takes them."""
        return self.hotline.data / "spool"

    def folder(self, name: str) -> Path:
        path = self.work / name
        path.mkdir()
        return path


@asynccontextmanager
async def open_floor(
    contacts: Mapping[str, str],
    *,
    files: Mapping[str, str] | None = None,
    modules: Sequence[str] = (),
    rtp_timeout: int = _LONG,
    rtp_ports: int = 1000,
) -> AsyncIterator[Floor]:
    """`contacts` are the agents' phones by name. Recordings stay in the spool: no worker transcribes them."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        work = Path(folder)
        shared, configuration = work / "shared", work / "shared" / "config"
        data, place = shared / "data", work / "asterisk"
        shared.mkdir()
        data.mkdir()
        place.mkdir()
        make_bench_configuration(configuration)
        asterisk = AsteriskServer(
            place,
            contacts=contacts,
            shared=[shared],
            files=files,
            modules=modules,
            rtp_timeout=rtp_timeout,
            rtp_ports=rtp_ports,
        )
        os.environ["HOTLINE_EMBEDDED_WORKER"] = "false"
        hotline = HotlineProgram(data, configuration, asterisk)
        asterisk.start()
        try:
            await hotline.start()
            yield Floor(work, asterisk, hotline)
        finally:
            await hotline.stop()
            asterisk.stop()


def make_bench_configuration(folder: Path) -> Path:
    """The tests' configuration, with routing and menus for load."""
    make_configuration(folder)
    shutil.rmtree(folder / "menus")
    shutil.copytree(Path(__file__).parent / "config", folder, dirs_exist_ok=True)
    return folder
