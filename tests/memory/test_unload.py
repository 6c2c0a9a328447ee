"""Networks that are unloaded give real memory back, and only then the bytes of their lease."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from planroom.engine.ocr import TextReader
from planroom.engine.pictures import GreyArray
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.manager import Lease, MemoryManager

NETWORKS_BYTES = 30 << 20  # both, at the least


def test_memory_is_back_before_the_ledger_has_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.full((120, 500), 255, np.uint8)
    cv2.putText(picture, "KITCHEN 12.50 m2", (30, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 2)
    manager = MemoryManager(1 << 30)
    reader = TextReader(manager)
    lines = reader.read(GreyArray(picture), lambda _: None).lines
    held = own_anonymous_bytes()
    held_at_release = []
    release = Lease.release

    def watched(lease: Lease) -> None:
        if lease is reader._lease:
            held_at_release.append(own_anonymous_bytes())
        release(lease)

    monkeypatch.setattr(Lease, "release", watched)
    reader.close()
    reader.close()

    assert lines
    assert held_at_release[0] < held - NETWORKS_BYTES
    assert manager.leased_bytes == 0
