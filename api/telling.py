"""A call's timeline in words, for whoever reads it in a terminal."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from ivr import events as e


def seconds_after(start: datetime, at: datetime) -> str:
    """`+12.34 s`, from the beginning of the call."""
    return f"+{(at - start).total_seconds():.2f} s"


def tell(event: e.CallEvent) -> str:
    """One line on what happened."""
    return _WORDS[type(event)](event)


def reasons(event: e.CallEvent) -> Iterator[str]:
    """Why a decision was taken, line by line; nothing for what is no decision."""
    match event:
        case e.AgentReserved():
            if event.why:
                yield f"why: {event.why}"
            if event.passed_over:
                passed = ", ".join(f"{count} {reason}" for reason, count in event.passed_over.items())
                yield f"passed over: {passed}"
            if event.nearest:
                yield f"nearest: {'; '.join(event.nearest)}"
        case e.CallQueued() | e.RequirementsRelaxed() | e.PositionAnnounced() if event.why:
            yield f"why: {event.why}"


def _offered(event: e.CallOffered) -> str:
    return f"call from {event.caller or 'a withheld number'} to {event.called} ({event.carrier})"


def _identified(event: e.CallerIdentified) -> str:
    who = (event.name or "a customer") if event.known else "an unknown caller"
    return f"it is {who}: tier {event.tier}, language {event.language}"


def _announced(event: e.PositionAnnounced) -> str:
    wait = f", about {event.wait:.0f} s to wait" if event.wait is not None else ""
    return f"told: position {event.position}{wait}"


def _gathered(event: e.InputGathered) -> str:
    if event.source is e.InputSource.NONE:
        return f"no input at {event.step}"
    what = event.value if event.value is not None else f"{event.length} characters, not kept"
    verb = "said" if event.source is e.InputSource.SPEECH else "keyed"
    sure = f" (confidence {event.confidence:.2f})" if event.confidence is not None else ""
    return f"{verb} {what} at {event.step}{sure}"


def _entered(event: e.StepEntered) -> str:
    return f"menu: {event.step}" + (f", try {event.attempt}" if event.attempt > 1 else "")


def _queued(event: e.CallQueued) -> str:
    return f"joins the queue {event.queue}" + (f", lane {event.lane}" if event.lane else "")


def _refused(event: e.CallRefused) -> str:
    return f"refused: {event.reason.value}" + (f" ({event.detail})" if event.detail else "")


def _missed(event: e.AgentLegEnded) -> str:
    return f"{event.agent} not reached: {event.reason.value.replace('_', ' ')}{_cause(event.cause)}"


def _ended(event: e.CallEnded) -> str:
    detail = f": {event.detail}" if event.detail else ""
    return f"the call is over, ended by {event.by.value}{_cause(event.cause)}{detail}"


def _cause(cause: int | None) -> str:
    return "" if cause is None else f" (cause {cause})"


_WORDS: dict[type, Callable[[Any], str]] = {
    e.CallOffered: _offered,
    e.CallerIdentified: _identified,
    e.CallAdmitted: lambda x: f"answered, menu {x.menu} version {x.menu_version[:12]}",
    e.CallRefused: _refused,
    e.StepEntered: _entered,
    e.InputGathered: _gathered,
    e.LanguageChosen: lambda x: f"language {x.language}",
    e.IntentSet: lambda x: f"intent {x.intent}",
    e.AttributeSet: lambda x: f"{x.name} = {x.value}",
    e.SelfServed: lambda x: f"served by the menu itself at {x.step}",
    e.CallQueued: _queued,
    e.RequirementsRelaxed: lambda x: f"requirements relaxed to step {x.step + 1}",
    e.PositionAnnounced: _announced,
    e.AgentReserved: lambda x: f"{x.agent} is chosen; {x.endpoint} rings for {x.ring_seconds:g} s",
    e.AgentRang: lambda x: f"{x.agent}'s phone rings",
    e.AgentLegEnded: _missed,
    e.CallAnswered: lambda x: f"{x.agent} answers",
    e.RecordingStarted: lambda x: f"recording {x.recording} begins",
    e.TalkEnded: lambda x: f"the conversation with {x.agent} is over, ended by {x.by.value}{_cause(x.cause)}",
    e.QueueLeft: lambda x: f"leaves the queue {x.queue}: {x.reason}; goes on at {x.step}",
    e.CallRecovered: lambda x: f"found alive after an outage, {'talking' if x.talking else 'not talking'}",
    e.CallEnded: _ended,
}
