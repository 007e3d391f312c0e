"""Timeline events to JSON and back. A stored event names its kind and version; fields are plain JSON."""

from collections.abc import Hashable
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from ivr.call import Call
from ivr.events import AttributeSet, CallEvent, InputGathered

VERSION = 1

KINDS: dict[str, type[CallEvent]] = {kind.__name__: kind for kind in get_args(CallEvent)}


def kind_of(event: CallEvent) -> str:
    return type(event).__name__


def render(event: CallEvent) -> dict[str, Any]:
    """The event as it is stored: what is sensitive is reduced to its length first."""
    if isinstance(event, InputGathered | AttributeSet):
        event = event.for_timeline()
    data: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return data


def parse(kind: str, data: dict[str, Any]) -> CallEvent:
    """The event that `render` stored; raises `KeyError` for a kind this program does not know."""
    event: CallEvent = _adapter(KINDS[kind]).validate_python(data)
    return event


def render_call(call: Call) -> dict[str, Any]:
    data: dict[str, Any] = _adapter(Call).dump_python(call, mode="json")
    return data


def parse_call(data: dict[str, Any]) -> Call:
    call: Call = _adapter(Call).validate_python(data)
    return call


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
