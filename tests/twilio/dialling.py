"""Dial: into a conference, or to somebody's telephone: twilio.com/docs/voice/twiml/dial."""

import asyncio
from urllib.parse import urljoin

from .attending import WAIT_FAILED, attend
from .call import TERMINAL, Call, Source
from .conference import Participant
from .exchange import Exchange, callback
from .faults import Webhook
from .legs import cancel, ring
from .mix import Mix
from .twiml import Verb

_FOUR_HOURS = 14_400


class Dialling:
    def __init__(self, exchange: Exchange, call: Call, verb: Verb, base: str) -> None:
        self._exchange = exchange
        self._call = call
        self._verb = verb
        self._base = base
        self._began = exchange.now()
        self._noun = verb.children[0] if verb.children else Verb("Number", {}, verb.text, (), verb.warn)

    async def run(self) -> Source | None:
        """Where the call goes on afterwards: its action, or None for the next verb."""
        outcome = {"DialCallStatus": "failed"}
        try:
            if self._noun.name == "Conference":
                outcome = await self._conference()
            else:
                outcome = await self._somebody()
        except asyncio.CancelledError:
            self._ask_in_vain()
            raise
        return self._action(outcome)

    def _action(self, outcome: dict[str, str]) -> Source | None:
        if not self._verb.get("action"):
            return None
        url = urljoin(self._base, self._verb.get("action"))
        return Source(url, self._verb.get("method", "POST"), outcome)

    def _ask_in_vain(self) -> None:
        """The caller is gone: the action is asked for, and its answer not executed."""
        action = self._action(self._answered())
        if action and self._call.over and self._exchange.habits.dial_action_after_hangup:
            said = self._call.params() | dict(action.params)
            self._exchange.courier.notify(
                Webhook("twiml", action.url, said, f"{self._call.sid} action", action.method)
            )

    def _answered(self) -> dict[str, str]:
        seconds = int((self._exchange.now() - self._began).total_seconds())
        return {"DialCallStatus": "answered", "DialCallDuration": str(seconds), "DialBridged": "true"}

    async def _conference(self) -> dict[str, str]:
        noun = self._noun
        conference = self._exchange.conference(noun.text)
        if conference.callback is None and not conference.participants:
            conference.callback = callback(
                _absolute(self._base, noun.get("statusCallback")),
                noun.get("statusCallbackMethod"),
                noun.get("statusCallbackEvent"),
                otherwise="",
            )
        one = Participant(
            self._call,
            start_on_enter=noun.flag("startConferenceOnEnter", True),
            end_on_exit=noun.flag("endConferenceOnExit", False),
            muted=noun.flag("muted", False),
            call_sid_to_coach=noun.get("coach") or None,
            coaching=bool(noun.get("coach")),
            label=noun.get("participantLabel") or None,
            beep=noun.get("beep", "true"),
            wait_url=_absolute(self._base, noun.attributes.get("waitUrl")),
            wait_method=noun.get("waitMethod", "POST"),
        )
        limit = self._exchange.spawn(self._time_limit(one))
        try:
            reason = await attend(self._exchange, conference, one)
        finally:
            limit.cancel()
        return {"DialCallStatus": "failed"} if reason == WAIT_FAILED else self._answered()

    async def _time_limit(self, one: Participant) -> None:
        await self._exchange.clock.sleep(self._verb.whole("timeLimit", _FOUR_HOURS))
        if not one.left.done():
            one.left.set_result("participant_hung_up")

    async def _somebody(self) -> dict[str, str]:
        """Rings one number, SIP address or client, and bridges the two."""
        exchange, noun = self._exchange, self._noun
        caller_id = self._verb.get("callerId") or self._call.from_
        leg = exchange.new_call(caller_id, _endpoint(noun), "outbound-dial")
        leg.parent_sid = self._call.sid
        leg.callback = callback(
            _absolute(self._base, noun.get("statusCallback")),
            noun.get("statusCallbackMethod"),
            noun.get("statusCallbackEvent"),
        )
        self._call.hear("tone", "ringing")
        try:
            if await ring(exchange, leg, float(self._verb.whole("timeout", 30))):
                await self._bridge(leg)
        finally:
            if leg.status in ("queued", "ringing"):
                cancel(exchange, leg)
            exchange.end(leg, "completed", 200)
        status = leg.status if leg.status in TERMINAL else "completed"
        said = {"DialCallStatus": status, "DialCallSid": leg.sid, "DialBridged": "false"}
        if leg.answered_at:
            said |= {"DialCallDuration": str(leg.seconds), "DialBridged": "true"}
        return said

    async def _bridge(self, leg: Call) -> None:
        exchange, mix = self._exchange, Mix()
        for call in (self._call, leg):
            mix.enter(call, exchange.now())
            call.bridged = True
            call.changes.notify()
        ended = asyncio.ensure_future(leg.ended.wait())
        limit = asyncio.ensure_future(exchange.clock.sleep(self._verb.whole("timeLimit", _FOUR_HOURS)))
        try:
            await asyncio.wait({ended, limit}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ended, limit):
                task.cancel()
            for call in (self._call, leg):
                mix.leave(call, exchange.now())
                call.bridged = False


def _absolute(base: str, url: str | None) -> str | None:
    """None stays None, which is not the same as empty."""
    return urljoin(base, url) if url else url


def _endpoint(noun: Verb) -> str:
    if noun.name == "Client":
        return f"client:{noun.text}"
    return noun.text
