"""Members ordered by score, then by themselves: what a Redis sorted set is, in memory."""

from bisect import bisect_left, insort
from collections.abc import Iterator


class SortedSet:
    def __init__(self) -> None:
        self._order: list[tuple[int, str]] = []
        self._scores: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[str]:
        return (member for _, member in self._order)

    def add(self, member: str, score: int) -> None:
        self.remove(member)
        insort(self._order, (score, member))
        self._scores[member] = score

    def remove(self, member: str) -> None:
        score = self._scores.pop(member, None)
        if score is not None:
            del self._order[bisect_left(self._order, (score, member))]

    def score(self, member: str) -> int | None:
        return self._scores.get(member)

    def rank(self, member: str) -> int:
        """From 0; the member must be there."""
        return bisect_left(self._order, (self._scores[member], member))

    def first(self, most: int) -> list[tuple[int, str]]:
        return self._order[:most]
