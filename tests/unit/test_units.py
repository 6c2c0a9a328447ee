from __future__ import annotations

import pytest

from planroom.errors import UsageError
from planroom.units import (
    FOOT_M,
    INCH_M,
    format_bytes,
    in_system,
    parse_bytes,
    parse_lengths,
    parse_ratio,
    parse_ratios,
    parse_scale,
    write_like,
    written_step_m,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GiB", 2 << 30),
        ("1.5 GB", 1_500_000_000),
        ("512m", 512_000_000),
        (" 64 KiB ", 64 << 10),
        ("1073741824", 1 << 30),
        ("7B", 7),
        ("1TiB", 1 << 40),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "2 XB", "-1GB", "1e9", "iB", "2iB", "0", "0.2B", "99999999TiB"])
def test_what_is_no_size_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_bytes(text)

    assert refused.value.code == "E501"
    assert "2GiB" in refused.value.advice or "2GiB" in str(refused.value)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (2 << 30, "2.0 GiB"), (3 << 40, "3.0 TiB")]
)
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(("unit", "value", "shown"), [("m", FOOT_M, "ft"), ("m2", FOOT_M**2, "ft2"), ("pcs", 1, "pcs")])
def test_quantities_turn_into_the_customers_units(unit: str, value: float, shown: str) -> None:
    assert in_system(value, unit, "metric") == (value, unit)
    many, name = in_system(value, unit, "imperial")
    assert (round(many, 9), name) == (1.0, shown)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("3'-6\"", 42 * INCH_M),
        ("3' 6 1/2\"", 42.5 * INCH_M),
        ("12'", 144 * INCH_M),
        ("0' - 8\"", 8 * INCH_M),
        ("6’-8”", 80 * INCH_M),
        ("5'-0 3/4''", 60.75 * INCH_M),
        ('30"', 30 * INCH_M),
        ('7 1/2"', 7.5 * INCH_M),
        ("2.5 m", 2.5),
        ("2,50m", 2.5),
        ("90 cm", 0.9),
        ("1280 mm", 1.28),
        ("235'±", 2820 * INCH_M),
        ("3'-6½\"", 42.5 * INCH_M),
        ("6'-8°", 80 * INCH_M),
        ("6'-101/2\"", 82.5 * INCH_M),
        ("4'-3/4\"", 48.75 * INCH_M),
        ("36⁵", 0.365),
        ("1,76⁵", 1.765),
    ],
)
def test_a_length_with_its_unit_means_one_thing(text: str, metres: float) -> None:
    assert parse_lengths(text) == [pytest.approx(metres)]


def test_a_bare_length_may_mean_several_things() -> None:
    assert parse_lengths("1280") == [pytest.approx(1.28), pytest.approx(12.8)]
    assert parse_lengths("4,20") == [pytest.approx(4.2), pytest.approx(0.042)]
    assert parse_lengths("3'-113/16\"") == [pytest.approx(47.1875 * INCH_M), pytest.approx(37.8125 * INCH_M)]
    assert parse_lengths("88") == [pytest.approx(0.088), pytest.approx(0.88), pytest.approx(88)]


@pytest.mark.parametrize(
    ("text", "value_m", "step_m", "longer"),
    [
        ("1280", 1.28, 0.001, "1380"),
        ("128", 1.28, 0.01, "138"),
        ("4,20", 4.2, 0.01, "4,30"),
        ("4.205 m", 4.205, 0.001, "4.305 m"),
        ("36⁵", 0.365, 0.001, "0.465 m"),
        ("3'-6\"", 42 * INCH_M, 0.0, "3'-9 7/8\""),
        ("3'-6 1/2\"", 42.5 * INCH_M, 0.0, "3'-10 3/8\""),
    ],
)
def test_a_length_is_written_as_another_is(text: str, value_m: float, step_m: float, longer: str) -> None:
    assert written_step_m(text, value_m) == pytest.approx(step_m)
    assert write_like(text, value_m, value_m + 0.1) == longer


@pytest.mark.parametrize("text", ["", "A-101", "KITCHEN", "1:50", "12.34 m²", "3'-6\" x 6'-8\"", "1234567"])
def test_what_is_no_length_means_nothing(text: str) -> None:
    assert parse_lengths(text) == []


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("1:50", 50),
        ("M 1:100", 100),
        ("SCALE 1 / 20", 20),
        ("1:33,3", 33.3),
        ('1/4" = 1\'-0"', 48),
        ("1/8\"=1'", 96),
        ('3/16" = 1\'-0"', 64),
        ('1 1/2" = 1\'-0"', 8),
        ("1\" = 64'", 768),
        ("Scale: 3” = 1’-0”", 4),
        ("1/4″=1′0″", 48),
        ('1/4" =1-0', 48),
        ('1/4=1-0"', 48),
        ('1/4"=10"', 48),
        ('I/B" = I\'-O"', 96),
        ('1/A" = 1\'-0"', 48),
        ("1/4° = 1'-0°", 48),
        ('½" = 1\'-0"', 24),
        ('1½" = 1\'-0"', 8),
        ('1-1/2" = 1\'-0"', 8),
        ('11/2"=1\'-0"', 8),
        ("1\" = 20.0'", 240),
        ('1" = 20 FT', 240),
        ('12" = 1\'-0"', 1),
        ("1:2.500", 2500),
        ("Echelle 1/150è", 150),
        ("1 cm pour 1 m", 100),
        ("2cm = 1 m", 50),
    ],
)
def test_scale_notes_give_their_ratio(text: str, ratio: float) -> None:
    assert parse_ratio(text) == pytest.approx(ratio)


@pytest.mark.parametrize(
    "text",
    [
        "12:50",
        "NTS",
        "2021/1/50",
        "1:2:3",
        "1:0",
        "1:99999",
        "AS NOTED",
        "1/0\" = 1'",
        '5/8" GYP. BD.',
        "R = 5'-0\"",
        "45°",
    ],
)
def test_other_colons_and_slashes_are_no_scale(text: str) -> None:
    assert parse_ratio(text) is None


def test_a_note_may_name_several_ratios() -> None:
    assert parse_ratios('1/4" = 1\'-0" OR 1/8" = 1\'-0" PREFERRED') == [48, 96]
    assert parse_ratios("échelle: 1/150è soit 1cm pour 1m") == [150, 100]
    assert parse_ratios("1:50 @ A1, 1:100 @ A3") == [50, 100]
    assert parse_ratios("1:50 / M 1:50") == [50]


def test_a_person_may_give_a_scale_in_several_ways() -> None:
    assert [parse_scale(text) for text in ("1:50", " 50 ", '1/4"=1\'-0"')] == [50, 50, 48]


@pytest.mark.parametrize("text", ["fifty", "0.5", "", "0"])
def test_a_scale_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no scale"):
        parse_scale(text)
