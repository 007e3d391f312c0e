"""Waiting, ringing, talking and leaving: what a line reports, and when."""

from pathlib import Path
from uuid import UUID

import pytest

from ivr import actions as a
from ivr.adapters.simulator import Caller, Keys, Leaves, Phone, Stage, Talk
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallEnded,
    CallOffered,
    InputGathered,
    MissReason,
    Party,
    TalkEnded,
)
from tests.unit.ivr.simulator.core import RESERVATION, START, Actions, Plan, TinyCore, prompt, ring

WAIT: Actions = [a.Answer(), a.Hold()]
ANN = Phone("ann", answers_after=2)


async def test_a_refused_caller_hears_busy_and_may_call_again(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Reject()])])
    await core.run(Caller("c", 5, "100", "13800138000", "Li", redials_after=30))
    assert [at for at, _ in core.of(CallOffered)] == [5, 35]
    assert core.reports[0][1] == CallOffered(
        "simulator", f"{START:%Y%m%dT%H%M%S}-1", "100", "13800138000", "Li"
    )
    assert [event for _, event in core.of(CallEnded)] == [CallEnded(Party.SYSTEM, 17)] * 2


async def test_prompts_are_played_one_after_the_other_before_the_hangup(tmp_path: Path) -> None:
    plan: Plan = [(CallOffered, [a.Answer(), a.Play(prompt(1.5) + prompt(2)), a.Play(prompt(3)), a.Hangup()])]
    core = TinyCore(tmp_path, plan)
    await core.run(Caller("c", 0, "100"))
    assert core.reports[1:] == [(6.5, CallEnded(Party.SYSTEM, 16))]


async def test_a_caller_abandons_when_their_patience_is_over(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Play(prompt(2)), a.Hold()])])
    simulator = core.simulator(Caller("c", 0, "100", patience=30))

    async def announce() -> None:
        (call_id,) = core.carrier_ids.values()
        await simulator.perform(call_id, [a.Announce(prompt(4))])

    simulator.schedule(20, announce)
    async with simulator.running(core):
        await simulator.run()
    assert core.only(CallEnded) == (32.0, CallEnded(Party.CUSTOMER, 16))


async def test_a_caller_hangs_up_at_the_second_question(tmp_path: Path) -> None:
    question = a.Gather("menu", prompt(3), a.DtmfInput(1))
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), question]), (InputGathered, [question])])
    await core.run(Caller("c", 0, "100", replies=(Keys("1"),), leaves=Leaves(Stage.MENU, 2, 1.5)))
    assert core.only(CallEnded) == (5.5, CallEnded(Party.CUSTOMER, 16))


async def test_a_caller_gives_up_before_anybody_answers(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [])
    await core.run(Caller("c", 0, "100", leaves=Leaves(Stage.UNANSWERED, after=4)))
    assert core.only(CallEnded) == (4.0, CallEnded(Party.CUSTOMER, 16))


async def test_an_answered_caller_does_not_give_up_as_unanswered(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, WAIT)])
    await core.run(Caller("c", 0, "100", patience=9, leaves=Leaves(Stage.UNANSWERED, after=4)))
    assert core.only(CallEnded)[0] == 9.0


async def test_nobody_stays_for_ever(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer()])])
    await core.run(Caller("c", 0, "100", lifetime=600))
    assert core.only(CallEnded)[0] == 600


async def test_an_agent_answers_and_the_caller_hangs_up_first(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    await core.run(Caller("c", 0, "100", talks=(Talk(10),)), phones=[ANN])
    assert core.reports[1:] == [
        (0.15, AgentRang(RESERVATION, "ann")),
        (2.25, CallAnswered(RESERVATION, "ann")),
        (12.25, CallEnded(Party.CUSTOMER, 16)),
    ]


@pytest.mark.parametrize("cause", [44, 27])
async def test_a_lost_leg_of_the_caller_ends_the_call_with_its_cause(tmp_path: Path, cause: int) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    await core.run(Caller("c", 0, "100", talks=(Talk(7, cause=cause),)), phones=[ANN])
    assert core.only(CallEnded) == (9.25, CallEnded(Party.CUSTOMER, cause))


@pytest.mark.parametrize("cause", [16, 44])
async def test_when_the_agent_leaves_the_caller_goes_on_with_the_menu(tmp_path: Path, cause: int) -> None:
    question = a.Gather("survey", prompt(1), a.DtmfInput(1))
    plan: Plan = [(CallOffered, [*WAIT, ring()]), (TalkEnded, [question]), (InputGathered, [a.Hangup()])]
    core = TinyCore(tmp_path, plan)
    talk = Talk(5, ended_by=Party.AGENT, cause=cause)
    await core.run(Caller("c", 0, "100", talks=(talk,), replies=(Keys("5"),)), phones=[ANN])
    assert core.only(TalkEnded) == (7.25, TalkEnded(RESERVATION, "ann", Party.AGENT, cause))
    assert core.only(InputGathered)[1].value == "5"
    assert core.only(CallEnded) == (9.25, CallEnded(Party.SYSTEM, 16))


async def test_a_caller_may_hang_up_soon_after_the_agent_left(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()]), (TalkEnded, [a.Play(prompt(60))])])
    await core.run(Caller("c", 0, "100", talks=(Talk(5, ended_by=Party.AGENT),), stays=3), phones=[ANN])
    assert core.only(CallEnded) == (10.25, CallEnded(Party.CUSTOMER, 16))


async def test_the_program_may_end_a_conversation(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()]), (CallAnswered, [a.Hangup()])])
    await core.run(Caller("c", 0, "100"), phones=[ANN])
    assert core.only(CallEnded) == (2.25, CallEnded(Party.SYSTEM, 16))


@pytest.mark.parametrize(
    ("phone", "at", "reason", "cause"),
    [
        (Phone("ann", answers_after=20), 20.15, MissReason.NO_ANSWER, 19),
        (Phone("ann", misses={1: MissReason.NO_ANSWER}), 20.15, MissReason.NO_ANSWER, 19),
        (Phone("ann", 4, {1: MissReason.REJECTED}), 4.15, MissReason.REJECTED, 21),
        (Phone("ann", misses={1: MissReason.BUSY}), 0.15, MissReason.BUSY, 17),
        (Phone("ann", misses={1: MissReason.FAILED}), 0.15, MissReason.FAILED, 34),
        (Phone("ann", unregistered=((0, 60),)), 0.15, MissReason.UNREGISTERED, None),
        (Phone("bob"), 0.15, MissReason.UNREGISTERED, None),
    ],
)
async def test_an_agent_who_is_not_reached(
    tmp_path: Path, phone: Phone, at: float, reason: MissReason, cause: int | None
) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    await core.run(Caller("c", 0, "100", patience=50), phones=[phone])
    assert core.only(AgentLegEnded) == (at, AgentLegEnded(RESERVATION, "ann", reason, cause))
    rings = reason in (MissReason.NO_ANSWER, MissReason.REJECTED)
    assert len(core.of(AgentRang)) == rings
    assert core.only(CallEnded)[0] == 50  # the wait went on as if nothing had been


async def test_an_agent_misses_the_second_ring_only(tmp_path: Path) -> None:
    plan: Plan = [(CallOffered, [*WAIT, ring()])]
    core = TinyCore(tmp_path, plan)
    callers = [Caller(str(n), n * 60, "100", talks=(Talk(5),), patience=30) for n in range(3)]
    phone = Phone("ann", misses={2: MissReason.NO_ANSWER})
    await core.run(*callers, phones=[phone])
    assert len(core.of(CallAnswered)) == 2
    assert core.only(AgentLegEnded)[0] == 80.15


async def test_a_phone_in_use_is_busy_for_others_until_the_talk_is_over(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    callers = [Caller(str(n), at, "100", talks=(Talk(10),), patience=1) for n, at in enumerate([0, 5, 20])]
    await core.run(*callers, phones=[Phone("ann", answers_after=0.1)])
    assert [at for at, _ in core.of(CallAnswered)] == [0.35, 20.35]
    assert core.only(AgentLegEnded) == (5.15, AgentLegEnded(RESERVATION, "ann", MissReason.BUSY, 17))


async def test_an_unregistered_phone_comes_back(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    callers = [Caller(str(n), at, "100", patience=5) for n, at in enumerate([5, 15])]
    await core.run(*callers, phones=[Phone("ann", unregistered=((0, 10),))])
    assert [at for at, _ in core.of(CallAnswered)] == [18.25]


async def test_a_caller_hangs_up_while_the_second_agent_rings(tmp_path: Path) -> None:
    second = ring("bob", reservation=UUID(int=9))
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()]), (AgentLegEnded, [second])])
    rejects = Phone("ann", 2, {1: MissReason.REJECTED})
    caller = Caller("c", 0, "100", leaves=Leaves(Stage.RINGING, 2, 1))
    await core.run(caller, phones=[rejects, Phone("bob", 5)])
    assert core.only(CallEnded) == (3.3, CallEnded(Party.CUSTOMER, 16))
    assert core.of(CallAnswered) == []


async def test_a_cancelled_ring_is_reported_once_and_frees_the_phone(tmp_path: Path) -> None:
    cancel = a.CancelRing(RESERVATION)
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()]), (AgentRang, [cancel, cancel])])
    simulator = core.simulator(Caller("c", 0, "100", patience=9), phones=[ANN])
    async with simulator.running(core):
        await simulator.run()
    assert core.of(AgentLegEnded) == [(0.15, AgentLegEnded(RESERVATION, "ann", MissReason.CANCELLED))]
    assert core.only(CallEnded)[0] == 9.0


async def test_of_two_rings_the_first_answered_wins_and_the_other_is_called_off(tmp_path: Path) -> None:
    other = ring("bob", reservation=UUID(int=9))
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring(), other])])
    phones = [ANN, Phone("bob", 5)]
    await core.run(Caller("c", 0, "100", talks=(Talk(20),)), phones=phones)
    assert core.only(CallAnswered) == (2.25, CallAnswered(RESERVATION, "ann"))
    assert core.only(AgentLegEnded) == (2.25, AgentLegEnded(UUID(int=9), "bob", MissReason.CANCELLED))


async def test_a_phone_is_free_again_once_the_caller_left_it_ringing(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring()])])
    callers = [Caller(str(n), n * 5, "100", patience=1 + 9 * n) for n in range(2)]
    await core.run(*callers, phones=[ANN])
    assert [at for at, _ in core.of(CallAnswered)] == [7.25]


async def test_a_repeated_ring_order_rings_once(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [*WAIT, ring(), ring()])])
    await core.run(Caller("c", 0, "100"), phones=[ANN])
    assert len(core.of(AgentRang)) == len(core.of(CallAnswered)) == 1


async def test_a_prompt_that_may_be_cut_short_ends_when_an_agent_answers(tmp_path: Path) -> None:
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Play(prompt(30)), a.Hold(), ring()])])
    await core.run(Caller("c", 0, "100"), phones=[ANN])
    assert core.only(CallAnswered)[0] == 2.25


async def test_a_prompt_that_must_be_heard_is_heard_before_the_agent(tmp_path: Path) -> None:
    consent = a.Play(prompt(6), interruptible=False)
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), consent, a.Hold(), ring()])])
    await core.run(Caller("c", 0, "100"), phones=[ANN])
    assert core.only(CallAnswered)[0] == 6.0


async def test_an_agent_who_answered_too_late_is_not_connected(tmp_path: Path) -> None:
    notice = a.Play(prompt(6), interruptible=False)
    plan: Plan = [(CallOffered, [a.Answer(), notice, ring()]), (AgentRang, [a.Hangup()])]
    core = TinyCore(tmp_path, plan)
    callers = [Caller(str(n), n * 10, "100") for n in range(2)]
    await core.run(*callers, phones=[ANN])
    assert core.of(CallAnswered) == []
    assert [at for at, _ in core.of(CallEnded)] == [6.0, 16.0]
    assert len(core.of(AgentRang)) == 2  # the phone was free again


async def test_waiting_starts_afresh_after_a_question(tmp_path: Path) -> None:
    question = a.Gather("stay", prompt(1), a.DtmfInput(1))
    plan: Plan = [(CallOffered, [a.Answer(), a.Hold()]), (InputGathered, [a.Hold()])]
    core = TinyCore(tmp_path, plan)
    simulator = core.simulator(Caller("c", 0, "100", patience=30, replies=(Keys("1"),)))

    async def ask() -> None:
        (call_id,) = core.carrier_ids.values()
        await simulator.perform(call_id, [question])

    simulator.schedule(20, ask)
    async with simulator.running(core):
        await simulator.run()
    assert core.only(CallEnded)[0] == 52.0


async def test_talks_are_taken_in_order(tmp_path: Path) -> None:
    again = ring(reservation=UUID(int=9))
    plan: Plan = [(CallOffered, [*WAIT, ring()]), (TalkEnded, [a.Hold(), again])]
    core = TinyCore(tmp_path, plan)
    talks = (Talk(5, ended_by=Party.AGENT), Talk(8))
    await core.run(Caller("c", 0, "100", talks=talks), phones=[ANN])
    assert [at for at, _ in core.of(CallAnswered)] == [2.25, 9.5]
    assert core.only(CallEnded)[0] == 17.5
