"""What became of a call that an earlier process steered, asked of Twilio."""

from typing import TYPE_CHECKING

from ivr.adapters.twilio.remote import RemoteCall
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.webhooks import Progress
from ivr.call import Call, CallState
from ivr.events import Party

if TYPE_CHECKING:
    from ivr.adapters.twilio.session import Session


async def resume(session: "Session", rest: TwilioRest, call: Call) -> None:
    """Reports how `call` is or how it ended; raises `TwilioError` where Twilio does not answer.

    A caller who waits goes on waiting, with the music that is played to them. An agent's phone that rings on
    for one who is gone is hung up by the end of the session, which has to know the leg.
    """
    remote = await rest.fetch_call(call.carrier_id)
    up = remote is not None and not remote.over
    people = await rest.participants(str(call.id)) if up or call.reservation is not None else []
    inside = {person.call_sid for person in people if person.status == "connected"}
    legs = {person.label: person.call_sid for person in people}
    talking = session.talking
    if call.reservation is not None and call.reserved_agent is not None:
        leg = talking.ringing.adopt(call.reservation, call.reserved_agent)
        leg.asked = True
        leg.sid = legs.get(leg.label)
        if call.state is CallState.TALKING:
            talking.resume(leg)
            if leg.sid is None:
                await _parted(session, rest, call, remote)
        elif leg.sid is None:
            talking.ringing.await_news(leg)
        else:
            await talking.ringing.ask(leg)
    if call.carrier_id in inside and talking.talk is None:
        talking.caller_entered()
    session.resumed(remote, waits=call.state in (CallState.QUEUED, CallState.RINGING))
    await session.settle()


async def _parted(session: "Session", rest: TwilioRest, call: Call, remote: RemoteCall | None) -> None:
    """The conversation is over: the conference tells who ended it, that leg why and when."""
    ended = next(iter(await rest.conferences(str(call.id))), None)
    if ended is None or ended.ended_by is None:
        if remote is not None and not remote.over:
            session.talking.part(Party.UNKNOWN)
    elif ended.ended_by != call.carrier_id:
        leg = await rest.fetch_call(ended.ended_by)
        if leg is not None and session.talking.talk is not None:
            session.talking.talk.learn(Progress(leg.sid, leg.status))
        session.talking.part(Party.AGENT, leg.over_at if leg is not None else None)
