"""Alive, ready, and measured."""

from prometheus_client.parser import text_string_to_metric_families

from api.bootstrap import Program
from api.principals import Role
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Http


async def test_alive_is_not_ready_until_the_board_is_whole(program: Program, http: Http) -> None:
    client = await http()
    assert (await client.get("/healthz")).text == "ok\n"
    assert (await client.get("/readyz")).json() == {"ready": True, "problems": {}}
    await program.board.clear()
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"board": "being rebuilt"}
    assert (await client.get("/healthz")).status_code == 200


async def test_a_database_that_is_gone_is_named(program: Program, http: Http) -> None:
    client = await http()
    await program.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    )
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "hotline db upgrade" in answer.json()["problems"]["database"]


async def test_figures_are_those_of_the_record(program: Program, http: Http) -> None:
    await given.call(program, *given.STORY, a.HUNG_UP, carrier_id="ended")
    await given.call(program, *given.STORY, carrier_id="talking")
    call = await given.call(program, given.IDENTIFIED, a.ADMITTED, a.HUNG_UP, carrier_id="followed")
    await program.journey.follow(call, (await program.store.timeline(call.id))[-1])
    text = (await (await http(Role.AGENT)).get("/metrics")).text
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["hotline_calls_total", "answered"] == 1
    assert found["hotline_calls_total", "abandoned_in_menu"] == 1
    assert found["hotline_calls_total", "busy"] == 0
    assert found["hotline_calls_in_progress", "talking"] == 1
    assert found["hotline_agents", "ready"] == 0
    assert found["hotline_recordings", "stored"] == 0
    assert found["hotline_journey_stage_seconds_count", "QualityService.record_outcome"] == 1
    assert all(("hotline_queue_waiting", name) in found for name in program.config.queues)
    assert given.NUMBER not in text


async def test_the_api_describes_itself_without_loading_anything(http: Http) -> None:
    client = await http(Role.AGENT)
    page = await client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/v1/calls/{call_id}/timeline" in page.text
    assert "supervisor" in page.text
    assert "src=" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    spec = (await client.get("/openapi.json")).json()
    assert "/api/v1/recordings/{recording_id}/audio/{track}" in spec["paths"]
