"""Measurement rules: what is deducted by which clause, and rule files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from planroom.amounts import Amount, exactly
from planroom.errors import BadTable
from planroom.measure.rules import SHIPPED, Gap, net, read_rules

HEIGHT = '[height]\ndoor = ["2 m"]\nwindow = ["1 m"]\nopening = ["2 m"]\n'


@pytest.mark.parametrize("named", SHIPPED)
def test_shipped_rules_know_the_same_trades(named: str) -> None:
    rules = read_rules(named)

    assert set(rules.trades) == set(read_rules("vob-c").trades)
    assert all(height.low <= height.value <= height.high for height in rules.height_m.values())


@pytest.mark.parametrize(
    ("trade", "measure", "size", "deducted"),
    [
        ("masonry", "surface", 2.5, False),
        ("masonry", "surface", 2.51, True),
        ("masonry", "volume", 0.5, False),
        ("masonry", "volume", 0.51, True),
        ("plaster", "length", 1.0, False),
        ("paint", "length", 1.01, True),
        ("tiles", "surface", 0.1, False),
        ("flooring", "area", 0.11, True),
        ("screed", "area", 0.1, False),
    ],
)
def test_vob_measures_over_gaps_up_to_a_size_and_deducts_larger_ones_whole(
    trade: str, measure: str, size: float, deducted: bool
) -> None:
    ruled, made = read_rules("vob-c").deduct(trade, measure, exactly(20), [Gap("d", "wall", (exactly(size),))])

    assert [one.deducted for one in made] == [deducted]
    assert ruled == exactly(20 - size if deducted else 20)
    assert made[0].source.startswith("ATV DIN 183")


def test_a_gap_that_may_be_either_side_of_the_limit_widens_the_result() -> None:
    gap = Gap("w", "wall", (Amount(2.4, 2.2, 2.8),))

    ruled, made = read_rules("vob-c").deduct("masonry", "surface", exactly(20), [gap])

    assert made[0].deducted is None
    assert ruled == Amount(20, 17.2, 20)
    assert net(exactly(20), [gap]) == Amount(17.6, 17.2, 17.8)


def test_net_in_place_deducts_everything() -> None:
    gaps = [Gap("a", "wall", (exactly(0.2),)), Gap("b", "wall", (exactly(3),))]

    ruled, _ = read_rules("us-net").deduct("drywall", "surface", exactly(20), gaps)

    assert ruled == net(exactly(20), gaps)


def test_more_than_there_is_cannot_be_deducted() -> None:
    assert net(exactly(2), [Gap("a", "wall", (exactly(3),))]) == exactly(0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[trade.a]\nsurface = "2.5 acres"\n' + HEIGHT, "'acres' is no unit"),
        ('[trade.a]\nsurface = "2.5 m"\n' + HEIGHT, "not of the kind m2"),
        ('[trade.a]\nsurface = "lots"\n' + HEIGHT, "is no size"),
        ('[trade.a]\nlike = "b"\n[trade.b]\nlike = "a"\n' + HEIGHT, "is like itself: a -> b -> a"),
        ('[trade.a]\nlike = "c"\n' + HEIGHT, "like 'c', which is not there"),
        ('[trade.a]\nfloors = "2 m2"\n' + HEIGHT, "unknown entries"),
        ("[trade.a]\n", "[height] needs door"),
        ('[trade.a]\n[height]\ndoor = ["3 m", "2 m", "1 m"]\nwindow = ["1 m"]\nopening = ["2 m"]\n', "in order"),
        ("trade = 3\n" + HEIGHT, "needs a table [trade.NAME]"),
        ("[trade.a\n", "is no TOML"),
    ],
)
def test_a_rule_file_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)

    with pytest.raises(BadTable) as caught:
        read_rules(str(file))

    assert said in caught.value.message
    assert caught.value.place.startswith(str(file))
    assert file.read_text() == text


def test_a_file_that_is_not_there_names_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="vob-c, us-net"):
        read_rules(str(tmp_path / "none.toml"))


def test_sizes_in_feet_are_metres_inside(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[trade.paint]\nsurface = "100 ft2"\n' + HEIGHT)

    assert read_rules(str(file)).trades["paint"].over["surface"] == pytest.approx(9.290304)
