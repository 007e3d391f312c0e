"""The call event log: read while whoever asked may give up at any moment, and cut short by a crash."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ivr.adapters.asterisk.away import AwayLog

CHANNELS = 200


async def test_nothing_is_lost_when_who_asked_gives_up(tmp_path: Path) -> None:
    file = tmp_path / "hotline.csv"
    file.write_text("")
    log = AwayLog(file, tmp_path / "offset")
    await log.open()
    with ThreadPoolExecutor(1) as thread:
        asyncio.get_running_loop().set_default_executor(thread)
        for number in range(CHANNELS):
            with file.open("a") as growing:
                growing.write(row(f"channel-{number}"))
            asking = asyncio.create_task(log.read())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await log.read()
    assert len(log.histories) == CHANNELS


async def test_a_channel_that_vanished_in_a_crash_holds_nothing_up(tmp_path: Path) -> None:
    file, offset = tmp_path / "hotline.csv", tmp_path / "offset"
    file.write_text("")
    log = AwayLog(file, offset)
    await log.open()
    file.write_text(row("vanished") + row("lives"))
    await log.read()
    assert log.unended() == {"vanished", "lives"}
    log.give_up({"vanished", "never known"})
    (gone,) = log.ended()
    assert (gone.uniqueid, gone.ended_at) == ("vanished", gone.began_at)
    log.forget("vanished")
    await log.keep()
    assert offset.read_text().split()[1] == str(len(row("vanished")))


def row(uniqueid: str) -> str:
    who = f'"{uniqueid}","{uniqueid}","PJSIP/hotline-trunk-1","hotline-inbound","4001"'
    return f'"CHAN_START","1000.5",{who},"13800138000","","","",""\n'
