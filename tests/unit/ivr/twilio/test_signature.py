"""Webhooks are believed by their signature alone: Twilio's published vectors, and every way to change one."""

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.signature import FORM, JSON, MOST_FIELDS, fields, signed_parameters

# https://www.twilio.com/docs/usage/security#validating-requests
DOCUMENTED_URL = "https://example.com/myapp.php?foo=1&bar=2"
DOCUMENTED = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "Digits": "1234",
    "From": "+14158675310",
    "To": "+18005551212",
}
DOCUMENTED_SIGNATURE = "L/OH5YylLD5NRKLltdqwSvS0BnU="

# Twilio's own tests of its libraries, the same in each language.
LIBRARY_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
LIBRARY = DOCUMENTED | {"Caller": "+14158675309", "From": "+14158675309"}
LIBRARY_JSON = b'{"property": "value", "boolean": true}'
LIBRARY_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

TOKEN = "12345"
URL = "https://hotline.example.com/twilio/voice?turn=1"
ACCOUNT = Account(sid="AC" + "0" * 32, auth_token=TOKEN, public_url="https://hotline.example.com")


def signature(url: str, form: Mapping[str, str] | None = None, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form or {}))


def believed(
    url: str,
    form: Mapping[str, str] | bytes,
    signed: str | None,
    *,
    content_type: str | None = FORM,
    account: Account = ACCOUNT,
    settings: str | None = None,
) -> bool:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    sent = {"X-Twilio-Signature": signed, "X-Twilio-Webhooks-Signature-Settings": settings}
    headers = {name: value for name, value in sent.items() if value is not None}
    return signed_parameters(account, url, headers, body, content_type) is not None


class TestPublishedVectors:
    def test_the_documentation(self) -> None:
        assert believed(DOCUMENTED_URL, DOCUMENTED, DOCUMENTED_SIGNATURE)

    @pytest.mark.parametrize(
        ("url", "signed"),
        [
            (LIBRARY_URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (LIBRARY_URL.replace(".com", ".com:1234"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (LIBRARY_URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # of the URL with :443
            (LIBRARY_URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # with :80
            (
                LIBRARY_URL.replace("https", "http").replace(".com", ".com:1234"),
                "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            ),
        ],
    )
    def test_forms_with_and_without_the_port(self, url: str, signed: str) -> None:
        assert believed(url, LIBRARY, signed)

    @pytest.mark.parametrize(
        ("url", "signed"),
        [
            (f"{LIBRARY_URL}&bodySHA256={LIBRARY_HASH}", "a9nBmqA0ju/hNViExpshrM61xv4="),
            (f"https://mycompany.com/myapp.php?bodySHA256={LIBRARY_HASH}", "y77kIzt2vzLz71DgmJGsen2scGs="),
        ],
    )
    def test_json(self, url: str, signed: str) -> None:
        assert believed(url, LIBRARY_JSON, signed, content_type="application/json; charset=utf-8")
        assert not believed(url, LIBRARY_JSON + b" ", signed, content_type=JSON)
        assert not believed(url, b"", signed, content_type=JSON)


class TestWhatTheLibraryLeavesOpen:
    def test_no_signature(self) -> None:
        assert not believed(URL, DOCUMENTED, None)
        assert not believed(URL, DOCUMENTED, "")

    def test_the_headers_name_in_any_case(self) -> None:
        signed = signature(URL, DOCUMENTED)
        body = urlencode(DOCUMENTED).encode()
        for name in ("x-twilio-signature", "X-TWILIO-SIGNATURE"):
            assert signed_parameters(ACCOUNT, URL, {name: signed}, body, FORM) == DOCUMENTED

    def test_json_whose_body_nothing_covers(self) -> None:
        assert not believed(URL, b'{"CallSid": "CA1"}', signature(URL), content_type=JSON)

    @pytest.mark.parametrize("content_type", [None, "", "text/plain", "multipart/form-data", JSON])
    def test_a_form_under_another_name(self, content_type: str | None) -> None:
        assert not believed(URL, DOCUMENTED, signature(URL, DOCUMENTED), content_type=content_type)

    def test_a_json_webhook_turned_into_a_form(self) -> None:
        url = f"{URL}&bodySHA256={hashlib.sha256(LIBRARY_JSON).hexdigest()}"
        assert believed(url, LIBRARY_JSON, signature(url), content_type=JSON)
        assert not believed(url, b"", signature(url))
        assert not believed(url, LIBRARY_JSON, signature(url))

    def test_a_repeated_parameter(self) -> None:
        assert not believed(URL, b"Digits=1&Digits=1", signature(URL, {"Digits": "1"}))
        assert not believed(URL, b"Digits=1&Digits=2", signature(URL, {"Digits": "1"}))

    def test_a_body_that_is_no_text(self) -> None:
        assert not believed(URL, b"Digits=%ff", signature(URL, {"Digits": "�"}))
        assert not believed(URL, b"\xff\xfe", signature(URL))

    def test_a_flood_of_parameters(self) -> None:
        form = {f"p{n}": "1" for n in range(MOST_FIELDS + 1)}
        assert not believed(URL, form, signature(URL, form))

    def test_the_fragment_is_not_signed(self) -> None:
        assert believed(URL + "#rc=3&rp=all", DOCUMENTED, signature(URL, DOCUMENTED))

    def test_empty_values_are_signed(self) -> None:
        assert believed(URL, {"Digits": "", "To": "x"}, signature(URL, {"Digits": "", "To": "x"}))

    def test_a_request_without_a_body(self) -> None:
        assert believed(URL, b"", signature(URL), content_type=None)

    def test_hostile_headers_and_addresses(self) -> None:
        assert not believed(URL, DOCUMENTED, "é" * 28)
        assert not believed(URL, DOCUMENTED, "\udcff")
        assert not believed("https://[::1", DOCUMENTED, signature(URL, DOCUMENTED))
        assert not believed("https://host:99999999/x", DOCUMENTED, signature(URL, DOCUMENTED))
        assert not believed("", b"", "x")

    def test_an_account_without_a_token_believes_nobody(self) -> None:
        empty = Account(sid="", auth_token="", public_url="https://hotline.example.com")
        assert not believed(URL, DOCUMENTED, signature(URL, DOCUMENTED, token=""), account=empty)


class TestSharedKeys:
    """https://www.twilio.com/docs/usage/webhooks: a SharedKey and its algorithm are named by a header."""

    ACCOUNT = Account(
        sid="AC" + "0" * 32, auth_token=TOKEN, shared_key="another", public_url="https://hotline.example.com"
    )

    def test_sha256_with_the_shared_key(self) -> None:
        signed = RequestValidator("another").compute_signature(URL, DOCUMENTED, "HMAC_SHA256")
        settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
        assert believed(URL, DOCUMENTED, signed, account=self.ACCOUNT, settings=settings)
        assert not believed(URL, DOCUMENTED, signed, account=self.ACCOUNT)
        assert not believed(URL, DOCUMENTED, signed, settings=settings)

    @pytest.mark.parametrize("algorithm", ["HMAC_MD5", "none", "\r\nforged"])
    def test_another_algorithm(self, algorithm: str) -> None:
        settings = f"key=webhooks_sharedkey_1,algorithm={algorithm}"
        signed = signature(URL, DOCUMENTED, "another")
        assert not believed(URL, DOCUMENTED, signed, account=self.ACCOUNT, settings=settings)


class TestBehindAProxy:
    ACCOUNT = Account(sid="AC" + "0" * 32, auth_token=TOKEN, public_url="https://calls.example.com/hotline")

    def test_the_public_address_counts_not_the_proxys(self) -> None:
        public = "https://calls.example.com/hotline/twilio/voice?turn=1"
        url = self.ACCOUNT.requested("/twilio/voice", "turn=1")
        assert url == public
        assert believed(url, DOCUMENTED, signature(public, DOCUMENTED))
        assert not believed(
            "http://127.0.0.1:8080/twilio/voice?turn=1", DOCUMENTED, signature(public, DOCUMENTED)
        )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)
forms = st.dictionaries(names, texts, max_size=8)


def signed_text(url: str, form: Mapping[str, str]) -> str:
    return url + "".join(name + form[name] for name in sorted(form))


@given(forms)
def test_what_was_signed_is_believed(form: dict[str, str]) -> None:
    assert believed(URL, form, signature(URL, form))


@given(forms, forms)
def test_any_other_parameters_are_refused(form: dict[str, str], other: dict[str, str]) -> None:
    # Twilio puts nothing between names and values: only where all of it together differs can it be told.
    assume(signed_text(URL, form) != signed_text(URL, other))
    assert not believed(URL, other, signature(URL, form))


@given(forms.filter(bool), st.data())
def test_any_change_of_one_parameter_is_refused(form: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(form)))
    changed = form | {name: data.draw(texts.filter(lambda value: value != form[name]))}
    assert not believed(URL, changed, signature(URL, form))
    without = {other: value for other, value in form.items() if other != name}
    assert not believed(URL, without, signature(URL, form))


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20), forms)
def test_any_other_url_is_refused(tail: str, form: dict[str, str]) -> None:
    other = f"https://hotline.example.com/twilio/{tail}"
    assume(signed_text(URL, form) != signed_text(other, form))
    assert not believed(other, form, signature(URL, form))


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=200))
def test_any_other_json_body_is_refused(body: bytes, other: bytes) -> None:
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert believed(url, body, signature(url), content_type=JSON)
    assert believed(url, other, signature(url), content_type=JSON) is (other == body)


@given(st.text(), st.binary(max_size=300), st.text() | st.none(), st.text() | st.none())
def test_nothing_makes_it_raise(url: str, body: bytes, signed: str | None, kind: str | None) -> None:
    assert not believed(url, body, signed, content_type=kind)
    assert not believed(url, body, signed, content_type=FORM)


@given(st.text(alphabet="ab&=+%é 4cE9;", max_size=40))
def test_a_form_is_read_as_by_the_standard_library(form: str) -> None:
    def read(how: Callable[[str], list[tuple[str, str]]]) -> list[tuple[str, str]] | None:
        try:
            return how(form)
        except ValueError:
            return None

    assert read(fields) == read(lambda it: parse_qsl(it, keep_blank_values=True, errors="strict"))
