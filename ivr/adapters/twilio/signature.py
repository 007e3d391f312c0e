"""Whether a webhook comes from Twilio: its signature, with every gap of the library's validator closed.

Twilio signs the URL that it was given and, of a form, each parameter's name and value in the order of names
(https://www.twilio.com/docs/usage/security#validating-requests). Of JSON it signs the URL alone, in which
`bodySHA256` stands for the body.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote, urldefrag, urlparse

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    add_port,
    get_signature_algorithm,
    remove_port,
)

from ivr.adapters.twilio.account import Account

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MOST_FIELDS = 200
_BODY_HASH = "bodySHA256"
_HASHES = {HMAC_SHA1: "sha1", HMAC_SHA256: "sha256"}


def signed_parameters(
    account: Account, url: str, headers: Mapping[str, str], body: bytes, content_type: str | None
) -> dict[str, str] | None:
    """The parameters in `body` that were signed with `url` (`Account.requested`); None for a forgery.

    A genuine body of JSON has none. Never raises; header names in any case. Parameters that are repeated, a
    body that is no UTF-8 and JSON without `bodySHA256` are refused.
    """
    try:
        lower = {name.lower(): value for name, value in headers.items()}
        parameters = _parameters(url, body, content_type)
        return parameters if parameters is not None and _genuine(account, url, lower, parameters) else None
    except (ValueError, TypeError):
        return None


def _genuine(account: Account, url: str, headers: Mapping[str, str], parameters: Mapping[str, str]) -> bool:
    given, settings = headers.get(SIGNATURE_HEADER.lower()), headers.get(SIGNATURE_SETTINGS_HEADER.lower())
    secret = account.shared_key if settings else account.auth_token
    hash_name = _HASHES.get(get_signature_algorithm(settings))
    if not given or not secret or hash_name is None:
        return False
    said = "".join(name + parameters[name] for name in sorted(parameters))
    digests = (hmac.digest(secret.encode(), (each + said).encode(), hash_name) for each in _as_signed(url))
    return any(hmac.compare_digest(base64.b64encode(digest), given.encode()) for digest in digests)


def _parameters(url: str, body: bytes, content_type: str | None) -> dict[str, str] | None:
    """What is signed beside the URL; None for a body that no signature covers."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if _BODY_HASH in url and (hashes := parse_qs(urlparse(url).query).get(_BODY_HASH)) is not None:
        right = hmac.compare_digest(hashes[0].lower().encode(), hashlib.sha256(body).hexdigest().encode())
        return {} if right and kind == JSON else None
    if not body:
        return {}
    if kind != FORM:
        return None
    pairs = fields(body.decode())
    parameters = dict(pairs)
    return parameters if len(parameters) == len(pairs) <= MOST_FIELDS else None


def fields(form: str) -> list[tuple[str, str]]:
    """Names and values, empty ones too, as by `urllib.parse.parse_qsl`, which takes three times as long.

    Raises `ValueError` for what is no UTF-8.
    """
    pairs = (pair.partition("=") for pair in form.split("&") if pair)
    return [(_plain(name), _plain(value)) for name, _, value in pairs]


def _plain(text: str) -> str:
    text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def _as_signed(url: str) -> Iterator[str]:
    """Twilio signs without the port or with it, and never a fragment; mostly what it was given."""
    yield url
    parts = urlparse(urldefrag(url).url)
    yield remove_port(parts)
    yield add_port(parts)
