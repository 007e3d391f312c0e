"""Conferences and their participants: twilio.com/docs/voice/api/conference-participant-resource."""

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.twilio.attending import hold_music
from tests.twilio.call import Call
from tests.twilio.conference import Conference, Participant
from tests.twilio.exchange import Exchange
from tests.twilio.legs import cancel
from tests.twilio.placing import Placing

from . import shapes
from .calls import Form, display_name, endpoints, flag, one, seconds, status_callback
from .errors import invalid_parameter, label_in_use, not_found
from .paging import page

_BY_API = "participant_updated_via_api"


class Conferences:
    def __init__(self, exchange: Exchange, placing: Placing) -> None:
        self._exchange = exchange
        self._placing = placing

    async def list(self, request: Request, form: Form) -> Response:
        asked = request.query_params
        fields = {"FriendlyName": "friendly_name", "Status": "status"}
        found = [
            room
            for room in reversed(self._exchange.conferences.values())
            if all(getattr(room, field) == asked[name] for name, field in fields.items() if name in asked)
        ]
        sid = self._exchange.account.sid
        return JSONResponse(page(request, "conferences", found, lambda room: shapes.conference(room, sid)))

    async def fetch(self, request: Request, form: Form) -> Response:
        return JSONResponse(shapes.conference(self._by_sid(request), self._exchange.account.sid))

    async def update(self, request: Request, form: Form) -> Response:
        room = self._by_sid(request)
        if (status := one(form, "Status")) is not None:
            if status != "completed":
                raise invalid_parameter("Status", status)
            if not room.over:
                room.end_via_api()
        return JSONResponse(shapes.conference(room, self._exchange.account.sid))

    def _by_sid(self, request: Request) -> Conference:
        room = self._exchange.conferences.get(request.path_params["conference"])
        if room is None:
            raise not_found(request.url.path)
        return room


class Participants:
    def __init__(self, exchange: Exchange, placing: Placing) -> None:
        self._exchange = exchange
        self._placing = placing

    async def list(self, request: Request, form: Form) -> Response:
        """Who is "either connecting to, or actively connected to" it, as the page of the resource says."""
        room = self._room(request)
        people = list(room.participants.values())
        return JSONResponse(page(request, "participants", people, lambda one: shapes.participant(room, one)))

    async def create(self, request: Request, form: Form) -> Response:
        """Into a conference by SID, or by a name, which makes one where there is none.

        A label is for one alone, who may still be rung: twilio.com/docs/api/errors/16026.
        """
        from_, to = endpoints(form)
        timeout = seconds(form, "Timeout", 60, 5, 600)
        name = request.path_params["conference"]
        make, early_media = _participant(form), flag(form, "EarlyMedia", True)
        room = self._exchange.conferences.get(name) or self._exchange.conference(name)
        if room.over:
            raise not_found(request.url.path)
        label = one(form, "Label")
        if label is not None and room.labelled(label):
            raise label_in_use(label)
        if room.callback is None and not room.participants:
            room.callback = status_callback(form, "Conference")
        participant = make(self._placing.new(from_, to, status_callback(form), display_name(form, to)))
        self._placing.participant(room, participant, timeout, early_media)
        return JSONResponse(shapes.participant(room, participant), status_code=201)

    async def fetch(self, request: Request, form: Form) -> Response:
        return JSONResponse(shapes.participant(*self._find(request)))

    async def update(self, request: Request, form: Form) -> Response:
        room, found = self._find(request)
        before = (found.muted, found.hold)
        found.muted = flag(form, "Muted", found.muted)
        found.hold = flag(form, "Hold", found.hold)
        found.coaching = flag(form, "Coaching", found.coaching)
        found.call_sid_to_coach = one(form, "CallSidToCoach") or found.call_sid_to_coach
        found.end_on_exit = flag(form, "EndConferenceOnExit", found.end_on_exit)
        found.hold_url = one(form, "HoldUrl") or found.hold_url
        found.hold_method = one(form, "HoldMethod") or found.hold_method
        self._tell(room, found, before)
        if found.present:
            room.connect(found)
        if found.hold and not before[1]:
            self._exchange.spawn(self._hold(room, found))
        return JSONResponse(shapes.participant(room, found))

    async def delete(self, request: Request, form: Form) -> Response:
        """Puts them out of the conference."""
        room, found = self._find(request)
        if found.present:
            room.leave(found, _BY_API)
        else:
            cancel(self._exchange, found.call)
        return Response(status_code=204)

    async def _hold(self, room: Conference, one: Participant) -> None:
        music = asyncio.ensure_future(hold_music(self._exchange, room, one))
        try:
            await one.call.changes.until(lambda: not one.hold or not one.present, 1e6, lambda: "")
        finally:
            music.cancel()

    def _tell(self, room: Conference, one: Participant, before: tuple[bool, bool]) -> None:
        for word, was, now in (("mute", before[0], one.muted), ("hold", before[1], one.hold)):
            if was != now and one.present:
                room.tell(f"participant-{'' if now else 'un'}{word}", one.params())

    def _room(self, request: Request) -> Conference:
        """By SID, or the one of that name that is not over."""
        name = request.path_params["conference"]
        found = self._exchange.conferences.get(name) or self._exchange.rooms.get(name)
        if found is None or found.over:
            raise not_found(request.url.path)
        return found

    def _find(self, request: Request) -> tuple[Conference, Participant]:
        room = self._room(request)
        found = room.find(request.path_params["call"])
        if found is None:
            raise not_found(request.url.path)
        return room, found


def _participant(form: Form) -> Callable[[Call], Participant]:
    """Raises `Refused` before anybody is called."""
    return partial(
        Participant,
        start_on_enter=flag(form, "StartConferenceOnEnter", True),
        end_on_exit=flag(form, "EndConferenceOnExit", False),
        muted=flag(form, "Muted", False),
        coaching=flag(form, "Coaching", False),
        call_sid_to_coach=one(form, "CallSidToCoach"),
        label=one(form, "Label"),
        beep=one(form, "Beep") or "true",
        wait_url=one(form, "WaitUrl"),
        wait_method=one(form, "WaitMethod") or "POST",
    )
