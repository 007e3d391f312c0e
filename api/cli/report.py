"""`hotline report`: the ledger added up, and the figures of the service."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import JsonFlag, print_json, print_table, say
from api.cli.session import moment, with_program
from qa.metrics import DEFAULT_LEVEL, Level

if TYPE_CHECKING:
    from api.bootstrap import Program

#: What the table of the queues has of the figures, beside the service level.
_OF_QUEUES = ("ASA", "LONGEST_WAIT", "ABANDON", "TALK", "AHT")


def report(
    since: Annotated[str | None, typer.Option(help="Calls offered from this date or time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Calls offered before this date or time.")] = None,
    level: Annotated[Level, typer.Option(help="The formula of the service level.")] = DEFAULT_LEVEL,
    within: Annotated[
        float | None,
        typer.Option(min=0.1, help="Its threshold in seconds; else each queue's own, of routing.yaml."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Add the ledger up: how many calls were offered, what became of them, and how well they were served."""
    from qa.report import as_json as as_data

    async def work(program: "Program") -> dict[str, Any]:
        zone = program.config.timezone
        between = moment(since, zone), moment(until, zone)
        return as_data(await program.quality.report(*between, level=level, within=within))

    found = with_program(work)
    if as_json:
        print_json(found)
    else:
        print_report(found)
    if not found["balanced"]:
        raise typer.Exit(1)


def print_report(found: dict[str, Any]) -> None:
    """A report, as `qa.report.as_json` gives it, for people."""
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
    if offered:
        _print_figures(found["figures"])


def _print_figures(figures: dict[str, Any]) -> None:
    total, formulas = figures["total"], figures["formulas"]
    rows = [
        (
            f"{formulas[name]['en']} {formulas[name]['zh']}",
            _value(value, formulas[name]["unit"]),
            name,
            formulas[name]["formula"],
            formulas[name]["source"],
        )
        for name, value in total["values"].items()
    ]
    say("")
    print_table("", ("figure", "#value", "id", "formula", "source"), rows)
    if total["queued"]:
        limit = f"{total['within']:g} s" if total["within"] else "each queue's own threshold"
        say(f"A answered, B abandoned in the queue or while ringing; A_T, B_T within {limit}; B_s short")
        say("")
        _print_queues(figures)


def _print_queues(figures: dict[str, Any]) -> None:
    level, formulas = figures["service_level"], figures["formulas"]
    shown = (level, *_OF_QUEUES)
    columns = (
        "queue",
        "#queued",
        "#answered",
        "#abandoned",
        "#T",
        "#target",
        *(f"#{name}" for name in shown),
    )
    rows = [
        (
            queue,
            of_queue["queued"],
            of_queue["answered"],
            of_queue["abandoned"],
            f"{of_queue['within']:g} s",
            _value(of_queue["target"], "share"),
            *(_value(of_queue["values"][name], formulas[name]["unit"]) for name in shown),
        )
        for queue, of_queue in figures["queues"].items()
    ]
    print_table("", columns, rows)


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return {"share": f"{value:.1%}", "seconds": f"{value:.1f} s"}.get(unit, f"{value:g}")
