"""A scenario from its file: the parts that callers and agents play, and who they are to the program."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.flaws import Flaw, Place, unknown
from config.yaml_lines import load_model
from ivr.adapters.simulator import scenario_file as f
from ivr.adapters.simulator.audio import BadAudio, seconds_of
from ivr.adapters.simulator.script import (
    Caller,
    Keys,
    Leaves,
    Phone,
    Reply,
    Says,
    Silence,
    Talk,
    Utterance,
)
from ivr.events import Party

AFTER_THE_LAST_LINE = 1.0


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent to be known to the program; `signs_in` in seconds from the start."""

    login: str
    name: str
    endpoint: str
    skills: dict[str, int]
    signs_in: float


@dataclass(frozen=True, slots=True)
class Customer:
    number: str
    name: str
    tier: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`starts` (UTC) is second 0 of all times in it; `expect` as in the file."""

    starts: datetime
    callers: tuple[Caller, ...]
    phones: tuple[Phone, ...]
    agents: tuple[Agent, ...]
    customers: tuple[Customer, ...]
    expect: dict[str, tuple[str, ...]]


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario and measures its sounds; raises `ConfigInvalid` with the line of every problem."""
    sounds = _Sounds(path.parent)
    file = load_model(path, f.ScenarioFile, sounds.flaws)
    return Scenario(
        file.starts.astimezone(UTC),
        tuple(sounds.caller(call, random.Random(f"{file.seed}/{n}")) for n, call in enumerate(file.calls)),
        tuple(_phone(agent) for agent in file.agents.values()),
        tuple(
            Agent(login, agent.name, agent.endpoint, dict(agent.skills), agent.signs_in)
            for login, agent in file.agents.items()
        ),
        tuple(Customer(c.number, c.name, c.tier, c.language) for c in file.customers),
        dict(file.expect),
    )


def _phone(agent: f.AgentPart) -> Phone:
    away = tuple((time.from_, time.until) for time in agent.unregistered)
    return Phone(agent.endpoint, agent.answers_after, agent.reasons(), away)


class _Sounds:
    """Finds the sounds that a file names; `flaws` has looked at every one before they are used."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._folders: list[Path] = []
        self._known: dict[str, Path] = {}

    def flaws(self, file: f.ScenarioFile) -> Iterator[Flaw]:
        for index, name in enumerate(file.sounds):
            folder = self._base / name
            self._folders.append(folder)
            if not folder.is_dir():
                yield Flaw(("sounds", index), f"there is no folder {name!r} beside this file")
        for at, name in _sounds_named(file):
            yield from self._look(at, name)
        for at, voice in _voices_drawn_from(file):
            if not (self._lines(voice, Party.AGENT) and self._lines(voice, Party.CUSTOMER)):
                yield Flaw(at, f"no folder of `sounds` has {voice}/agent-*.wav and {voice}/customer-*.wav")
        yield from _endpoints_twice(file)

    def _look(self, at: Place, name: str) -> Iterator[Flaw]:
        if name in self._known:
            return
        path = next((path for folder in self._folders if (path := folder / f"{name}.wav").is_file()), None)
        if path is None:
            yield unknown(at, "sound", name, self._names())
            return
        try:
            seconds_of(path)
        except BadAudio as error:
            yield Flaw(at, f"is no sound that can be played: {error}")
        self._known[name] = path

    def _names(self) -> set[str]:
        return {
            path.relative_to(folder).with_suffix("").as_posix()
            for folder in self._folders
            for path in folder.rglob("*.wav")
        }

    def _lines(self, voice: str, party: Party) -> list[str]:
        prefix = f"{voice}/{party}-"
        return sorted(name.removeprefix(f"{voice}/") for name in self._names() if name.startswith(prefix))

    def caller(self, call: f.CallPart, chance: random.Random) -> Caller:
        leaves = call.hangs_up
        return Caller(
            label=call.label,
            arrives=call.at,
            called=call.to,
            number=call.from_,
            name=call.name,
            replies=tuple(self._reply(reply) for reply in call.answers),
            patience=call.patience,
            leaves=Leaves(leaves.while_, leaves.time, leaves.after) if leaves else None,
            talks=tuple(self._talk(talk, chance) for talk in call.talks) or (Talk(),),
            stays=call.stays,
            redials_after=call.redials_after,
        )

    def _reply(self, reply: f.ReplyEntry) -> Reply:
        if not isinstance(reply, f.ReplyPart):
            return Silence()
        if reply.keys is not None:
            return Keys(reply.keys, reply.at, reply.gap)
        audio = self._known[reply.says] if reply.says else None
        return Says(reply.phrase or "", audio, reply.at)

    def _talk(self, talk: f.TalkPart, chance: random.Random) -> Talk:
        lines = talk.lines or self._drawn(talk, chance)
        utterances: list[Utterance] = []
        end = 0.0
        for line in lines:
            path = self._path(f"{talk.voice}/{line.line}")
            start = end + line.after if line.at is None else line.at
            utterances.append(Utterance(Party(line.line.partition("-")[0]), start, path))
            end = max(end, start + seconds_of(path))
        seconds = end + AFTER_THE_LAST_LINE if talk.seconds is None else talk.seconds
        return Talk(seconds, tuple(utterances), Party(talk.ended_by), talk.cause)

    def _drawn(self, talk: f.TalkPart, chance: random.Random) -> tuple[f.LinePart, ...]:
        """The agent begins; then they take turns, with pauses of 0.4 to 1.6 s."""
        parties = (Party.AGENT, Party.CUSTOMER)
        return tuple(
            f.LinePart(
                line=chance.choice(self._lines(talk.voice or "", parties[turn % 2])),
                after=round(chance.uniform(0.4, 1.6), 2),
            )
            for turn in range(talk.turns)
        )

    def _path(self, name: str) -> Path:
        if name not in self._known:
            self._known[name] = next(
                path for folder in self._folders if (path := folder / f"{name}.wav").is_file()
            )
        return self._known[name]


def _sounds_named(file: f.ScenarioFile) -> Iterator[tuple[Place, str]]:
    for index, call in enumerate(file.calls):
        for number, reply in enumerate(call.answers):
            if isinstance(reply, f.ReplyPart) and reply.says:
                yield ("calls", index, "answers", number, "says"), reply.says
        for number, talk in enumerate(call.talks):
            for place, line in enumerate(talk.lines):
                yield ("calls", index, "talks", number, "lines", place), f"{talk.voice}/{line.line}"


def _voices_drawn_from(file: f.ScenarioFile) -> Iterator[tuple[Place, str]]:
    for index, call in enumerate(file.calls):
        for number, talk in enumerate(call.talks):
            if talk.turns and talk.voice:
                yield ("calls", index, "talks", number, "voice"), talk.voice


def _endpoints_twice(file: f.ScenarioFile) -> Iterator[Flaw]:
    seen: set[str] = set()
    for login, agent in file.agents.items():
        if agent.endpoint in seen:
            yield Flaw(("agents", login, "endpoint"), f"{agent.endpoint!r} is another agent's phone already")
        seen.add(agent.endpoint)
