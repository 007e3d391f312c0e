"""What is known of a conversation besides its words, as of its end: the call may go on and learn more."""

from collections.abc import Sequence, Set
from uuid import UUID

from ivr.call import fold
from ivr.events import CallAnswered, CallEnded, TalkEnded
from ivr.ports import Entry
from qa.ledger import Ending, ending_of
from qa.scorecard import CallTag

_OF_ENDING = {Ending.DROPPED: CallTag.DROPPED, Ending.TRANSFER: CallTag.TRANSFERRED}


def tags_of(
    call_id: UUID,
    timeline: Sequence[Entry],
    reservation: UUID,
    complaints: Set[str],
    dropped_causes: frozenset[int],
) -> frozenset[CallTag]:
    """The tags of the conversation that `reservation` brought about; `complaints` are intents.

    Whatever happens to the call afterwards (a survey, another queue) changes nothing, so a conversation is
    scored alike whenever that is done. One that has not ended has no tags yet.
    """
    end = _end(timeline, reservation)
    if end is None:
        return frozenset()
    call = fold(call_id, ((entry.at, entry.event) for entry in timeline[: end + 1]))
    ending = _OF_ENDING.get(ending_of(call.talks[-1], dropped_causes))
    complaint = CallTag.COMPLAINT if call.intent in complaints else None
    return frozenset(tag for tag in (ending, complaint) if tag is not None)


def _end(timeline: Sequence[Entry], reservation: UUID) -> int | None:
    """Where on the timeline the conversation ends."""
    talking = False
    for index, entry in enumerate(timeline):
        match entry.event:
            case CallAnswered():
                talking = entry.event.reservation == reservation
            case TalkEnded() | CallEnded() if talking:
                return index
    return None
