"""Which bytes a player gets."""

import pytest

from api.errors import BadRange
from api.ranges import byte_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-99", (0, 99)),
        ("bytes=10-", (10, 999)),
        ("bytes=-5", (995, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=990-5000", (990, 999)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("seconds=1-2", None),
        ("bytes=" + "9" * 50 + "-", None),
    ],
)
def test_one_range_is_served_and_what_is_not_understood_means_all(
    header: str | None, part: tuple[int, int] | None
) -> None:
    assert byte_range(header, 1000) == part


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(header: str) -> None:
    with pytest.raises(BadRange) as refused:
        byte_range(header, 1000)
    assert refused.value.size == 1000
