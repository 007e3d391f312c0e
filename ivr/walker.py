"""A walk through a menu without a telephone: what a caller hears, and where each answer leads."""

from dataclasses import dataclass

from ivr import events as e
from ivr import interpreter
from ivr.actions import Gather, Hangup, Hold, Play, Prompt
from ivr.call import Call, CallState, apply
from ivr.interpreter import Context, Turn
from ivr.menu import Menu

KEYS = frozenset("0123456789*#")
NO_AGENT = "left"
TALKED = "talked"


@dataclass(frozen=True, slots=True)
class Heard:
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    event: e.CallEvent


@dataclass(frozen=True, slots=True)
class Asked:
    """The menu waits for an answer: at most `digits` digits (0: none), or one of `phrases`."""

    step: str
    digits: int
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The caller waits in `queue`; `NO_AGENT` and `TALKED` are the lines understood."""

    queue: str


@dataclass(frozen=True, slots=True)
class Ended:
    pass


Moment = Heard | Happened | Asked | Waiting | Ended


class Walk:
    """`call` is one that was just admitted; `context` stands still for the whole walk."""

    def __init__(self, menu: Menu, call: Call, context: Context) -> None:
        self._menu = menu
        self._context = context
        self.call = call
        self._asked: Gather | None = None
        self.ended = False

    def begin(self) -> list[Moment]:
        return self._shown(interpreter.enter(self._menu, self.call, self._context))

    def answer(self, line: str) -> list[Moment]:
        """What follows a typed line: digits are pressed, words are said, an empty line is silence.

        While waiting, `left` is the end of the wait without an agent, and `talked` a conversation that the
        agent ended; all else changes nothing. After the end nothing follows.
        """
        if self.ended:
            return []
        if self.call.state is CallState.QUEUED:
            return self._waited(line.strip())
        if self._asked is None:
            return []
        given = _given(self._asked, line.strip())
        self._happen(given.for_timeline())
        return self._shown(interpreter.take(self._menu, self.call, given, self._context))

    def _waited(self, line: str) -> list[Moment]:
        queue = self.call.queue or ""
        if line == NO_AGENT:
            step = interpreter.left_step(self._menu, self.call)
            self._happen(e.QueueLeft(queue, "walk", step))
        elif line == TALKED:
            reservation = self.call.id
            self._happen(e.AgentReserved(reservation, "agent", "", 0))
            self._happen(e.CallAnswered(reservation, "agent"))
            self._happen(e.TalkEnded(reservation, "agent", e.Party.AGENT))
        else:
            return [Waiting(queue)]
        return self._shown(interpreter.resume(self._menu, self.call, self._context))

    def _happen(self, event: e.CallEvent) -> None:
        self.call = apply(self.call, event, self._context.now)

    def _shown(self, turn: Turn) -> list[Moment]:
        moments: list[Moment] = []
        for event in turn.events:
            self._happen(event)
            moments.append(Happened(event))
        for action in turn.actions:
            match action:
                case Play(prompts=prompts) | Gather(prompts=prompts) | Hold(prompts=prompts) if prompts:
                    moments.append(Heard(prompts))
            match action:
                case Gather():
                    self._asked = action
                    phrases = action.speech.phrases if action.speech else ()
                    moments.append(Asked(action.step, action.dtmf.most if action.dtmf else 0, phrases))
                case Hold():
                    self._asked = None
                    moments.append(Waiting(self.call.queue or ""))
                case Hangup():
                    self.ended = True
                    moments.append(Ended())
        return moments


def _given(asked: Gather, line: str) -> e.InputGathered:
    if not line:
        return e.InputGathered(asked.step, e.InputSource.NONE, sensitive=asked.sensitive)
    if set(line) <= KEYS:
        digits = _as_gathered(asked, line)
        return e.InputGathered(asked.step, e.InputSource.DTMF, digits, len(digits), sensitive=asked.sensitive)
    return e.InputGathered(asked.step, e.InputSource.SPEECH, line, len(line), 1.0, asked.sensitive)


def _as_gathered(asked: Gather, keys: str) -> str:
    """The digits that a carrier would report: up to the finishing key, and no more than were asked for."""
    if asked.dtmf is None:
        return keys
    finish = asked.dtmf.finish_on
    return (keys.partition(finish)[0] if finish else keys)[: asked.dtmf.most]
