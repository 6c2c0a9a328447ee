"""Measurement rules as data: which gaps a trade deducts from what it measures, by which clause of which edition.

A rule file is TOML: a name, an edition, and a table for each trade, which says for surfaces, areas, volumes and lengths
up to what size a gap is measured over. A trade may be `like` another. Sizes carry their unit ("2.5 m2", "27 ft2").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from planroom.amounts import NOTHING, Amount, exactly, product_of, sum_of
from planroom.errors import BadTable
from planroom.records import Deduction
from planroom.units import FOOT_M, INCH_M

SHIPPED: Final = ("vob-c", "us-net")
_POWERS: Final = {"surface": 2, "area": 2, "volume": 3, "length": 1}
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)([23]?)\s*")
_METRES: Final = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": INCH_M, "ft": FOOT_M}
_OPENINGS: Final = ("door", "window", "opening")
_WORDS: Final = {"title", "source", "like", *_POWERS}


class Trade(NamedTuple):
    """What one trade measures over: gaps up to so many m, m² or m³ each, by what is measured; and who says so."""

    name: str
    title: str
    source: str
    over: Mapping[str, float]


class Gap(NamedTuple):
    """A hole: the opening that makes it, the wall or the room that it is in, what is multiplied to its size."""

    element: str
    of: str
    factors: tuple[Amount, ...]

    @property
    def size(self) -> Amount:
        """In the measure's own unit."""
        return product_of(self.factors)


class RuleSet(NamedTuple):
    """The trades of one edition, and how high openings are whose height is not known (m), by kind."""

    name: str
    edition: str
    trades: Mapping[str, Trade]
    height_m: Mapping[str, Amount]

    def deduct(self, trade: str, measure: str, gross: Amount, gaps: Iterable[Gap]) -> tuple[Amount, list[Deduction]]:
        """`gross` without the gaps that the trade deducts from the measure, and what became of each."""
        rule = self.trades[trade]
        over = rule.over.get(measure, 0.0)
        made = []
        for gap in gaps:
            factors = tuple(factor.value for factor in gap.factors)
            deducted, taken = _taken(gap.size, over)
            made.append(Deduction(gap.element, gap.of, gap.size, deducted, rule.source, factors, taken))
        return gross.less(sum_of(one.taken for one in made)), made


def _taken(size: Amount, over: float) -> tuple[bool | None, Amount]:
    """Whether a gap is deducted, and what of it: all, nothing, or, where its size does not tell, anything between."""
    if size.low > over:
        return True, size
    if size.high <= over:
        return False, NOTHING
    return None, Amount(size.value if size.value > over else 0.0, 0.0, size.high)


def net(gross: Amount, gaps: Iterable[Gap]) -> Amount:
    """`gross` without any gap."""
    return gross.less(sum_of(gap.size for gap in gaps))


def read_rules(named: str) -> RuleSet:
    """The rules of a file, or those that come with planroom by their name. Raises BadTable with the place in it."""
    table = read_table(named, SHIPPED)
    told = table.get("trade")
    if not isinstance(told, dict) or not told:
        raise BadTable("needs a table [trade.NAME] for each trade", place=named)
    trades = {name: _trade(name, told, named) for name in told}
    if set(table) - {"name", "edition", "trade", "height"}:
        raise BadTable(f"unknown {sorted(set(table) - {'name', 'edition', 'trade', 'height'})}", place=named)
    height = table.get("height", {})
    if not isinstance(height, dict) or set(height) != set(_OPENINGS):
        raise BadTable(f"[height] needs {', '.join(_OPENINGS)}", place=named)
    heights = {kind: _height(height[kind], f"{named} height.{kind}") for kind in _OPENINGS}
    return RuleSet(str(table.get("name", named)), str(table.get("edition", "")), trades, heights)


def read_table(named: str, shipped: Iterable[str]) -> dict[str, Any]:
    """The TOML file, or the shipped one of that name. Raises BadTable."""
    try:
        if named in shipped:
            return tomllib.loads(files("planroom.measure").joinpath("tables", f"{named}.toml").read_text("utf-8"))
        return tomllib.loads(Path(named).read_text("utf-8"))
    except OSError as error:
        there = ", ".join(shipped)
        raise BadTable(error.strerror or str(error), place=named, hint=f"name a file, or one of {there}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTable(f"is no TOML: {error}", place=named) from error


def _trade(name: str, told: dict[str, Any], file: str) -> Trade:
    """The trade with all that it takes over from the ones it is like."""
    where, way, words = f"{file} trade.{name}", [name], dict[str, Any]()
    while True:
        entry = told[way[-1]]
        if not isinstance(entry, dict) or set(entry) - _WORDS:
            unknown = sorted(set(entry) - _WORDS) if isinstance(entry, dict) else "no table"
            raise BadTable(f"unknown entries {unknown}; known are {sorted(_WORDS)}", place=f"{file} trade.{way[-1]}")
        words = {key: value for key, value in entry.items() if key != "like"} | words
        like = entry.get("like")
        if like is None:
            break
        if not isinstance(like, str):
            raise BadTable(f"like = {like!r} is no trade", place=where)
        if like in way:
            raise BadTable(f"is like itself: {' -> '.join([*way, str(like)])}", place=where)
        if like not in told:
            raise BadTable(f"is like {like!r}, which is not there", place=where)
        way.append(like)
    over = {measure: _size(words[measure], power, f"{where}.{measure}") for measure, power in _POWERS.items()
            if measure in words}  # fmt: skip
    return Trade(name, str(words.get("title", name)), str(words.get("source", "")), over)


def _size(text: Any, power: int, where: str) -> float:
    """In m, m² or m³."""
    match = _SIZE.fullmatch(str(text))
    if match is None:
        raise BadTable(f"{text!r} is no size", place=where, hint='write it like "2.5 m2"')
    number, unit, exponent = match.groups()
    if unit not in _METRES:
        raise BadTable(f"{unit!r} is no unit", place=where, hint=f"units are {', '.join(_METRES)}")
    if int(exponent or 1) != power:
        raise BadTable(f"{text!r} is not of the kind {unit}{power if power > 1 else ''}", place=where)
    return float(number) * _METRES[unit] ** power


def _height(told: Any, where: str) -> Amount:
    if not isinstance(told, list) or len(told) not in (1, 3):
        raise BadTable("needs one height, or three: at least, usually, at most", place=where)
    sizes = [_size(one, 1, where) for one in told]
    if len(sizes) == 1:
        return exactly(sizes[0])
    if sizes != sorted(sizes):
        raise BadTable("needs its three heights in order: at least, usually, at most", place=where)
    low, value, high = sizes
    return Amount(value, low, high)
