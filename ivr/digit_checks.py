"""Check digits of numbers that callers key."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"


def is_valid(check: str, digits: str) -> bool:
    """Whether `digits` pass `check`: `luhn`, or `cn-id` with `*` keyed for the X."""
    return luhn(digits) if check == "luhn" else cn_id(digits.replace("*", "X"))


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    values = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def cn_id(digits: str) -> bool:
    """GB 11643: 17 digits, weighted, modulo 11; the 18th is a digit or X."""
    body, last = digits[:17], digits[17:]
    if len(digits) != 18 or not (body.isascii() and body.isdigit()):
        return False
    return _ID_CHECK[sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True)) % 11] == last
