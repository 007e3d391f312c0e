"""A call and its timeline without who called: what is left still counts in every figure."""

from dataclasses import replace

from ivr import events as e
from ivr.call import Call
from ivr.timeline import kind_of

#: Events that tell of a person.
PERSONAL = frozenset(
    kind.__name__ for kind in (e.CallOffered, e.CallerIdentified, e.InputGathered, e.AttributeSet)
)


def blank(event: e.CallEvent) -> e.CallEvent:
    """The event without numbers, names, or what the caller keyed or said."""
    match event:
        case e.CallOffered():
            return replace(event, caller=None, caller_name=None)
        case e.CallerIdentified():
            return replace(event, caller=None, customer=None, name=None)
        case e.InputGathered():
            return replace(event, value=None)
        case e.AttributeSet():
            return replace(event, value=_dots(event.value))
        case _:
            assert kind_of(event) not in PERSONAL
            return event


def blank_call(call: Call) -> Call:
    """The call as its blanked timeline tells it."""
    return replace(
        call,
        caller=None,
        caller_name=None,
        customer=None,
        customer_name=None,
        attributes={name: _dots(value) for name, value in call.attributes.items()},
    )


def _dots(value: str) -> str:
    return "•" * len(value)
