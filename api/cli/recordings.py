"""`hotline recordings`: what was recorded, what became of it, and another try for what failed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.conversations import print_conversation, tell_fetch
from api.cli.output import JsonFlag, local_time, print_json, print_table, say
from api.cli.session import at_keyboard, audit_of, moment, with_program

if TYPE_CHECKING:
    from uuid import UUID

    from api.bootstrap import Program
    from api.dossier import Conversation
    from recordings.ports import Fetch
    from recordings.repository import Filed

    #: A recording, and what is still to be done about its sound at the carrier.
    Known = tuple[Filed, Fetch | None]

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

    async def work(program: "Program") -> tuple[list["Known"], Any]:
        zone = program.config.timezone
        wanted = RecordingState(state) if state else None
        filters = RecordingFilters(moment(since, zone), moment(until, zone), wanted, agent)
        found, _ = await Listing(program.database).recordings(filters, limit)
        return await _known(program, found), zone

    found, zone = with_program(work)
    if as_json:
        print_json([_as_data(*known) for known in found])
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
        detail = _as_data(found.filed, found.fetch)
        print_json(conversation_data(found) | detail)
        return
    filed = found.filed
    say(f"call {filed.recording.call_id}, began {local_time(filed.recording.began_at, zone)}")
    print_conversation(found, zone)


@app.command()
def retry(recording: Id, as_json: JsonFlag = False) -> None:
    """Try a failed recording again: transcribe it or, where no sound had come, look for its sound.

    What waits or failed at the carrier is tried at once.
    """
    from api.dossier import find_recording
    from api.retrying import try_again

    async def work(program: "Program") -> tuple["Known", Any]:
        found: UUID = await find_recording(program.recordings, recording)
        filed = await try_again(program, audit_of(program), at_keyboard(), found)
        return (await _known(program, [filed]))[0], program.config.timezone

    (filed, fetch), zone = with_program(work)
    if as_json:
        print_json(_as_data(filed, fetch))
    else:
        next_step = tell_fetch(fetch, zone) if fetch else "a worker takes it up"
        say(f"recording {filed.recording.id} is {filed.recording.state}: {next_step}", style="green")


async def _known(program: "Program", found: list["Filed"]) -> list["Known"]:
    fetches = await program.at_carriers.fetches([filed.recording.id for filed in found])
    return [(filed, fetches.get(filed.recording.id)) for filed in found]


def _print(found: list["Known"], zone: Any) -> None:
    print_table(
        "",
        ("recording", "began", "agent", "language", "#seconds", "state", "trouble"),
        [
            (
                filed.recording.id,
                local_time(filed.recording.began_at, zone),
                filed.agent,
                filed.recording.language,
                f"{filed.recording.duration:.1f}" if filed.recording.tracks else "",
                filed.recording.state,
                _trouble(filed, fetch, zone),
            )
            for filed, fetch in found
        ],
    )


def _trouble(filed: "Filed", fetch: "Fetch | None", zone: Any) -> str:
    at_carrier = tell_fetch(fetch, zone) if fetch else None
    return "; ".join(filter(None, (filed.recording.failure, at_carrier)))


def _as_data(filed: "Filed", fetch: "Fetch | None") -> dict[str, Any]:
    from api.routes.recordings import recording_detail

    return recording_detail(filed, fetch).model_dump(mode="json")
