"""The HTTP routes, one file for each kind of thing. Paths are written out: `api.auth.ROLES` names them."""

from fastapi import APIRouter

from api.routes import agents, audit, calls, docs, health, ledger, queues, recordings

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    docs.router,
    calls.router,
    recordings.router,
    queues.router,
    agents.router,
    ledger.router,
    audit.router,
)
