"""Where a caller joins: which queue, and which place in it."""

from datetime import datetime

from config.routing import RoutingConfig
from ivr.call import Call
from ivr.events import CallQueued
from routing.queue import virtual_arrival


def place(config: RoutingConfig, call: Call, queue: str | None, now: datetime) -> CallQueued:
    """Intent and language pick the queue unless the menu names one; tier and intent pick the place in it."""
    found = config.queue(queue or config.queue_for(call.intent, call.language))
    tier = call.tier if call.tier in config.tiers else config.default_tier
    head_start = config.tier(tier).head_start
    intent = config.intents.get(call.intent or "")
    boost = intent.boost if intent else 0.0
    return CallQueued(
        queue=found.name,
        virtual_arrival=virtual_arrival(now, head_start, boost),
        lane=found.lane,
        why=_why(queue, call, tier, head_start, boost),
    )


def _why(queue: str | None, call: Call, tier: str, head_start: float, boost: float) -> str:
    found_by = f"intent {call.intent or 'none'}, language {call.language or 'none'}"
    starts = [f"{tier} {head_start:g} s ahead"] if head_start else []
    starts += [f"{call.intent} {boost:g} s ahead"] if boost else []
    return "; ".join(("named by the menu" if queue else found_by, *starts))
