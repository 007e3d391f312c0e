"""What is wrong with a piece of configuration, said without knowing which file it came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Place = tuple[str | int, ...]
"""The way to a value from the top of its document: keys and list positions from 0."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """`at` names the value; with `of_key` it is the key itself that is wrong. `allowed` may be empty."""

    at: Place
    message: str
    allowed: tuple[str, ...] = ()
    of_key: bool = False


def unknown(at: Place, kind: str, found: str, allowed: Iterable[str], of_key: bool = False) -> Flaw:
    """A name that does not exist, with the nearest one that does."""
    names = tuple(sorted(allowed))
    return Flaw(at, f"there is no {kind} {found!r}{did_you_mean(found, names)}", names, of_key)


def did_you_mean(found: str, names: Iterable[str]) -> str:
    """`; did you mean 'sales'?`, or nothing when no name comes near."""
    near = get_close_matches(found, list(names), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def spell(at: Place) -> str:
    """A place as people write it: `steps.topic.options[1].go`."""
    text = ""
    for part in at:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
