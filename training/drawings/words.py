"""What rooms and notes are called, in the languages of the drawings; `words.json` parts alternatives by bars."""

from __future__ import annotations

import json
import random
from pathlib import Path

WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
NAMES: dict[str, dict[str, str]] = WORDS["rooms"]
TITLES: dict[str, str] = WORDS["titles"]
NOTES: list[str] = WORDS["notes"].split("|")


def name_of(rng: random.Random, role: str, language: str) -> str:
    """What a room of this role is called."""
    return rng.choice(NAMES[language][role].split("|"))


def title_in(rng: random.Random, language: str) -> str:
    """A plan's title."""
    return rng.choice(TITLES[language].split("|"))


def note(rng: random.Random) -> str:
    """Any short note."""
    return rng.choice(NOTES)


def area_text(rng: random.Random, language: str, area_m2: float, sides_m: tuple[float, float]) -> str:
    """A room's area or its sides as the language writes them."""
    if language == "us" or (language == "en" and rng.random() < 0.4):
        a, b = (feet(side) for side in sides_m)
        return f"{a} x {b}"
    if language == "en":
        return f"{sides_m[0]:.2f} x {sides_m[1]:.2f}M" if rng.random() < 0.6 else f"{area_m2 * 10.764:.0f} sq.ft"
    number = f"{area_m2:.{rng.choice((1, 2))}f}"
    if rng.random() < 0.6:
        number = number.replace(".", ",")
    return number + rng.choice((" m²", " m2", "", " M2", "m²"))


def feet(metres: float) -> str:
    """A length in feet and inches."""
    inches = round(metres / 0.0254)
    return f"{inches // 12}'-{inches % 12}\""


def length_text(rng: random.Random, language: str, metres: float) -> str:
    """A dimension as the language writes it."""
    if language == "us":
        return feet(metres)
    return rng.choice(
        (f"{metres * 1000:.0f}", f"{metres:.2f}", f"{metres * 100:.0f}", f"{metres:.2f}".replace(".", ","))
    )
