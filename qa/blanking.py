"""A score without what was said: verdicts, points and seconds stay."""

from typing import Any


def without_quotes(result: dict[str, Any]) -> dict[str, Any]:
    """A stored score's `result` whose evidence names its second and quotes nothing."""
    items = [
        item | {"evidence": [heard | {"text": ""} for heard in item["evidence"]]} for item in result["items"]
    ]
    return result | {"items": items}
