"""Free ports on the loopback.

All lie below the kernel's ephemeral range (32768 and up), so that no outgoing connection takes one,
neither before its server is up nor while the server is being restarted; and they are handed out one
after the other, so that nobody is given another's a moment later.
"""

import random
import socket
from collections.abc import Callable

_FIRST, _LAST = 10_000, 32_000

_place = random.randrange(_FIRST, _LAST)


def free_tcp_port() -> int:
    return _next(1, _tcp_is_free)


def free_sip_port() -> int:
    """A port free for both UDP and TCP, and the next one for TCP: baresip takes it for SIP over TLS."""
    return _next(2, lambda port: _udp_is_free(port) and _tcp_is_free(port) and _tcp_is_free(port + 1))


def free_udp_block(size: int) -> int:
    """The first of `size` consecutive UDP ports, of which a sample was found free; even, as RTP wants it."""
    return _next(
        size, lambda first: all(_udp_is_free(port) for port in range(first, first + size, max(1, size // 20)))
    )


def _next(size: int, free: Callable[[int], bool]) -> int:
    """The first of the next `size` ports that are `free`, even."""
    global _place
    for _ in range(200):
        first = _place + _place % 2
        if first + size > _LAST:
            first = _FIRST
        _place = first + size
        if free(first):
            return first
    raise RuntimeError(f"no {size} free ports in a row between {_FIRST} and {_LAST}")


def _udp_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def _tcp_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
