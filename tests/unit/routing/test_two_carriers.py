"""Two carriers on one floor: callers share the queues, and each is served by whom their carrier can ring."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivr import events as e
from routing.agent import apply
from routing.errors import AgentInvalid, EndpointInUse
from routing.events import AgentUpdated
from routing.ports import AgentEntry
from routing.queue import longest_overtake
from routing.skill import covers
from tests.unit.routing.floor import TWO_CARRIERS, Floor, given_config, open_floor

DESK, MOBILE, CLIENT = "PJSIP/1001", "+8613800138000", "client:carla"
NOBODY_HERE = "nobody signed in has the skills and a phone of this carrier"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path, phones=TWO_CARRIERS) as opened:
        yield opened


class TestTwoCarriers:
    async def test_a_caller_is_given_whom_their_carrier_can_ring_and_the_choice_is_explained(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", phone=DESK)
        await floor.agent("bob", phone=MOBILE)
        await floor.agent("carla", phone=CLIENT, orders=1)
        floor.clock.advance(40)
        call = await floor.caller(carrier="twilio")
        reserved = (await floor.events(call, e.AgentReserved))[0]
        assert (reserved.agent, reserved.endpoint) == ("bob", MOBILE)
        assert reserved.why.startswith("ready longest (40 s) of 1 with sales 3 and a phone of this carrier;")
        assert reserved.passed_over == {"lacks the skills": 1, "has no phone of this carrier": 1}
        assert await floor.rings_for(await floor.caller(carrier="asterisk")) == "ann"

    async def test_callers_of_both_wait_in_one_queue_and_each_agent_takes_their_own_in_order(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", phone=DESK, ready=False)
        await floor.agent("bob", phone=MOBILE, ready=False)
        calls = [await floor.caller(carrier=c) for c in ("twilio", "asterisk", "twilio", "asterisk")]
        assert [await floor.board.position(call) for call in calls] == [1, 2, 3, 4]
        await floor.routing.ready("ann")
        await floor.routing.ready("bob")
        assert [await floor.rings_for(call) for call in calls] == ["bob", "ann", None, None]
        for call in calls[:2]:
            await floor.answer(call)
            await floor.hang_up(call)
        await floor.advance(16)
        assert [await floor.rings_for(call) for call in calls[2:]] == ["bob", "ann"]

    async def test_a_caller_whose_carrier_nobody_can_ring_waits_as_if_nobody_had_the_skills(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", phone=DESK, sales=3)
        call = await floor.caller(carrier="twilio")
        relaxed = (await floor.events(call, e.RequirementsRelaxed))[0]
        assert (relaxed.step, relaxed.why) == (1, NOBODY_HERE)
        assert await floor.rings_for(call) is None
        assert await floor.state("ann") == "ready"
        await floor.agent("bob", phone=MOBILE, sales=1)
        assert await floor.rings_for(call) == "bob"

    async def test_the_last_to_sign_out_relaxes_the_callers_of_their_own_carrier_alone(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", phone=DESK, ready=False)
        await floor.agent("bob", phone=MOBILE, ready=False)
        ours, theirs = await floor.caller(carrier="twilio"), await floor.caller(carrier="asterisk")
        await floor.routing.sign_out("bob")
        assert ((await floor.call(ours)).relaxed, (await floor.call(theirs)).relaxed) == (1, 0)

    async def test_whoever_gets_a_phone_of_the_other_carrier_serves_its_callers(self, floor: Floor) -> None:
        await floor.agent("ann", phone=DESK)
        await floor.routing.presence(DESK, False)
        call = await floor.caller(carrier="twilio")
        await floor.routing.update("ann", "Ann", "+86 138-0013-8000", {"sales": 3})
        assert await floor.rings_for(call) == "ann"
        assert (await floor.known("ann")).endpoint == MOBILE

    async def test_a_claim_of_somebody_whose_phone_another_process_changed_is_undone(
        self, floor: Floor
    ) -> None:
        await floor.agent("ann", phone=DESK)
        known = await floor.known("ann")
        updated = AgentUpdated("Ann", MOBILE, {"sales": 3})
        after = apply(known, updated, floor.clock.now())
        await floor.agent_store.append(after, [AgentEntry(after.seq, floor.clock.now(), updated)])
        call = await floor.caller(carrier="asterisk")
        assert await floor.rings_for(call) is None
        assert (await floor.board.queue("sales"))[0].reservation is None
        assert await floor.rings_for(await floor.caller(carrier="twilio")) == "ann"

    async def test_one_carrier_s_news_of_phones_is_not_about_the_other_s(self, floor: Floor) -> None:
        await floor.agent("ann", phone=DESK)
        await floor.agent("bob", phone=MOBILE)
        await floor.agent("carla", phone=CLIENT)
        for name in (DESK, f"PJSIP/{MOBILE}", "PJSIP/carla", "PJSIP/client:carla"):
            await floor.routing.presence(name, False)
        found = {agent.login: agent.reachable for agent in await floor.routing.agents()}
        assert found == {"ann": False, "bob": True, "carla": True}

    async def test_two_agents_do_not_sign_in_on_one_number_however_it_is_written(self, floor: Floor) -> None:
        await floor.agent("bob", phone=MOBILE)
        await floor.routing.add("ben", "Ben", "+86 (138) 0013-8000", {})
        with pytest.raises(EndpointInUse):
            await floor.routing.sign_in("ben")

    async def test_a_phone_that_no_carrier_can_ring_is_refused(self, floor: Floor) -> None:
        with pytest.raises(AgentInvalid) as refused:
            await floor.routing.add("ann", "Ann", "skype:ann", {})
        assert str(refused.value) == (
            "endpoint: no carrier can ring 'skype:ann' (allowed: "
            "asterisk: PJSIP/1001, for which 1001 will do; "
            "twilio: a number such as +8613800138000, sip:emma@example.com, client:emma)"
        )
        assert await floor.routing.agents() == []
        await floor.agent("ann", phone=DESK)
        with pytest.raises(AgentInvalid):
            await floor.routing.update("ann", "Ann", "skype:ann", {})


async def test_a_phone_on_record_that_no_carrier_can_ring_is_kept_warned_of_and_never_rung(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path, phones=TWO_CARRIERS) as floor:
        await floor.agent("bob", phone=MOBILE)
        await floor.agent("ann", phone="1001")
        del floor.phones["twilio"]
        await floor.restart()
        with capture_logs() as logs:
            await floor.routing.rename_phones()
        assert [(log["log_level"], log["agent"]) for log in logs] == [("warning", "bob")]
        assert MOBILE not in str(logs)
        assert (await floor.known("bob")).endpoint == MOBILE
        assert await floor.rings_for(await floor.caller(carrier="twilio")) is None
        call = await floor.caller(carrier="asterisk")
        reserved = (await floor.events(call, e.AgentReserved))[0]
        assert (reserved.agent, reserved.passed_over) == ("ann", {"has no phone of this carrier": 1})
        assert await floor.rings_for(await floor.caller(carrier="asterisk")) is None
        assert await floor.state("bob") == "ready"


_PHONES = {"asterisk": "PJSIP/{}", "twilio": "client:{}"}
_carriers = st.sampled_from(sorted(_PHONES))
_agents = st.lists(st.tuples(_carriers, st.integers(1, 5)), min_size=1, max_size=4)
_callers = st.lists(
    st.tuples(_carriers, st.sampled_from(["standard", "vip"]), st.integers(0, 100)), min_size=1, max_size=6
)


@given(_agents, _callers)
async def test_each_agent_takes_the_first_of_those_they_can_serve_and_nobody_else(
    tmp_path_factory: pytest.TempPathFactory,
    agents: list[tuple[str, int]],
    callers: list[tuple[str, str, int]],
) -> None:
    folder = tmp_path_factory.mktemp("floor")
    config = given_config(sales={"ring": 10})
    bound = longest_overtake((tier.head_start for tier in config.tiers.values()), ())
    async with open_floor(folder, config, TWO_CARRIERS) as floor:
        for number, (carrier, level) in enumerate(agents):
            phone = _PHONES[carrier].format(number)
            await floor.agent(f"agent{number}", ready=False, phone=phone, sales=level)
        carrier_of = {}
        for carrier, tier, gap in callers:
            carrier_of[await floor.caller(tier, carrier=carrier)] = carrier
            await floor.advance(gap)
        for number, (carrier, level) in enumerate(agents):
            theirs = [
                waiting
                for waiting in await floor.board.queue("sales")
                if waiting.reservation is None
                and carrier_of[waiting.call] == carrier
                and covers({"sales": level}, config.queue("sales").steps[waiting.step].skills)
            ]
            await floor.routing.ready(f"agent{number}")
            served = (await floor.known(f"agent{number}")).call
            assert served == (theirs[0].call if theirs else None)
            for waiting in theirs[1:]:
                assert theirs[0].queued_at - waiting.queued_at < bound
