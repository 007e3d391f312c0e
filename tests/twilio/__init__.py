"""A stand-in for Twilio: executes TwiML, sends signed webhooks, serves the REST API, has people.

A test that dials::

    from tests.twilio import Answers, AsgiTransport, Carrier

    async with Carrier(AsgiTransport(app)) as carrier, carrier.serving() as base_url:
        carrier.number("+18005550100", "https://hotline.example.com/twilio/voice",
                       fallback_url="https://hotline.example.com/twilio/voice/fallback",
                       status_callback="https://hotline.example.com/twilio/status")
        carrier.phone("sip:anna@example.com", Answers(after=2, hangs_up_after=30))
        caller = carrier.caller("+4930123456")
        await caller.dial("+18005550100")
        await caller.asked("billing")           # a Gather listens, with that in its prompts, hints or action
        caller.press("1")                       # or: await caller.say("billing")
        await caller.hears("/prompts/hold")     # what reached the ear: URLs and texts
        await caller.connected()                # somebody answered
        assert await caller.ended() == "completed"
        await carrier.settled()                 # all calls are over, all callbacks delivered
        assert not carrier.alerts               # Twilio's debugger: nothing to complain of

`app` is reached without a network, by its ASGI interface; `HttpTransport()` reaches a server. The program's
REST requests go to `base_url` (or to `carrier.rest`, an ASGI application, in process); it authenticates as
`carrier.account`.

**Time** is virtual unless the carrier is given `RealClock(speed)`: it stands still while a webhook or a REST
request is in flight, and while no test waits for anything (`asked`, `hears`, `listen`, `ended`, `settled`,
`until`, `let_pass`); else it jumps to the next timer. A program with a clock and timers of its own takes
part: `VirtualClock(start, moved=manual_clock.move_to, next_due=..., run_due=...)`. A program that works in
threads wants `quiet=0.005`: so many real seconds without a stir before time passes. A program that runs whole
in the test's process has one time with the carrier, its own waits included: on a `VirtualLoop`, with a
`LoopClock` for both, and `RestTransport(carrier.rest)` in place of the network.

**People.** A `Caller` presses, says, listens, hangs up (`hang_up`), or their line breaks (`drop`). A phone
`Answers`, is `Busy`, `RingsOut` or is `Unreachable`; several behaviours are for one call each, the last one
stays. `carrier.hang_up` and `carrier.drop` end any leg. Everybody has a voice (`Tone`, `Spoken`), which their
recordings hold.

**Faults.** `carrier.faults.add(Duplicate(), event="participant-join")` for chosen webhooks (kinds: twiml,
status, conference, recording), `carrier.faults.chaos = Chaos(seed, duplicate=0.2, swap=0.2, ...)` for any.
`carrier.rest_faults.add(Answer(503), path="/Participants")`, `Hang()`, `Reset(done=True)`; `.per_second`,
`.chance`. `carrier.habits` are choices that Twilio's documentation leaves open.

`python -m tests.twilio --help` runs one on its own, over the network.
"""

from .account import Account, Number
from .audio import Silence, Spoken, Tone
from .call import Call, Heard
from .caller import Caller
from .carrier import Carrier
from .changes import NotInTime
from .clock import LoopClock, RealClock, VirtualClock
from .exchange import Alert, Habits
from .faults import Chaos, Corrupt, Delay, Duplicate, Forge, Lose, LoseReply, Swap
from .loop import VirtualLoop
from .phone import Answers, Busy, Phone, RingsOut, Unreachable
from .rest.guard import Answer, Hang, Reset
from .transport import AsgiTransport, HttpTransport, NotReached, Reply, RestTransport, Transport

__all__ = [
    "Account",
    "Alert",
    "Answer",
    "Answers",
    "AsgiTransport",
    "Busy",
    "Call",
    "Caller",
    "Carrier",
    "Chaos",
    "Corrupt",
    "Delay",
    "Duplicate",
    "Forge",
    "Habits",
    "Hang",
    "Heard",
    "HttpTransport",
    "LoopClock",
    "Lose",
    "LoseReply",
    "NotInTime",
    "NotReached",
    "Number",
    "Phone",
    "RealClock",
    "Reply",
    "Reset",
    "RestTransport",
    "RingsOut",
    "Silence",
    "Spoken",
    "Swap",
    "Tone",
    "Transport",
    "Unreachable",
    "VirtualClock",
    "VirtualLoop",
]
