"""What the program asks a carrier to do with a call, in the imperative: the one vocabulary of the menus.

Each adapter renders these to AMI, TwiML or simulated sound. The actions given for one call are carried out
in order; `Gather` and `Hold` last until an input or the next actions. Results come back only as events.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Prompt:
    """A thing to be heard: a recording by `name`, or else `text` rendered once in `language`.

    The caller hears the recording `prompts/<language>/<name>.wav` when there is one.
    """

    language: str
    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class DtmfInput:
    """Digits to collect: done at `most`, at `finish_on`, or when `between_seconds` pass after one."""

    most: int
    finish_on: str = "#"
    between_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class SpeechInput:
    """The phrases that the menu understands in `language`; the recogniser listens for these only."""

    language: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuses a call that was not answered: the caller hears the network's own busy tone."""


@dataclass(frozen=True, slots=True)
class Play:
    """Plays to the end, or, when `interruptible`, until an agent answers."""

    prompts: tuple[Prompt, ...]
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Gather:
    """Plays `prompts`, listens, and reports one `InputGathered` for `step`.

    With `barge_in` the prompt stops at the first digit or word. `timeout_seconds` runs from the prompt's end.
    """

    step: str
    prompts: tuple[Prompt, ...]
    dtmf: DtmfInput | None = None
    speech: SpeechInput | None = None
    timeout_seconds: float = 5.0
    barge_in: bool = True
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Music until the next actions; `prompts` are heard first."""

    music: str = "default"
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class Announce:
    """Interrupts the music for `prompts`, then plays on; given up when an agent answers."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Rings the agent's phone while the caller goes on waiting.

    Reported as `AgentRang`, then `CallAnswered` once both are connected, or `AgentLegEnded`.
    """

    reservation: UUID
    agent: str
    endpoint: str
    ring_seconds: float
    caller_label: str = ""


@dataclass(frozen=True, slots=True)
class CancelRing:
    reservation: UUID


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Records both parties of the conversation, a track each, from now until it ends.

    For a conversation that is being recorded it does nothing: after an outage nobody else may know.
    """

    recording: UUID
    reservation: UUID


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Action = Answer | Reject | Play | Gather | Hold | Announce | RingAgent | CancelRing | StartRecording | Hangup
