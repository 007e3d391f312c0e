"""What a caller shall hear, as TwiML: actions in, a document out.

Follows https://www.twilio.com/docs/voice/twiml. A document ends in a Gather, a Dial, a Hangup, a Reject or a
Redirect, because a call whose document comes to its end is hung up.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from twilio.twiml import voice_response as verbs

from ivr.actions import Action, Announce, Gather, Hangup, Hold, Play, Prompt, Reject, SpeechInput
from ivr.adapters.twilio import saying
from ivr.adapters.twilio.account import Account
from ivr.prompts import system

IDLE_SECONDS = 60
"""How long a caller who has nothing to hear is left alone."""

SILENCE_SECONDS = 10
"""A piece of waiting without music: what is said to the caller waits for its end."""

MOST_BYTES = 56_000
"""Of prompts in one document, which has 64 kB at most; what is more is left out."""

_ENDS = (Hangup, Reject)
_HEARD = (Play, Gather, Hold, Announce, *_ENDS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is heard: which call, its how-manieth document (`turn`), and the sounds that we serve.

    A prompt without a URL in `sounds` is spoken by Twilio.
    """

    account: Account
    call: UUID
    turn: int
    sounds: Mapping[Prompt, str] = field(default_factory=dict)


def document(actions: Sequence[Action], place: Place) -> str:
    """The TwiML for what of `actions` is heard."""
    page, heard = _Page(place), _effective(actions)
    for action in heard:
        if isinstance(action, Play | Hold | Announce):
            page.say(action.prompts)
    match next((action for action in reversed(heard) if not isinstance(action, Announce)), None):
        case Gather() as action:
            page.gather(action)
        case Hold():
            page.hold()
        case Reject() if len(heard) == 1:
            page.append(verbs.Reject(reason="busy"))
        case Hangup() | Reject():
            page.append(verbs.Hangup())
        case other:
            if other is None:
                page.append(verbs.Pause(length=IDLE_SECONDS))
            page.redirect(place.account.next(place.call, place.turn, heard=True))
    return page.text()


def waiting(prompts: Sequence[Prompt], place: Place, music: str | None, piece: int = 0) -> str:
    """For the conference's waitUrl: `prompts`, one piece of music (a URL; None: silence), then the next."""
    page = _Page(place)
    page.say(prompts)
    page.append(verbs.Play(music) if music else verbs.Pause(length=SILENCE_SECONDS))
    page.redirect(place.account.waiting(place.call, place.turn, piece + 1))
    return page.text()


def come_again(url: str, seconds: int) -> str:
    """The document in place of one that is not to be had yet: silence, then `url` is asked for it."""
    response = verbs.VoiceResponse()
    response.pause(length=seconds)
    response.redirect(url, method="POST")
    return str(response.to_xml())


def prompts_of(actions: Sequence[Action]) -> tuple[Prompt, ...]:
    """The prompts that `document` lets hear: those for which `Place.sounds` wants URLs."""
    heard = (action for action in _effective(actions) if isinstance(action, Play | Gather | Hold | Announce))
    return tuple(prompt for action in heard for prompt in action.prompts)


def apology(account: Account, languages: Iterable[str] = ("zh", "en")) -> str:
    """The document of the fallback URL: spoken by Twilio, so that it needs nothing more of us."""
    page = _Page(Place(account, UUID(int=0), 0))
    page.say(system("away", language) for language in languages)
    page.append(verbs.Hangup())
    return page.text()


def _effective(actions: Sequence[Action]) -> list[Action]:
    """What is heard of `actions`: nothing after the end, and no Gather or Hold that another action ends."""
    heard: list[Action] = []
    for action in actions:
        if not isinstance(action, _HEARD):
            continue
        over = (Gather,) if isinstance(action, Announce) else (Gather, Hold)
        heard = [before for before in heard if not isinstance(before, over)] + [action]
        if isinstance(action, _ENDS):
            break
    return heard


class _Page:
    """A document that is being written; `room` is left for prompts."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._response = verbs.VoiceResponse()
        self._room = MOST_BYTES

    def text(self) -> str:
        return str(self._response.to_xml())

    def append(self, verb: Any) -> None:
        self._response.append(verb)

    def redirect(self, url: str) -> None:
        self.append(verbs.Redirect(url, method="POST"))

    def say(self, prompts: Iterable[Prompt], inside: Any = None) -> None:
        for prompt in prompts:
            for verb in self._spoken(prompt):
                self._room -= len(verb.to_xml(xml_declaration=False).encode())
                if self._room < 0:
                    return
                (self._response if inside is None else inside).append(verb)

    def gather(self, action: Gather) -> None:
        """Prompts inside a Gather stop at a key or a word; those that shall not stop are heard before it."""
        place, inputs = self._place, {"dtmf": action.dtmf, "speech": action.speech}
        gather = verbs.Gather(
            input=" ".join(kind for kind, wanted in inputs.items() if wanted) or "dtmf",
            action=place.account.gathered(place.call, place.turn, action.step),
            method="POST",
            action_on_empty_result=True,
            timeout=max(1, math.ceil(action.timeout_seconds)),
        )
        if action.dtmf is not None:
            gather.attrs |= {"numDigits": action.dtmf.most, "finishOnKey": action.dtmf.finish_on[:1]}
        if action.speech is not None:
            gather.attrs |= _listening(action.speech)
        self.say(action.prompts, inside=gather if action.barge_in else None)
        self.append(gather)

    def hold(self) -> None:
        """The conference has the call's id as its name; it begins when an agent comes."""
        account, call, turn = self._place.account, self._place.call, self._place.turn
        dial = verbs.Dial(action=account.joined(call, turn), method="POST")
        dial.conference(
            str(call),
            start_conference_on_enter=False,
            end_conference_on_exit=True,
            beep="false",
            wait_url=account.waiting(call, turn),
            wait_method="POST",
            status_callback=account.conference(call),
            status_callback_method="POST",
            status_callback_event="start end join leave",
        )
        self.append(dial)

    def _spoken(self, prompt: Prompt) -> list[Any]:
        url = self._place.sounds.get(prompt)
        if url is not None:
            return [verbs.Play(url)]
        voice, language = saying.voice(prompt.language, self._place.account.voices)
        return [verbs.Say(text, voice=voice, language=language) for text in saying.sayable(prompt.text)]


def _listening(speech: SpeechInput) -> dict[str, object]:
    """The attributes of a Gather that listens: until the first pause, and to words as they are said."""
    phrases = saying.hints(speech.phrases)
    return {
        "language": saying.listened(speech.language),
        "speechTimeout": "auto",
        "profanityFilter": False,
        **({"hints": phrases} if phrases else {}),
    }
