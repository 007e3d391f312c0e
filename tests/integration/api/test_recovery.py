"""Calls that the program left behind when it died, taken up again where they stand."""

import pytest

from api.bootstrap import Program, open_program
from config.settings import Settings
from ivr import events as e
from ivr.actions import Answer, Gather, Hangup, Hold, Play, Reject
from ivr.call import CallState
from routing.errors import AgentInvalid
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Carrier


async def test_a_call_on_which_nothing_was_decided_begins(program: Program, carrier: Carrier) -> None:
    call = await given.call(program)
    await program.calls.happened(call.id, e.CallRecovered())
    begun = await program.calls.get(call.id)
    assert (begun.state, begun.caller) == (CallState.MENU, given.NUMBER)
    assert isinstance(carrier.asked[0], Answer)
    assert isinstance(carrier.asked[-1], Gather)
    assert program.lines.in_use() == 1


@pytest.mark.parametrize(
    ("reason", "asked"),
    [(e.Refusal.BUSY, [Reject]), (e.Refusal.CLOSED, [Answer, Play, Hangup])],
)
async def test_a_call_that_was_refused_is_turned_away(
    program: Program, carrier: Carrier, reason: e.Refusal, asked: list[type]
) -> None:
    call = await given.call(program, given.IDENTIFIED, e.CallRefused(reason))
    await program.calls.happened(call.id, e.CallRecovered())
    assert [type(action) for action in carrier.asked] == asked


async def test_a_call_is_answered_if_it_was_not(program: Program, carrier: Carrier) -> None:
    menu = program.menus.current("main")
    admitted = e.CallAdmitted(menu.name, menu.version)
    in_menu = await given.call(program, given.IDENTIFIED, admitted, carrier_id="menu")
    await program.calls.happened(in_menu.id, e.CallRecovered())
    assert isinstance(carrier.asked[0], Answer)

    carrier.asked.clear()
    waiting = await given.call(program, given.IDENTIFIED, admitted, a.STEP, a.QUEUED, carrier_id="queue")
    await program.calls.happened(waiting.id, e.CallRecovered())
    assert [type(action) for action in carrier.asked] == [Answer, Hold]


async def test_a_phone_on_record_without_its_technology_gets_the_name_that_asterisk_uses(
    settings: Settings, program: Program
) -> None:
    await program.routing.add("emma", "Emma", "1001", {"en": 3})
    await program.routing.add("jack", "Jack", "client:jack", {"en": 3})
    async with open_program(settings.model_copy(update={"carriers": ("asterisk",)})) as with_asterisk:
        await with_asterisk.prepare()
        await with_asterisk.routing.add("liu", "Liu", "1002", {"en": 3})
        phones = {agent.login: agent.endpoint for agent in await with_asterisk.routing.agents()}
        with pytest.raises(AgentInvalid, match="asterisk: PJSIP/1001"):
            await with_asterisk.routing.add("kim", "Kim", "client:kim", {"en": 3})
    assert phones == {"emma": "PJSIP/1001", "jack": "client:jack", "liu": "PJSIP/1002"}
