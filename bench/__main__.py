"""Every figure that the README quotes: `python -m bench` measures all, `python -m bench NAME…` some of them.

Each bench is a process of its own and says more of itself with `python -m bench.NAME --help`. They run one
after the other; progress goes to standard error. With --json, one object a line: the findings of a bench, or
the lines that it printed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable

#: By name: whether it can print JSON by itself.
BENCHES = {
    "matching": False,
    "ring": True,
    "calls": True,
    "webhooks": True,
    "ledger": True,
    "transcription": True,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]!r}; there are {', '.join(BENCHES)}")
    sys.exit(_run(options.names or BENCHES, as_json=options.json))


def _run(names: Iterable[str], *, as_json: bool) -> int:
    """1 where a bench failed: the others run nevertheless."""
    failed = []
    for name in names:
        print(f"--- {name} (load average {os.getloadavg()[0]:.2f})", file=sys.stderr, flush=True)
        if _measured(name, as_json=as_json):
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measured(name: str, *, as_json: bool) -> int:
    command = [sys.executable, "-m", f"bench.{name}"]
    if not as_json:
        return subprocess.run(command, check=False).returncode
    if BENCHES[name]:
        return subprocess.run([*command, "--json"], check=False).returncode
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    print(json.dumps({"bench": name, "printed": done.stdout.splitlines()}, ensure_ascii=False), flush=True)
    return done.returncode


if __name__ == "__main__":
    main()
