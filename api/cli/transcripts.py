"""`hotline calls transcript`: what was said, without personal data or, with a reason, with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.conversations import transcript_lines
from api.cli.output import JsonFlag, print_json, say
from api.cli.session import at_keyboard, audit_of, with_program

if TYPE_CHECKING:
    from uuid import UUID

    from api.bootstrap import Program
    from recordings.marks import Redacted

    Kept = list[tuple[UUID, Redacted]]


def transcript(
    call: Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")],
    original: Annotated[
        bool, typer.Option("--original", help="With personal data but for cards; needs a --reason.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why the original has to be read: the audit keeps it.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what was said in a call, each conversation by itself."""
    from api.dossier import transcript_data

    if original and len((reason or "").strip()) < 3:
        raise typer.BadParameter("an original is read for a --reason", param_hint="--original")

    found = with_program(lambda program: _read(program, call, reason if original else None))
    if as_json:
        print_json([{"recording": name} | transcript_data(kept) for name, kept in found])
        return
    if not found:
        say("no original is kept" if original else "there is no transcript")
    for name, kept in found:
        say(f"recording {name}" + (", original" if original else ""), style="bold")
        for line in transcript_lines(kept):
            say(line)


async def _read(program: "Program", call: str, reason: str | None) -> "Kept":
    from api.dossier import find_call

    call_id = await find_call(program.store, call)
    found = []
    for filed in await program.recordings.of_call(call_id):
        name = filed.recording.id
        read = program.transcripts.get if reason is None else program.transcripts.original
        kept = await read(name)
        if kept is None:
            continue
        why = {} if reason is None else {"reason": reason}
        action = "transcript.read" if reason is None else "transcript.original"
        await audit_of(program).note(at_keyboard(), action, "recording", name, **why)
        found.append((name, kept))
    return found
