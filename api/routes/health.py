"""Whether the program lives, whether it can take calls, and its figures for Prometheus."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.edge import Here
from api.health import unready
from api.schemas import Readiness

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def alive() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def ready(here: Here) -> JSONResponse:
    """Calls can be taken: the database has our schema, every carrier and the routing board are there."""
    problems = await unready(here.program)
    return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(here: Here) -> Response:
    """Prometheus figures; none of them is about a person."""
    text = await here.metrics.exposition(here.program, here.listing)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
