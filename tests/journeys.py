"""What may become of a call, and the ledger line that it has then: the same on every carrier.

A test brings a case about and has its line checked here: by `told` of a `HotlineProgram` on Asterisk, of a
`CallCentre` on Twilio. tests/unit/test_journeys.py sees to it that each case is tried on both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Q.850 of the leg whose line is lost, as each carrier finds it out: RTP ran dry, or SIP got no answer.
LOST = {"asterisk": 44, "twilio": 27}

_MENU: Mapping[str, Any] = {"ending": None, "intent": None, "queue": None, "agent": None, "missed_rings": 0}
_SALES: Mapping[str, Any] = {"intent": "sales", "queue": "general-en"}
_NO_MENU: Mapping[str, Any] = {"intent": None, "queue": "general-en"}
_BY_CUSTOMER: Mapping[str, Any] = {"ended_by": "customer", "cause": 16}
_BY_SYSTEM: Mapping[str, Any] = {"ended_by": "system", "cause": 16}
_ANSWERED: Mapping[str, Any] = {
    "outcome": "answered",
    "ending": "customer",
    "missed_rings": 0,
    **_BY_CUSTOMER,
}
_LEFT: Mapping[str, Any] = {"outcome": "answered", "ending": "agent", "missed_rings": 0, **_BY_SYSTEM}


@dataclass(frozen=True)
class Journey:
    """`line` is what the ledger's has to say, `recorded` whether there is a recording of the talk.

    A value that is a mapping is by carrier. `only` is a carrier, with the `reason` why the case makes no
    sense on the other, or by which case it is tried there.
    """

    line: Mapping[str, Any]
    recorded: bool = False
    only: str | None = None
    reason: str = ""

    def flaws(self, line: Mapping[str, Any], recorded: bool) -> list[str]:
        """Where a line, by the names of its fields, differs from what it has to be."""
        carrier = line["carrier"]
        if self.only not in {None, carrier}:
            return [f"not a case for {carrier}: {self.reason}"]
        wanted = {
            name: value[carrier] if isinstance(value, Mapping) else value for name, value in self.line.items()
        }
        found = {name: line[name] for name in wanted}
        wanted["recorded"], found["recorded"] = self.recorded, recorded
        return [
            f"{name}: {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]
        ]


def _abandoned(outcome: str, **more: Any) -> Journey:
    return Journey({**_MENU, **_SALES, "outcome": outcome, **_BY_CUSTOMER, **more})


def _missed(**more: Any) -> Journey:
    return Journey({**_ANSWERED, "missed_rings": 1, **more})


JOURNEYS: Mapping[str, Journey] = {
    # ---------------------------------------------------------------- in the menu
    "keys, a talk, the caller hangs up": Journey({**_ANSWERED, **_SALES}, recorded=True),
    "a word, a talk, the caller hangs up": Journey(
        {**_ANSWERED, "intent": "refund", "queue": "general-ko", "language": "ko"}, recorded=True
    ),
    "a key where a word may be said": _abandoned("abandoned_in_queue", intent="refund", queue="general-ko"),
    "no menu, straight to a person": Journey({**_ANSWERED, **_NO_MENU}),
    "served by the menu": Journey({**_MENU, "outcome": "self_served", **_BY_SYSTEM}),
    "busy at the line limit": Journey({**_MENU, "outcome": "busy", "ended_by": "system", "cause": 17}),
    "closed": Journey({**_MENU, "outcome": "closed", **_BY_SYSTEM}),
    "recorded only with consent: refused": Journey({**_ANSWERED, **_NO_MENU}),
    "recorded only with consent: given": Journey({**_ANSWERED, **_NO_MENU}, recorded=True),
    # ---------------------------------------------------------------- callers who leave
    "the caller hangs up in the menu": Journey({**_MENU, "outcome": "abandoned_in_menu", **_BY_CUSTOMER}),
    "the caller hangs up in the queue": _abandoned("abandoned_in_queue"),
    "the caller hangs up while the agent's phone rings": _abandoned("abandoned_while_ringing"),
    # ---------------------------------------------------------------- agents
    "a VIP overtakes": Journey({**_ANSWERED, **_NO_MENU, "tier": "vip"}),
    "a VIP overtakes: who was overtaken": Journey({**_ANSWERED, **_NO_MENU, "tier": "standard"}),
    "the agent does not answer, the next one does": _missed(**_NO_MENU),
    "the agent rejects, the next one answers": _missed(**_NO_MENU),
    "the agent is in another call, the next one answers": _missed(**_NO_MENU),
    "the agent cannot be reached, the next one answers": _missed(**_NO_MENU),
    "three misses pause the agent, the caller gives up": _abandoned(
        "abandoned_in_queue", intent=None, queue="brief", missed_rings=3
    ),
    "the agent hangs up first": Journey({**_LEFT, **_SALES}, recorded=True),
    # ---------------------------------------------------------------- lost lines
    "the agent's phone dies in the talk": Journey({**_LEFT, **_SALES, "ending": "dropped"}, recorded=True),
    "the caller's line is lost in the talk": Journey(
        {**_ANSWERED, **_SALES, "ending": "dropped", "cause": LOST}, recorded=True
    ),
    "the caller's line is lost in the queue": _abandoned("abandoned_in_queue", cause=LOST),
    # ---------------------------------------------------------------- the program is killed
    "killed while the caller is in the menu": Journey({**_MENU, "outcome": "self_served", **_BY_SYSTEM}),
    "killed while three wait: served in order": Journey({**_LEFT, **_SALES}, recorded=True),
    "killed, the caller hangs up in the queue meanwhile": _abandoned("abandoned_in_queue"),
    "killed in a talk, which goes on": Journey({**_LEFT, **_SALES}, recorded=True),
    "killed while a phone rings, which is answered afterwards": Journey({**_LEFT, **_SALES}, recorded=True),
    "killed while a phone rings, which is answered meanwhile": Journey({**_LEFT, **_SALES}, recorded=True),
    "killed while a phone rings, which stops meanwhile": Journey({**_LEFT, **_SALES}, recorded=True),
    "called while the program is away": Journey({**_MENU, "outcome": "failed"}),
    # ---------------------------------------------------------------- the carrier is out of reach
    "out of reach while callers wait": Journey({**_LEFT, **_SALES}, recorded=True),
    "out of reach in a talk": Journey({**_ANSWERED, **_SALES}, recorded=True),
    "out of reach when the program starts": Journey({**_LEFT, **_SALES}, recorded=True),
    "Asterisk restarted in a talk": Journey(
        {**_ANSWERED, **_SALES, "ending": "unknown", "ended_by": "unknown", "cause": None},
        recorded=True,
        only="asterisk",
        reason="Twilio's calls do not hang on one machine; its REST API may be out of reach, webhooks lost",
    ),
    "Asterisk restarted in a wait": Journey(
        {**_MENU, **_SALES, "outcome": "failed", "ended_by": "unknown", "cause": None},
        only="asterisk",
        reason="Twilio's calls do not hang on one machine; its REST API may be out of reach, webhooks lost",
    ),
    "webhooks lost in a talk": Journey(
        {**_ANSWERED, **_SALES},
        recorded=True,
        only="twilio",
        reason="Asterisk tells over one connection, which is whole or cut: out of reach in a talk",
    ),
    "webhooks lost in a wait": Journey(
        {**_MENU, **_SALES, "outcome": "abandoned_in_queue", **_BY_CUSTOMER},
        only="twilio",
        reason="Asterisk tells over one connection, which is whole or cut: out of reach while callers wait",
    ),
}


def assert_told(name: str, line: Mapping[str, Any], *, recorded: bool) -> None:
    """The ledger's line of a call is the one that the case of that name has to have."""
    flaws = JOURNEYS[name].flaws(line, recorded)
    assert not flaws, f"{name}: {'; '.join(flaws)}"
