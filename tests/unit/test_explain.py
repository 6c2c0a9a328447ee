"""The way from a number down to its lines: what is printed, and what is drawn."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from report_sample import small_report
from rich.console import Console
from test_report_bill import billed

from planroom.errors import UnreadableFile, UsageError
from planroom.explain import Explainer, Way
from planroom.kept import KeptReport
from planroom.records import Report
from planroom.report.html import write_html
from planroom.report.json import write_json


def run(report: Report, folder: Path) -> Path:
    write_html(report, folder / "report.html")
    write_json(report, folder / "report.json")
    return folder


def printed(way: Way) -> str:
    console = Console(width=200, record=True, quiet=True)
    with console.capture() as caught:
        console.quiet = False
        console.print(way.tree)
    return caught.get()


@pytest.mark.parametrize("wanted", ["01.0010", "bill:p"])
def test_a_line_of_the_bill_leads_to_clauses_openings_and_elements(wanted: str, tmp_path: Path) -> None:
    text = printed(Explainer(KeptReport(run(billed(tmp_path), tmp_path))).explain(wanted))

    for words in (
        "37.33 m² [37.00 to 37.60] (measured)",
        "gross 40.00 m², net 36.00 m²",
        "measured by clause 5; DIN 276 345",
        "1 opening deducted: 2.67 m²",
        "door D1: 1.270 × 2.100 = 2.67 m²",
        "1 opening measured over: 1.30 m²",
        "A-101 GROUND FLOOR (plans.pdf, page 1): 1 element",
        "; 16.000 × 2.500 = 40.00 m²; 4 lines [a-r0]",
        "scale measured: printed 1:50",
        "room 0.01 Küche at ",
        "[a-r0]",
    ):
        assert words in text


def test_metres_are_not_multiplied_to_square_feet(tmp_path: Path) -> None:
    report = billed(tmp_path)
    report.units = "imperial"
    text = printed(Explainer(KeptReport(run(report, tmp_path))).explain("01.0010"))

    assert "401.85 ft²" in text
    assert "door D1: 28.70 ft²" in text
    assert "2.500 =" not in text
    assert "2.100 =" not in text


def test_a_total_leads_to_its_parts_and_their_elements(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    explainer = Explainer(KeptReport(run(report, tmp_path)))
    total = next(q for q in report.quantities if q.total and q.item == "door")

    way = explainer.explain(total.id)

    assert sorted(way.sources) == ["a-d0", "a-d1"]
    assert printed(way).count("door, count") == 2


def test_a_count_says_how_likely_it_is_exact_and_what_speaks_for_it(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    doors = next(one for one in report.quantities if one.id == "A-101-door")
    doors.confidence, doors.channels = 0.97, {"geometry": 2.0, "tags": 3.0}

    assert "97% likely exact: lines 2, tags 3" in printed(
        Explainer(KeptReport(run(report, tmp_path))).explain(doors.id)
    )


def test_what_is_withheld_says_why(tmp_path: Path) -> None:
    text = printed(Explainer(KeptReport(run(billed(tmp_path), tmp_path))).explain("02.0020"))

    assert "withheld (withheld)" in text
    assert "no scale" in text


def test_sheets_are_drawn_with_what_counts_and_what_is_deducted(tmp_path: Path) -> None:
    explainer = Explainer(KeptReport(run(billed(tmp_path), tmp_path)))

    written = explainer.draw(explainer.explain("01.0010"), tmp_path / "way.png")

    assert written == [tmp_path / "way.png"]
    picture = cv2.imread(str(written[0]))
    assert picture is not None
    drawn = picture.astype(int)
    blue = (drawn[..., 0] - drawn[..., 2] > 60).mean()
    red = ((drawn[..., 2] - drawn[..., 0] > 60) & (drawn[..., 2] - drawn[..., 1] > 60)).mean()
    green = ((drawn[..., 1] - drawn[..., 2] > 25) & (drawn[..., 1] - drawn[..., 0] > 25)).mean()
    assert blue > 0.05  # a room
    assert 0 < red < 0.02
    assert 0 < green < 0.02


def test_a_sheet_without_a_picture_is_not_drawn_on_another_sheets(tmp_path: Path) -> None:
    report = billed(tmp_path)
    report.sheets[0].picture = ""
    explainer = Explainer(KeptReport(run(report, tmp_path)))

    picture = cv2.imread(str(explainer.draw(explainer.explain("01.0010"), tmp_path / "way.png")[0]))

    assert picture is not None
    assert picture.shape[1] == report.sheets[0].width_px  # white paper, as large as the sheet's own picture
    assert picture.min() > 0  # and none of the lines that are drawn on the next


def test_without_the_page_it_is_drawn_on_white_paper(tmp_path: Path) -> None:
    explainer = Explainer(KeptReport(run(billed(tmp_path), tmp_path)))
    (tmp_path / "report.html").unlink()

    written = explainer.draw(explainer.explain("01.0010"), tmp_path / "way.png")

    picture = cv2.imread(str(written[0]))
    assert picture is not None
    assert picture.mean() > 200


def test_an_id_that_is_not_there_names_those_that_are_like_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Explainer(KeptReport(run(billed(tmp_path), tmp_path))).explain("01.0011")

    assert "01.0010" in caught.value.advice


def test_a_folder_without_a_report_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        Explainer(KeptReport(tmp_path))
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(UnreadableFile, match="is no report"):
        Explainer(KeptReport(tmp_path))
