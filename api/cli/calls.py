"""`hotline calls`: what calls there were, and everything about one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.conversations import print_conversation
from api.cli.output import JsonFlag, local_time, print_json, print_table, say
from api.cli.retention import hold, holds, release
from api.cli.session import at_keyboard, audit_of, moment, with_program
from api.cli.transcripts import transcript

if TYPE_CHECKING:
    from uuid import UUID

    from api.bootstrap import Program
    from api.dossier import Dossier
    from ivr.ports import Entry

app = typer.Typer(help="Calls: the list, and the whole story of one.", no_args_is_help=True)


@app.command("list")
def list_calls(
    since: Annotated[str | None, typer.Option(help="Offered from this date or time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Offered before this date or time.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only calls with this outcome, such as answered.")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Only calls of this queue.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only calls of this agent.")] = None,
    in_progress: Annotated[
        bool, typer.Option("--in-progress", help="Only calls that have not ended.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List calls, the newest first. Callers' numbers are masked; `calls show` has them."""
    from api.listing import Filters, Listing
    from api.masking import mask_number
    from ivr.call import CallState
    from qa.ledger import Outcome

    if outcome is not None and outcome not in set(Outcome):
        allowed = ", ".join(Outcome)
        raise typer.BadParameter(f"{outcome!r} is no outcome; there are {allowed}", param_hint="--outcome")

    async def work(program: "Program") -> tuple[list[dict[str, Any]], Any]:
        zone = program.config.timezone
        filters = Filters(
            since=moment(since, zone),
            until=moment(until, zone),
            outcome=Outcome(outcome) if outcome else None,
            queue=queue,
            agent=agent,
            in_progress=in_progress,
        )
        rows, _ = await Listing(program.database).calls(filters, limit)
        return [dict(row) | {"caller": mask_number(row["caller"])} for row in rows], zone

    rows, zone = with_program(work)
    if as_json:
        print_json(rows)
        return
    print_table(
        "",
        ("call", "offered", "caller", "tier", "language", "intent", "queue", "agent", "outcome"),
        [
            (
                row["id"],
                local_time(row["offered_at"], zone),
                row["caller"] or "withheld",
                row["tier"],
                row["language"],
                row["intent"],
                row["queue"],
                row["agent"],
                row["outcome"] or ("?" if row["state"] == CallState.ENDED else row["state"]),
            )
            for row in rows
        ],
    )


@app.command()
def show(
    call: Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")],
    as_json: JsonFlag = False,
) -> None:
    """Tell the story of a call: timeline, routing decisions with reasons, recording, transcript, score."""
    from api.dossier import as_data, dossier, find_call

    async def work(program: "Program") -> "Dossier":
        call_id: UUID = await find_call(program.store, call)
        await audit_of(program).note(at_keyboard(), "call.read", "call", call_id, numbers=True)
        return await dossier(program, call_id)

    found = with_program(work)
    if as_json:
        print_json(as_data(found))
    else:
        print_dossier(found)


for command in (transcript, hold, release, holds):
    app.command()(command)


def print_dossier(found: "Dossier") -> None:
    """A call from its first second to its score."""
    from rich.text import Text

    from api.labels import told
    from api.telling import reasons, seconds_after, tell

    call = found.call
    outcome = (
        told(found.line.outcome, found.line.ending) if found.line else f"{call.state.value}, in progress"
    )
    say(Text.assemble(("call ", "bold"), (str(call.id), "bold"), f"  {outcome}"))
    say(Text(f"offered {local_time(call.offered_at, found.zone)}, tier {call.tier or '?'}"))
    if found.hold:
        since = local_time(found.hold.since, found.zone)
        say(Text(f"on legal hold since {since} by {found.hold.who}: {found.hold.reason}", style="yellow"))
    say("")
    for entry in found.timeline:
        say(_line(seconds_after(call.offered_at, entry.at), tell(entry.event), _style(entry)))
        for reason in reasons(entry.event):
            say(Text(f"{'':14}{reason}", style="cyan"))
    for conversation in found.conversations:
        say("")
        print_conversation(conversation, found.zone)


def _line(at: str, text: str, style: str) -> Any:
    from rich.text import Text

    return Text.assemble((f"{at:>12}  ", "dim"), (text, style))


def _style(entry: "Entry") -> str:
    styles = {
        "AgentReserved": "bold",
        "CallAnswered": "green",
        "AgentLegEnded": "yellow",
        "CallEnded": "bold",
    }
    return styles.get(type(entry.event).__name__, "")
