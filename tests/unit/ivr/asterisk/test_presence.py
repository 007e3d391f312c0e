"""Which phones can be reached, from what Asterisk tells of their contacts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.presence import Contacts, Presence, phone_name

OLD, NEW = "sip:1001@192.0.2.1:5060", "sip:1001@192.0.2.1:6070"


def told(contacts: Contacts, status: str, uri: str = OLD, endpoint: str = "1001") -> Presence | None:
    return contacts.learn({"contactstatus": status, "uri": uri, "endpointname": endpoint})


def row(status: str, uri: str = OLD, endpoint: str = "1001") -> dict[str, str]:
    return {"status": status, "uri": uri, "endpoint": endpoint, "objectname": f"{endpoint};@0123"}


def endpoint(name: str) -> dict[str, str]:
    return {"objectname": name}


@pytest.mark.parametrize(
    ("status", "can"),
    [("Reachable", True), ("NonQualified", True), ("Unreachable", False), ("Removed", False)],
)
def test_a_contact_comes_and_goes(status: str, can: bool) -> None:
    assert told(Contacts(), status) == ("PJSIP/1001", can)


@pytest.mark.parametrize("written", ["1001", "PJSIP/1001", "pjsip/1001", " 1001 "])
def test_a_bare_phone_is_one_of_pjsip(written: str) -> None:
    assert phone_name(written) == told(Contacts(), "Reachable")[0]  # type: ignore[index]


@pytest.mark.parametrize("written", ["Local/1@agents", "PJSIP/a@b", "PJSIP/trunk/sip:1@192.0.2.1:5060"])
def test_other_channels_stay_as_they_are_written(written: str) -> None:
    assert phone_name(written) == written


@pytest.mark.parametrize(
    "written",
    [
        *("+8613800138000", "sip:emma@example.com", "sips:emma@example.com/1", "client:emma", "client:a/b"),
        *("", " ", "/", "PJSIP/", "/1001", "PJSIP/安", "PJSIP/10 01", "PJSIP/1&Local/2", "PJSIP/1\r\nX: y"),
    ],
)
def test_what_is_no_channel_cannot_be_rung(written: str) -> None:
    assert phone_name(written) is None


@given(st.text(max_size=20) | st.from_regex(r"[A-Za-z0-9]{1,6}/[A-Za-z0-9_.:/@-]{1,6}", fullmatch=True))
def test_the_name_of_a_phone_is_its_own_and_may_be_originated(written: str) -> None:
    name = phone_name(written)
    if name is not None:
        assert phone_name(name) == name
        assert agi.plain(name) == name


def test_what_is_not_understood_says_nothing() -> None:
    contacts = Contacts()
    assert told(contacts, "Sleepy") is None
    assert told(contacts, "Reachable", endpoint="") is None


def test_a_phone_that_registered_anew_is_there_when_its_old_contact_goes() -> None:
    contacts = Contacts()
    told(contacts, "Reachable", OLD)
    told(contacts, "Reachable", NEW)
    assert told(contacts, "Removed", OLD) == ("PJSIP/1001", True)
    assert told(contacts, "Unreachable", NEW) == ("PJSIP/1001", False)


def test_a_list_replaces_what_was_known() -> None:
    contacts = Contacts()
    told(contacts, "Reachable", OLD)
    listed = contacts.listed(
        [row("Reachable", NEW), row("Unavail", endpoint="1002"), row("Unknown", endpoint="1003")],
        [endpoint(name) for name in ("1001", "1002", "1003", "1004")],
    )
    assert listed == [("PJSIP/1001", True), ("PJSIP/1002", False), ("PJSIP/1004", False)]
    assert told(contacts, "Removed", NEW) == ("PJSIP/1001", False)


def test_the_words_of_older_lists_are_understood() -> None:
    assert Contacts().listed([row("Avail")], [endpoint("1001")]) == [("PJSIP/1001", True)]
