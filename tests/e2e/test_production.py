"""The same journey as it runs in production: PostgreSQL, Redis, and a worker of its own."""

import tempfile
from pathlib import Path

from tests.e2e.conftest import PhoneFactory
from tests.e2e.program import HOTLINE, HotlineProgram
from tests.telephony import audio
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.process import spawn, stop


async def test_a_call_on_postgresql_and_redis_is_scored_by_a_worker_of_its_own(
    asterisk: AsteriskServer,
    ami: AmiClient,
    phone: PhoneFactory,
    configuration: Path,
    shared_folder: Path,
    tmp_path: Path,
    postgresql_database: str,
    redis_url: str,
) -> None:
    data = Path(tempfile.mkdtemp(prefix="data", dir=shared_folder))
    hotline = HotlineProgram(
        data,
        configuration,
        asterisk,
        HOTLINE_DATABASE_URL=postgresql_database,
        HOTLINE_REDIS_URL=redis_url,
        HOTLINE_EMBEDDED_WORKER="false",
    )
    upgraded = hotline.command("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    await hotline.start()
    worker = spawn([HOTLINE, "worker"], cwd=data, log=data / "worker.log", env=hotline.environment)
    try:
        agent = await phone(
            "1001", register=True, answers=True, speaks=audio.tone(tmp_path / "a.wav", 1300, 60)
        )
        caller = await phone("13800138001")
        await hotline.agent("1001")
        await caller.dial("4001")
        call = await hotline.call_from("+8613800138001")
        await caller.wait("CALL_ESTABLISHED")
        await caller.press("1")
        await agent.wait("CALL_ESTABLISHED")
        await hotline.recorded(call, 0.5)
        await caller.hang_up()
        line = await hotline.line(call)
        assert (line["outcome"], line["ending"]) == ("answered", "customer")
        await hotline.recording(call, "scored")
        assert (await hotline.report())["balanced"]
    finally:
        stop(worker)
        await hotline.stop()
