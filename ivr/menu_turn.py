"""A turn of a menu in the making: enters steps, asks, judges answers, queues."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ivr import consent, prompts
from ivr import events as e
from ivr.actions import Action, DtmfInput, Gather, Hangup, Hold, Play, Prompt, SpeechInput
from ivr.call import Call, apply
from ivr.digit_checks import is_valid
from ivr.intents import match
from ivr.menu import Menu
from ivr.menu_steps import (
    Branch,
    Case,
    Choice,
    ChooseLanguage,
    Collect,
    Confirm,
    Enqueue,
    Question,
    Set,
    Test,
    Way,
    WayOut,
)
from ivr.menu_steps import Hangup as HangupStep
from ivr.menu_steps import Play as PlayStep

T = TypeVar("T")

CONFIRM = "/confirm"
CONSENT = "/consent"
_CONSENT_TRIES = 2
_YES_OR_NO_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Context:
    """What the menu may know beside the call. `place` is routing's rule for where a caller joins."""

    now: datetime
    is_open: bool
    place: Callable[[Call, str | None], e.CallQueued]


@dataclass(frozen=True, slots=True)
class Turn:
    """What happened to the call, in order, and what its carrier does next; empty: nothing to do."""

    events: tuple[e.CallEvent, ...] = ()
    actions: tuple[Action, ...] = ()


class TurnMaker:
    """A turn being made: the call as its events leave it, and the prompts that wait for the next action."""

    def __init__(self, menu: Menu, call: Call, context: Context) -> None:
        self.menu = menu
        self.call = call
        self.context = context
        self.events: list[e.CallEvent] = []
        self.actions: list[Action] = []
        self.pending: tuple[Prompt, ...] = ()

    def done(self) -> Turn:
        return Turn(tuple(self.events), tuple(self.actions))

    def happen(self, event: e.CallEvent) -> None:
        self.events.append(event)
        self.call = apply(self.call, event, self.context.now)

    def settle_language(self) -> None:
        """The call speaks a language of the menu from here on."""
        if self.language != self.call.language:
            self.happen(e.LanguageChosen(self.language))

    @property
    def language(self) -> str:
        return self.menu.language_for(self.call.language)

    # --- going from step to step

    def go(self, name: str) -> Turn:
        for _ in range(len(self.menu.steps)):
            following = self.enter(name)
            if following is None:
                return self.done()
            name = following
        return self.hang_up()

    def enter(self, name: str, attempt: int = 1) -> str | None:
        """Enters the step; gives the next one, or None when the turn is over."""
        step = self.menu.steps[name]
        self.happen(e.StepEntered(name, attempt))
        if step.complete and not self.call.self_served:
            self.happen(e.SelfServed(name))
        match step:
            case PlayStep():
                self.play(step)
                return step.next
            case Set():
                self.keep(step)
                return step.next
            case Branch():
                holding = (case.go for case in step.cases if _holds(case, self.call, self.context))
                return next(holding, step.otherwise)
            case Enqueue():
                self.queue(name, step)
            case HangupStep():
                self.pending += self.texts(step.prompts)
                self.hang_up()
            case _:
                self.ask(name)
        return None

    def play(self, step: PlayStep) -> None:
        self.pending += self.texts(step.prompts)
        if not step.barge_in:
            self.flush()

    def keep(self, step: Set) -> None:
        if step.intent:
            self.happen(e.IntentSet(step.intent))
        for name, value in step.attributes.items():
            self.happen(e.AttributeSet(name, value))

    def hang_up(self) -> Turn:
        self.flush()
        self.actions.append(Hangup())
        return self.done()

    def flush(self) -> None:
        if self.pending:
            self.actions.append(Play(self.pending))
            self.pending = ()

    def texts(self, names: tuple[str, ...], language: str | None = None) -> tuple[Prompt, ...]:
        spoken, known = language or self.language, self.call.attributes
        return tuple(p for name in names for p in prompts.of_menu(self.menu, name, spoken, known))

    # --- asking

    def ask(self, name: str) -> None:
        """Asks the question of the step at which the call stands."""
        step = self.menu.steps[name]
        match step:
            case ChooseLanguage():
                said = tuple(p for spoken in self.menu.languages for p in self.texts((step.prompt,), spoken))
                self.gather(name, said, DtmfInput(1, finish_on=""), step.timeout_seconds)
            case Choice():
                phrases = step.phrases(self.language)
                keyed = step.repeat_key or any(option.key for option in step.options)
                self.gather(
                    name,
                    self.texts(step.prompts),
                    DtmfInput(1, finish_on="") if keyed else None,
                    step.timeout_seconds,
                    speech=SpeechInput(self.language, phrases) if phrases else None,
                    barge_in=step.barge_in,
                )
            case Collect():
                self.gather(
                    name,
                    self.texts(step.prompts),
                    DtmfInput(step.max_digits, step.finish_on, step.between_seconds),
                    step.timeout_seconds,
                    barge_in=step.barge_in,
                    sensitive=step.sensitive,
                )

    def ask_aside(self, name: str, aside: str, prompt: str, attempt: int) -> Turn:
        """Asks a yes-or-no question beside the step's own."""
        self.happen(e.StepEntered(name + aside, attempt))
        self.gather(name + aside, self.texts((prompt,)), DtmfInput(1, finish_on=""), _YES_OR_NO_SECONDS)
        return self.done()

    def gather(
        self,
        name: str,
        said: tuple[Prompt, ...],
        dtmf: DtmfInput | None,
        timeout: float,
        speech: SpeechInput | None = None,
        barge_in: bool = True,
        sensitive: bool = False,
    ) -> None:
        heard, self.pending = (*self.pending, *said), ()
        self.actions.append(Gather(name, heard, dtmf, speech, timeout, barge_in, sensitive))

    def ask_again(self, name: str, aside: str = "") -> Turn:
        """The same question for the same try: after an outage, or for who wants to hear it again."""
        step, attempt = self.menu.steps[name], max(1, self.call.attempt)
        if aside == CONFIRM and isinstance(step, Collect) and step.confirm:
            return self.ask_aside(name, CONFIRM, step.confirm.prompt, attempt)
        if aside == CONSENT and isinstance(step, Enqueue) and step.consent:
            return self.ask_aside(name, CONSENT, step.consent, attempt)
        following = self.enter(name, attempt)
        return self.go(following) if following else self.done()

    def unfit(self, name: str, step: Question, given: e.InputGathered) -> Turn:
        """The way on after an answer that does not fit, or none."""
        way = step.no_input if given.source is e.InputSource.NONE else step.no_match
        return self.try_again(name, step, way)

    def try_again(self, name: str, step: Question, way: Way, aside: str = "") -> Turn:
        taken: Way | WayOut = way
        if way.go is None and self.call.attempt >= step.tries:
            taken = step.too_many
        if taken.prompt:
            self.pending += self.texts((taken.prompt,))
        if taken.go is not None:
            return self.go(taken.go)
        attempt = self.call.attempt + 1
        if aside and isinstance(step, Collect) and step.confirm:
            return self.ask_aside(name, aside, step.confirm.prompt, attempt)
        self.enter(name, attempt)
        return self.done()

    # --- answers

    def language_answered(self, name: str, step: ChooseLanguage, given: e.InputGathered) -> Turn:
        chosen = _chosen(step.keys, given)
        if chosen is not None:
            self.happen(e.LanguageChosen(chosen))
        elif self.call.attempt < step.tries:
            self.enter(name, self.call.attempt + 1)
            return self.done()
        return self.go(step.next)

    def choice_answered(self, name: str, step: Choice, given: e.InputGathered) -> Turn:
        if step.repeat_key and given.source is e.InputSource.DTMF and given.value == step.repeat_key:
            return self.ask_again(name)
        index = None
        if given.source is e.InputSource.DTMF:
            index = _chosen({o.key: i for i, o in enumerate(step.options) if o.key}, given)
        elif given.source is e.InputSource.SPEECH:
            index = match(given.value or "", [option.say for option in step.options], self.language)
        if index is None:
            return self.unfit(name, step, given)
        option = step.options[index]
        if option.intent:
            self.happen(e.IntentSet(option.intent))
        return self.go(option.go)

    def collected(self, name: str, step: Collect, given: e.InputGathered) -> Turn:
        if given.source is not e.InputSource.DTMF or not _fits(step, given.value or ""):
            return self.unfit(name, step, given)
        value = given.value or ""
        self.happen(e.AttributeSet(step.store, value, step.sensitive).for_timeline())
        if step.confirm:
            return self.ask_aside(name, CONFIRM, step.confirm.prompt, self.call.attempt)
        return self.go(step.next)

    def confirm_answered(self, name: str, step: Collect, confirm: Confirm, given: e.InputGathered) -> Turn:
        answer = _chosen({confirm.yes: True, confirm.no: False}, given)
        if answer:
            return self.go(step.next)
        if answer is False:
            return self.try_again(name, step, Way())
        asking = Way(prompt=step.no_input.prompt if given.source is e.InputSource.NONE else None)
        return self.try_again(name, step, asking, CONFIRM)

    def consent_answered(self, name: str, step: Enqueue, given: e.InputGathered) -> Turn:
        answer = _chosen({"1": True, "2": False}, given)
        if answer is None and step.consent and self.call.attempt < _CONSENT_TRIES:
            return self.ask_aside(name, CONSENT, step.consent, self.call.attempt + 1)
        self.happen(e.StepEntered(name))
        self.join(step, consent.Consent.GIVEN if answer else consent.Consent.REFUSED)
        return self.done()

    # --- queueing

    def queue(self, name: str, step: Enqueue) -> None:
        if step.recording == "ask" and step.consent:
            self.ask_aside(name, CONSENT, step.consent, 1)
            return
        announced = step.recording == "announce"
        self.flush()
        if announced and step.consent:
            self.actions.append(Play(self.texts((step.consent,)), interruptible=False))
        self.join(step, consent.Consent.ANNOUNCED if announced else consent.Consent.NONE)

    def join(self, step: Enqueue, answer: consent.Consent) -> None:
        self.flush()
        self.happen(e.AttributeSet(consent.ATTRIBUTE, answer.value))
        self.happen(self.context.place(self.call, step.queue))
        self.actions.append(Hold(step.music or "default", self.texts(step.prompts)))


def _chosen(keys: Mapping[Any, T], given: e.InputGathered) -> T | None:
    return keys.get(given.value or "") if given.source is e.InputSource.DTMF else None


def _fits(step: Collect, digits: str) -> bool:
    if not step.min_digits <= len(digits) <= step.max_digits:
        return False
    if step.pattern and not re.fullmatch(step.pattern, digits):
        return False
    return step.check is None or is_valid(step.check, digits)


def _holds(case: Case, call: Call, context: Context) -> bool:
    looked_at = (
        (case.tier, call.tier),
        (case.language, call.language),
        (case.intent, call.intent),
    )
    if any(wanted is not None and found not in wanted for wanted, found in looked_at):
        return False
    if case.customer is not None and call.known != (case.customer == "known"):
        return False
    if case.hours is not None and context.is_open != (case.hours == "open"):
        return False
    return case.attribute is None or _passes(case.attribute, call.attributes.get(case.attribute.name))


def _passes(test: Test, value: str | None) -> bool:
    if test.present is not None:
        return (value is not None) == test.present
    if test.equals is not None:
        return value == test.equals
    return value in (test.one_of or ())
