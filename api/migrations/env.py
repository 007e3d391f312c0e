"""Alembic's side of a migration: it runs on the connection that `api.migrations` hands over."""

from typing import Any, Literal

from alembic import context

import api.tables  # noqa: F401
import config.versions  # noqa: F401
import customers.tables  # noqa: F401
import ivr.tables  # noqa: F401
import qa.tables  # noqa: F401
import recordings.tables  # noqa: F401
import routing.tables  # noqa: F401
from config.database import Json, Utc, metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our own types by their own names in a new revision."""
    if kind != "type":
        return False
    return "Utc()" if isinstance(item, Utc) else "Json" if item is Json else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
