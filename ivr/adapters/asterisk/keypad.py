"""A caller's keys, to be waited for."""

import asyncio

from ivr.digits import DigitCollector, TypeAhead


class Keypad:
    """`pressed` is set while there are keys that nobody took."""

    def __init__(self) -> None:
        self.pressed = asyncio.Event()
        self._ahead = TypeAhead()

    def __bool__(self) -> bool:
        return bool(self._ahead)

    def key(self, digit: str) -> None:
        if self._ahead.key(digit, asyncio.get_running_loop().time()):
            self.pressed.set()

    def take(self) -> str | None:
        digit = self._ahead.take()
        self._look()
        return digit

    def entered(self, entry: DigitCollector) -> None:
        """`entry` is over with the key taken last."""
        self._ahead.entered(entry)
        self._look()

    def forget(self) -> None:
        self._ahead.forget()
        self._look()

    def _look(self) -> None:
        if not self._ahead:
            self.pressed.clear()
