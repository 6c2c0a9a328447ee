"""Rows of a quantity determination as REB-VB 23.003 (edition 2009) lays them out, written and read.

A row has 80 columns, from 1: 13 kind, 14-22 what it is about (a remark: 14-69), 23-29 a factor, 30-31 the number
of a formula, 32-69 what is computed, 70-75 its address (sheet, letter, digit); the rest is free. A result has three
decimals. What is written is remarks and products, as formula 91, the free expression up to "=".
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

THOUSANDTH: Final = Decimal("0.001")
REMARK_CHARS: Final = 56
LABEL_CHARS: Final = 9
_EXPRESSION_CHARS: Final = 38
_SHEETS: Final = 9_999
ROWS_A_SHEET: Final = 260
FREE: Final = "91"
_MOST_CHARS: Final = 20 * _EXPRESSION_CHARS  # a free expression may run over twenty rows
_REMARK, _ADDED = "*", frozenset({"", "E"})  # others are helping values, subtotals and totals
_ARITHMETIC: Final = re.compile(r"[-+*/() .,0-9]+")
_OPERATORS: Final[dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_SIGNS: Final[dict[type[ast.unaryop], Callable[[Decimal], Decimal]]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


class Row(NamedTuple):
    """A row as people read it. label: what it is about; formula: its number; text: what is computed, or the remark.

    result: rounded to thousandths; None for a remark, and for what is not computed here.
    """

    address: str
    label: str
    formula: str
    text: str
    result: Decimal | None

    @property
    def is_remark(self) -> bool:
        """Whether it only says something."""
        return self.formula == _REMARK


def addresses(sheet: int) -> Iterator[str]:
    """The addresses from the beginning of a sheet on, in their order. Raises ValueError after the last sheet."""
    while sheet <= _SHEETS:
        for place in range(ROWS_A_SHEET):
            yield f"{sheet:04d}{chr(ord('A') + place // 10)}{place % 10}"
        sheet += 1
    raise ValueError(f"needs more than {_SHEETS} sheets of {ROWS_A_SHEET} rows")


def product(factors: Iterable[Decimal]) -> Decimal:
    """What a row of these factors gives, rounded as it is read again."""
    result = Decimal(1)
    for factor in factors:
        result *= factor
    return result.quantize(THOUSANDTH, ROUND_HALF_UP)


def write_remark(text: str, address: str) -> str:
    """A row that only says something. Raises ValueError where it has more than `REMARK_CHARS`."""
    if len(text) > REMARK_CHARS:
        raise ValueError(f"a remark of {len(text)} characters, of which a row holds {REMARK_CHARS}")
    return f"{'':12}{_REMARK}{text:{REMARK_CHARS}}{address}{'':5}"


def write_product(label: str, factors: Sequence[Decimal], address: str, *, minus: bool = False) -> str:
    """A row that multiplies. Raises ValueError where the factors do not fit into it."""
    if len(factors) == 1 and factors[0] == factors[0].to_integral_value():  # pieces
        text = f"{factors[0]:.0f}"
    else:
        text = "*".join(f"{factor:f}".replace(".", ",") for factor in factors)
    text = f"{'-' if minus else ''}{text}="
    if len(text) > _EXPRESSION_CHARS:
        raise ValueError(f"{text} has {len(text)} characters, of which a row holds {_EXPRESSION_CHARS}")
    return f"{'':13}{label[:LABEL_CHARS]:{LABEL_CHARS}}{'':7}{FREE}{text:{_EXPRESSION_CHARS}}{address}{'':5}"


def read_rows(raw: Iterable[str]) -> list[Row]:
    """The rows of one position; an expression that runs over several of them is one."""
    rows: list[Row] = []
    begun: Row | None = None
    for line in raw:
        line = line.ljust(80)
        kind, address, formula = line[12].strip(), line[69:75].strip(), line[29:31].strip()
        if kind == _REMARK:
            rows.append(Row(address, "", _REMARK, line[13:69].strip(), None))
            continue
        label, factor, text = line[13:22].strip(), line[22:29].strip(), line[31:69].strip()
        if begun is not None and formula in ("", FREE):
            begun = begun._replace(text=begun.text + text)
        elif formula == FREE:
            begun = Row(address, label, FREE, text, None)
        else:
            rows.append(Row(address, label, formula or "?", text, None))
            continue
        if len(begun.text) > _MOST_CHARS:
            rows.append(begun)
            begun = None
        elif "=" in begun.text:
            is_added = kind in _ADDED and not factor
            rows.append(begun._replace(result=_computed(begun.text.partition("=")[0]) if is_added else None))
            begun = None
    return [*rows, begun] if begun is not None else rows


def sum_of_rows(rows: Iterable[Row]) -> Decimal | None:
    """What they add up to; None where one of them is not computed here, or there is none."""
    results = [row.result for row in rows if not row.is_remark]
    known = [result for result in results if result is not None]
    return sum(known, Decimal(0)) if results and len(known) == len(results) else None


def _computed(expression: str) -> Decimal | None:
    """Its value, None where it is more than plain arithmetic, as with addresses of other rows, or none at all."""
    if not _ARITHMETIC.fullmatch(expression):
        return None
    try:
        tree = ast.parse(expression.replace(",", ".").strip(), mode="eval")
        return _value(tree.body).quantize(THOUSANDTH, ROUND_HALF_UP)
    except (SyntaxError, ArithmeticError, RecursionError, MemoryError, LookupError):
        return None


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](_value(node.operand))
    if not isinstance(node, ast.Constant):
        raise LookupError(ast.dump(node)[:80])
    return Decimal(str(node.value))
