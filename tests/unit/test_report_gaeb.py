"""GAEB files: the official ones in and out to the cent, ours read back by a second library, broken ones refused."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from report_sample import FORMULA

from planroom.amounts import Amount, exactly
from planroom.errors import BadExchange, UnreadableFile, UsageError
from planroom.ingest.gaeb import prices_of, read_gaeb
from planroom.records import Bill, BillLine
from planroom.report.gaeb import PHASES, quantity_of, write_gaeb
from planroom.tender import describe_tender, parse_phases, read_prices, read_tender

pygaeb = pytest.importorskip("pygaeb", reason="the extra gaeb is not installed")
second: Any = pytest.importorskip("gaeb", reason="the second library is not installed")
OFFICIAL = Path(__file__).parents[2].parent / "shared" / "data" / "gaeb"
CODES = {"din276": "345"}


def official(ending: str) -> Path:
    found = sorted(OFFICIAL.rglob(f"*.{ending}"))
    if not found:
        pytest.skip(f"no official test file in {OFFICIAL}")
    return found[0]


def bill(*, price: str | None = None) -> Bill:
    plaster = BillLine("bill:p", "01.0010", "Plaster & paint", "Wände <außen>", "m2", "measured", "plaster",
                       "ATV DIN 18350:2019, section 5", CODES, ["a"], exactly(40.0), exactly(36.0),
                       Amount(37.33349, 37.0, 37.6))  # fmt: skip
    skirting = BillLine("bill:s", "01.0020", "Plaster & paint", FORMULA.replace("\x07", ""), "m", "estimated", "floors",
                        "", {}, ["a"], exactly(22.5), exactly(22.5), exactly(22.5), reason="no height")  # fmt: skip
    doors = BillLine("bill:d", "02.0010", "Türen", "Doors, 0.885 m", "pcs", "measured", "openings", "", CODES, ["d"],
                     exactly(7), exactly(7), exactly(7))  # fmt: skip
    lost = BillLine("bill:l", "02.0020", "Türen", "Lost", "m2", "withheld", "paint", "", {}, ["c"], reason="no scale")
    lines = [plaster, skirting, doors, lost]
    for line in lines if price else ():
        line.unit_price = Decimal(str(price))
    return Bill("House", "VOB/C 2019", lines)


def positions(path: Path) -> list[tuple[str, str, Decimal | None, Decimal | None, Decimal | None]]:
    """As the second library reads them."""
    return [
        (one.oz, one.einheit, one.menge, one.einheitspreis, one.gesamtbetrag)
        for one in second.read_xml(path).alle_positionen
    ]


@pytest.mark.parametrize(
    ("ending", "total", "with_tax"), [("x84", "2000000.00", "2380000.00"), ("x82", "0.00", "0.00")]
)
def test_official_offers_add_up_to_the_cent(ending: str, total: str, with_tax: str) -> None:
    found = read_gaeb(official(ending))

    assert (found.total, found.with_tax) == (Decimal(total), Decimal(with_tax))


@pytest.mark.parametrize("ending", ["x81", "x82", "x83", "x84"])
def test_official_files_are_written_again_with_every_number_equal(ending: str, tmp_path: Path) -> None:
    source, copy = official(ending), tmp_path / f"copy.{ending}"
    pygaeb.GAEBWriter.write(pygaeb.GAEBParser.parse(str(source)), str(copy))

    one, two = read_gaeb(copy), read_gaeb(source)
    assert (one.total, one.with_tax, one.phase) == (two.total, two.with_tax, two.phase)
    # which of two positions is the alternative the library does not write again
    assert [line._replace(counts=True) for line in one.lines] == [line._replace(counts=True) for line in two.lines]
    assert positions(copy) == positions(source)


def test_an_offer_takes_titles_and_quantities_from_its_tender() -> None:
    found = read_tender(official("x84"), official("x83"))

    assert found.total == Decimal("2000000.00")
    soil = next(line for line in found.lines if line.number == "001.002.0010")
    assert (soil.title, soil.quantity, soil.unit_price, soil.total) == (
        "Boden für Baugrube, BK 3", Decimal("450.000"), Decimal("5.000"), Decimal("2250.00"),
    )  # fmt: skip
    alternative = next(line for line in found.lines if line.number == "001.002.0050")
    assert (alternative.counts, alternative.unit_price, alternative.total) == (False, Decimal(12), Decimal(0))
    assert describe_tender(found)["lines"][3]["total"] == "2250.00"


@pytest.mark.parametrize("phase", PHASES)
def test_what_we_write_reads_back_equal_in_two_libraries(phase: str, tmp_path: Path) -> None:
    path = tmp_path / f"bill.{phase.lower()}"
    made = bill(price="12.345")
    write_gaeb(made, path, phase, project="Haus & Hof")
    own, other = read_gaeb(path), positions(path)

    priced = phase == "X82"
    quantities = [Decimal("37.33"), Decimal("22.50"), Decimal("7.00"), None]
    totals = [Decimal("460.84"), Decimal("277.76"), Decimal("86.42"), None]
    assert (own.phase, own.project) == (phase, "Haus & Hof")
    assert [line.quantity for line in own.lines] == quantities == [quantity_of(line) for line in made.lines]
    assert [line.title for line in own.lines] == [line.title for line in made.lines]
    assert [line.unit for line in own.lines] == ["m2", "m", "St", "m2"]
    assert [line.total for line in own.lines] == (totals if priced else [None] * 4)
    assert own.total == (Decimal("825.02") if priced else None)
    assert [one[0] for one in other] == ["010010", "010020", "020010", "020020"]
    assert [one[2] for one in other] == quantities
    assert [one[4] for one in other] == [line.total for line in own.lines]


def test_equal_bills_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_gaeb(bill(), tmp_path / name, "X83")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("true", "false", "place"),
    [
        ("<IT>2250.00</IT>", "<IT>2250.01</IT>", "section 001"),
        ("<Totals><Total>6100.00</Total>", "<Totals><Total>6100.01</Total>", "section 001"),
        ("<Totals><Total>2000000.00</Total>", "<Totals><Total>1915000.00</Total>", ".x84"),
    ],
)
def test_a_broken_total_is_told_with_its_place_and_the_file_stays(
    true: str, false: str, place: str, tmp_path: Path
) -> None:
    text = official("x84").read_text("utf-8-sig")
    assert true in text
    path = tmp_path / "broken.x84"
    path.write_text(text.replace(true, false, 1), "utf-8")
    before = path.read_bytes()

    with pytest.raises(BadExchange) as caught:
        read_gaeb(path)

    assert place in caught.value.place
    assert "add up to" in caught.value.message
    assert path.read_bytes() == before


def test_a_price_that_is_not_its_total_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bill.x82"
    write_gaeb(bill(price="10"), path, "X82")
    path.write_text(path.read_text("utf-8").replace("<UP>10", "<UP>11", 1), "utf-8")

    with pytest.raises(BadExchange, match=r"not 373\.30") as caught:
        read_gaeb(path)

    assert "position 01.0010" in caught.value.place


@pytest.mark.parametrize("content", [b"", b"no xml", b"<GAEB/>", b"<html><body/></html>", b"\x00\xff" * 40])
def test_what_is_no_gaeb_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.x83"
    path.write_bytes(content)

    with pytest.raises(BadExchange):
        read_gaeb(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read_gaeb(tmp_path / "none.x83")


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("tell nobody")
    path = tmp_path / "bill.x83"
    write_gaeb(bill(), path, "X83")
    text = path.read_text("utf-8")
    head, body = text.split("?>", 1)
    entity = f'{head}?><!DOCTYPE GAEB [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    path.write_text(entity + body.replace("Doors, 0.885 m", "&x;"), "utf-8")

    try:
        told = str(read_gaeb(path))
    except BadExchange as error:
        told = str(error)

    assert "tell nobody" not in told


def test_prices_go_by_title_and_unit_not_by_number(tmp_path: Path) -> None:
    estimate = tmp_path / "bill.x82"
    write_gaeb(bill(price="12.5"), estimate, "X82")

    prices, currency = read_prices(estimate, None)

    assert currency == "EUR"
    assert prices["Doors, 0.885 m", "pcs"] == Decimal("12.5")
    assert prices["Wände <außen>", "m2"] == Decimal("12.5")


def test_an_offer_without_titles_asks_for_its_tender() -> None:
    with pytest.raises(BadExchange) as caught:
        read_prices(official("x84"), None)

    assert "--tender" in caught.value.advice


def test_a_title_with_several_prices_has_none(tmp_path: Path) -> None:
    path = tmp_path / "bill.x82"
    write_gaeb(bill(price="10"), path, "X82")
    found = read_gaeb(path)
    found.lines.append(found.lines[0]._replace(number="09.0010", unit_price=Decimal(11), total=None))

    prices = prices_of(found, None, str(path))

    assert ("Wände <außen>", "m2") not in prices
    assert prices["Doors, 0.885 m", "pcs"] == Decimal(10)


def test_a_tender_has_no_prices_to_give(tmp_path: Path) -> None:
    write_gaeb(bill(), tmp_path / "bill.x83", "X83")

    with pytest.raises(BadExchange, match="no price"):
        read_prices(tmp_path / "bill.x83", None)
    with pytest.raises(UsageError, match="without --prices"):
        read_prices(None, tmp_path / "bill.x83")


def test_what_is_cut_off_is_refused_and_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "bill.x83"
    write_gaeb(bill(), path, "X83")
    path.write_bytes(path.read_bytes()[:-900])

    with pytest.raises(BadExchange, match="no GAEB file"):
        read_gaeb(path)


@pytest.mark.parametrize("number", ["1e999999", "NaN", "12 Euro", "9" * 40])
def test_numbers_that_are_no_money_are_refused_at_once(number: str, tmp_path: Path) -> None:
    path = tmp_path / "bill.x82"
    write_gaeb(bill(price="10"), path, "X82")
    path.write_text(path.read_text("utf-8").replace("<UP>10", f"<UP>{number}", 1).replace(f"{number}.000", number))

    with pytest.raises(BadExchange, match="is no number") as caught:
        read_gaeb(path)

    assert "line " in caught.value.place


def test_a_number_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bill.x83"
    write_gaeb(bill(), path, "X83")
    path.write_text(path.read_text("utf-8").replace('RNoPart="0020"', 'RNoPart="0010"', 1))

    with pytest.raises(BadExchange, match="twice"):
        read_gaeb(path)


def test_a_sum_with_tax_that_is_not_both_is_refused(tmp_path: Path) -> None:
    text = official("x84").read_text("utf-8-sig")
    path = tmp_path / "tax.x84"
    path.write_text(text.replace("<TotalGross>2380000.00", "<TotalGross>9999999.00", 1), "utf-8")

    with pytest.raises(BadExchange, match="with tax"):
        read_gaeb(path)


def test_an_offer_for_another_quantity_is_refused(tmp_path: Path) -> None:
    tender, offer = tmp_path / "bill.x83", tmp_path / "bill.x82"
    write_gaeb(bill(), tender, "X83")
    made = bill(price="10")
    made.lines[0].ruled = exactly(100.0)
    write_gaeb(made, offer, "X82")

    with pytest.raises(BadExchange, match="the tender of"):
        read_tender(offer, tender)


def test_prices_are_written_in_their_currency(tmp_path: Path) -> None:
    write_gaeb(bill(price="10"), tmp_path / "bill.x82", "X82", currency="CHF")

    assert read_gaeb(tmp_path / "bill.x82").currency == "CHF"


def test_a_position_that_the_tender_has_not_is_refused(tmp_path: Path) -> None:
    write_gaeb(bill(), tmp_path / "bill.x83", "X83")
    shutil.copy(official("x84"), tmp_path / "offer.x84")

    with pytest.raises(BadExchange):
        read_tender(tmp_path / "offer.x84", tmp_path / "bill.x83")


def test_phases_are_checked() -> None:
    assert parse_phases("x83, X81,x83, x31") == ("X83", "X81", "X31")
    with pytest.raises(UsageError, match="X31, X81, X82, X83"):
        parse_phases("X90")
