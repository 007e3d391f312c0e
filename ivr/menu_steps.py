"""The steps of a menu, as a supervisor writes them.

A step that asks (`language`, `menu`, `collect`) or queues the caller waits; the others lead straight on.
Every step names where it leads, so that a menu is a graph whose ways on are checked before a call meets them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from config.flaws import Place


@dataclass(frozen=True, slots=True)
class Exit:
    """A way from a step to the step `go`, named at `at` within it; `silent`: one that silence can take."""

    at: Place
    go: str
    when: str = ""
    silent: bool = False


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else [value]


Key = Annotated[
    Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"], BeforeValidator(_as_text)
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_list)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=60)]
Tries = Annotated[int, Field(ge=1, le=10)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class Way(Part):
    """What follows an answer that does not fit: a prompt, then `go`, or without it the question again."""

    prompt: Name | None = None
    go: Name | None = None


class WayOut(Part):
    """What follows the last try."""

    prompt: Name | None = None
    go: Name


class Step(Part):
    """`complete`: a caller who comes here has helped themself."""

    complete: bool = False

    def exits(self) -> Iterator[Exit]:
        """Where the step leads, in the order of the file."""
        return iter(())

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        """Where each prompt of the step is named, and its name."""
        return iter(())


class Play(Step):
    """Without `barge_in` the prompts are heard to their end."""

    do: Literal["play"]
    prompts: Annotated[Names, Field(min_length=1)]
    barge_in: bool = False
    next: Name

    def exits(self) -> Iterator[Exit]:
        yield Exit(("next",), self.next, silent=True)

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield from _each("prompts", self.prompts)


class Question(Step):
    """What asking steps share: `no_match`, `no_input` ask again until `tries`, then `too_many` leads on."""

    prompts: Annotated[Names, Field(min_length=1)]
    barge_in: bool = True
    timeout_seconds: Seconds = 5.0
    tries: Tries = 3
    no_match: Way = Way()
    no_input: Way = Way()
    too_many: WayOut

    def exits(self) -> Iterator[Exit]:
        if self.no_match.go:
            yield Exit(("no_match", "go"), self.no_match.go, "no match")
        if self.no_input.go:
            yield Exit(("no_input", "go"), self.no_input.go, "no input", silent=True)
        yield Exit(("too_many", "go"), self.too_many.go, "too many tries", silent=not self.no_input.go)

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield from _each("prompts", self.prompts)
        for part in ("no_match", "no_input", "too_many"):
            name = getattr(self, part).prompt
            if name:
                yield (part, "prompt"), name


class Option(Part):
    """One answer: a key, or a phrase in each of the menu's languages, or both."""

    key: Key | None = None
    say: dict[Language, Words] = {}
    intent: Name | None = None
    go: Name


class Choice(Question):
    do: Literal["menu"]
    options: Annotated[tuple[Option, ...], Field(min_length=1)]
    repeat_key: Key | None = None

    def exits(self) -> Iterator[Exit]:
        for index, option in enumerate(self.options):
            said = next(iter(option.say.values()), ("",))[0]
            yield Exit(("options", index, "go"), option.go, " ".join(filter(None, (option.key, said))))
        yield from super().exits()

    def phrases(self, language: str) -> tuple[str, ...]:
        return tuple(phrase for option in self.options for phrase in option.say.get(language, ()))


class Confirm(Part):
    """Reads the digits back (`{attribute}` in the prompt) and asks whether they are right."""

    prompt: Name
    yes: Key = "1"
    no: Key = "2"


class Collect(Question):
    """Digits, kept as the attribute `store`; only the length of a `sensitive` one is kept."""

    do: Literal["collect"]
    store: Attribute
    min_digits: Annotated[int, Field(ge=1, le=32)] = 1
    max_digits: Annotated[int, Field(ge=1, le=32)]
    finish_on: Key | Literal[""] = "#"
    between_seconds: Seconds = 3.0
    pattern: str | None = None
    check: Literal["luhn", "cn-id"] | None = None
    sensitive: bool = False
    confirm: Confirm | None = None
    next: Name

    def exits(self) -> Iterator[Exit]:
        yield Exit(("next",), self.next, self.store)
        yield from super().exits()

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield from super().prompts_heard()
        if self.confirm:
            yield ("confirm", "prompt"), self.confirm.prompt


class ChooseLanguage(Step):
    """Plays `prompt` in every language; after the last try the call goes on in the language it has."""

    do: Literal["language"]
    prompt: Name
    keys: Annotated[dict[Key, Language], Field(min_length=1)]
    timeout_seconds: Seconds = 5.0
    tries: Tries = 2
    next: Name

    def exits(self) -> Iterator[Exit]:
        yield Exit(("next",), self.next, silent=True)

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield ("prompt",), self.prompt


class Test(Part):
    """Looks at an attribute; a menu says exactly one of the three."""

    name: Attribute
    equals: str | None = None
    one_of: Annotated[Words | None, Field(alias="in")] = None
    present: bool | None = None


class Case(Part):
    """Holds when everything in it holds."""

    tier: Words | None = None
    customer: Literal["known", "unknown"] | None = None
    hours: Literal["open", "closed"] | None = None
    language: Words | None = None
    intent: Words | None = None
    attribute: Test | None = None
    go: Name


class Branch(Step):
    """The first case that holds leads on."""

    do: Literal["branch"]
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    otherwise: Name

    def exits(self) -> Iterator[Exit]:
        for index, case in enumerate(self.cases):
            yield Exit(("cases", index, "go"), case.go, _condition(case), silent=True)
        yield Exit(("otherwise",), self.otherwise, "otherwise", silent=True)


class Set(Step):
    do: Literal["set"]
    intent: Name | None = None
    attributes: dict[Attribute, str] = {}
    next: Name

    def exits(self) -> Iterator[Exit]:
        yield Exit(("next",), self.next, silent=True)


class Enqueue(Step):
    """Queues the caller: in `queue`, or in the one that intent and language pick.

    `recording: announce` plays `consent` before the caller waits; `ask` takes 1 for yes and 2 for no, and
    silence for no. `on_left` is where a caller goes on whom no agent took (else at the menu's `on_error`).
    """

    do: Literal["enqueue"]
    queue: Name | None = None
    prompts: Names = ()
    music: Name | None = None
    recording: Literal["announce", "ask", "none"] = "none"
    consent: Name | None = None
    on_left: Name | None = None

    def exits(self) -> Iterator[Exit]:
        if self.on_left:
            yield Exit(("on_left",), self.on_left, "no agent", silent=True)

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield from _each("prompts", self.prompts)
        if self.consent:
            yield ("consent",), self.consent


class Hangup(Step):
    do: Literal["hangup"]
    prompts: Names = ()

    def prompts_heard(self) -> Iterator[tuple[Place, str]]:
        yield from _each("prompts", self.prompts)


AnyStep = Annotated[
    ChooseLanguage | Play | Choice | Collect | Branch | Set | Enqueue | Hangup, Field(discriminator="do")
]


def _each(key: str, names: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    for index, name in enumerate(names):
        yield (key, index), name


def _condition(case: Case) -> str:
    parts = [
        f"{key} {'/'.join(values)}"
        for key in ("tier", "language", "intent")
        if (values := getattr(case, key))
    ]
    if case.customer:
        parts.append(f"{case.customer} customer")
    if case.hours:
        parts.append(case.hours)
    if (test := case.attribute) is not None:
        wanted = test.equals or "/".join(test.one_of or ()) or ("present" if test.present else "absent")
        parts.append(f"{test.name} {wanted}")
    return ", ".join(parts)
