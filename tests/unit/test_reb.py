"""Rows after REB-VB 23.003: every column where it belongs, expressions computed, what is more than that told apart."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planroom import reb

DA11 = [  # as the two published examples of such a file have them, from column 13 on
    "            *Aufmaß mit Herrn Müller-Lüdenscheid                     0001B0     ",
    "             40 % BE         910,4=                                  0001C0     ",
    "             Achse 1 B       05    12330  18550   4650   5120        0001D0     ",
]


def row(expression: str, *, kind: str = "", formula: str = "91") -> str:
    return f"{'':12}{kind:1}{'Wall':9}{'':7}{formula:2}{expression:38}0001A0     "


def test_what_other_programs_write_is_read_by_its_columns() -> None:
    remark, free, trapezoid = reb.read_rows(DA11)

    assert remark == reb.Row("0001B0", "", "*", "Aufmaß mit Herrn Müller-Lüdenscheid", None)
    assert free == reb.Row("0001C0", "40 % BE", "91", "0,4=", Decimal("0.400"))
    assert (trapezoid.label, trapezoid.formula, trapezoid.result) == ("Achse 1 B", "05", None)
    assert reb.sum_of_rows([remark, free]) == Decimal("0.400")
    assert reb.sum_of_rows([remark, free, trapezoid]) is None


def test_what_is_written_stands_in_its_columns() -> None:
    written = reb.write_product("W01 kitchen", [Decimal("1.800"), Decimal("1.505")], "0012C7", minus=True)

    assert len(written) == 80
    assert (written[:13], written[13:22], written[29:31], written[69:75]) == (" " * 13, "W01 kitch", "91", "0012C7")
    assert written[31:69].rstrip() == "-1,800*1,505="
    assert reb.read_rows([written])[0].result == Decimal("-2.709")
    assert reb.write_product("door", [Decimal("1.000")], "0001A0")[31:69].rstrip() == "1="
    remark = reb.write_remark("x" * 56, "0001A0")
    assert (len(remark), remark[12:69], remark[69:75]) == (80, "*" + "x" * 56, "0001A0")


def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="57 characters"):
        reb.write_remark("x" * 57, "0001A0")
    with pytest.raises(ValueError, match="a row holds 38"):
        reb.write_product("", [Decimal("12345678.123")] * 4, "0001A0")


@given(st.lists(st.decimals(0, 99999, places=3), min_size=1, max_size=3), st.booleans())
def test_a_product_reads_back_as_it_was_planned(factors: list[Decimal], minus: bool) -> None:
    (read,) = reb.read_rows([reb.write_product("w", factors, "0001A0", minus=minus)])

    assert read.result == (-1 if minus else 1) * reb.product(factors)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("(4,55 + 4,65 + 4,48) / 12=", "1.140"),
        ("2,5*-1,2=", "-3.000"),
        ("1,0005=", "1.001"),
        ("2*(3-1,5)/3=", "1.000"),
        ("1/0=", None),
        ("0001B0*2=", None),
        ("2**9999999=", None),
        ("9//2=", None),
        ("=", None),
        ("(1)(2)=", None),
        ("1.2.3=", None),
        ("__import__('os')=", None),
        ("((((((((((((((((((((((((((((((((((((((=", None),
    ],
)
def test_arithmetic_and_nothing_else_is_computed(expression: str, result: str | None) -> None:
    (read,) = reb.read_rows([row(expression)])

    assert read.result == (None if result is None else Decimal(result))


def test_an_expression_runs_over_rows_until_it_is_closed() -> None:
    whole = reb.read_rows([row("1,5+"), row("*not meant", kind="*", formula=""), row("2,25=", formula="")])
    cut = reb.read_rows([row("1,5+"), row("2,25")])

    assert [one.result for one in whole] == [None, Decimal("3.750")]
    assert reb.sum_of_rows(whole) == Decimal("3.750")
    assert reb.sum_of_rows(cut) is None


def test_an_expression_without_an_end_is_given_up() -> None:
    start_s = time.monotonic()
    rows = reb.read_rows(row("1+" * 19) for _ in range(200_000))

    assert time.monotonic() - start_s < 10
    assert reb.sum_of_rows(rows) is None


@pytest.mark.parametrize("kind", ["H", "Z", "P", "S"])
def test_helping_values_and_subtotals_do_not_add_up(kind: str) -> None:
    assert reb.sum_of_rows(reb.read_rows([row("2="), row("3=", kind=kind)])) is None
    assert reb.sum_of_rows(reb.read_rows([row("2="), row("3=", kind="E")])) == 5


def test_addresses_go_up_and_end() -> None:
    found = list(islice(reb.addresses(7), 300))

    assert (found[0], found[9], found[10], found[259], found[260]) == ("0007A0", "0007A9", "0007B0", "0007Z9", "0008A0")
    assert found == sorted(set(found))
    with pytest.raises(ValueError, match="9999 sheets"):
        list(reb.addresses(9_999))
