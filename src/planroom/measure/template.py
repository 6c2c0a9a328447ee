"""What a bill lists, as data: a TOML file of assemblies, each with the items that one kind of element gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from planroom.errors import BadTable
from planroom.measure.rules import RuleSet, read_table
from planroom.measure.surroundings import OPENINGS

SHIPPED: Final = ("house",)
MEASURES: Final[Mapping[str, frozenset[str]]] = {
    "wall": frozenset({"count", "length", "surface", "outside", "volume"}),
    "room": frozenset({"count", "area", "perimeter", "surface", "volume"}),
} | {kind: frozenset({"count", "area"}) for kind in OPENINGS}
_WHERE: Final = {"wall": {"side"}, "room": {"use"}} | {kind: {"side", "subtype"} for kind in OPENINGS}
_BY: Final = {"wall": {"thickness"}, "room": {"use"}} | {kind: {"width", "subtype"} for kind in OPENINGS}
_SIDES: Final = ("outer", "inner", "")
CODES: Final = ("din276", "uniformat", "masterformat")
_NEEDED: Final = ("key", "section", "title", "measure", "trade")
_ITEM: Final = {*_NEEDED, "by", *CODES}


class Item(NamedTuple):
    """What one kind of element gives: a line for each of `by`. where: by trait, the values that are meant."""

    key: str
    section: str
    title: str
    of: str
    where: Mapping[str, tuple[str, ...]]
    by: tuple[str, ...]
    measure: str
    trade: str
    codes: Mapping[str, str]


class Template(NamedTuple):
    """What a bill lists, in its order."""

    name: str
    items: tuple[Item, ...]


def read_template(named: str, rules: RuleSet) -> Template:
    """The template of a file, or one that comes with planroom by its name. Raises BadTable with the place in it."""
    table = read_table(named, SHIPPED)
    if set(table) - {"name", "assembly"}:
        raise BadTable(f"unknown entries {sorted(set(table) - {'name', 'assembly'})}", place=named)
    assemblies = table.get("assembly")
    if not isinstance(assemblies, list) or not assemblies:
        raise BadTable("needs an [[assembly]] for each kind of element", place=named)
    items = [item for k, one in enumerate(assemblies) for item in _items(one, rules, f"{named} assembly {k + 1}")]
    keys = [item.key for item in items]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise BadTable(f"two items have the key {twice!r}", place=named)
    return Template(str(table.get("name", named)), tuple(items))


def _items(assembly: Any, rules: RuleSet, where: str) -> Iterator[Item]:
    _check_names(assembly, {"of", "where", "item"}, where)
    of, items = assembly.get("of"), assembly.get("item", [])
    if not isinstance(of, str) or of not in MEASURES:
        raise BadTable(f"of = {of!r}, not one of {', '.join(MEASURES)}", place=where)
    if not isinstance(items, list) or not items:
        raise BadTable("needs an [[assembly.item]]", place=where)
    wanted = _wanted(of, assembly.get("where", {}), where)
    for k, item in enumerate(items):
        place = f"{where} item {k + 1}"
        _check_names(item, _ITEM, place)
        if any(not isinstance(value, str) for value in item.values()):
            raise BadTable("has a value that is no text in quotes", place=place)
        lacking = [name for name in _NEEDED if not item.get(name)]
        if lacking:
            raise BadTable(f"lacks {', '.join(lacking)}", place=place)
        by = tuple(word.strip() for word in item.get("by", "").split(",") if word.strip())
        asked = re.findall(r"\{(\w*)\}", item["title"])
        for value, known in (
            (item["measure"], MEASURES[of]),
            (item["trade"], rules.trades),
            *((one, _BY[of]) for one in by),
            *((one, by) for one in asked),
        ):
            if value not in known:
                hint = f"the rules {rules.name} have no such trade" if known is rules.trades else None
                said = f"{value!r} is none of {', '.join(sorted(known)) or 'what lines are split by'}"
                raise BadTable(said, place=place, hint=hint)
        codes = {code: item.get(code, "") for code in CODES}
        yield Item(item["key"], item["section"], item["title"], of, wanted, by, item["measure"], item["trade"], codes)


def _wanted(of: str, told: Any, where: str) -> dict[str, tuple[str, ...]]:
    """The values of each trait, a single one as a tuple of one."""
    if not isinstance(told, dict) or set(told) - _WHERE[of]:
        raise BadTable(f"where of a {of} knows {', '.join(sorted(_WHERE[of]))} only", place=where)
    wanted = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in told.items()}
    for name, values in wanted.items():
        if any(not isinstance(value, str) for value in values) or (name == "side" and set(values) - set(_SIDES)):
            raise BadTable(
                f"where.{name} = {told[name]!r}", place=where, hint='side is "outer", "inner" or "" (not known)'
            )
    return wanted


def _check_names(table: Any, known: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise BadTable("is no table", place=where)
    if set(table) - known:
        raise BadTable(f"unknown {sorted(set(table) - known)}; known are {sorted(known)}", place=where)
