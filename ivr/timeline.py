"""Timeline events to JSON and back. A stored event names its kind and version; fields are plain JSON."""

from typing import Any, get_args

from pydantic import TypeAdapter

from ivr.call import Call
from ivr.events import AttributeSet, CallEvent, InputGathered

VERSION = 1

KINDS: dict[str, type[CallEvent]] = {kind.__name__: kind for kind in get_args(CallEvent)}

_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}
_CALL: TypeAdapter[Call] = TypeAdapter(Call)


def kind_of(event: CallEvent) -> str:
    return type(event).__name__


def render(event: CallEvent) -> dict[str, Any]:
    """The event as it is stored: what is sensitive is reduced to its length first."""
    if isinstance(event, InputGathered | AttributeSet):
        event = event.for_timeline()
    data: dict[str, Any] = _ADAPTERS[kind_of(event)].dump_python(event, mode="json")
    return data


def parse(kind: str, data: dict[str, Any]) -> CallEvent:
    """The event that `render` stored; raises `KeyError` for a kind this program does not know."""
    event: CallEvent = _ADAPTERS[kind].validate_python(data)
    return event


def render_call(call: Call) -> dict[str, Any]:
    data: dict[str, Any] = _CALL.dump_python(call, mode="json")
    return data


def parse_call(data: dict[str, Any]) -> Call:
    return _CALL.validate_python(data)
