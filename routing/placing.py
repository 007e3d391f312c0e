"""Where a caller joins: which queue, and which place in it."""

from datetime import datetime

from config.routing import RoutingConfig
from ivr.call import Call
from ivr.events import CallQueued
from routing.queue import virtual_arrival


class Placing:
    """The rule that the menus are given: intent and language pick the queue, tier and intent the place."""

    def __init__(self, config: RoutingConfig) -> None:
        self._config = config

    def place(self, call: Call, queue: str | None, now: datetime) -> CallQueued:
        """`queue` is what the menu names, or None where intent and language decide."""
        found = self._config.queue(queue or self._config.queue_for(call.intent, call.language))
        tier_name = call.tier if call.tier in self._config.tiers else self._config.default_tier
        head_start = self._config.tier(tier_name).head_start
        intent = self._config.intents.get(call.intent or "")
        boost = intent.boost if intent else 0.0
        return CallQueued(
            queue=found.name,
            virtual_arrival=virtual_arrival(now, head_start, boost),
            lane=found.lane,
            why=_why(queue, call, tier_name, head_start, boost),
        )


def _why(queue: str | None, call: Call, tier: str, head_start: float, boost: float) -> str:
    chosen = (
        "named by the menu"
        if queue
        else f"intent {call.intent or 'none'}, language {call.language or 'none'}"
    )
    starts = [f"{tier} {head_start:g} s ahead"] if head_start else []
    starts += [f"{call.intent} {boost:g} s ahead"] if boost else []
    return "; ".join((chosen, *starts))
