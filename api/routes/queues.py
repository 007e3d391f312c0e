"""The queues as they stand now."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import Asking
from api.edge import Here
from api.errors import NotFound
from api.live import queue_detail
from api.schemas import QueueDetail

router = APIRouter(tags=["queues"])


@router.get("/api/v1/queues")
async def list_queues(here: Here, _asking: Asking) -> list[QueueDetail]:
    """Every queue of routing.yaml with who waits in it, next first."""
    return [await queue_detail(here.program, queue) for queue in here.program.config.queues.values()]


@router.get("/api/v1/queues/{name}")
async def show_queue(name: Annotated[str, Path(max_length=80)], here: Here, _asking: Asking) -> QueueDetail:
    queue = here.program.config.queues.get(name)
    if queue is None:
        raise NotFound("there is no such queue")
    return await queue_detail(here.program, queue)
