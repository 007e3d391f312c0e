"""A conversation in the terminal: its recording, what was said, and how that was scored."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from api.cli.output import local_time, say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.text import Text

    from api.dossier import Conversation
    from recordings.marks import Redacted
    from recordings.ports import Fetch


def print_conversation(conversation: "Conversation", zone: "ZoneInfo") -> None:
    for line in _conversation(conversation, zone):
        say(line)


def tell_fetch(fetch: "Fetch", zone: "ZoneInfo") -> str:
    """What is still to be done about sound at a carrier, and what keeps it."""
    from recordings.ports import FetchState

    told = {
        FetchState.COMING: f"the sound is to come from {fetch.carrier}",
        FetchState.LOST: f"the sound did not come from {fetch.carrier}",
        FetchState.LEFT: f"the sound is to be deleted at {fetch.carrier}",
    }[fetch.state]
    if fetch.tries:
        told += f"; {fetch.tries} {'try' if fetch.tries == 1 else 'tries'} in vain, "
        told += f"the next {local_time(fetch.next_try, zone)}" if fetch.next_try else "no more by itself"
    return told + (f": {fetch.problem}" if fetch.problem else "")


def _conversation(conversation: "Conversation", zone: "ZoneInfo") -> Iterator["Text"]:
    from rich.text import Text

    recording = conversation.filed.recording
    tracks = ", ".join(f"{name.value} {track.duration:.1f} s" for name, track in recording.tracks.items())
    heading = f"recording {recording.id} with {conversation.filed.agent}: {recording.state.value}"
    yield Text(heading + (f" ({tracks})" if tracks else ""), style="bold")
    if recording.failure:
        yield Text(f"  {recording.failure}", style="red")
    if conversation.fetch:
        yield Text(f"  {tell_fetch(conversation.fetch, zone)}", style="yellow")
    if conversation.transcript is not None:
        yield from transcript_lines(conversation.transcript)
    for score in conversation.scores:
        yield from _score(score)


def transcript_lines(kept: "Redacted") -> Iterator["Text"]:
    """What was said, an utterance a line."""
    from rich.text import Text

    transcript = kept.transcript
    yield Text(f"transcript by {transcript.model}, {transcript.language}", style="bold")
    for said in transcript.utterances:
        who = f"{said.start:8.1f} s  {said.track.value:<9} "
        sure = f"  ({said.confidence:.0%} sure)" if said.confidence < 0.6 else ""
        yield Text.assemble((who, "dim"), said.text(transcript.language), (sure, "yellow"))


def _score(score: dict[str, Any]) -> Iterator["Text"]:
    from rich.text import Text

    total = "undecided" if score["total"] is None else f"{score['total']:.1f} of 100"
    band = f", {score['band']}" if score["band"] else ""
    yield Text(f"score {total}{band} ({score['scorecard']} v{score['scorecard_version']})", style="bold")
    colours = {"pass": "green", "fail": "red", "unknown": "yellow"}
    for item in score["result"]["items"]:
        seconds = ", ".join(f"{heard['second']:.1f} s" for heard in item["evidence"])
        points = f"{item['points']:5.1f}/{item['max']:<5.1f}"
        yield Text.assemble(
            f"  {points} ",
            (f"{item['verdict']:<14}", colours.get(item["verdict"], "dim")),
            f" {item['id']}: {item['sentence']}",
            (f"  at {seconds}" if seconds else "", "dim"),
        )
