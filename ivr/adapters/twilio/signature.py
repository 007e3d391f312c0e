"""Whether a webhook comes from Twilio: its signature, with every gap of the library's validator closed."""

from collections.abc import Mapping

from ivr.adapters.twilio.account import Account


def genuine(
    account: Account, url: str, headers: Mapping[str, str], body: bytes, content_type: str | None
) -> bool:
    """Whether `body` was signed for `url` (public, with its query). Never raises; header names are in any case."""
    raise NotImplementedError
