"""One side of a call as a packet capture, for sipp to play: G.711 µ-law and RFC 4733 digits in one stream."""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from .audio import RATE, Samples, read

DIGIT_PAYLOAD = 101
"""What the scenarios' SDP calls telephone-event."""

_FRAME = RATE // 50  # 20 ms
_DIGIT_FRAMES = 6
_SSRC = 0x486F746C


def capture(
    path: Path, seconds: float, digits: Mapping[float, str] | None = None, speaks: Path | None = None
) -> Path:
    """Write `seconds` of voice (a recording, else a soft 600 Hz tone), pressing digits at their seconds.

    A string of several digits is pressed at five a second. The stream ends where `seconds` do: what
    the far end sees then is media lost without a BYE.
    """
    frames = int(seconds * 50)
    voice = _voice(frames, speaks)
    presses = {
        int(at * 50) + 10 * i: digit for at, text in (digits or {}).items() for i, digit in enumerate(text)
    }
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for sequence, (frame, packet) in enumerate(_packets(voice, presses)):
            kind, timestamp, payload = packet
            header = struct.pack(">BBHII", 0x80, kind, sequence & 0xFFFF, timestamp, _SSRC)
            file.write(_record(frame, header + payload))
    return path


def ulaw(samples: Samples) -> bytes:
    """G.711 µ-law of samples between -1 and 1 (ITU-T G.711, table 2a)."""
    value = np.clip(np.abs(samples) * 32767, 0, 32635).astype(np.int64) + 132
    exponent = np.floor(np.log2(value)).astype(np.int64) - 7
    mantissa = (value >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


def _voice(frames: int, speaks: Path | None) -> Samples:
    wanted = frames * _FRAME
    if speaks is None:
        return 0.05 * np.sin(2 * np.pi * 600 * np.arange(wanted) / RATE)
    samples = read(speaks)[:wanted]
    return np.concatenate([samples, np.zeros(wanted - len(samples))])


def _packets(voice: Samples, presses: Mapping[int, str]) -> Iterator[tuple[int, tuple[int, int, bytes]]]:
    """(frame number, (payload type with marker, timestamp, payload)), in order."""
    encoded = ulaw(voice)
    quiet_until = 0
    for frame in range(len(encoded) // _FRAME):
        if frame in presses:
            quiet_until = frame + _DIGIT_FRAMES
            yield from _digit(frame, presses[frame])
        if frame >= quiet_until:
            yield frame, (0, frame * _FRAME, encoded[frame * _FRAME : (frame + 1) * _FRAME])


def _digit(start: int, digit: str) -> Iterator[tuple[int, tuple[int, int, bytes]]]:
    event = "0123456789*#".index(digit)
    for i in range(_DIGIT_FRAMES):
        marker = 0x80 if i == 0 else 0
        payload = struct.pack(">BBH", event, 10, (i + 1) * _FRAME)
        yield start + i, (marker | DIGIT_PAYLOAD, start * _FRAME, payload)
    last = start + _DIGIT_FRAMES - 1
    for _ in range(3):  # RFC 4733 2.5.1.4: the end is sent three times
        payload = struct.pack(">BBH", event, 0x80 | 10, _DIGIT_FRAMES * _FRAME)
        yield last, (DIGIT_PAYLOAD, start * _FRAME, payload)


def _record(frame: int, rtp: bytes) -> bytes:
    """A pcap record: Ethernet, IPv4 and UDP around the packet; sipp puts its own addresses in."""
    udp = struct.pack(">HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    packet = bytes(12) + b"\x08\x00" + ip + udp
    return struct.pack("<IIII", frame // 50, frame % 50 * 20_000, len(packet), len(packet)) + packet
