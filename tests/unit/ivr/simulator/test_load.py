"""Many callers from a seed."""

from pathlib import Path

import pytest

from ivr import actions as a
from ivr.adapters.simulator import Caller, Keys, Phone, Share, Talk, generate
from ivr.events import AgentLegEnded, CallAnswered, CallEnded, CallOffered, InputGathered
from tests.unit.ivr.simulator.core import Plan, TinyCore, prompt, ring

MIX = (
    Share(3, Caller("buyer", 0, "100", "x", replies=(Keys("1"),), patience=60, talks=(Talk(90),))),
    Share(1, Caller("withheld", 0, "200", patience=20, talks=(Talk(30),))),
)


def test_the_same_seed_makes_the_same_callers_and_another_one_others() -> None:
    assert generate(1, 50, 600, MIX) == generate(1, 50, 600, MIX) != generate(2, 50, 600, MIX)


def test_rate_mix_and_means_are_as_asked_for() -> None:
    made = generate(1, 4000, 1200, MIX)
    assert made[-1].arrives == pytest.approx(4000 * 3, rel=0.05)
    assert list(made) == sorted(made, key=lambda caller: caller.arrives)
    buyers = [caller for caller in made if caller.called == "100"]
    assert len(buyers) == pytest.approx(3000, rel=0.05)
    assert sum(caller.talks[0].seconds for caller in buyers) / len(buyers) == pytest.approx(90, rel=0.06)
    assert sum(caller.patience for caller in buyers) / len(buyers) == pytest.approx(60, rel=0.06)


def test_numbers_are_the_callers_own_and_stay_withheld() -> None:
    made = generate(1, 200, 600, MIX)
    numbers = [caller.number for caller in made if caller.called == "100"]
    assert len(set(numbers)) == len(numbers)
    assert {caller.number for caller in made if caller.called == "200"} == {None}
    assert len({caller.label for caller in made}) == 200


@pytest.mark.parametrize(("per_hour", "mix"), [(0, MIX), (600, ())])
def test_nothing_can_be_made_of_nothing(per_hour: float, mix: tuple[Share, ...]) -> None:
    with pytest.raises(ValueError, match="needs a mix"):
        generate(1, 1, per_hour, mix)


async def test_a_busy_hour_ends_every_call_once_and_is_the_same_again(tmp_path: Path) -> None:
    question = a.Gather("menu", prompt(1), a.DtmfInput(1))
    plan: Plan = [
        (CallOffered, [a.Answer(), question]),
        (InputGathered, [a.Hold(), ring("ann")]),
        (AgentLegEnded, [ring("bob")]),
    ]
    stories = []
    for _ in range(2):
        core = TinyCore(tmp_path, plan)
        await core.run(*generate(5, 300, 600, MIX), phones=[Phone("ann", 2), Phone("bob", 4)])
        stories.append(core.reports)
        assert len(core.of(CallOffered)) == len(core.of(CallEnded)) == 300
        assert core.of(CallAnswered)
    assert stories[0] == stories[1]
