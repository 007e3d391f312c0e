"""What a caller hears: one thing at a time, and who may cut it short."""

from typing import Protocol

from ivr.actions import Hold, Play
from ivr.adapters.simulator.agenda import After, Thing
from ivr.adapters.simulator.caller import VirtualCaller
from ivr.adapters.simulator.world import World


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

    def __init__(self, action: Play, world: World, after: After, heard_out: Thing) -> None:
        self._action = action
        self._world = world
        self._after = after
        self._heard_out = heard_out
        self.interruptible = action.interruptible

    async def begin(self) -> None:
        seconds = await self._world.prompts_last(self._action.prompts)
        self._timer = self._after(seconds, self._heard_out)

    def stop(self) -> None:
        self._timer.cancel()


class Holding:
    """Music, for as long as the caller's patience lasts."""

    lasting = True
    interruptible = True

    def __init__(self, action: Hold, world: World, caller: VirtualCaller) -> None:
        self._action = action
        self._world = world
        self._caller = caller

    async def begin(self) -> None:
        await self._world.prompts_last(self._action.prompts)
        self._caller.waits()

    def stop(self) -> None:
        pass
