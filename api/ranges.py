"""Parts of a sound over HTTP (RFC 9110, section 14): one range of bytes, or all of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from api.errors import BadRange

_BLOCK = 1 << 16
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


def byte_range(wanted: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) byte of a `Range` header, or None for all: no header, or one that is not understood.

    Raises `BadRange` for one that lies outside.
    """
    found = _RANGE.fullmatch(wanted or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first:
        begin, end = int(first), min(int(last or size - 1), size - 1)
        if last and int(last) < int(first):
            return None
    else:
        begin, end = max(0, size - int(last)), size - 1
    if begin >= size or begin > end:
        raise BadRange(size)
    return begin, end


def stream(file: BinaryIO, part: tuple[int, int] | None, size: int, media_type: str) -> Response:
    """`file`, or its `part`, read on threads as it is sent; the file is closed afterwards."""
    first, last = part or (0, size - 1)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(last - first + 1),
        "Cache-Control": "private, no-store",
    }
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(
        _blocks(file, first, last - first + 1), 206 if part else 200, headers, media_type=media_type
    )


async def _blocks(file: BinaryIO, first: int, left: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, first)
        while left > 0 and (block := await asyncio.to_thread(file.read, min(_BLOCK, left))):
            left -= len(block)
            yield block
    finally:
        file.close()
