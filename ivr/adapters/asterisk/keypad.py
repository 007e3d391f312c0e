"""A caller's keys, to be waited for."""

import asyncio

from ivr.adapters.asterisk.digits import TypeAhead


class Keypad:
    """`pressed` is set while there are keys that nobody took."""

    def __init__(self) -> None:
        self.pressed = asyncio.Event()
        self._ahead = TypeAhead()

    def __bool__(self) -> bool:
        return bool(self._ahead)

    def key(self, digit: str) -> None:
        if self._ahead.key(digit):
            self.pressed.set()

    def take(self) -> str | None:
        digit = self._ahead.take()
        if not self._ahead:
            self.pressed.clear()
        return digit

    def forget(self) -> None:
        self._ahead.forget()
        self.pressed.clear()
