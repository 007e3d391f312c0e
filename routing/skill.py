"""Skills at levels 1 to 5, and the requirement classes in which calls and agents meet."""

from collections.abc import Mapping, Sequence

Skills = Mapping[str, int]

HIGHEST = 5

#: The class that every signed-in agent belongs to; no call waits in it.
EVERYBODY = "*"


def covers(skills: Skills, needed: Skills) -> bool:
    """Whether `skills` reach every level in `needed`; a skill that is not there reaches none."""
    return all(skills.get(skill, 0) >= level for skill, level in needed.items())


def class_of(queue: str, step: int, carrier: str) -> str:
    """The requirement class of `carrier`'s callers who wait in `queue` at its relaxation `step` (from 0)."""
    return f"{queue}/{step}/{carrier}"


def everybody_on(carrier: str) -> str:
    """The class of all signed-in agents whose phones `carrier` can ring; no call waits in it."""
    return f"{EVERYBODY}/{carrier}"


def carrier_of(requirement_class: str) -> str:
    """The carrier for whose callers a requirement class is."""
    return requirement_class.rpartition("/")[2]


def classes_of(skills: Skills, queues: Mapping[str, Sequence[Skills]], carrier: str) -> tuple[str, ...]:
    """The classes covered by an agent whose phone `carrier` rings; `queues` maps each to its steps' needs."""
    return tuple(
        class_of(queue, step, carrier)
        for queue, steps in queues.items()
        for step, needed in enumerate(steps)
        if covers(skills, needed)
    )


def spell(needed: Skills) -> str:
    """`billing 3, zh 2`; `nothing in particular` when nothing is needed."""
    return ", ".join(f"{skill} {level}" for skill, level in needed.items()) or "nothing in particular"
