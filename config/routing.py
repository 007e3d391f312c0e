"""The schema of routing.yaml: numbers, hours, tiers, skills, intents and queues."""

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from config.durations import Seconds
from config.flaws import Flaw, Place, unknown
from config.hours import Hours
from config.retention import Retention
from config.yaml_lines import load_model

ANY_NUMBER = "*"
LANGUAGE = "{language}"

Level = Annotated[int, Field(ge=1, le=5)]
Labels = Annotated[dict[str, str], Field(min_length=1, description="language -> what people read")]


#: Looked up once: it reads the whole folder of time zones.
_zones = cache(available_timezones)


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"is no time zone: {name!r}; one is Asia/Shanghai")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Number(_Part):
    """A dialled number. `hours: null` never closes; `lines: null` is bounded by the total alone."""

    menu: str
    language: str
    lines: int | None = Field(None, ge=0)
    hours: str | None = "default"

    @property
    def closes(self) -> bool:
        return self.hours is not None


class TierRule(_Part):
    """`head_start` is how much earlier such a caller counts as having come."""

    label: Labels
    head_start: Seconds = 0.0
    default: bool = False
    value_from: float | None = Field(None, ge=0, description="a customer worth this much or more has it")


class Intent(_Part):
    """`queue` is a queue's name, `{language}` in it standing for the caller's, or a name per language."""

    label: Labels
    queue: str | dict[str, str]
    boost: Seconds = 0.0
    complaint: bool = Field(False, description="what scorecards ask of complaints is asked of these calls")

    def queue_for(self, language: str) -> str | None:
        if isinstance(self.queue, dict):
            return self.queue.get(language)
        return self.queue.replace(LANGUAGE, language)


class BackOff(_Part):
    """How long an agent who missed a ring is left alone, by reason; at least a second."""

    no_answer: Annotated[Seconds, Field(ge=1)] = 30.0
    busy: Annotated[Seconds, Field(ge=1)] = 10.0
    rejected: Annotated[Seconds, Field(ge=1)] = 45.0
    unregistered: Annotated[Seconds, Field(ge=1)] = 15.0
    failed: Annotated[Seconds, Field(ge=1)] = 10.0


class ServiceLevel(_Part):
    """The share of calls to be answered `within` seconds; who hangs up by `short_abandon` does not count."""

    within: Seconds = 20.0
    target: float = Field(0.8, gt=0, le=1)
    short_abandon: Seconds = 5.0


class QueueSettings(_Part):
    """What every queue has, unless it says otherwise."""

    ring: Annotated[Seconds, Field(ge=5, le=120)] = 20.0
    wrap_up: Annotated[Seconds, Field(le=3600)] = 15.0
    back_off: BackOff = BackOff()
    misses_before_pause: int = Field(3, ge=1, description="rings missed in a row until the agent is paused")
    announce_every: Annotated[Seconds, Field(ge=5)] | None = Field(45.0, description="null: never")
    announce_wait: bool = Field(True, description="with the position, about how long it will take")
    handle_time: Annotated[Seconds, Field(ge=1)] = Field(
        180.0, description="what a call takes of an agent, conversation and wrap-up, until calls tell"
    )
    max_wait: Annotated[Seconds, Field(ge=5)] | None = Field(600.0, description="null: for ever")
    max_length: int | None = Field(None, ge=1, description="callers waiting; null: no limit")
    music: str = "default"
    service_level: ServiceLevel = ServiceLevel()


class Step(_Part):
    """From `after` seconds of the caller's own wait on, an agent needs these skills at these levels."""

    after: Seconds = 0.0
    skills: dict[str, Level]


class Queue(QueueSettings):
    label: Labels
    steps: tuple[Step, ...] = Field(min_length=1)
    lane: int = Field(0, ge=0, le=5, description="a higher lane is served first, always: emergencies only")
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        return self._name


class RoutingConfig(_Part):
    zone: Annotated[str, AfterValidator(_known_zone)]
    region: str = Field(
        "CN", pattern="^[A-Z]{2}$", description="where numbers without a country code are from"
    )
    languages: tuple[str, ...] = Field(min_length=1)
    lines: int = Field(ge=1, description="calls at once, over all numbers")
    numbers: dict[str, Number]
    hours: dict[str, Hours]
    tiers: dict[str, TierRule]
    skills: dict[str, Labels]
    intents: dict[str, Intent]
    default_queue: str | dict[str, str] = Field(
        description="for calls without an intent; as an intent's queue"
    )
    queue_defaults: QueueSettings = QueueSettings()
    queues: dict[str, Queue]
    retention: Retention = Retention()
    dropped_causes: tuple[Annotated[int, Field(ge=1, le=127)], ...] = (27, 38, 41, 44)

    @field_validator("queues", mode="before")
    @classmethod
    def _with_defaults(cls, queues: Any, info: ValidationInfo) -> Any:
        defaults = info.data.get("queue_defaults")
        if not isinstance(queues, dict) or not isinstance(defaults, QueueSettings):
            return queues
        given = defaults.model_dump(exclude_unset=True)
        return {name: _merged(given, queue) for name, queue in queues.items()}

    def model_post_init(self, _context: Any) -> None:
        for name, queue in self.queues.items():
            queue._name = name

    @cached_property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def default_tier(self) -> str:
        return next(name for name, tier in self.tiers.items() if tier.default)

    def number(self, called: str) -> Number:
        """What the dialled number gets; one that is not listed gets what `*` says."""
        return self.numbers.get(called) or self.numbers[ANY_NUMBER]

    def tier(self, name: str) -> TierRule:
        """The tier called `name`, or the default one when there is none."""
        return self.tiers.get(name) or self.tiers[self.default_tier]

    def queue(self, name: str | None) -> Queue:
        """The queue called `name`; a queue that was taken out of the file is served as the default one."""
        return self.queues.get(name or "") or self.queues[self.queue_for(None, self.languages[0])]

    def queue_for(self, intent: str | None, language: str) -> str:
        """The queue for a caller who wants `intent` and speaks `language`; both may be unknown."""
        spoken = language if language in self.languages else self.languages[0]
        wanted = self.intents.get(intent or "")
        if wanted is not None:
            return wanted.queue_for(spoken) or _of(self.default_queue, spoken)
        return _of(self.default_queue, spoken)


def load_routing(path: Path) -> RoutingConfig:
    """Reads routing.yaml; raises `ConfigInvalid` with the line of every problem."""
    return load_model(path, RoutingConfig, flaws)


def flaws(config: RoutingConfig) -> Iterator[Flaw]:
    """Names that refer to nothing, and rules that contradict each other."""
    yield from _flaws_of_numbers(config)
    yield from _flaws_of_tiers(config)
    for name, intent in config.intents.items():
        yield from _flaws_of_target(config, ("intents", name, "queue"), intent.queue)
    yield from _flaws_of_target(config, ("default_queue",), config.default_queue)
    for name, queue in config.queues.items():
        yield from _flaws_of_steps(config, ("queues", name, "steps"), queue.steps)


def _flaws_of_numbers(config: RoutingConfig) -> Iterator[Flaw]:
    if ANY_NUMBER not in config.numbers:
        yield Flaw(("numbers",), f"needs an entry {ANY_NUMBER!r} for every number that is not listed")
    for name, number in config.numbers.items():
        if number.hours is not None and number.hours not in config.hours:
            yield unknown(("numbers", name, "hours"), "hours", number.hours, config.hours)
        if number.language not in config.languages:
            yield unknown(("numbers", name, "language"), "language", number.language, config.languages)


def _flaws_of_tiers(config: RoutingConfig) -> Iterator[Flaw]:
    defaults = [name for name, tier in config.tiers.items() if tier.default]
    if len(defaults) != 1:
        found = ", ".join(defaults) or "none"
        yield Flaw(("tiers",), f"needs exactly one tier with `default: true`, not {found}")


def _flaws_of_target(config: RoutingConfig, at: Place, target: str | dict[str, str]) -> Iterator[Flaw]:
    if isinstance(target, dict):
        for language, queue in target.items():
            if language not in config.languages:
                yield unknown((*at, language), "language", language, config.languages, of_key=True)
            if queue not in config.queues:
                yield unknown((*at, language), "queue", queue, config.queues)
        for language in config.languages:
            if language not in target:
                yield Flaw(at, f"names no queue for the language {language!r}")
        return
    for queue in sorted({target.replace(LANGUAGE, language) for language in config.languages}):
        if queue not in config.queues:
            yield unknown(at, "queue", queue, config.queues)


def _flaws_of_steps(config: RoutingConfig, at: Place, steps: Iterable[Step]) -> Iterator[Flaw]:
    earlier: Step | None = None
    for index, step in enumerate(steps):
        here = (*at, index)
        for skill in step.skills:
            if skill not in config.skills:
                yield unknown((*here, "skills", skill), "skill", skill, config.skills, of_key=True)
        if earlier is None:
            if step.after:
                yield Flaw((*here, "after"), "the first step holds from the start: leave `after` out")
        else:
            if step.after <= earlier.after:
                yield Flaw((*here, "after"), "should be later than the step before")
            for skill, level in step.skills.items():
                if level > earlier.skills.get(skill, 0):
                    yield Flaw(
                        (*here, "skills", skill), "asks for more than the step before: steps only relax"
                    )
        earlier = step


def _merged(given: dict[str, Any], own: Any) -> Any:
    """`own` over `given`, also within mappings that both have; anything but a mapping is left as it is."""
    if not isinstance(own, dict):
        return own
    inner = {
        key: _merged(given[key], value) if isinstance(given.get(key), dict) else value
        for key, value in own.items()
    }
    return {**given, **inner}


def _of(target: str | dict[str, str], language: str) -> str:
    return target[language] if isinstance(target, dict) else target.replace(LANGUAGE, language)
