"""The demo as a person runs it: to its end, with a ledger that adds up and words that were really said."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_tells_of_every_call_and_hears_what_was_said(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    told = subprocess.run(
        [Path(sys.executable).with_name("hotline"), "demo", "--report", report],
        cwd=ROOT,
        env=os.environ | {"HOTLINE_DATA": str(tmp_path / "data"), "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
    )
    assert told.returncode == 0, told.stderr
    ledger = json.loads(report.read_text("utf-8"))
    assert ledger["offered"] == sum(ledger["outcomes"].values()) == 20
    said = re.findall(r"^ +[0-9.]+ s  (agent|customer) +(.+)$", told.stdout, re.MULTILINE)
    assert said == [
        ("agent", "안녕하세요"),
        ("customer", "환불"),
        ("customer", "반품"),
        ("agent", "감사합니다"),
    ]
    assert "are recognised among 6 expected phrases" in told.stdout
