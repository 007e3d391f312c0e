"""A caller playing the part that they were given on one line."""

from collections.abc import Iterator
from typing import Protocol

from ivr.adapters.simulator.agenda import Thing, Timer
from ivr.adapters.simulator.script import (
    NORMAL_CLEARING,
    THINKING,
    Caller,
    Keys,
    Leaves,
    Reply,
    Silence,
    Stage,
    Talk,
)
from ivr.digits import TypeAhead
from ivr.events import Party


class OwnLine(Protocol):
    """What a caller does on their line, and notices of it."""

    @property
    def answered(self) -> bool: ...

    @property
    def talking(self) -> bool: ...

    def after(self, seconds: float, do: Thing) -> Timer: ...

    async def key(self, digit: str) -> None: ...

    async def ends(self, by: Party, cause: int) -> None: ...


class VirtualCaller:
    """`typed` holds the keys that no question took yet."""

    def __init__(self, line: OwnLine, script: Caller) -> None:
        self.typed = TypeAhead()
        self._line = line
        self._script = script
        self._replies: Iterator[Reply] = iter(script.replies)
        self._talks = list(script.talks) or [Talk()]
        self._patience: Timer | None = None
        self._asked = 0
        self._rung = 0
        self._keys_coming = 0

    @property
    def types(self) -> bool:
        """Whether they are still at the keys of an earlier reply."""
        return self._keys_coming > 0 or bool(self.typed)

    def arrives(self) -> None:
        self._line.after(self._script.lifetime, self._hangs_up)
        self._may_leave(Stage.UNANSWERED, 1)

    def is_asked(self) -> None:
        self._stops_waiting()
        self._asked += 1
        self._may_leave(Stage.MENU, self._asked)

    def next_reply(self) -> Reply:
        return next(self._replies, Silence())

    def presses(self, keys: Keys, prompt_seconds: float) -> None:
        """Sets each key press in time; they go to whatever asks by then."""
        first = prompt_seconds + THINKING if keys.at is None else keys.at
        for index, digit in enumerate(keys.digits):
            self._keys_coming += 1
            self._will_press(digit, first + index * keys.gap)

    def waits(self) -> None:
        if self._patience is None:
            self._patience = self._line.after(self._script.patience, self._hangs_up)

    def agent_rings(self) -> None:
        self._rung += 1
        self._may_leave(Stage.RINGING, self._rung)

    def talks(self) -> Talk:
        """What they have to say to the agent whom they have just reached."""
        self._stops_waiting()
        return self._talks.pop(0) if len(self._talks) > 1 else self._talks[0]

    def agent_left(self) -> None:
        if self._script.stays is not None:
            self._line.after(self._script.stays, self._hangs_up)

    def _will_press(self, digit: str, seconds: float) -> None:
        async def press() -> None:
            self._keys_coming -= 1
            await self._line.key(digit)

        self._line.after(seconds, press)

    def _may_leave(self, stage: Stage, time: int) -> None:
        match self._script.leaves:
            case Leaves(on, at, after) if on is stage and at == time:
                unheard = stage is Stage.UNANSWERED
                self._line.after(after, self._gives_up_unanswered if unheard else self._loses_heart)

    def _stops_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    async def _loses_heart(self) -> None:
        if not self._line.talking:
            await self._hangs_up()

    async def _gives_up_unanswered(self) -> None:
        if not self._line.answered:
            await self._hangs_up()

    async def _hangs_up(self) -> None:
        await self._line.ends(Party.CUSTOMER, NORMAL_CLEARING)
