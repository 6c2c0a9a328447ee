"""Every writer against a real limit: the kernel refuses the file's growth, in a child process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import resource, sys
from pathlib import Path
from report_sample import large_report
from planroom.amounts import exactly
from planroom.errors import OutputNotWritable
from planroom.records import Bill, BillLine
from planroom.report.determination import write_determination
from planroom.report.html import write_html
from planroom.report.json import write_json
from planroom.report.markup import write_markup
from planroom.report.xlsx import write_xlsx

report, target = large_report(Path(sys.argv[2])), Path(sys.argv[3])
walls = [wall.id for wall in report.sheets[0].elements]
line = BillLine("b", "01.0010", "s", "t", "m", "measured", "t", "r", {}, walls, ruled=exactly(12 * len(walls)))
line.factors = [(12.0,)] * len(walls)
report.bill = Bill("b", "r", [line])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
write = {"html": write_html, "x31": write_determination, "json": write_json, "xlsx": write_xlsx,
         "pdf": lambda report, path: write_markup(None, report.sheets, path)}[sys.argv[1]]
try:
    write(report, target)
except OutputNotWritable as error:
    print(error.code)
"""


@pytest.mark.parametrize("kind", ["html", "json", "xlsx", "pdf", "x31"])
def test_refused_growth_is_an_error_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "out").mkdir()
    arguments = [kind, str(tmp_path / "pictures"), str(tmp_path / "out" / f"report.{kind}")]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=Path(__file__).parent, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout.strip()) == (0, "E401"), done.stderr
    assert list((tmp_path / "out").iterdir()) == []
