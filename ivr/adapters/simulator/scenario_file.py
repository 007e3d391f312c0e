"""The schema of a scenario: who calls whom, when, and how everybody behaves."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.durations import Seconds
from ivr.adapters.simulator.script import NORMAL_CLEARING, Stage
from ivr.events import MissReason

SILENCE = "silence"
_KEYS = re.compile(r"[0-9*#]+")

Text = Annotated[str, Field(min_length=1)]
Sound = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=80)]
SoundOf = Annotated[str, Field(pattern=r"^(agent|customer)-[A-Za-z0-9_-]+$", max_length=60)]
Missed = Literal["no_answer", "busy", "rejected", "unregistered", "failed"]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, populate_by_name=True)


class ReplyPart(Part):
    """`keys: "12#"`, or `says:` a sound with the `phrase` that it is, or a `phrase` alone; times in seconds.

    `at` counts from the beginning of the prompt; without it the caller hears the prompt out.
    """

    keys: Annotated[str, Field(pattern=r"^[0-9*#]+$", max_length=64)] | None = None
    says: Sound | None = None
    phrase: Text | None = None
    at: Seconds | None = None
    gap: Seconds = 0.3

    @model_validator(mode="after")
    def _keys_or_voice(self) -> Self:
        if (self.keys is None) == (self.says is None and self.phrase is None):
            raise ValueError("should have `keys`, or else what the caller says: `says`, `phrase` or both")
        return self


def _spelled_out(written: Any) -> Any:
    if isinstance(written, int) and not isinstance(written, bool):
        written = str(written)
    if not isinstance(written, str) or written == SILENCE:
        return written
    if not _KEYS.fullmatch(written):
        raise ValueError(f"should be keys such as 12#, {SILENCE}, or a mapping, not {written!r}")
    return {"keys": written}


ReplyEntry = Annotated[ReplyPart | Literal["silence"], BeforeValidator(_spelled_out)]


class LinePart(Part):
    """A sound spoken `at` a time of the talk, or `after` a silence that follows the line before."""

    line: SoundOf
    at: Seconds | None = None
    after: Seconds = 0.6


def _as_line(written: Any) -> Any:
    return {"line": written} if isinstance(written, str) else written


class TalkPart(Part):
    """`lines` in order, or `turns` of them drawn by the seed; the files are `<voice>/<line>.wav`."""

    voice: Sound | None = None
    lines: tuple[Annotated[LinePart, BeforeValidator(_as_line)], ...] = ()
    turns: int = Field(0, ge=0, le=100)
    seconds: Seconds | None = Field(None, description="without it the talk ends a second after the last line")
    ended_by: Literal["customer", "agent"] = "customer"
    cause: int = Field(NORMAL_CLEARING, ge=1, le=127, description="Q.850; 44 and 27 are dropped calls")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.lines or self.turns) and self.voice is None:
            raise ValueError("needs a `voice`: the folder of its lines")
        if self.lines and self.turns:
            raise ValueError("should have `lines` or `turns`, not both")
        if not self.lines and not self.turns and self.seconds is None:
            raise ValueError("needs `lines`, `turns` or `seconds`")
        return self


class LeavesPart(Part):
    """Hangs up `after` seconds into the `time`-th such moment."""

    while_: Stage = Field(alias="while")
    time: int = Field(1, ge=1)
    after: Seconds = 1.0


class CallPart(Part):
    label: Text
    at: Seconds
    to: Text
    from_: Text | None = Field(None, alias="from", description="null: the number is withheld")
    name: Text | None = None
    answers: tuple[ReplyEntry, ...] = ()
    patience: Seconds = 300.0
    hangs_up: LeavesPart | None = None
    talks: tuple[TalkPart, ...] = ()
    stays: Seconds | None = None
    redials_after: Seconds | None = None


class OutOfReach(Part):
    from_: Seconds = Field(alias="from")
    until: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.from_:
            raise ValueError("ends before it begins")
        return self


class AgentPart(Part):
    name: Text
    endpoint: Text
    skills: dict[str, Annotated[int, Field(ge=1, le=5)]] = Field(min_length=1)
    signs_in: Seconds = 0.0
    answers_after: Seconds = 3.0
    misses: dict[Annotated[int, Field(ge=1)], Missed] = {}
    unregistered: tuple[OutOfReach, ...] = ()

    def reasons(self) -> dict[int, MissReason]:
        return {ring: MissReason(reason) for ring, reason in self.misses.items()}


class CustomerPart(Part):
    number: Text
    name: Text
    tier: Text
    language: Text | None = None


class ScenarioFile(Part):
    """`sounds` are folders, relative to the file, in which sounds are looked for in this order.

    `expect`, by language: all that is said in conversations, for a recogniser to listen for nothing else.
    """

    starts: AwareDatetime
    seed: int = 1
    sounds: tuple[Text, ...] = ()
    expect: dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]] = {}
    customers: tuple[CustomerPart, ...] = ()
    agents: dict[str, AgentPart] = {}
    calls: tuple[CallPart, ...] = Field(min_length=1)
