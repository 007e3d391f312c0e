"""The call event log: rows, channels and the kept offset."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.cel import CelLog, Channels, parse
from ivr.events import Party

CALLER, TRUNK = "hotline-1.0", "PJSIP/hotline-trunk-00000000"


def row(kind: str, at: float = 100.0, uniqueid: str = CALLER, **more: object) -> str:
    cells = {"channel": TRUNK, "context": "hotline-door", "exten": "4008", "name": "王小明"} | more
    extra = json.dumps(cells["extra"]) if "extra" in cells else ""
    line = [kind, f"{at:.6f}", uniqueid, uniqueid, cells["channel"], cells["context"], cells["exten"]]
    line += ["13800138000", cells["name"], "AGI", "", extra]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(line)
    return out.getvalue()


def hangup(cause: int, source: str, at: float = 110.0) -> str:
    return row("HANGUP", at, extra={"hangupcause": cause, "hangupsource": source, "dialstatus": ""})


def channels(*lines: str) -> Channels:
    known = Channels()
    rows = [parse(line) for line in lines]
    known.learn((offset, found) for offset, found in enumerate(rows) if found is not None)
    return known


class TestRow:
    def test_is_read(self) -> None:
        found = parse(row("CHAN_START", 1795314900.665268, name='a "b", c'))
        assert found is not None
        assert found.at == datetime(2026, 11, 22, 2, 35, 0, 665268, UTC)
        assert (found.kind, found.exten, found.number, found.name) == (
            "CHAN_START",
            "4008",
            "13800138000",
            'a "b", c',
        )

    @pytest.mark.parametrize("line", ["", "a,b", row("X")[:-5], row("X") + ',"more"', "\0" * 20])
    def test_that_is_not_whole_is_none(self, line: str) -> None:
        assert parse(line) is None

    @given(st.text())
    def test_nothing_is_too_strange(self, line: str) -> None:
        assert parse(line) is None or line.count(",") >= 11


class TestChannel:
    @pytest.mark.parametrize(
        ("cause", "source", "by", "told"),
        [
            (16, TRUNK, Party.CUSTOMER, 16),
            (0, TRUNK, Party.CUSTOMER, 16),
            (127, TRUNK, Party.CUSTOMER, 16),
            (44, "", Party.CUSTOMER, 44),
            (17, "dialplan/builtin", Party.SYSTEM, 17),
            (16, "", Party.SYSTEM, 16),
        ],
    )
    def test_ends(self, cause: int, source: str, by: Party, told: int) -> None:
        history = channels(row("CHAN_START"), hangup(cause, source)).known[CALLER]
        assert (history.by(Party.CUSTOMER), history.cause) == (by, told)
        assert history.ended_at == datetime.fromtimestamp(110, UTC)

    def test_keeps_what_was_dialled_when_it_is_turned_away(self) -> None:
        lines = row("CHAN_START"), row("HOTLINE_AWAY", context="hotline-away", exten="s")
        history = channels(*lines).known[CALLER]
        assert history.away
        assert history.inbound
        assert history.offered().called == "4008"
        assert history.offered().caller_name == "王小明"

    def test_of_an_agent_is_not_inbound(self) -> None:
        assert not channels(row("CHAN_START", context="hotline-desk")).known[CALLER].inbound

    def test_whose_beginning_was_told_before_is_left_alone(self) -> None:
        assert not channels(hangup(16, TRUNK)).known

    def test_that_has_not_ended_holds_the_offset(self) -> None:
        known = channels(row("CHAN_START", uniqueid="a"), row("CHAN_START", uniqueid="b"))
        known.forget("a")
        assert known.first_needed(99) == 1
        known.forget("b")
        assert known.first_needed(99) == 99


class TestLog:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "hotline.csv"

    @pytest.fixture
    def log(self, path: Path, tmp_path: Path) -> CelLog:
        log = CelLog(path, tmp_path / "offset")
        log.open()
        return log

    def test_that_is_not_there_has_no_rows(self, log: CelLog) -> None:
        assert log.read() == []
        log.keep(0)

    def test_is_read_once(self, log: CelLog, path: Path) -> None:
        path.write_text(row("CHAN_START") + "\n", encoding="utf-8")
        assert [found.kind for _, found in log.read()] == ["CHAN_START"]
        assert log.read() == []

    def test_a_line_being_written_is_read_when_it_is_whole(self, log: CelLog, path: Path) -> None:
        line = row("CHAN_START").encode()
        for cut in (1, 10, len(line) - 1):
            path.write_bytes(line[:cut])
            assert log.read() == []
        path.write_bytes(line + b"\n")
        assert len(log.read()) == 1

    def test_the_next_process_goes_on_at_the_kept_offset(
        self, log: CelLog, path: Path, tmp_path: Path
    ) -> None:
        path.write_text(f"{row('CHAN_START')}\n{hangup(16, TRUNK)}\n", encoding="utf-8")
        offsets = [offset for offset, _ in log.read()]
        log.keep(offsets[1])
        again = CelLog(path, tmp_path / "offset")
        again.open()
        assert [found.kind for _, found in again.read()] == ["HANGUP"]

    def test_a_rotated_file_is_read_from_its_beginning(self, log: CelLog, path: Path) -> None:
        path.write_text(row("CHAN_START") + "\n", encoding="utf-8")
        log.read()
        path.rename(path.with_suffix(".old"))
        path.write_text(hangup(16, TRUNK) + "\n", encoding="utf-8")
        assert [found.kind for _, found in log.read()] == ["HANGUP"]

    def test_an_offset_that_cannot_be_read_means_the_beginning(self, path: Path, tmp_path: Path) -> None:
        path.write_text(row("CHAN_START") + "\n", encoding="utf-8")
        (tmp_path / "offset").write_text("rubbish")
        log = CelLog(path, tmp_path / "offset")
        log.open()
        assert len(log.read()) == 1
