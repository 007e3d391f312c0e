"""An agent's leg, learnt from captures."""

from uuid import UUID

import pytest

from ivr.adapters.asterisk.legs import AgentLeg
from ivr.events import MissReason
from tests.unit.ivr.asterisk.conftest import Captured

RESERVATION = UUID("0190a1b2-0000-7000-8000-000000000001")
CALLER = "hotline-1795314808.6"


def learnt(captured: Captured, capture: str, uniqueid: str, command: str = "-") -> AgentLeg:
    leg = AgentLeg(RESERVATION, "agent", CALLER)
    for event in captured(capture, {uniqueid: leg.uniqueid, command: leg.bridge_command}):
        leg.learn(event)
    return leg


def test_rings_and_refuses(captured: Captured) -> None:
    leg = learnt(captured, "agent-refuses", "agent-1\r", "\0")
    assert leg.missed() is MissReason.FAILED, "events of another leg are not its own"
    leg = AgentLeg(RESERVATION, "agent", CALLER)
    for event in captured("agent-refuses", {"agent-1": leg.uniqueid}):
        leg.learn(event)
    assert leg.rang
    assert leg.ended.is_set()
    assert leg.channel == "PJSIP/1001-00000007"
    assert leg.missed() is MissReason.BUSY


def test_a_failure_without_a_channel_leaves_none(captured: Captured) -> None:
    leg = learnt(captured, "agent-not-registered", "agent-4", "\0")
    assert leg.channel is None


@pytest.mark.parametrize(
    ("capture", "uniqueid", "command", "first"),
    [
        ("agent-leaves-conversation", "agent-5", "c35", "agent"),
        ("caller-leaves-conversation", "agent-6", "\0", "caller"),
    ],
)
def test_a_conversation(captured: Captured, capture: str, uniqueid: str, command: str, first: str) -> None:
    leg = AgentLeg(RESERVATION, "agent", CALLER)
    steps = []
    for event in captured(capture, {uniqueid: leg.uniqueid, command: leg.bridge_command}):
        leg.learn(event)
        states = ("rang", leg.rang), ("waiting", leg.waiting.is_set()), ("joined", leg.joined.is_set())
        steps += [name for name, is_so in states if is_so and name not in steps]
    assert steps == ["rang", "waiting", "joined"]
    assert leg.first_left == (leg.uniqueid if first == "agent" else CALLER)
    assert leg.ended.is_set()
    assert leg.ring.ending.cause == 16
