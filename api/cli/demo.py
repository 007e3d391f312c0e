"""`hotline demo`: the whole journey on this machine alone."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    report: Annotated[
        Path | None, typer.Option(help="Write the ledger's sum to this file, as `report --json` prints it.")
    ] = None,
) -> None:
    """Run twelve and more calls through the whole journey: simulated carrier, real audio and recogniser."""
    from api.demo import run

    run(report)
