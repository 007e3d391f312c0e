"""A machine whose models are missing, broken or looked for in the wrong place says so."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from api.bootstrap import asterisk, open_program, program
from config.settings import Settings
from tests.integration.api.conftest import Hotline, data

Told = list[tuple[str, str]]

ZH = "vosk-model-small-cn-0.22"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that HOTLINE_VOSK_MODELS names; there is none yet."""
    folder = tmp_path / "models"
    monkeypatch.setenv("HOTLINE_VOSK_MODELS", str(folder))
    return folder


@pytest.fixture
def told_at_start(settings: Settings, monkeypatch: pytest.MonkeyPatch, models: Path) -> Callable[[], Told]:
    """What a program warns of when it begins to take calls."""
    # A logger of its own: that of the module may be bound to what an earlier test has configured.
    monkeypatch.setattr(program, "log", structlog.get_logger())

    async def start() -> None:
        async with (
            open_program(settings.model_copy(update={"vosk_models": models})) as opened,
            opened.running(),
        ):
            pass

    def told() -> Told:
        with capture_logs() as logs:
            asyncio.run(start())
        return [
            (line["event"], line.get("folder") or line["why"])
            for line in logs
            if line["log_level"] == "warning"
        ]

    return told


def test_a_model_that_is_just_missing_is_no_fault(
    hotline: Hotline, models: Path, told_at_start: Callable[[], Told]
) -> None:
    models.mkdir()
    shown = hotline("models", "list").stdout
    assert f"{ZH}     missing  hotline models pull zh" in shown
    assert "HOTLINE_VOSK_MODELS" not in shown
    assert told_at_start() == []


def test_a_folder_that_is_no_model_is_told_with_the_reason(
    hotline: Hotline, models: Path, told_at_start: Callable[[], Told]
) -> None:
    (models / ZH).mkdir(parents=True)
    why = f"{models / ZH} is not a Vosk model: it lacks am/final.mdl"
    (row,) = [line for line in hotline("models", "list").stdout.splitlines() if line.startswith("zh")]
    assert f"broken   {why}" in row
    assert row.endswith("; remove it, then hotline models pull zh")
    (zh,) = [one for one in data(hotline("models", "list", "--json")) if one["language"] == "zh"]
    assert zh["path"] is None
    assert zh["problem"].startswith(why)
    assert told_at_start() == [("a speech model cannot be used", zh["problem"])]


@pytest.mark.parametrize("is_file", [False, True])
def test_a_place_for_models_that_is_no_folder_is_told(
    hotline: Hotline, models: Path, told_at_start: Callable[[], Told], is_file: bool
) -> None:
    if is_file:
        models.touch()
    assert f"HOTLINE_VOSK_MODELS names {models}, which is no folder" in hotline("models", "list").stdout
    assert told_at_start() == [("HOTLINE_VOSK_MODELS names no folder", str(models))]


async def test_a_model_that_cannot_be_loaded_is_told_before_anybody_speaks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, models: Path
) -> None:
    for file in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"):
        (models / ZH / file).parent.mkdir(parents=True, exist_ok=True)
        (models / ZH / file).touch()
    monkeypatch.setattr(asterisk, "log", structlog.get_logger())
    async with open_program(settings.model_copy(update={"vosk_models": models})) as opened:
        with capture_logs() as logs:
            await asterisk.load_models(opened)
    (line,) = logs
    assert (line["event"], line["language"]) == ("a speech model cannot be used", "zh")
    assert "Vosk cannot load it" in line["why"]
