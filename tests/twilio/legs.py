"""Calling somebody: the leg rings, is answered or not, and ends as the telephone's behaviour has it."""

import asyncio

from .call import Call
from .exchange import Exchange
from .phone import Answers, Behaviour, Busy, RingsOut, Unreachable

RING_BUFFER = 5.0  # seconds that Twilio adds to every Timeout
_CANCELLED, _NO_ANSWER, _OK = 487, 487, 200


async def ring(exchange: Exchange, call: Call, timeout: float) -> bool:
    """Whether the call was answered. Its status callbacks have been sent, also those of its failure.

    A call that is ended meanwhile, by whomever, is not answered.
    """
    behaviour = exchange.phone(call.to).takes(call)
    exchange.progress(call, "queued")
    if isinstance(behaviour, Unreachable):
        await _while_up(exchange, call, behaviour.after)
        exchange.end(call, behaviour.status, behaviour.code)
        return False
    exchange.progress(call, "ringing")
    patience = timeout + RING_BUFFER
    if not await _while_up(exchange, call, min(_ringing(behaviour), patience)):
        return False
    if isinstance(behaviour, Answers) and behaviour.after < patience:
        exchange.progress(call, "in-progress")
        exchange.spawn(_leaves(exchange, call, behaviour))
        return True
    if isinstance(behaviour, Busy) and behaviour.after < patience:
        exchange.end(call, "busy", behaviour.code)
    else:
        exchange.end(call, "no-answer", _NO_ANSWER)
    return False


def cancel(exchange: Exchange, call: Call) -> None:
    """Gives up ringing."""
    exchange.end(call, "canceled", _CANCELLED, "participant_add_failed")


def _ringing(behaviour: Behaviour) -> float:
    match behaviour:
        case Answers(after=after) | Busy(after=after):
            return after
        case RingsOut() | Unreachable():
            return float("1e6")


async def _while_up(exchange: Exchange, call: Call, seconds: float) -> bool:
    """Waits; whether the call is still up then."""
    timer, ended = (
        asyncio.ensure_future(wait) for wait in (exchange.clock.sleep(seconds), call.ended.wait())
    )
    try:
        await asyncio.wait({timer, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        ended.cancel()
    return not call.over


async def _leaves(exchange: Exchange, call: Call, behaviour: Answers) -> None:
    """The telephone's own end of the conversation."""
    hangs_up, drops = behaviour.hangs_up_after, behaviour.drops_after
    soonest = min(seconds for seconds in (hangs_up, drops, float("1e6")) if seconds is not None)
    if (hangs_up is None and drops is None) or not await _while_up(exchange, call, soonest):
        return
    if drops is not None and soonest == drops:
        exchange.end(call, behaviour.drop_status, behaviour.drop_code)
    else:
        exchange.end(call, "completed", _OK)
