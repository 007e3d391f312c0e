"""Which agents' phones can be reached: those of which any contact answers.

A phone that registers anew from another address has two contacts for a moment, and the end of the old one may
be told last.
"""

import re
from collections.abc import Iterable, Mapping

from ivr.ports import Phones

_STATUS = {
    "Reachable": True,
    "NonQualified": True,
    "Created": True,
    "Updated": True,
    "Unreachable": False,
    "Removed": False,
    # as lists of older releases have it
    "Avail": True,
    "NonQual": True,
    "Unavail": False,
}

_TECHNOLOGY = "PJSIP"
_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CHANNEL = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.:/@-]+")  # what may be originated: `agi.plain`

#: (endpoint as "PJSIP/1001", whether its phone can be reached)
Presence = tuple[str, bool]


def phone_name(written: str) -> str | None:
    """The name under which presence is told of a phone: `PJSIP/1001` for `1001`.

    Channels of other technologies stay as written (`Local/1@agents`); None for what is no channel.
    """
    phone = written.strip()
    if _BARE.fullmatch(phone):
        return f"{_TECHNOLOGY}/{phone}"
    if not _CHANNEL.fullmatch(phone):
        return None
    technology, _, name = phone.partition("/")
    return f"{_TECHNOLOGY}/{name}" if technology.upper() == _TECHNOLOGY else phone


PHONES = Phones("PJSIP/1001, for which 1001 will do", phone_name)


class Contacts:
    def __init__(self) -> None:
        self._answering: dict[str, set[str]] = {}  # addresses by endpoint

    def learn(self, event: Mapping[str, str]) -> Presence | None:
        """From ContactStatus; None for one that says nothing."""
        return self._note(event.get("endpointname", ""), event.get("uri", ""), event.get("contactstatus", ""))

    def listed(
        self, contacts: Iterable[Mapping[str, str]], endpoints: Iterable[Mapping[str, str]]
    ) -> list[Presence]:
        """How it is now, from PJSIPShowContacts and PJSIPShowEndpoints: whoever is not there is not there."""
        self._answering = {row["objectname"]: set() for row in endpoints if row.get("objectname")}
        unclear = set[str]()
        for row in contacts:
            endpoint = row.get("endpoint") or row.get("objectname", "").partition(";")[0]
            if self._note(endpoint, row.get("uri", ""), row.get("status", "")) is None:
                unclear.add(endpoint)
        return [
            (f"{_TECHNOLOGY}/{endpoint}", bool(answering))
            for endpoint, answering in self._answering.items()
            if answering or endpoint not in unclear
        ]

    def _note(self, endpoint: str, uri: str, status: str) -> Presence | None:
        answers = _STATUS.get(status)
        if not endpoint or answers is None:
            return None
        answering = self._answering.setdefault(endpoint, set())
        if answers:
            answering.add(uri)
        else:
            answering.discard(uri)
        return f"{_TECHNOLOGY}/{endpoint}", bool(answering)
