"""Record: the caller leaves a message: twilio.com/docs/voice/twiml/record."""

import asyncio
from urllib.parse import urljoin

from .call import Call, Key, Listening, Source, Speaks
from .exchange import Exchange, callback
from .twiml import Verb

_BEEP_SECONDS = 0.5
_ANY_KEY = "1234567890*#"


async def tape(exchange: Exchange, call: Call, verb: Verb, base: str) -> Source | None:
    """Where it goes on: its action, once something was said; None otherwise."""
    if verb.flag("playBeep", True):
        call.hear("tone", "beep")
        await exchange.clock.sleep(_BEEP_SECONDS)
    told = callback(
        urljoin(base, verb.get("recordingStatusCallback")) if verb.get("recordingStatusCallback") else None,
        verb.get("recordingStatusCallbackMethod"),
        verb.get("recordingStatusCallbackEvent"),
    )
    recording = exchange.record(call, channels=1, track="inbound", callback=told, source="RecordVerb")
    try:
        spoke, key = await _listen(exchange, call, verb, base)
    finally:
        if recording.running:
            exchange.stop_recording(recording)
    if not spoke:
        return None
    said = {
        "RecordingSid": recording.sid,
        "RecordingUrl": exchange.recording_url(recording),
        "RecordingDuration": str(round(recording.seconds)),
    }
    if key:
        said["Digits"] = key
    url = urljoin(base, verb.get("action")) if verb.get("action") else base
    return Source(url, verb.get("method", "POST"), said)


async def _listen(exchange: Exchange, call: Call, verb: Verb, base: str) -> tuple[bool, str]:
    """Whether anything was said, and the key that ended it."""
    listening = call.listening = Listening("Record", base, verb.attributes, ())
    call.changes.notify()
    ends = exchange.now().timestamp() + verb.whole("maxLength", 3600)
    spoke = speaking = False
    try:
        while True:
            left = ends - exchange.now().timestamp()
            patience = left if speaking else min(left, verb.whole("timeout", 5))
            given = asyncio.ensure_future(listening.inputs.get())
            timer = asyncio.ensure_future(exchange.clock.sleep(patience))
            try:
                await asyncio.wait({given, timer}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                given.cancel()
                timer.cancel()
            if not given.done() or given.cancelled():
                return spoke, ""
            heard = given.result()
            if isinstance(heard, Key) and heard.digit in verb.get("finishOnKey", _ANY_KEY):
                return spoke, heard.digit
            speaking = isinstance(heard, Speaks)
            spoke = spoke or speaking
    finally:
        call.listening = None
