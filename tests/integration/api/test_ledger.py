"""The report over HTTP."""

import pytest

from api.bootstrap import Program
from api.principals import Role
from ivr import events as e
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Http

REPORT = "/api/v1/ledger/report"


async def test_the_report_explains_its_figures(program: Program, http: Http) -> None:
    await given.call(program, *given.STORY, e.CallEnded(e.Party.AGENT, 44), carrier_id="dropped")
    await given.call(program, given.IDENTIFIED, a.ADMITTED, a.QUEUED, a.HUNG_UP, carrier_id="left", minutes=1)
    found = (await (await http(Role.QA)).get(REPORT)).json()
    assert (found["offered"], found["balanced"]) == (2, True)
    figures = found["figures"]
    assert figures["service_level"] == "SHORT"
    assert figures["formulas"]["ASA"] == {
        "en": "Average speed of answer",
        "zh": "平均应答速度",
        "formula": "wait of the answered/A",
        "source": "Amazon Connect",
        "unit": "seconds",
    }
    total, sales = figures["total"], figures["queues"]["sales-zh"]
    assert (total["queued"], total["answered"], total["abandoned"], total["within"]) == (2, 1, 1, 20.0)
    assert (total["values"]["SHORT"], total["values"]["ABANDON"], total["values"]["DROPPED"]) == (1, 0.5, 1)
    assert set(total["values"]) - set(sales["values"]) == {"CONNECT", "BLOCKED"}


async def test_the_report_is_asked_for_a_time_a_formula_and_a_threshold(program: Program, http: Http) -> None:
    await given.call(program, *given.STORY, a.HUNG_UP)
    client = await http(Role.QA)

    async def share(**asked: str) -> float | None:
        found = (await client.get(REPORT, params=asked)).json()["figures"]
        value: float | None = found["total"]["values"][asked.get("level", "SHORT")]
        return value

    assert await share() == 1
    assert await share(level="NEG", within="1.5") == 0
    assert await share(since="2026-11-21T00:00:00Z") is None


@pytest.mark.parametrize("asked", [{"level": "BEST"}, {"within": "0"}, {"within": "nan"}, {"within": "inf"}])
async def test_what_cannot_be_asked_is_refused(http: Http, asked: dict[str, str]) -> None:
    answer = await (await http(Role.QA)).get(REPORT, params=asked)
    assert (answer.status_code, answer.json()["id"]) == (422, "invalid-request")
