"""Any interleaving of the webhooks of several calls, repeated, late, swapped, lost: the ledger is exact."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ivr.adapters.twilio import pulls
from tests.integration.twilio.conftest import CallCentre, call_centre
from tests.integration.twilio.truth import Truth
from tests.twilio import Answers, Busy, Caller, Chaos, RingsOut, Unreachable
from tests.twilio.call import Call

AT_ONCE, LATE = 1.0, 12.0  # seconds until the program knows: without faults, and with
AGENTS = ("sip:anna@example.com", "client:ben", "+8613700000001")

behaviours = st.one_of(
    st.builds(Answers, after=st.sampled_from([0.5, 3]), hangs_up_after=st.sampled_from([None, 1, 15])),
    st.builds(Answers, after=st.just(1), drops_after=st.just(8)),
    st.builds(Busy, after=st.just(1), code=st.sampled_from([486, 603])),
    st.just(RingsOut()),
    st.builds(Unreachable, code=st.sampled_from([404, 480, 503])),
)


@dataclass(frozen=True)
class Plan:
    """A caller hangs up `after` so many seconds, or stays as long as there is something to hear."""

    key: str
    after: float | None
    begins: float


plans = st.builds(
    Plan,
    key=st.sampled_from(["1", "1", "1", "3", ""]),
    after=st.sampled_from([None, 0.3, 1.0, 2.0, 5.0, 12.0, 40.0]),
    begins=st.sampled_from([0.0, 0.2, 3.0]),
)
chaos = st.builds(
    Chaos,
    seed=st.integers(0, 10_000),
    repeat=st.sampled_from([0.0, 0.5]),
    duplicate=st.sampled_from([0.0, 0.3, 1.0]),
    swap=st.sampled_from([0.0, 0.3]),
    delay=st.sampled_from([0.0, 0.3]),
    lose=st.sampled_from([0.0, 0.1]),
    lose_reply=st.sampled_from([0.0, 0.2]),
    longest_delay=st.sampled_from([0.5, 5.0]),
)


@dataclass(frozen=True)
class Life:
    """A caller, the key that they pressed and that was heard, and whether it was they who hung up."""

    caller: Caller
    key: str
    left: bool


async def live(centre: CallCentre, number: int, plan: Plan) -> Life:
    key = ""
    caller = centre.caller(f"+8613800{number:06}")
    await caller.listen(plan.begins)
    await caller.dial("4001")
    if plan.after is None:
        await caller.until(lambda call: call.over or call.listening is not None)
    if plan.after is None or plan.after > 1:
        await caller.until(lambda call: call.over or call.listening is not None)
        if plan.key and not caller.call.over and caller.press(plan.key):
            key = plan.key
    await caller.listen(plan.after or 120)
    leaves = not caller.call.over
    if leaves:
        caller.hang_up()
    return Life(caller, key, leaves)


@pytest.fixture(autouse=True)
def recordings_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of an example's time would go into asking each second which of them are due."""
    monkeypatch.setattr(pulls, "POLL", 60.0)


@pytest.mark.timeout(600)
@settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make an example smaller takes too long
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    phones=st.lists(st.lists(behaviours, min_size=1, max_size=3), max_size=3),
    callers=st.lists(plans, min_size=1, max_size=4),
    faults=chaos,
)
async def test_the_ledger_is_exact(
    tmp_path_factory: pytest.TempPathFactory,
    configuration: Path,
    phones: list[list[Any]],
    callers: list[Plan],
    faults: Chaos,
) -> None:
    async with call_centre(tmp_path_factory.mktemp("data"), configuration) as centre:
        for endpoint, behaviours in zip(AGENTS, phones, strict=False):
            await centre.agent(endpoint.strip("+").partition(":")[2] or "carla", endpoint, *behaviours)
        centre.twilio.faults.chaos = faults
        made = await asyncio.gather(*(live(centre, n, plan) for n, plan in enumerate(callers)))
        await centre.twilio.settled()
        centre.twilio.faults.chaos = None
        await centre.twilio.let_pass(60)
        await centre.telephony.reconciliation.look()
        for life in made:
            await check(centre, life, faults)
        ledger = (await centre.program.quality.report(None, None)).ledger
        assert ledger.balanced
        assert (ledger.offered, ledger.in_progress) == (len(made), 0)
        assert not centre.telephony.sessions()
        states = {agent.login: agent.state for agent in await centre.program.routing.agents()}
        assert not {"reserved", "talking"} & set(states.values()), states


async def check(centre: CallCentre, life: Life, faults: Chaos) -> None:
    line = await centre.line(life.caller)
    kinds = await centre.kinds(life.caller)
    truth = truth_of(centre, life, line.call_id, faults)
    said = f"{faults}\n{line}\n{kinds}\n{life.caller.account()}"
    assert not truth.flaws(line), f"{truth.flaws(line)}\n{said}"
    met = len(truth.met)
    assert kinds.count("CallAnswered") == met, said
    assert kinds.count("CallEnded") == 1, said
    assert kinds.count("TalkEnded") <= met, said
    assert kinds.count("AgentReserved") >= met + kinds.count("AgentLegEnded"), said


def truth_of(centre: CallCentre, life: Life, call_id: UUID, faults: Chaos) -> Truth:
    lost = faults.lose > 0
    late = lost or faults.swap > 0 or faults.delay > 0 or faults.lose_reply > 0
    legs = [leg for agent in AGENTS for leg in centre.twilio.phone(agent).calls if _is_for(leg, call_id)]
    legs.sort(key=lambda leg: leg.created)
    return Truth(life.caller, legs, life.key, life.left, LATE if late else AT_ONCE, late, lost)


def _is_for(leg: Call, call_id: UUID) -> bool:
    return leg.callback is not None and str(call_id) in leg.callback.url
