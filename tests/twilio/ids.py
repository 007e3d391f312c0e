"""SIDs as Twilio makes them: two letters and 32 hexadecimal digits, the same ones for the same seed."""

from random import Random


class Sids:
    def __init__(self, seed: int = 0) -> None:
        self._random = Random(f"sids {seed}")

    def new(self, prefix: str) -> str:
        """`prefix`: AC an account, CA a call, CF a conference, RE a recording."""
        return f"{prefix}{self._random.getrandbits(128):032x}"

    def token(self) -> str:
        """What names one delivery, however often it is tried."""
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
