"""`hotline purge`, `hotline calls hold|release|holds`: what is kept no longer, and what has to be."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import JsonFlag, print_json, print_table, say
from api.cli.session import at_keyboard, audit_of, with_program

if TYPE_CHECKING:
    from api.bootstrap import Program
    from api.holds import Hold, SqlHolds
    from recordings.retention import Kept

Id = Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")]

_CALLED = {
    "audio": "recordings whose sound",
    "originals": "original transcripts",
    "transcripts": "transcripts",
    "callers": "calls whose numbers and names",
}


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how much would be deleted.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete what `retention` in routing.yaml no longer keeps. A worker does so by itself every few hours."""

    async def work(program: "Program") -> "dict[Kept, int]":
        return await (program.purge.due() if dry_run else program.purge.purge(at_keyboard()))

    found = with_program(work)
    if as_json:
        print_json({"dry_run": dry_run, **{kept.value: count for kept, count in found.items()}})
        return
    word = "would go" if dry_run else "went"
    for kept, count in found.items():
        say(f"{count:6}  {_CALLED[kept]} {word}")


def hold(
    call: Id,
    reason: Annotated[str, typer.Option(help="What it is kept for: the audit keeps it, too.")],
    as_json: JsonFlag = False,
) -> None:
    """Keep everything of a call, however old it becomes, until it is released."""

    async def work(program: "Program") -> "Hold":
        from api.dossier import find_call

        return await _holds(program).hold(await find_call(program.store, call), at_keyboard(), reason)

    kept = with_program(work)
    if as_json:
        print_json(_data(kept))
    else:
        say(f"call {kept.call_id} is on hold since {kept.since:%Y-%m-%d}: {kept.reason}", style="green")


def release(call: Id, as_json: JsonFlag = False) -> None:
    """End the hold on a call: what is older than it is kept for goes with the next purge."""

    async def work(program: "Program") -> bool:
        from api.dossier import find_call

        return await _holds(program).release(await find_call(program.store, call), at_keyboard())

    released = with_program(work)
    if as_json:
        print_json({"released": released})
    else:
        say("released" if released else "it was on no hold")


def holds(as_json: JsonFlag = False) -> None:
    """List the calls on hold."""
    found = with_program(lambda program: _holds(program).all())
    if as_json:
        print_json([_data(one) for one in found])
    else:
        rows = [(one.call_id, one.since, one.who, one.reason) for one in found]
        print_table("", ("call", "since", "who", "reason"), rows)


def _data(kept: "Hold") -> dict[str, object]:
    return {"call": kept.call_id, "since": kept.since, "who": kept.who, "reason": kept.reason}


def _holds(program: "Program") -> "SqlHolds":
    from api.holds import SqlHolds

    return SqlHolds(program.database, program.clock, audit_of(program))
