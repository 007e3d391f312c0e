"""Lengths of time as people write them: `20s`, `5m`, `1h`, `1h30m`, or plain seconds."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_WRITTEN = re.compile(r"(?:\d+(?:\.\d+)?[hms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([hms])")


def seconds_of(written: Any) -> Any:
    """`written` in seconds when it is a length such as `1m30s`; anything else as it came."""
    if not isinstance(written, str):
        return written
    text = written.replace(" ", "").lower()
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f"should be a length of time such as 20s, 5m or 1h30m, not {written!r}")
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))


Seconds = Annotated[float, BeforeValidator(seconds_of), Field(ge=0, le=7 * 86400, allow_inf_nan=False)]
