"""Lists come in pages, with the way to the next one."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from .errors import Refused
from .shapes import Json

_PAGE, _MOST = 50, 1000
T = TypeVar("T")


def page(request: Request, name: str, found: Sequence[T], shape: Callable[[T], Json]) -> Json:
    """The part of `found` asked for by Page and PageSize."""
    asked = request.query_params
    try:
        number, size = int(asked.get("Page", 0)), min(int(asked.get("PageSize", _PAGE)), _MOST)
    except ValueError as error:
        raise Refused(400, 20001, f"Invalid paging: {error}") from error
    start = number * size
    shown = found[start : start + size]

    def uri(at: int) -> str:
        rest = [
            (key, value) for key, value in asked.multi_items() if key not in ("Page", "PageSize", "PageToken")
        ]
        paging = [("PageSize", size), ("Page", at), *([("PageToken", f"PA{at:032x}")] if at else [])]
        return f"{request.url.path}?{urlencode([*rest, *paging])}"

    return {
        name: [shape(one) for one in shown],
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if start + size < len(found) else None,
        "previous_page_uri": uri(number - 1) if number else None,
    }
