"""Weights that are not what their package states: the work goes on without them, and the report says so."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import cv2
import numpy as np
import pytest

from conftest import Ran
from planroom.engine.ocr_networks import DETECTION, RECOGNITION

NETWORKS = (DETECTION, RECOGNITION)


def lay_out(folder: Path, *, missing: bool = False, swapped: bool = False) -> None:
    """A package as it is installed, found before the real one: its list states the true hashes."""
    listed = {file.name: file for file in distribution("rapidocr").files or [] if file.name in NETWORKS}
    info = folder / "rapidocr-3.10.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rapidocr\nVersion: 3.10.0\n")
    lines = []
    for name, other in zip(NETWORKS, reversed(NETWORKS), strict=True):
        file = listed[name]
        assert file.hash is not None
        lines.append(f"rapidocr/models/{name},{file.hash.mode}={file.hash.value},{file.size}")
        data = Path(str(listed[other if swapped else name].locate())).read_bytes()
        target = folder / "rapidocr" / "models" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not missing:
            target.write_bytes(data if swapped else data[: len(data) // 2])
    (info / "RECORD").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("how", "code"), [({}, "E602"), ({"swapped": True}, "E602"), ({"missing": True}, "E601")])
def test_lettering_networks_that_cannot_be_used(
    run_planroom: Callable[..., Ran],
    tmp_path: Path,
    how: dict[str, bool],
    code: str,
) -> None:
    picture = np.full((700, 900), 255, np.uint8)
    cv2.rectangle(picture, (100, 100), (800, 600), 0, 12)
    cv2.putText(picture, "GROUND FLOOR PLAN", (200, 350), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 2)
    cv2.imwrite(str(tmp_path / "plan.png"), picture)
    lay_out(tmp_path / "packages", **how)
    ran = run_planroom("analyze", "plan.png", PYTHONPATH=str(tmp_path / "packages"))
    again = run_planroom("analyze", "plan.png")

    assert ran.code == 3
    assert ran.report["status"] == "partial"
    assert len(ran.sheets("plan.png")) == 1
    [fault] = ran.faults("plan.png")
    assert (fault["code"], fault["stage"]) == (code, "letters")
    assert fault["hint"]
    assert again.code == 0
    assert again.faults("plan.png") == []
