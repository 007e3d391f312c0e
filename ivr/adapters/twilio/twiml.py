"""What a caller shall hear, as TwiML: actions in, a document out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ivr.actions import Action, Prompt
from ivr.adapters.twilio.account import Account


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
    """The TwiML for what of `actions` is heard. Ends in a Gather, a Dial, a Hangup or a Redirect."""
    raise NotImplementedError


def waiting(prompts: Sequence[Prompt], place: Place, music: str | None, piece: int = 0) -> str:
    """For the conference's waitUrl: `prompts`, then one piece of music (a URL; None: silence), then again."""
    raise NotImplementedError


def heard(actions: Sequence[Action]) -> tuple[Prompt, ...]:
    """The prompts that `document` lets hear: those for which `Place.sounds` wants URLs."""
    raise NotImplementedError


def apology(account: Account) -> str:
    """The constant document of the fallback URL: an apology, then the end."""
    raise NotImplementedError
