"""Free ports on the loopback."""

import random
import socket

# Below the kernel's ephemeral range (32768 and up), so nobody's outgoing socket lands in a block.
_RTP_FIRST, _RTP_LAST = 10_000, 32_000


def free_tcp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_sip_port() -> int:
    """A port free for both UDP and TCP, and the next one for TCP: baresip takes it for SIP over TLS.

    Below the ephemeral range, so that no outgoing connection has it a moment later.
    """
    for _ in range(200):
        port = random.randrange(_RTP_FIRST, _RTP_LAST, 2)
        if _udp_is_free(port) and _tcp_is_free(port) and _tcp_is_free(port + 1):
            return port
    raise RuntimeError(f"no free SIP port between {_RTP_FIRST} and {_RTP_LAST}")


def free_udp_block(size: int) -> int:
    """The first of `size` consecutive UDP ports, of which a sample was found free; even, as RTP wants it."""
    for _ in range(50):
        first = random.randrange(_RTP_FIRST, _RTP_LAST - size, 2)
        if all(_udp_is_free(port) for port in range(first, first + size, max(1, size // 20))):
            return first
    raise RuntimeError(f"no block of {size} free UDP ports between {_RTP_FIRST} and {_RTP_LAST}")


def _udp_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def _tcp_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
