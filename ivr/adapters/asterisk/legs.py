"""An agent's leg: from the Originate to the bridge with the caller, and its end."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.translate import Ring, leg_id
from ivr.events import MissReason

_RINGING = "5"


@dataclass(eq=False)
class AgentLeg:
    """`waiting` is set once the agent has answered and can be bridged, `joined` when both are in one bridge.

    `parted` is set when the caller's Bridge command is over, `ended` when the channel is.
    """

    reservation: UUID
    agent: str
    caller: str  # the caller's Uniqueid
    channel: str | None = None  # its name, once it exists
    asked: bool = False  # the Originate was sent
    rang: bool = False
    cancelled: bool = False
    given_up: bool = False  # it answered, and could not be joined with the caller
    recorded: bool | None = False  # None: not known, after an outage
    bridge: str | None = None
    first_left: str | None = None  # the Uniqueid of who left the bridge first
    ring: Ring = field(default_factory=Ring)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    parted: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    recording: asyncio.Lock = field(default_factory=asyncio.Lock)
    _bridges: dict[str, str] = field(default_factory=dict)

    @property
    def uniqueid(self) -> str:
        return leg_id(self.reservation)

    @property
    def bridge_command(self) -> str:
        """The id of the command that joins the caller: known again after a restart."""
        return f"bridge-{self.reservation}"

    def learn(self, event: Event) -> None:
        """Takes events of this leg and of its caller."""
        about = event.get("uniqueid") or event.get("destuniqueid")
        match event["event"]:
            case "BridgeEnter":
                self._entered(str(about), event)
            case "BridgeLeave":
                self._left(str(about), event)
            case "AsyncAGIExec" if event.get("commandid") == self.bridge_command:
                self.parted.set()
            case "Newchannel" | "Newstate" | "DialEnd" | "HangupRequest" | "SoftHangupRequest" | "Hangup":
                if about == self.uniqueid:
                    self._rings(event)

    def missed(self) -> MissReason:
        return self.ring.missed(cancelled=self.cancelled, answered=self.waiting.is_set())

    def join(self, bridge: str) -> None:
        """Both were found in `bridge`."""
        self.bridge = bridge
        self.waiting.set()
        self.joined.set()

    def _rings(self, event: Event) -> None:
        self.channel = event.get("channel") or event.get("destchannel") or self.channel
        match event["event"]:
            case "Newstate" if event.get("channelstate") == _RINGING:
                self.rang = True
            case "DialEnd":
                self.ring.dial_status = event.get("dialstatus", "")
            case "Hangup" | "HangupRequest" | "SoftHangupRequest":
                self.ring.ending.learn(event)
                if self.ring.ending.hung_up:
                    self.ended.set()

    def _entered(self, who: str, event: Event) -> None:
        self._bridges[who] = event["bridgeuniqueid"]
        if who == self.uniqueid:
            self.channel = event.get("channel", self.channel)
            self.waiting.set()
        if self._bridges.get(self.uniqueid) == self._bridges.get(self.caller, ""):
            self.join(event["bridgeuniqueid"])

    def _left(self, who: str, event: Event) -> None:
        if self._bridges.get(who) == event["bridgeuniqueid"]:
            del self._bridges[who]
        if event["bridgeuniqueid"] == self.bridge and self.first_left is None:
            self.first_left = who
