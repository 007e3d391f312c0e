"""How a caller is received: in whose language, what they hear while they wait, and who cannot come in."""

import pytest

from api.bootstrap import Program
from config.clock import ManualClock
from config.settings import Settings
from ivr import events as e
from ivr.actions import Action, Announce, Answer, Gather, Hangup, Hold, Play, Prompt, Reject
from ivr.call import Call, CallState
from tests.builders import calls as a
from tests.integration.api.conftest import Carrier

IN_CHINESE, IN_ENGLISH = "4008001001", "4008001002"  # the numbers of routing.yaml
KNOWN = "number,name,tier,language\n13800138000,张伟,vip,zh\n13800138001,Ann,gold,en\n13800138002,Wu,gold,\n"
SPEAKS_CHINESE, SPEAKS_ENGLISH, NEVER_CHOSE, UNKNOWN = (f"1380013800{n}" for n in range(4))


@pytest.fixture
async def known(program: Program) -> None:
    await program.customers.import_csv(KNOWN)


@pytest.fixture
def one_line(settings: Settings) -> None:
    """There is one line for calls to any number."""
    file = settings.config / "routing.yaml"
    text = file.read_text("utf-8")
    assert "\nlines: 60 " in text
    file.unlink()
    file.write_text(text.replace("\nlines: 60 ", "\nlines: 1 "), "utf-8")


async def received(program: Program, called: str, caller: str) -> Call:
    call_id = await program.calls.offered(e.CallOffered("test", f"{caller} {called}", called, caller))
    return await program.calls.get(call_id)


def heard(actions: list[Action]) -> list[Prompt]:
    kinds = Play | Gather | Hold | Announce
    return [prompt for action in actions if isinstance(action, kinds) for prompt in action.prompts]


def spoken(actions: list[Action]) -> set[str]:
    return {prompt.language for prompt in heard(actions)}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("called", "caller", "language"),
    [
        (IN_ENGLISH, SPEAKS_CHINESE, "zh"),
        (IN_CHINESE, SPEAKS_ENGLISH, "en"),
        (IN_ENGLISH, NEVER_CHOSE, "en"),
        (IN_CHINESE, NEVER_CHOSE, "zh"),
        (IN_ENGLISH, UNKNOWN, "en"),
        (IN_CHINESE, UNKNOWN, "zh"),
    ],
)
async def test_a_caller_is_spoken_to_in_their_language_or_else_the_numbers(
    program: Program, carrier: Carrier, called: str, caller: str, language: str
) -> None:
    call = await received(program, called, caller)
    assert (call.state, call.language, call.known) == (CallState.MENU, language, caller != UNKNOWN)
    asked = carrier.asked[-1]
    assert isinstance(asked, Gather)
    if call.known:  # an unknown caller is asked for their language in all of them
        assert spoken(carrier.asked) == {language}
        assert asked.speech is None or asked.speech.language == language
    else:
        assert heard(carrier.asked)[0].language == language


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("called", "caller", "texts"),
    [
        (IN_ENGLISH, SPEAKS_CHINESE, ["您前面还有", "两", "位。", "预计等待大约", "三", "分钟。"]),
        (
            IN_CHINESE,
            SPEAKS_ENGLISH,
            ["You are number", "three", "in line.", "Your estimated wait is about", "three", "minutes."],
        ),
    ],
)
async def test_who_waits_is_told_their_position_and_wait_in_their_language(
    program: Program, carrier: Carrier, called: str, caller: str, texts: list[str]
) -> None:
    call = await received(program, called, caller)
    await program.calls.record(call.id, a.QUEUED)
    carrier.asked.clear()
    await program.calls.record(call.id, e.PositionAnnounced(3, wait=150.0))
    [told] = carrier.asked
    assert isinstance(told, Announce)
    assert spoken(carrier.asked) == {call.language}
    assert [prompt.text for prompt in told.prompts] == texts

    await program.calls.record(call.id, e.PositionAnnounced(1))
    assert [prompt.name for prompt in heard(carrier.asked[1:])] == ["position-next"]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("called", "caller", "language"),
    [
        (IN_ENGLISH, SPEAKS_CHINESE, "zh"),
        (IN_CHINESE, SPEAKS_ENGLISH, "en"),
        (IN_ENGLISH, UNKNOWN, "en"),
    ],
)
async def test_outside_the_hours_a_caller_is_told_so_in_their_language(
    program: Program, carrier: Carrier, called: str, caller: str, language: str
) -> None:
    assert isinstance(program.clock, ManualClock)
    program.clock.advance(12 * 3600)
    call = await received(program, called, caller)
    assert (call.state, call.refusal) == (CallState.REFUSED, e.Refusal.CLOSED)
    answer, said, hangup = carrier.asked
    assert (answer, hangup) == (Answer(), Hangup())
    assert [(prompt.name, prompt.language) for prompt in heard([said])] == [("closed", language)]

    assert program.lines.in_use() == 1
    await program.prepare()
    assert program.lines.in_use() == 1, "whoever is told so is on a line, after a restart, too"
    await program.calls.record(call.id, a.HUNG_UP)
    assert program.lines.in_use() == 0


@pytest.mark.usefixtures("one_line")
async def test_a_caller_too_many_is_busy_until_a_line_is_free(program: Program, carrier: Carrier) -> None:
    first = await received(program, IN_CHINESE, SPEAKS_CHINESE)
    carrier.asked.clear()
    refused = await received(program, IN_ENGLISH, UNKNOWN)
    assert (refused.state, refused.refusal) == (CallState.REFUSED, e.Refusal.BUSY)
    assert carrier.asked == [Reject()]
    assert program.lines.in_use() == 1

    await program.calls.record(refused.id, a.HUNG_UP)
    assert program.lines.in_use() == 1
    await program.calls.record(first.id, a.HUNG_UP)
    assert program.lines.in_use() == 0
    assert (await received(program, IN_ENGLISH, SPEAKS_ENGLISH)).state is CallState.MENU
