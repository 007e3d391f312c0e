"""`hotline report`: the ledger added up."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import JsonFlag, print_json, print_table, say
from api.cli.session import moment, with_program

if TYPE_CHECKING:
    from api.bootstrap import Program


def report(
    since: Annotated[str | None, typer.Option(help="Calls offered from this date or time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Calls offered before this date or time.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Add the ledger up: how many calls were offered, and what became of them."""
    from qa.service import as_json as ledger_as_json

    async def work(program: "Program") -> dict[str, Any]:
        zone = program.config.timezone
        return ledger_as_json(await program.quality.added_up(moment(since, zone), moment(until, zone)))

    found = with_program(work)
    if as_json:
        print_json(found)
    else:
        print_report(found)
    if not found["balanced"]:
        raise typer.Exit(1)


def print_report(found: dict[str, Any]) -> None:
    """The ledger's sum, as `qa.service.as_json` gives it, for people."""
    from api.labels import outcome_label

    offered = found["offered"]
    rows: list[tuple[object, ...]] = []
    for outcome, count in found["outcomes"].items():
        rows.append((outcome_label(outcome), count, f"{count / offered:.1%}" if offered else ""))
        if outcome == "answered":
            rows += [(f"  {outcome_label(ending)}", n, "") for ending, n in found["endings"].items()]
    print_table("", ("outcome", "#calls", "#share"), [*rows, ("offered", offered, "")])
    if found["in_progress"]:
        say(f"and {found['in_progress']} in progress")
    if not found["balanced"]:
        say("the outcomes do not add up to the calls that ended", style="bold red")
