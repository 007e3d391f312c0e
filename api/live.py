"""What the routing board knows of a queue, for people to read."""

from collections import Counter
from typing import TYPE_CHECKING

from api.schemas import QueueDetail, WaitingCaller
from config.routing import Queue
from routing.ports import READY
from routing.skill import class_of

if TYPE_CHECKING:
    from api.bootstrap import Program


async def queue_detail(program: "Program", queue: Queue) -> QueueDetail:
    now = program.clock.now()
    waiting = [
        WaitingCaller(
            call=caller.call,
            position=position,
            waited=max(0.0, round((now - caller.queued_at).total_seconds(), 1)),
            step=caller.step,
            lane=caller.lane,
            ringing=caller.reservation is not None,
        )
        for position, caller in enumerate(await program.board.queue(queue.name), start=1)
    ]
    agents = await _agents(program, queue, waiting[0].step if waiting else 0)
    return QueueDetail(
        name=queue.name,
        label=dict(queue.label),
        length=len(waiting),
        longest_wait=max((caller.waited for caller in waiting), default=0.0),
        ready=agents[READY],
        agents=dict(agents),
        waiting=waiting,
    )


async def _agents(program: "Program", queue: Queue, step: int) -> Counter[str]:
    """By state, the signed-in agents who cover a step of the queue, for callers of whichever carrier."""
    found = Counter[str]()
    for carrier in program.phones:
        found.update((await program.board.view(class_of(queue.name, step, carrier), 0)).states)
    return found
