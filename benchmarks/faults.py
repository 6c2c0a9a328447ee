"""What planroom does when others take the RAM, fill the page cache, or the disk fails; networks that are unloaded too.

    python benchmarks/faults.py [--json] [--only unload,neighbour,page-cache,disk]

*unload*: real memory after networks were closed. *neighbour*: an outside process takes 20 % of the RAM of a group that
caches fill. *page-cache*: a group full of cached file pages. *disk*: kills, a full disk, damaged files and a slow disk
under the spill tier; zict and diskcache go through the same where they are installed. Each part runs in processes of
its own. Exits with 1 where planroom is beyond a bound.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from faults_figures import Figure

PARTS: Final = ("unload", "neighbour", "page-cache", "disk")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        for figure in importlib.import_module(f"faults_{asked.part.replace('-', '_')}").figures():
            print(json.dumps(figure.as_json()), flush=True)
        return 0
    wanted = asked.only.split(",")
    unknown = sorted({*wanted} - {*PARTS})
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows: list[dict[str, Any]] = []
    missed = False
    for part in wanted:
        if not asked.json:
            print(f"\n== {part}", flush=True)
        for figure in _run(part):
            rows.append({"part": part} | figure.as_json() | {"missed": figure.is_missed})
            missed |= figure.is_missed and figure.who == "planroom"
            if not asked.json:
                print(figure.as_line(), flush=True)
    if asked.json:
        machine = importlib.import_module("memory_peaks").MACHINE
        print(json.dumps({"bench": "faults", "machine": machine, "settings": {"parts": wanted}, "results": rows}))
    return int(missed)


def _run(part: str) -> Iterator[Figure]:
    """The figures of a part as its process tells them. Raises SystemExit where it fails."""
    child = subprocess.Popen([sys.executable, __file__, "--part", part], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    for line in child.stdout:
        yield Figure(**json.loads(line))
    if child.wait():
        raise SystemExit(f"{part} ended with {child.returncode}")


if __name__ == "__main__":
    sys.exit(main())
