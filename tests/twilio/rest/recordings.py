"""Recordings of calls: twilio.com/docs/voice/api/recording, .../recording#start-a-call-recording."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.twilio.exchange import Exchange, callback
from tests.twilio.recording import Recording

from . import shapes
from .calls import Form, find_call, one
from .errors import Refused, invalid_parameter, not_found, not_in_progress
from .filters import moments
from .paging import page

_CHANNELS = {"mono": 1, "dual": 2}


class Recordings:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def create(self, request: Request, form: Form) -> Response:
        """A call that is being recorded goes on being recorded: the answer is 200 and that recording."""
        call = find_call(self._exchange, request)
        if call.status != "in-progress":
            raise not_in_progress(
                "Requested resource is not eligible for recording: the call is not in progress."
            )
        for running in call.recordings:
            if running.running:
                return JSONResponse(shapes.recording(self._exchange, running))
        channels, track = one(form, "RecordingChannels") or "mono", one(form, "RecordingTrack") or "both"
        if channels not in _CHANNELS:
            raise invalid_parameter("RecordingChannels", channels)
        if track not in ("inbound", "outbound", "both"):
            raise invalid_parameter("RecordingTrack", track)
        told = callback(
            one(form, "RecordingStatusCallback"),
            one(form, "RecordingStatusCallbackMethod"),
            " ".join(form.get("RecordingStatusCallbackEvent", [])) or None,
        )
        made = self._exchange.record(
            call, channels=_CHANNELS[channels], track=track, callback=told, source="StartCallRecordingAPI"
        )
        return JSONResponse(shapes.recording(self._exchange, made), status_code=201)

    async def list_of_call(self, request: Request, form: Form) -> Response:
        call = find_call(self._exchange, request)
        created = moments(request, "DateCreated")
        found = [each for each in call.recordings if each.status != "deleted" and created(each.started)]
        return JSONResponse(page(request, "recordings", found, self._shape))

    async def list(self, request: Request, form: Form) -> Response:
        created, call_sid = moments(request, "DateCreated"), request.query_params.get("CallSid")
        found = [
            each
            for each in reversed(self._exchange.recordings.values())
            if each.status != "deleted" and created(each.started) and call_sid in (None, each.call.sid)
        ]
        return JSONResponse(page(request, "recordings", found, self._shape))

    async def update(self, request: Request, form: Form) -> Response:
        """Pauses, goes on, stops; Twilio.CURRENT is the one that runs."""
        call = find_call(self._exchange, request)
        sid = request.path_params["recording"]
        running = next((each for each in call.recordings if each.running), None)
        found = running if sid == "Twilio.CURRENT" else self._exchange.recordings.get(sid)
        if found is None or found.call is not call:
            raise not_found(request.url.path)
        if not found.running:
            raise not_in_progress("The recording is not in progress.")
        self._update(found, one(form, "Status") or "")
        return JSONResponse(self._shape(found))

    def _update(self, found: Recording, status: str) -> None:
        now = self._exchange.now()
        if status == "stopped":
            self._exchange.stop_recording(found)
        elif status == "paused" and found.status == "in-progress":
            found.status = "paused"
            found.pauses.append((now, None))
        elif status == "in-progress" and found.status == "paused":
            found.status = "in-progress"
            found.pauses[-1] = (found.pauses[-1][0], now)
        elif status not in ("paused", "in-progress"):
            raise invalid_parameter("Status", status)

    async def fetch(self, request: Request, form: Form) -> Response:
        """`/Recordings/RE....json`, or its sound: `.wav`, or without an ending."""
        sid, _, ending = request.path_params["recording"].partition(".")
        found = self._exchange.recordings.get(sid)
        if found is None or found.status == "deleted":
            raise not_found(request.url.path)
        if ending == "json":
            return JSONResponse(self._shape(found))
        if ending not in ("", "wav") or found.status != "completed":
            raise not_found(request.url.path)
        return self._media(request, found)

    def _media(self, request: Request, found: Recording) -> Response:
        channels = request.query_params.get("RequestedChannels", str(found.channels))
        if channels not in ("1", "2"):
            raise invalid_parameter("RequestedChannels", channels)
        try:
            return Response(found.media(int(channels)), media_type="audio/x-wav")
        except ValueError as error:
            raise Refused(400, 21626, f"Requested channels are not available: {error}") from error

    async def delete(self, request: Request, form: Form) -> Response:
        sid = request.path_params["recording"].partition(".")[0]
        found = self._exchange.recordings.get(sid)
        if found is None or found.status == "deleted":
            raise not_found(request.url.path)
        if found.status not in ("completed", "absent"):
            raise Refused(400, 20001, "Cannot delete a recording that is not completed")
        found.status = "deleted"
        return Response(status_code=204)

    def _shape(self, found: Recording) -> shapes.Json:
        return shapes.recording(self._exchange, found)
