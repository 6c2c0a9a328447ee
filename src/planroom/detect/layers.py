"""What a layer's or block's name says about its lines, in ten languages. Names are evidence, never a condition."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal

Meaning = Literal["wall", "opening", "door", "window", "stair", "other", ""]


@cache
def _words() -> list[tuple[str, Meaning]]:
    table = json.loads(files("planroom.detect").joinpath("layers.json").read_text("utf-8"))
    pairs: list[tuple[str, Meaning]] = [(word, meaning) for meaning, words in table.items() for word in words]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


@cache
def meaning_of(name: str) -> Meaning:
    """The meaning of a layer or block name such as "A-WALL-DEMO" or "PUERTA"; "" where it says nothing.

    The longest known word that begins one of the name's parts wins; among parts, the last (the most specific) wins.
    A bound reference's prefix (`xref$0$A-WALL`) is not read.
    """
    parts = re.split(r"[^a-zäöåüéêèñãç]+", name.lower().rsplit("$", 1)[-1])
    found: Meaning = ""
    for part in parts:
        for word, meaning in _words():
            if part.startswith(word):
                found = meaning if meaning != "other" or not found else found
                break
    return found
