"""One caller's channel on the wire: AGI commands with deadlines, and what ends them early."""

import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from typing import Protocol

from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.errors import (
    ActionOverdue,
    ActionRefused,
    AgiFailed,
    AmiError,
    ChannelGone,
    LinkLost,
)
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.translate import Ending


class Actions(Protocol):
    """What `Ami` offers to whoever steers a channel."""

    async def send(
        self, action: str, headers: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Event: ...


class Channel:
    """Keyed on the Uniqueid, which stays when the channel's name changes."""

    def __init__(self, ami: Actions, uniqueid: str) -> None:
        self.uniqueid = uniqueid
        self.ending = Ending()
        self.gone = asyncio.Event()
        self._ami = ami
        self._steered = True
        self._numbers = itertools.count(1)
        self._pending: dict[str, asyncio.Future[agi.Result]] = {}

    async def command(self, command: str, deadline: float) -> agi.Result:
        """The result of one AGI command, within `deadline` seconds.

        Raises `ChannelGone`, `LinkLost`, `ActionOverdue`, `AgiFailed`.
        """
        command_id = f"{self.uniqueid}-{next(self._numbers)}"
        result: asyncio.Future[agi.Result] = asyncio.get_running_loop().create_future()
        self._pending[command_id] = result
        try:
            await self.post(command, command_id)
            answer = await asyncio.wait_for(result, deadline)
        except TimeoutError:
            raise ActionOverdue(_verb(command), deadline) from None
        finally:
            self._pending.pop(command_id, None)
            result.cancel()
        if not answer.ok:
            raise AgiFailed(f"{_verb(command)}: {answer.code}")
        return answer

    async def post(self, command: str, command_id: str) -> None:
        """Queues a command whose result somebody else takes from the event with `command_id`."""
        if self.gone.is_set() or not self._steered:
            raise ChannelGone(_verb(command))
        headers = {"Channel": self.uniqueid, "Command": command, "CommandID": command_id}
        try:
            await self._ami.send("AGI", headers)
        except ActionRefused as refused:
            if "does not exist" in str(refused):
                raise ChannelGone(_verb(command)) from None
            raise

    async def stop_sound(self) -> None:
        """Ends the file that plays, if one does."""
        with contextlib.suppress(AmiError):
            await self._ami.send("ControlPlayback", {"Channel": self.uniqueid, "Control": "stop"})

    async def stop_listening(self) -> None:
        """Ends SPEECH RECOGNIZE, which only a digit can."""
        headers = {"Channel": self.uniqueid, "Digit": agi.STOP_DIGIT, "Receive": "true"}
        with contextlib.suppress(AmiError):
            await self._ami.send("PlayDTMF", headers)

    async def mute(self, *, on: bool) -> None:
        """Silences what the caller hears; what they say is still heard."""
        headers = {"Channel": self.uniqueid, "Direction": "out", "State": "on" if on else "off"}
        with contextlib.suppress(AmiError):
            await self._ami.send("MuteAudio", headers)

    async def claim(self) -> None:
        """Takes away the time limit that the dialplan sets for calls that nobody claims."""
        await self.set("TIMEOUT(absolute)", "0")

    async def set(self, variable: str, value: str) -> None:
        with contextlib.suppress(ActionRefused):
            await self._ami.send("Setvar", {"Channel": self.uniqueid, "Variable": variable, "Value": value})

    async def hang_up(self, cause: int) -> None:
        """Does nothing for a channel that is gone."""
        with contextlib.suppress(ActionRefused):
            await self._ami.send("Hangup", {"Channel": self.uniqueid, "Cause": cause})

    def learn(self, event: Event) -> None:
        match event["event"]:
            case "AsyncAGIStart":
                self._steered = True
            case "AsyncAGIExec":
                result = self._pending.get(event.get("commandid", ""))
                if result is not None and not result.done():
                    result.set_result(agi.parse(event.get("result", "")))
            case "AsyncAGIEnd":
                self._steered = False
                self._fail(ChannelGone("the caller left the menu"))
            case _:
                self.ending.learn(event)
                if self.ending.hung_up:
                    self.lost()

    def lost(self) -> None:
        """The channel does not exist any more."""
        self.gone.set()
        self._fail(ChannelGone("the caller hung up"))

    def link_lost(self) -> None:
        self._fail(LinkLost("the connection ended"))

    def _fail(self, problem: AmiError) -> None:
        for result in list(self._pending.values()):
            if not result.done():
                result.set_exception(problem)


def _verb(command: str) -> str:
    """What may be logged of a command."""
    return " ".join(command.split()[:2])
