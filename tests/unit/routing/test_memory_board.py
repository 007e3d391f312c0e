import pytest

from routing.adapters.memory import MemoryBoard
from tests.unit.routing.board_suite import BoardSuite


class TestMemoryBoard(BoardSuite):
    @pytest.fixture
    def board(self) -> MemoryBoard:
        return MemoryBoard()
