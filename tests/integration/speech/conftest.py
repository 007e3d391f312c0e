"""The one real model that pip can install, loaded once."""

from pathlib import Path

import pytest

from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def models() -> VoskModels:
    found = VoskModels(ModelShelf(Catalogue.read(ROOT / "config/models.yaml"), []))
    found.load("ko")
    return found


@pytest.fixture
def recordings() -> Path:
    """Callers saying 환불 (refund), 반품 (return), 비밀번호 (password), 상담원 (a person)."""
    return ROOT / "tests/fixtures/audio"
