"""What processes, and everything on the machine, take of its processors: from /proc."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


_IDLE = slice(3, 5)  # of /proc/stat's first line: idle and iowait


@contextmanager
def cpu_shares(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """Filled when the block ends: by process, and for the machine, percentages of one core meanwhile."""
    shares: dict[str, float] = {}
    before, began = _spent(pids), perf_counter()
    yield shares
    took = perf_counter() - began
    shares |= {name: round(100 * (spent - before[name]) / took) for name, spent in _spent(pids).items()}


def _spent(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: _cpu_seconds(pid) for name, pid in pids.items()} | {"all the machine": _machine_seconds()}


def _cpu_seconds(pid: int) -> float:
    """User and system time of all its threads (proc(5): fields 14 and 15)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_A_SECOND


def _machine_seconds() -> float:
    """Of all cores, all that was not idle (proc(5): the first eight columns; guests count as user)."""
    with Path("/proc/stat").open() as file:
        spent = [int(column) for column in file.readline().split()[1:9]]
    return (sum(spent) - sum(spent[_IDLE])) / _TICKS_A_SECOND
