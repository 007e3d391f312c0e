"""A menu as a Mermaid flowchart."""

from ivr.menu import Menu
from ivr.menu_graph import exits
from ivr.menu_steps import Branch, Choice, ChooseLanguage, Collect, Enqueue, Hangup, Set, Step

_SHAPES: tuple[tuple[type[Step], str, str], ...] = (
    (ChooseLanguage, "[/", "/]"),
    (Choice, "[/", "/]"),
    (Collect, "[/", "/]"),
    (Branch, "{", "}"),
    (Enqueue, "[[", "]]"),
    (Hangup, "([", "])"),
)


def mermaid(menu: Menu) -> str:
    """The chart: questions lean, decisions are diamonds, queues have double sides, ends are round.

    Dotted arrows are ways that a silent caller takes out of a question or a queue.
    """
    ids = {name: f"s{index}" for index, name in enumerate(menu.steps)}
    lines = ["flowchart TD", f"    call(({_label(menu.title or menu.name)})) --> {ids[menu.start]}"]
    for name, step in menu.steps.items():
        before, after = next(((b, a) for kind, b, a in _SHAPES if isinstance(step, kind)), ("[", "]"))
        lines.append(f"    {ids[name]}{before}{_label(_described(name, step))}{after}")
    for name, step in menu.steps.items():
        waits = isinstance(step, Choice | Collect | Enqueue)
        for way in exits(menu, step):
            arrow = "-.->" if waits and way.silent else "-->"
            label = f"|{_label(way.when)}|" if way.when else ""
            lines.append(f"    {ids[name]} {arrow}{label} {ids[way.go]}")
    if menu.after_talk:
        lines.append(f"    talk(({_label('agent hung up')})) -.-> {ids[menu.after_talk]}")
    return "\n".join(lines) + "\n"


def _described(name: str, step: Step) -> str:
    lines = [name]
    match step:
        case Set():
            lines += [f"intent: {step.intent}"] if step.intent else []
            lines += [f"{key}: {value}" for key, value in step.attributes.items()]
        case Enqueue():
            lines.append(f"queue: {step.queue or 'by intent and language'}")
        case Collect():
            least = "" if step.min_digits == step.max_digits else f"{step.min_digits} to "
            lines.append(f"{least}{step.max_digits} digits")
    return "\n".join([*lines, *(["self-served"] if step.complete else [])])


def _label(text: str) -> str:
    """`text` as a quoted Mermaid label; Mermaid writes special characters as `#name;`."""
    escaped = text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    return '"' + escaped.replace("\n", "<br>") + '"'
