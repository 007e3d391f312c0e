"""What one caller's session shares with its parts, and where they report."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from config.clock import Clock
from ivr.adapters.outbox import Outbox
from ivr.adapters.tasks import Tasks
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.prompts import PromptLinks
from ivr.adapters.twilio.pulls import Pulls
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.rings import Rings
from ivr.events import AgentLegEnded, AgentRang, CallAnswered, TalkEnded
from ivr.ports import Sink


@dataclass(frozen=True, slots=True)
class Tools:
    """What all sessions share. `linger` is for work that outlives one."""

    account: Account
    rest: TwilioRest
    links: PromptLinks
    pulls: Pulls
    sink: Sink
    clock: Clock
    linger: Callable[[Coroutine[Any, Any, None]], object]
    rings: Rings = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rings", Rings(self.account.calls_per_second))


AgentEvent = AgentRang | AgentLegEnded | CallAnswered | TalkEnded


@dataclass(frozen=True, slots=True)
class Line:
    """`gone` is set when the caller's call is over, `shut` when that was told.

    `look` asks Twilio whether it is over. `caller_id` is what ringing agents see.
    """

    tools: Tools
    outbox: Outbox
    tasks: Tasks
    gone: asyncio.Event
    call_sid: str
    caller_id: str
    shut: asyncio.Event
    look: Callable[[], None]
    _told: set[tuple[type, UUID]] = field(default_factory=set)

    @property
    def rest(self) -> TwilioRest:
        return self.tools.rest

    @property
    def account(self) -> Account:
        return self.tools.account

    @property
    def call_id(self) -> UUID:
        assert self.outbox.call_id is not None, "not offered yet"
        return self.outbox.call_id

    def tell(self, event: AgentEvent, at: datetime | None = None) -> None:
        """Reports what happened to an agent's leg, the first time it is told."""
        kind = type(event)
        if (kind, event.reservation) not in self._told and not self.shut.is_set():
            self._told.add((kind, event.reservation))
            self.outbox.put(event, at, f"twilio:{event.reservation}:{kind.__name__}")
