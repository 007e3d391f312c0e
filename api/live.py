"""What the routing board knows of a queue, for people to read."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.schemas import QueueDetail, WaitingCaller
from config.routing import Queue
from routing.ports import READY
from routing.skill import class_of

if TYPE_CHECKING:
    from api.bootstrap import Program


async def queue_detail(program: "Program", queue: Queue) -> QueueDetail:
    now = program.clock.now()
    callers = await program.board.queue(queue.name)
    serving = {
        cls: (await program.board.view(cls, 0)).states for cls in {c.requirement_class for c in callers}
    }
    waiting = [
        WaitingCaller(
            call=caller.call,
            position=position,
            waited=max(0.0, round((now - caller.queued_at).total_seconds(), 1)),
            estimated_wait=_estimate(program, queue, position, serving[caller.requirement_class]),
            step=caller.step,
            lane=caller.lane,
            ringing=caller.reservation is not None,
        )
        for position, caller in enumerate(callers, start=1)
    ]
    agents = await _agents(program, queue, waiting[0].step if waiting else 0)
    new = 0.0 if agents[READY] and not waiting else _estimate(program, queue, len(waiting) + 1, agents)
    return QueueDetail(
        name=queue.name,
        label=dict(queue.label),
        length=len(waiting),
        longest_wait=max((caller.waited for caller in waiting), default=0.0),
        estimated_wait=new,
        ready=agents[READY],
        agents=dict(agents),
        waiting=waiting,
    )


def _estimate(program: "Program", queue: Queue, position: int, states: Mapping[str, int]) -> float | None:
    found = program.routing.estimated_wait(queue.name, position, states)
    return None if found is None else round(found.seconds, 1)


async def _agents(program: "Program", queue: Queue, step: int) -> Counter[str]:
    """By state, the signed-in agents who cover a step of the queue, for callers of whichever carrier."""
    found = Counter[str]()
    for carrier in program.phones:
        found.update((await program.board.view(class_of(queue.name, step, carrier), 0)).states)
    return found
