"""How Twilio signs its webhooks: twilio.com/docs/usage/security, "Validating Signatures from Twilio"."""

from collections.abc import Mapping
from urllib.parse import urldefrag

from twilio.request_validator import RequestValidator


def signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """The header X-Twilio-Signature for a form posted to `url`; `form` is empty for a GET."""
    signed: str = RequestValidator(auth_token).compute_signature(urldefrag(url).url, dict(form))
    return signed


def corrupted(signature: str) -> str:
    """A signature of the same shape that is another one."""
    return ("B" if signature[0] == "A" else "A") + signature[1:]
