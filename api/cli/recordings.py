"""`hotline recordings`: what was recorded, what became of it, and another try for what failed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.conversations import print_conversation
from api.cli.output import JsonFlag, local_time, print_json, print_table, say
from api.cli.session import at_keyboard, audit_of, moment, with_program

if TYPE_CHECKING:
    from uuid import UUID

    from api.bootstrap import Program
    from api.dossier import Conversation
    from recordings.repository import Filed

app = typer.Typer(help="Recordings: the list, one of them, another try.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The recording's id, or as much of its beginning as is unique.")]


@app.command("list")
def list_recordings(
    state: Annotated[
        str | None, typer.Option(help="Only recordings in this state, such as failed or scored.")
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Only conversations of this agent.")] = None,
    since: Annotated[str | None, typer.Option(help="Begun at this date or time, or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Begun before this date or time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List recordings, the newest first."""
    from api.listing import Listing, RecordingFilters
    from recordings.recording import RecordingState

    if state is not None and state not in set(RecordingState):
        allowed = ", ".join(RecordingState)
        raise typer.BadParameter(f"{state!r} is no state; there are {allowed}", param_hint="--state")

    async def work(program: "Program") -> tuple[list["Filed"], Any]:
        zone = program.config.timezone
        wanted = RecordingState(state) if state else None
        filters = RecordingFilters(moment(since, zone), moment(until, zone), wanted, agent)
        found, _ = await Listing(program.database).recordings(filters, limit)
        return found, zone

    found, zone = with_program(work)
    if as_json:
        print_json([_as_data(filed) for filed in found])
    elif found:
        _print(found, zone)
    else:
        say("no recordings" + (" like that" if state or agent or since or until else " yet"))


@app.command()
def show(recording: Id, as_json: JsonFlag = False) -> None:
    """Show a recording: its tracks, what was said, and its score."""
    from api.dossier import conversation, conversation_data, find_recording

    async def work(program: "Program") -> tuple["Conversation", Any]:
        found = await find_recording(program.recordings, recording)
        filed = await program.recordings.get(found)
        await audit_of(program).note(at_keyboard(), "transcript.read", "recording", found)
        return await conversation(program, filed), program.config.timezone

    found, zone = with_program(work)
    if as_json:
        print_json(_as_data(found.filed) | conversation_data(found))
        return
    filed = found.filed
    say(f"call {filed.recording.call_id}, began {local_time(filed.recording.began_at, zone)}")
    print_conversation(found)


@app.command()
def retry(recording: Id, as_json: JsonFlag = False) -> None:
    """Try a failed recording again: transcribe it or, where no sound had come, look for its sound."""
    from api.dossier import find_recording
    from recordings import recording as moves

    async def work(program: "Program") -> "Filed":
        found: UUID = await find_recording(program.recordings, recording)
        why = (await program.recordings.get(found)).recording.failure
        await program.recordings.change(found, moves.retry)
        await audit_of(program).note(at_keyboard(), "recording.retry", "recording", found, failure=why)
        return await program.recordings.get(found)

    filed = with_program(work)
    if as_json:
        print_json(_as_data(filed))
    else:
        say(f"recording {filed.recording.id} is {filed.recording.state}: a worker takes it up", style="green")


def _print(found: list["Filed"], zone: Any) -> None:
    print_table(
        "",
        ("recording", "began", "agent", "language", "#seconds", "state", "failure"),
        [
            (
                filed.recording.id,
                local_time(filed.recording.began_at, zone),
                filed.agent,
                filed.recording.language,
                f"{filed.recording.duration:.1f}" if filed.recording.tracks else "",
                filed.recording.state,
                filed.recording.failure,
            )
            for filed in found
        ],
    )


def _as_data(filed: "Filed") -> dict[str, Any]:
    from api.routes.recordings import recording_detail

    return recording_detail(filed).model_dump(mode="json")
