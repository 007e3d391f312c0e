"""Callers and agents on one floor: who is served by whom, when, and what happens when it goes wrong."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.routing import RoutingConfig
from ivr import events as e
from ivr.events import MissReason
from routing.aftermath import PAUSED_FOR_MISSES
from routing.agent import Agent, apply, fold
from routing.errors import AgentExists, AgentInvalid, EndpointInUse, IllegalAgentTransition, UnknownAgent
from routing.events import AgentReadied
from routing.ports import AgentEntry
from routing.waiting_room import MAX_WAIT, QUEUE_FULL
from tests.unit.routing.builders import after
from tests.unit.routing.floor import TWO_CARRIERS, Floor, given_config, open_floor


def sales(**settings: Any) -> RoutingConfig:
    """Queue `sales`, which anybody may serve unless `settings` say otherwise."""
    return given_config(sales={"steps": [{"skills": {}}]} | settings)


class TestMatching:
    async def test_the_longest_ready_agent_with_the_skills_is_rung_and_the_choice_explained(
        self, floor: Floor
    ) -> None:
        await floor.agent("late", ready=False)
        await floor.agent("unskilled", orders=5)
        await floor.agent("first")
        await floor.agent("second")
        floor.clock.advance(40)
        call = await floor.caller()
        reserved = (await floor.events(call, e.AgentReserved))[0]
        assert (reserved.agent, reserved.endpoint, reserved.ring_seconds) == ("first", "PJSIP/first", 20)
        assert reserved.why == "ready longest (40 s) of 2 with sales 3; caller next in line after 0 s"
        assert reserved.passed_over == {"ready for less long": 1, "paused": 1, "lacks the skills": 1}
        assert reserved.nearest == ("second: ready 40 s",)
        assert (await floor.known("first")).call == call

    async def test_a_waiting_caller_is_served_when_an_agent_gets_ready(self, floor: Floor) -> None:
        await floor.agent("ann", ready=False)
        first, second = await floor.caller(), await floor.caller()
        await floor.routing.ready("ann")
        assert (await floor.rings_for(first), await floor.rings_for(second)) == ("ann", None)

    async def test_a_vip_overtakes_those_who_came_up_to_the_head_start_before(self, floor: Floor) -> None:
        await floor.agent("ann", ready=False)
        patient = await floor.caller()
        await floor.advance(10)
        standard = await floor.caller()
        await floor.advance(175)
        vip = await floor.caller("vip")
        served = []
        await floor.routing.ready("ann")
        for _ in range(3):
            ann = await floor.known("ann")
            assert ann.call
            served.append(ann.call)
            await floor.answer(ann.call)
            await floor.hang_up(ann.call)
            await floor.routing.ready("ann")
        assert served == [patient, vip, standard]

    async def test_an_emergency_is_served_first_however_long_others_wait(self, floor: Floor) -> None:
        await floor.agent("ann", ready=False)
        await floor.caller("vip")
        await floor.advance(900)
        emergency = await floor.caller(intent="danger")
        await floor.routing.ready("ann")
        assert await floor.rings_for(emergency) == "ann"

    async def test_however_many_vips_come_a_caller_is_passed_only_by_those_of_the_next_three_minutes(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", ready=False)
        patient = await floor.caller()
        for _ in range(20):
            await floor.advance(20)
            await floor.caller("vip")
        assert await floor.board.position(patient) == 9

    async def test_callers_and_agents_who_come_all_at_once_are_paired_one_to_one(self, floor: Floor) -> None:
        await asyncio.gather(*(floor.agent(f"agent{number}", ready=False) for number in range(12)))
        await asyncio.gather(
            *(floor.caller() for _ in range(15)),
            *(floor.routing.ready(f"agent{number}") for number in range(12)),
        )
        rung = [reserved.agent for _, reserved in floor.rung]
        assert sorted(rung) == sorted(f"agent{number}" for number in range(12))
        assert len({call for call, _ in floor.rung}) == 12
        waiting = await floor.board.queue("sales")
        assert [w.reservation is None for w in waiting].count(True) == 3


class TestMisses:
    async def test_the_caller_keeps_the_place_and_the_next_agent_is_tried(self, floor: Floor) -> None:
        await floor.agent("ann")
        await floor.agent("bob", ready=False)
        first = await floor.caller()
        await floor.advance(5)
        second = await floor.caller()
        await floor.advance(15)
        await floor.miss(first)
        assert await floor.state("ann") == "backing_off"
        assert (await floor.call(first)).virtual_arrival == after(0)
        assert await floor.board.position(first) == 1
        await floor.routing.ready("bob")
        assert (await floor.rings_for(first), await floor.rings_for(second)) == ("bob", None)

    @pytest.mark.parametrize(
        ("reason", "seconds"),
        [
            (MissReason.NO_ANSWER, 30),
            (MissReason.BUSY, 10),
            (MissReason.REJECTED, 45),
            (MissReason.UNREGISTERED, 15),
            (MissReason.FAILED, 10),
        ],
    )
    async def test_the_agent_is_left_alone_for_as_long_as_the_reason_asks(
        self, floor: Floor, reason: MissReason, seconds: float
    ) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.miss(call, reason)
        await floor.advance(seconds - 0.1)
        assert (await floor.state("ann"), (await floor.known("ann")).reason) == ("backing_off", reason.value)
        await floor.advance(0.2)
        assert await floor.rings_for(call) == "ann"

    async def test_an_agent_who_misses_three_in_a_row_is_paused(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        for _ in range(3):
            assert await floor.state("ann") == "reserved"
            await floor.miss(call)
            await floor.advance(31)
        found = await floor.known("ann")
        assert (found.state.value, found.reason) == ("paused", PAUSED_FOR_MISSES)
        assert await floor.rings_for(call) is None
        await floor.routing.ready("ann")
        assert await floor.rings_for(call) == "ann"

    async def test_an_answered_call_makes_earlier_misses_forgotten(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        for _ in range(2):
            await floor.miss(call)
            await floor.advance(31)
        await floor.answer(call)
        await floor.hang_up(call)
        await floor.routing.ready("ann")
        await floor.miss(await floor.caller())
        assert await floor.state("ann") == "backing_off"

    async def test_a_cancelled_ring_costs_the_agent_nothing_and_is_tried_again_a_moment_later(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann")
        await floor.advance(5)
        call = await floor.caller()
        await floor.miss(call, MissReason.CANCELLED)
        ann = await floor.known("ann")
        assert (ann.state.value, ann.ready_since, ann.misses) == ("ready", after(0), 0)
        await floor.advance(1)
        assert await floor.rings_for(call) == "ann"

    async def test_a_pause_asked_for_while_the_phone_rings_follows_the_miss(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.routing.pause("ann", "lunch")
        assert (await floor.state("ann"), await floor.rings_for(call)) == ("reserved", "ann")
        await floor.miss(call)
        assert ((await floor.known("ann")).reason, await floor.rings_for(call)) == ("lunch", None)

    async def test_a_ring_of_which_the_carrier_says_nothing_more_counts_as_unanswered(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.advance(29)
        assert await floor.events(call, e.AgentLegEnded) == []
        await floor.advance(2)
        assert (await floor.events(call, e.AgentLegEnded))[0].reason is MissReason.NO_ANSWER
        assert await floor.state("ann") == "backing_off"


class TestConversation:
    async def test_talk_then_wrap_up_then_ready_for_the_next(self, floor: Floor) -> None:
        await floor.agent("ann")
        first, second = await floor.caller(), await floor.caller()
        await floor.answer(first)
        assert (await floor.state("ann"), await floor.board.position(first)) == ("talking", None)
        await floor.advance(60)
        await floor.end_talk(first)
        assert await floor.state("ann") == "wrap_up"
        await floor.hang_up(first)
        await floor.advance(14)
        assert await floor.rings_for(second) is None
        await floor.advance(1)
        assert await floor.rings_for(second) == "ann"

    async def test_a_caller_who_hangs_up_while_talking_leaves_the_agent_in_wrap_up(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.answer(call)
        await floor.hang_up(call)
        assert await floor.state("ann") == "wrap_up"
        await floor.advance(15)
        assert await floor.state("ann") == "ready"

    async def test_a_caller_who_hangs_up_while_the_phone_rings_leaves_the_agent_as_ready_as_before(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann")
        await floor.advance(5)
        first = await floor.caller()
        second = await floor.caller()
        await floor.hang_up(first)
        assert await floor.rings_for(second) == "ann"
        await floor.hang_up(second)
        assert (await floor.known("ann")).ready_since == after(0)

    async def test_agents_whose_wrap_up_ends_together_do_not_wait_for_each_others_commit(
        self, floor: Floor
    ) -> None:
        names = ["ann", "bob", "cid"]
        for name in names:
            await floor.agent(name)
        calls = [await floor.caller() for _ in names]
        for call in calls:
            await floor.answer(call)
            await floor.end_talk(call)
        all_at_it, append = asyncio.Barrier(len(names)), floor.agent_store.append

        async def at_the_same_time(agent: Agent, entries: Sequence[AgentEntry]) -> None:
            await all_at_it.wait()
            await append(agent, entries)

        floor.agent_store.append = at_the_same_time  # type: ignore[method-assign]
        async with asyncio.timeout(10):
            await floor.advance(15)
        assert {await floor.state(name) for name in names} == {"ready"}

    async def test_no_wrap_up_where_the_queue_has_none(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(wrap_up=0)) as floor:
            await floor.agent("ann")
            call = await floor.caller()
            await floor.answer(call)
            await floor.hang_up(call)
            assert await floor.state("ann") == "ready"

    async def test_signing_out_during_a_call_follows_the_wrap_up(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.answer(call)
        await floor.routing.sign_out("ann")
        assert await floor.state("ann") == "talking"
        await floor.end_talk(call)
        await floor.advance(15)
        assert await floor.state("ann") == "offline"

    async def test_stages_that_are_repeated_change_nothing(self, floor: Floor) -> None:
        await floor.agent("ann")
        await floor.agent("bob")
        call = await floor.caller()
        other = await floor.caller()
        await floor.miss(call)
        missed = (await floor.events(call, e.AgentLegEnded))[0]
        await floor.routing.missed(await floor.call(call), missed)
        await floor.routing.offer(await floor.call(call))
        await floor.answer(other)
        answered = (await floor.events(other, e.CallAnswered))[0]
        await floor.routing.answered(await floor.call(other), answered)
        await floor.end_talk(other)
        await floor.routing.talk_ended(await floor.call(other), (await floor.events(other, e.TalkEnded))[0])
        await floor.hang_up(other)
        await floor.routing.withdraw(await floor.call(other))
        await floor.routing.answered(await floor.call(other), answered)
        kinds = [type(entry.event).__name__ for entry in await floor.routing.timeline("bob")]
        assert kinds[3:] == ["AgentReservedForCall", "AgentConnected", "WrapUpStarted"]
        assert (await floor.known("ann")).misses == 1
        assert await floor.board.length("sales") == 1


class TestRelaxation:
    async def test_requirements_relax_on_the_callers_own_wait(self, floor: Floor) -> None:
        await floor.agent("expert", sales=4)
        await floor.routing.pause("expert", "lunch")
        await floor.agent("beginner", sales=1)
        call = await floor.caller()
        await floor.advance(29)
        assert await floor.rings_for(call) is None
        await floor.advance(1)
        assert await floor.rings_for(call) == "beginner"
        assert (await floor.events(call, e.RequirementsRelaxed)) == [e.RequirementsRelaxed(1, "waited 30 s")]

    async def test_a_step_that_nobody_signed_in_could_serve_is_left_at_once(self, floor: Floor) -> None:
        await floor.agent("beginner", sales=1)
        call = await floor.caller()
        assert await floor.rings_for(call) == "beginner"
        assert (await floor.events(call, e.RequirementsRelaxed))[0].why == "nobody signed in has the skills"

    async def test_callers_relax_when_the_last_who_could_serve_them_signs_out(self, floor: Floor) -> None:
        await floor.agent("expert", ready=False)
        await floor.agent("beginner", sales=1)
        call = await floor.caller()
        assert await floor.rings_for(call) is None
        await floor.routing.sign_out("expert")
        assert await floor.rings_for(call) == "beginner"

    async def test_a_ringing_call_never_relaxes_but_does_so_once_the_ring_is_missed(
        self, floor: Floor
    ) -> None:
        await floor.agent("expert")
        await floor.agent("beginner", sales=1)
        await floor.advance(1)
        call = await floor.caller()
        await floor.miss(call)
        await floor.advance(15)
        await floor.routing.ready("expert")
        await floor.advance(19)
        assert await floor.events(call, e.RequirementsRelaxed) == []
        await floor.miss(call)
        assert await floor.rings_for(call) == "beginner"


class TestWaiting:
    async def test_the_position_is_told_but_not_while_a_phone_rings(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(announce_every=45)) as floor:
            await floor.agent("ann", ready=False)
            first, second = await floor.caller(), await floor.caller()
            await floor.advance(91)
            told = [event.position for event in await floor.events(second, e.PositionAnnounced)]
            assert told == [2, 2]
            await floor.advance(40)
            await floor.routing.ready("ann")
            await floor.advance(10)
            assert len(await floor.events(first, e.PositionAnnounced)) == 2
            await floor.answer(first)
            await floor.advance(45)
            assert [event.position for event in await floor.events(second, e.PositionAnnounced)] == [
                2,
                2,
                2,
                1,
            ]

    async def test_who_waits_as_long_as_the_queue_allows_goes_back_to_the_menu(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(max_wait=60)) as floor:
            call = await floor.caller()
            await floor.advance(60)
            found = await floor.call(call)
            assert (found.state.value, found.left_queue) == ("menu", MAX_WAIT)
            assert await floor.board.length("sales") == 0
            assert await floor.routing.next_due() is None

    async def test_a_ring_is_let_finish_and_a_late_miss_ends_the_wait(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(max_wait=60)) as floor:
            await floor.agent("ann", ready=False)
            call = await floor.caller()
            await floor.advance(50)
            await floor.routing.ready("ann")
            await floor.advance(15)
            assert await floor.rings_for(call) == "ann"
            await floor.miss(call)
            assert (await floor.call(call)).left_queue == MAX_WAIT

    async def test_a_menu_may_queue_a_caller_anew_the_moment_they_left(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(max_wait=60)) as floor:
            call = await floor.caller()

            async def again(left: e.CallEvent) -> None:
                if isinstance(left, e.QueueLeft):
                    await floor.queue(call)

            follow = floor.follow

            async def following(found: object, entry: object) -> None:
                await follow(found, entry)  # type: ignore[arg-type]
                await again(entry.event)  # type: ignore[attr-defined]

            floor.tell(following)
            await floor.advance(60)
            waiting = await floor.board.waiting(call)
            assert waiting is not None
            assert waiting.queued_at == after(60)
            assert await floor.routing.next_due() == after(120)

    async def test_a_full_queue_takes_nobody_more(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(max_length=2)) as floor:
            calls = [await floor.caller() for _ in range(3)]
            assert [(await floor.call(call)).left_queue for call in calls] == [None, None, QUEUE_FULL]
            await floor.routing.offer(await floor.call(calls[1]))
            assert (await floor.call(calls[1])).left_queue is None, "who is in stays in"

    async def test_who_hangs_up_leaves_no_timer_behind(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, sales(announce_every=45, max_wait=60)) as floor:
            await floor.hang_up(await floor.caller())
            assert await floor.routing.next_due() is None


class TestAgents:
    async def test_an_agent_out_of_reach_is_passed_over_until_the_phone_is_back(self, floor: Floor) -> None:
        await floor.agent("ann")
        await floor.agent("bob")
        await floor.routing.presence("PJSIP/ann", False)
        first, second = await floor.caller(), await floor.caller()
        assert (await floor.rings_for(first), await floor.rings_for(second)) == ("bob", None)
        assert (await floor.events(first, e.AgentReserved))[0].passed_over == {"unreachable": 1}
        await floor.routing.presence("PJSIP/ann", False)
        await floor.routing.presence("PJSIP/ann", True)
        assert await floor.rings_for(second) == "ann"
        kinds = [type(entry.event).__name__ for entry in await floor.routing.timeline("ann")]
        assert kinds.count("PresenceChanged") == 2

    async def test_a_phone_that_rings_is_let_finish_when_it_goes_out_of_reach(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.routing.presence("PJSIP/ann", False)
        assert await floor.rings_for(call) == "ann"

    async def test_learning_a_skill_brings_the_next_call(self, floor: Floor) -> None:
        await floor.agent("ann", orders=1)
        await floor.agent("expert", ready=False)
        call = await floor.caller()
        assert await floor.rings_for(call) is None
        await floor.routing.update("ann", "Ann", "PJSIP/ann", {"sales": 5})
        assert await floor.rings_for(call) == "ann"

    async def test_two_agents_do_not_sign_in_on_one_phone(self, floor: Floor) -> None:
        await floor.agent("ann")
        await floor.routing.add("bob", "Bob", "PJSIP/ann", {})
        with pytest.raises(EndpointInUse):
            await floor.routing.sign_in("bob")
        await floor.routing.sign_out("ann")
        await floor.routing.sign_in("bob")
        assert await floor.state("bob") == "paused"

    async def test_a_phone_is_one_phone_however_it_is_written(self, floor: Floor) -> None:
        await floor.routing.add("old", "Old", "1001", {"sales": 3})
        floor.phones.update(TWO_CARRIERS)
        del floor.phones["simulator"]
        await floor.restart()
        await floor.routing.rename_phones()
        await floor.routing.add("new", "New", "1001", {"sales": 3})
        assert {agent.endpoint for agent in await floor.routing.agents()} == {"PJSIP/1001"}
        await floor.routing.update("new", "New", "1001", {"sales": 5})
        await floor.routing.sign_in("old")
        with pytest.raises(EndpointInUse):
            await floor.routing.sign_in("new")
        await floor.routing.presence("PJSIP/1001", False)
        assert [agent.reachable for agent in await floor.routing.agents()] == [False, False]
        before = [await floor.routing.timeline(login) for login in ("new", "old")]
        await floor.routing.rename_phones()
        assert [await floor.routing.timeline(login) for login in ("new", "old")] == before

    async def test_illegal_moves_are_refused_and_change_nothing(self, floor: Floor) -> None:
        await floor.agent("ann")
        before = await floor.known("ann")
        for move in (floor.routing.sign_in("ann"), floor.routing.ready("ann")):
            with pytest.raises(IllegalAgentTransition):
                await move
        assert await floor.known("ann") == before

    async def test_what_is_not_there_or_not_allowed_is_said(self, floor: Floor) -> None:
        await floor.agent("ann")
        with pytest.raises(UnknownAgent):
            await floor.routing.ready("nobody")
        with pytest.raises(AgentExists):
            await floor.routing.add("ann", "Ann", "PJSIP/1", {})
        for login, name, endpoint, skills in [
            ("", "n", "e", {}),
            ("a\r\nb", "n", "e", {}),
            ("a", "x" * 81, "e", {}),
            ("a", "n", "e", {"cooking": 1}),
            ("a", "n", "e", {"sales": 6}),
        ]:
            with pytest.raises(AgentInvalid):
                await floor.routing.add(login, name, endpoint, skills)

    async def test_the_timeline_folds_to_the_row(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.answer(call)
        await floor.hang_up(call)
        entries = await floor.routing.timeline("ann")
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert fold("ann", [(entry.at, entry.event) for entry in entries]) == await floor.known("ann")


class TestAfterAnOutage:
    async def test_waiting_callers_wait_in_the_same_order(self, floor: Floor) -> None:
        first = await floor.caller()
        await floor.advance(5)
        second = await floor.caller()
        vip = await floor.caller("vip")
        before = await floor.board.queue("sales")
        await floor.restart()
        assert await floor.board.queue("sales") == before
        assert [waiting.call for waiting in before] == [vip, first, second]
        assert await floor.board.whole()

    async def test_a_caller_is_served_once_the_carrier_says_they_are_there(self, floor: Floor) -> None:
        await floor.agent("ann", ready=False)
        first, second = await floor.caller(), await floor.caller()
        floor.tell(_nobody)
        await floor.hang_up(await floor.caller())
        await floor.agent_store.append(*await _readied(floor, "ann"))
        await floor.restart()
        assert await floor.rings_for(first) is None
        await floor.calls.record(second, e.CallRecovered())
        assert (await floor.rings_for(first), await floor.rings_for(second)) == ("ann", None)

    async def test_an_agent_reserved_for_a_call_that_does_not_ring_is_set_free(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        floor.tell(_nobody)
        await floor.hang_up(call)
        assert await floor.state("ann") == "reserved"
        await floor.restart()
        assert await floor.state("ann") == "ready"

    async def test_an_agent_whose_talk_ended_unseen_wraps_up(self, floor: Floor) -> None:
        await floor.agent("ann")
        call = await floor.caller()
        await floor.answer(call)
        floor.tell(_nobody)
        await floor.hang_up(call)
        await floor.restart()
        assert await floor.state("ann") == "wrap_up"
        await floor.advance(15)
        assert await floor.state("ann") == "ready"

    async def test_rings_and_talks_go_on_where_they_were(self, floor: Floor) -> None:
        await floor.agent("ann")
        await floor.agent("bob")
        ringing, talking = await floor.caller(), await floor.caller()
        floor.tell(_nobody)
        await floor.answer(talking)
        assert await floor.state("bob") == "reserved"
        await floor.restart()
        assert (await floor.state("ann"), await floor.state("bob")) == ("reserved", "talking")
        await floor.miss(ringing)
        assert (await floor.state("ann"), await floor.board.position(ringing)) == ("backing_off", 1)
        await floor.hang_up(talking)
        assert await floor.rings_for(ringing) is None
        await floor.advance(15)
        assert await floor.rings_for(ringing) == "bob"

    async def test_back_off_relaxation_and_the_longest_wait_go_on(self, tmp_path: Path) -> None:
        steps = [{"skills": {"sales": 3}}, {"after": 30, "skills": {}}]
        async with open_floor(tmp_path, sales(max_wait=100, steps=steps)) as floor:
            await floor.agent("ann")
            await floor.agent("bob", orders=1)
            call = await floor.caller()
            await floor.miss(call)
            await floor.routing.pause("bob", "lunch")
            await floor.advance(10)
            await floor.restart()
            await floor.advance(19)
            assert await floor.state("ann") == "backing_off"
            await floor.advance(1)
            assert await floor.rings_for(call) == "ann"
            await floor.miss(call)
            assert len(await floor.events(call, e.RequirementsRelaxed)) == 1
            await floor.routing.sign_out("ann")
            await floor.advance(70)
            assert (await floor.call(call)).left_queue == MAX_WAIT

    async def test_a_reservation_that_the_call_never_heard_of_is_undone_by_its_timer(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", ready=False)
        call = await floor.caller()

        async def down(*_: object) -> None:
            raise ConnectionError("the database is away")

        record, floor.routing._matchmaker._record = floor.routing._matchmaker._record, down  # type: ignore[assignment]
        with pytest.raises(ConnectionError):
            await floor.routing.ready("ann")
        floor.routing._matchmaker._record = record
        assert await floor.state("ann") == "reserved"
        await floor.advance(31)
        assert await floor.rings_for(call) == "ann"


async def _nobody(*_: object) -> None:
    pass


async def _readied(floor: Floor, login: str) -> tuple[Agent, list[AgentEntry]]:
    """What another process would store for an agent who gets ready there."""
    agent, now = await floor.known(login), floor.clock.now()
    return apply(agent, AgentReadied(), now), [AgentEntry(agent.seq + 1, now, AgentReadied())]


async def test_a_timer_that_fails_is_tried_again_and_holds_up_no_other(floor: Floor) -> None:
    await floor.agent("ann")
    await floor.miss(await floor.caller())
    await floor.board.schedule("relax:not an id", after(0))
    await floor.advance(29)
    assert await floor.state("ann") == "backing_off"
    await floor.advance(1)
    assert await floor.state("ann") == "reserved"
    due = await floor.routing.next_due()
    assert due is not None
    assert due - floor.clock.now() <= timedelta(seconds=30)
