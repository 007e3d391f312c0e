"""The telephone network the other tests stand on, without the program: configuration, phones, callers."""

from pathlib import Path

import pytest

from tests.e2e.conftest import PhoneFactory, SippFactory
from tests.telephony import audio
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer, appears
from tests.telephony.rtp import capture


async def take_call(ami: AmiClient, after: int) -> str:
    """Claim the next caller as the program does; the channel's Uniqueid."""
    start = await ami.wait("AsyncAGIStart", after=after, timeout=10)
    await ami.action("Setvar", Channel=start["Uniqueid"], Variable="TIMEOUT(absolute)", Value=0)
    return start["Uniqueid"]


async def test_a_caller_hears_an_apology_and_busy_while_no_lease_is_held(
    asterisk: AsteriskServer, ami: AmiClient, phone: PhoneFactory
) -> None:
    caller = await phone("13800000001")
    start = ami.mark()
    await caller.dial("4008001")
    closed = await caller.wait("CALL_CLOSED", timeout=30)
    uniqueid = (await ami.wait("Newchannel", after=start))["Uniqueid"]
    await ami.wait("Hangup", after=start, Uniqueid=uniqueid)

    assert closed["param"] == "486 Busy Here"
    heard = await caller.last_heard()
    assert len(heard) > 10 * audio.RATE
    assert audio.level(heard) > 0.02
    rows = [row for row in asterisk.cel() if row.uniqueid == uniqueid]
    assert [row.kind for row in rows] == ["CHAN_START", "HOTLINE_AWAY", "HANGUP", "CHAN_END", "LINKEDID_END"]
    assert (rows[0].exten, rows[1].caller_number) == ("4008001", "13800000001")
    assert '"extra":"lease"' in rows[1].extra
    assert '"hangupcause":17' in rows[2].extra


async def test_a_lease_lets_callers_through_to_agi_with_their_name_intact(
    ami: AmiClient, phone: PhoneFactory
) -> None:
    await ami.hold_lease()
    caller = await phone("13800000001", display="王小明")
    start = ami.mark()
    await caller.dial("4008001")
    event = await ami.wait("AsyncAGIStart", after=start)
    assert event["Exten"] == "4008001"
    assert event["CallerIDName"] == "王小明"
    assert event["ChannelStateDesc"] == "Ring"


LINE_BREAKS = "%0d%0aForged%3a%20yes%0d%0a%0d%0aEvent%3a%20Forged%0d%0a"


async def test_line_breaks_in_a_callers_number_are_no_lines_of_an_event(
    asterisk: AsteriskServer, ami: AmiClient, sipp: SippFactory
) -> None:
    await ami.hold_lease()
    start = ami.mark()
    callers = sipp("caller-busy", caller=f"138{LINE_BREAKS}").start()
    channel = await take_call(ami, start)
    await ami.action("Hangup", Channel=channel, Cause=17)
    assert (await callers.finished()).all_good
    taken = await ami.wait("AsyncAGIStart", after=start)
    assert (taken["Uniqueid"], taken["CallerIDNum"]) == (channel, "138ForgedyesEventForged")
    assert not any("Forged" in event or event["Event"] == "Forged" for event in ami.events)
    assert not any("Forged" in row.kind for row in asterisk.cel())


async def test_a_number_with_line_breaks_is_not_there(
    asterisk: AsteriskServer, ami: AmiClient, sipp: SippFactory
) -> None:
    await ami.hold_lease()
    result = await sipp("caller-busy", number=f"4008001{LINE_BREAKS}", timeout=5).run()
    assert "404 Not Found" in result.errors
    assert not any("Forged" in event or event["Event"] == "Forged" for event in ami.events)


@pytest.mark.parametrize(
    ("header", "number", "name"),
    [
        ('P-Asserted-Identity: "Wang 王" <sip:+8613911112222@carrier>', "+8613911112222", "Wang 王"),
        ("P-Asserted-Identity: <tel:+8613911112222;phone-context=cn>", "+8613911112222", "<unknown>"),
        ("P-Asserted-Identity: <sip:13911112222@carrier:5060>, <tel:123>", "13911112222", "<unknown>"),
        ("Remote-Party-ID: <sip:13911112222@carrier>;party=calling;privacy=off", "13911112222", "<unknown>"),
        ("X-Nothing: 1", "13900000000", "Eve -: (a), d;"),
    ],
)
async def test_who_calls_is_what_the_carrier_asserts(
    ami: AmiClient, sipp: SippFactory, header: str, number: str, name: str
) -> None:
    await ami.hold_lease()
    start = ami.mark()
    callers = sipp("caller-busy", caller_name='Eve ->: (a), \\"d\\"; <>', header=header).start()
    channel = await take_call(ami, start)
    await ami.action("Hangup", Channel=channel, Cause=17)
    assert (await callers.finished()).all_good
    taken = await ami.wait("AsyncAGIStart", after=start)
    assert (taken["CallerIDNum"], taken["CallerIDName"]) == (number, name)


async def test_a_refused_caller_sees_486(ami: AmiClient, sipp: SippFactory) -> None:
    await ami.hold_lease()
    start = ami.mark()
    callers = sipp("caller-busy").start()
    channel = await take_call(ami, start)
    await ami.action("Hangup", Channel=channel, Cause=17)
    result = await callers.finished()
    assert result.all_good, result.errors


async def test_sipp_presses_digits_and_hangs_up(ami: AmiClient, sipp: SippFactory, tmp_path: Path) -> None:
    await ami.hold_lease()
    start = ami.mark()
    voice = capture(tmp_path / "voice.pcap", 3, digits={0.5: "12#"})
    callers = sipp("caller-hangs-up", audio=voice, hold_ms=2500).start()
    channel = await take_call(ami, start)
    await ami.agi(channel, "ANSWER")
    digits = ""
    position = start
    for _ in range(3):
        event = await ami.wait("DTMFEnd", after=position, Uniqueid=channel)
        position = ami.events.index(event) + 1
        digits += event["Digit"]
    assert digits == "12#"
    await ami.wait("Hangup", after=start, Uniqueid=channel)
    assert (await callers.finished()).all_good


async def test_media_lost_without_a_bye_ends_the_call_with_cause_44(
    ami: AmiClient, sipp: SippFactory, tmp_path: Path
) -> None:
    await ami.hold_lease()
    start = ami.mark()
    callers = sipp("caller-waits", audio=capture(tmp_path / "short.pcap", 1)).start()
    channel = await take_call(ami, start)
    await ami.agi(channel, "ANSWER")
    hangup = await ami.wait("Hangup", after=start, timeout=15, Uniqueid=channel)
    assert hangup["Cause"] == "44"
    assert (await callers.finished()).all_good


async def test_caller_and_agent_hear_each_other_and_are_recorded_apart(
    asterisk: AsteriskServer, ami: AmiClient, phone: PhoneFactory, shared_folder: Path, tmp_path: Path
) -> None:
    await ami.hold_lease()
    agent = await phone("1001", register=True, speaks=audio.tone(tmp_path / "agent.wav", 1000, 60))
    caller = await phone("13800000001", speaks=audio.tone(tmp_path / "caller.wav", 700, 60))
    start = ami.mark()
    await caller.dial("4008001")
    channel = await take_call(ami, start)
    await ami.agi(channel, "ANSWER")
    await ami.action(
        "Originate",
        Channel="PJSIP/1001",
        Context="hotline-agent",
        Exten="s",
        Priority=1,
        ChannelId="harness-leg",
        Async="true",
    )
    await agent.wait("CALL_INCOMING")
    await agent.answer()
    waiting = await ami.wait("BridgeEnter", after=start, Uniqueid="harness-leg")
    tracks = shared_folder / "tracks"
    await ami.action(
        "MixMonitor",
        Channel="harness-leg",
        File="",
        Options=f"r({tracks}/agent.wav)t({tracks}/caller.wav)",
        Command=f"touch {tracks}/done",
    )
    await ami.action("AGI", Channel=channel, Command=f"EXEC Bridge {waiting['Channel']}", CommandID="b")
    talk = await ami.wait("BridgeEnter", after=start, Uniqueid=channel)
    await caller.press("123")
    await ami.wait("DTMFEnd", after=start, Uniqueid=channel, Digit="3")
    await agent.hang_up()
    left = await ami.wait("BridgeLeave", after=start, BridgeUniqueid=talk["BridgeUniqueid"])
    await ami.wait("AsyncAGIExec", after=start, CommandId="b")
    await appears(tracks / "done")
    await caller.hang_up()
    await caller.wait("CALL_CLOSED")

    assert left["Uniqueid"] == "harness-leg"
    agent_track, caller_track = audio.read(tracks / "agent.wav"), audio.read(tracks / "caller.wav")
    assert len(agent_track) == len(caller_track) > audio.RATE / 2
    assert audio.tone_share(agent_track, 1000) > 0.8
    assert audio.tone_share(agent_track, 700) == 0
    assert audio.tone_share(caller_track, 700) > 0.3
    assert audio.tone_share(caller_track, 1000) == 0
    assert audio.tone_seconds(await caller.last_heard(), 1000) > 0.4
