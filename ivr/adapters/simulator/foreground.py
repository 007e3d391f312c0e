"""What a caller hears: one thing at a time, and who may cut it short."""

from typing import TYPE_CHECKING, Protocol

from ivr.actions import Hold, Play

if TYPE_CHECKING:
    from ivr.adapters.simulator.line import Line


class Foreground(Protocol):
    """`lasting` things go on until the next action, `interruptible` ones end when an agent answers."""

    @property
    def lasting(self) -> bool: ...

    @property
    def interruptible(self) -> bool: ...

    async def begin(self) -> None: ...

    def stop(self) -> None: ...


class Playing:
    lasting = False

    def __init__(self, line: "Line", action: Play) -> None:
        self._line = line
        self._action = action
        self.interruptible = action.interruptible

    async def begin(self) -> None:
        seconds = await self._line.world.prompts_last(self._action.prompts)
        self._timer = self._line.after(seconds, self._line.heard_out)

    def stop(self) -> None:
        self._timer.cancel()


class Holding:
    """Music, for as long as the caller's patience lasts."""

    lasting = True
    interruptible = True

    def __init__(self, line: "Line", action: Hold) -> None:
        self._line = line
        self._action = action

    async def begin(self) -> None:
        await self._line.world.prompts_last(self._action.prompts)
        self._line.caller.waits()

    def stop(self) -> None:
        pass
