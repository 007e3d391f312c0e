"""What was lately: a dict that forgets the oldest."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST = 20_000


class Recent(OrderedDict[K, V]):
    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > MOST:
            self.popitem(last=False)
