"""The menu as a graph of steps."""

from collections.abc import Iterator

from ivr.menu import Menu
from ivr.menu_steps import Enqueue, Exit, Step


def exits(menu: Menu, step: Step) -> Iterator[Exit]:
    """Every way out of `step`, with the one that the menu gives to a queue that has none."""
    yield from step.exits()
    if isinstance(step, Enqueue) and not step.on_left:
        yield Exit(("on_left",), menu.on_error, "no agent", silent=True)


def reachable(menu: Menu) -> set[str]:
    """The steps that a call can come to."""
    reached: set[str] = set()
    ahead = [name for name in (menu.start, menu.after_talk, menu.on_error) if name]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(way.go for way in exits(menu, menu.steps[name]))
    return reached


def circles(menu: Menu) -> list[list[str]]:
    """Ways round that a caller who does nothing would follow for ever, each as its steps in order.

    Where there is none, every call ends or waits for an agent: silence always leads to an exit.
    """
    found: list[list[str]] = []
    finished: set[str] = set()
    for start in menu.steps:
        path: list[str] = []
        ways: list[Iterator[str]] = [iter([start])]
        while ways:
            name = next(ways[-1], None)
            if name is None:
                ways.pop()
                if path:
                    finished.add(path.pop())
            elif name in path:
                found.append(path[path.index(name) :])
            elif name not in finished:
                path.append(name)
                ways.append(way.go for way in exits(menu, menu.steps[name]) if way.silent)
    return found
