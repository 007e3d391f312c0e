"""What a line tells of itself after nobody listened for a while."""

from collections.abc import Iterator
from datetime import datetime

from ivr.adapters.simulator.line import Line
from ivr.call import Call, CallState
from ivr.events import AgentLegEnded, CallEnded, CallEvent, CallRecovered, MissReason, Party

News = tuple[datetime, CallEvent]


def forgotten(now: datetime) -> News:
    """The end of a call of which the virtual network knows nothing, as after a restart."""
    return now, CallEnded(Party.UNKNOWN, detail="the simulated network does not know this call")


def news_of(line: Line, call: Call, now: datetime) -> Iterator[News]:
    """What became of `call`, which the program remembers as it was, in the order in which it came about."""
    talk = line.talk
    if line.end is not None:
        if line.last_talk is not None and _still_thinks_it_talks(call, line):
            yield line.last_talk
        yield line.end
        return
    if call.state is CallState.TALKING and talk is None and line.last_talk is not None:
        yield line.last_talk
    elif call.state is CallState.RINGING and call.reservation is not None:
        if talk is not None and talk.reservation == call.reservation:
            yield now, talk.answered()
        elif line.rings_for(call.reservation):
            return  # the phone rings on, and what comes of it will be reported
        else:
            yield now, AgentLegEnded(call.reservation, call.reserved_agent or "", MissReason.CANCELLED)
    yield now, CallRecovered(talking=talk is not None)


def _still_thinks_it_talks(call: Call, line: Line) -> bool:
    return (
        call.state is CallState.TALKING
        and line.last_talk is not None
        and line.last_talk[1].reservation == call.reservation
    )
