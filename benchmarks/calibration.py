"""Whether confidence is worth its name: of numbers told with 80 % confidence, eight of ten ought to be right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from training.understanding.trust import calibration_error, wrong_among_surest

MOST_ERROR: Final = 0.05
COVERED: Final = 0.9


class Told:
    """Numbers with their confidence, and whether they were right."""

    def __init__(self) -> None:
        self._numbers: list[tuple[float, bool]] = []

    def add(self, confidence: float | None, *, is_right: bool) -> None:
        """A number; one without a confidence does not count."""
        if confidence is not None:
            self._numbers.append((confidence, is_right))

    def figures(self) -> dict[str, Any]:
        """How far confidence is off, and the share of wrong numbers among all and among the nine tenths surest."""
        if not self._numbers:
            return {}
        confidence, right = (np.array(column, float) for column in zip(*self._numbers, strict=True))
        return {
            "with_confidence": len(right),
            "calibration_error": round(calibration_error(confidence, right), 4),
            "wrong": round(float(1 - right.mean()), 4),
            "wrong_at_90_percent": round(wrong_among_surest(confidence, right, COVERED), 4),
        }
