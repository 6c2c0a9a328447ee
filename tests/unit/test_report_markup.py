from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from report_sample import M_PER_PT, box, element, sheet, small_report

from planroom.errors import EncryptedFile, OutputNotWritable, ReaderFailed, UnreadableFile
from planroom.records import Finding, Scale, Sheet
from planroom.report.markup import lease_bytes, write_markup

PX_PER_PT = 2.0


def render(path: Path, page: int = 0) -> np.ndarray:
    with pdfium.PdfDocument(path) as pdf:
        picture: np.ndarray = pdf[page].render(scale=PX_PER_PT, may_draw_forms=False).to_numpy()
        return picture[:, :, :3].copy()


def where(pixels: np.ndarray, mask: np.ndarray) -> tuple[float, float, float, float]:
    """The box of the masked pixels in displayed points, y up."""
    rows, columns = np.nonzero(mask)
    height = pixels.shape[0]
    return (columns.min() / PX_PER_PT, (height - rows.max() - 1) / PX_PER_PT,
            (columns.max() + 1) / PX_PER_PT, (height - rows.min()) / PX_PER_PT)  # fmt: skip


def write_page(path: Path, rotate: int, crop: tuple[int, int, int, int] | None, **save: object) -> None:
    """A page with one black block, its /Rotate and boxes inherited from the page tree's root."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(600, 400))
    page.obj.Contents = pdf.make_stream(b"0 g 320 150 40 20 re f")
    del page.obj["/MediaBox"]
    pdf.Root.Pages.MediaBox = pikepdf.Array([0, 0, 600, 400])
    pdf.Root.Pages.Rotate = rotate
    if crop:
        pdf.Root.Pages.CropBox = pikepdf.Array(crop)
    pdf.save(path, **save)


def sheet_of(folder: Path, at: tuple[float, float, float, float], size: tuple[float, float]) -> Sheet:
    made = sheet(folder, "P-1", [element("d", "door", box(*at), {"width": 40.0}, tag="D1")],
                 Scale(50.0, M_PER_PT, "measured", "printed"))  # fmt: skip
    made.extent = (0.0, 0.0, *size)
    return made


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (100, 60, 580, 390), (-50, 60, 580, 700)])
def test_mark_lands_on_what_is_displayed(tmp_path: Path, rotate: int, crop: tuple[int, int, int, int] | None) -> None:
    source, marked = tmp_path / "source.pdf", tmp_path / "marked.pdf"
    write_page(source, rotate, crop)
    before = render(source)
    shown = where(before, before[:, :, 0] < 100)
    size = (before.shape[1] / PX_PER_PT, before.shape[0] / PX_PER_PT)

    write_markup(source, [sheet_of(tmp_path, shown, size)], marked)
    after = render(marked)
    changed = where(after, np.abs(after.astype(int) - before).sum(2) > 60)

    assert changed == pytest.approx(shown, abs=1.5)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_finding_is_a_cloud_round_its_box_and_hides_nothing(tmp_path: Path, rotate: int) -> None:
    source, marked = tmp_path / "source.pdf", tmp_path / "marked.pdf"
    write_page(source, rotate, (100, 60, 580, 390))
    before = render(source)
    x0, y0, x1, y1 = where(before, before[:, :, 0] < 100)
    made = sheet_of(tmp_path, (0, 0, 1, 1), (before.shape[1] / PX_PER_PT, before.shape[0] / PX_PER_PT))
    made.elements = []
    (left, top), (right, bottom) = made.to_px(np.array([(x0 - 6, y1 + 6), (x1 + 6, y0 - 6)])).tolist()
    box_px = (left, top, right, bottom)
    finding = Finding("dimension-differs", "warning", made.id, box_px, "2.00 is 2.50", ["x"])

    write_markup(source, [made], marked, findings=[finding, replace(finding, sheet="another")])
    after = render(marked)
    changed = np.abs(after.astype(int) - before).sum(2) > 60
    cloud = where(after, changed)

    assert cloud == pytest.approx((x0 - 11, y0 - 11, x1 + 11, y1 + 11), abs=2)
    assert not changed[before[:, :, 0] < 100].any()
    with pikepdf.open(marked) as pdf:
        (note,) = pdf.pages[0].Annots
        assert (note.T, note.Subj, note.Contents) == ("planroom", "dimension-differs", "2.00 is 2.50")
        assert (note.Subtype, note.IT, note.BE.S) == ("/Polygon", "/PolygonCloud", "/C")


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_findings_without_a_box_share_a_note_in_the_corner(tmp_path: Path, rotate: int) -> None:
    source, marked = tmp_path / "source.pdf", tmp_path / "marked.pdf"
    write_page(source, rotate, (100, 60, 580, 390))
    before = render(source)
    width, height = before.shape[1] / PX_PER_PT, before.shape[0] / PX_PER_PT
    made = sheet_of(tmp_path, (0, 0, 1, 1), (width, height))
    made.elements = []
    nowhere = (float("nan"), 0.0, 1.0, 1.0)
    findings = [Finding("count-differs", "warning", made.id, None, "door: 9 are drawn, tags say 8", []),
                Finding("index-not-listed", "warning", made.id, nowhere, "A-9 is not listed", [])]  # fmt: skip

    write_markup(source, [made], marked, findings=findings)
    after = render(marked)
    x0, y0, x1, y1 = where(after, np.abs(after.astype(int) - before).sum(2) > 60)

    assert 0 <= x0 < x1 < 0.04 * width
    assert 0.96 * height < y0 < y1 < height
    with pikepdf.open(marked) as pdf:
        (note,) = pdf.pages[0].Annots
        assert note.Subtype == "/Text"
        assert str(note.Contents).split("\n") == [f"{one.code}: {one.message}" for one in findings]


def test_findings_are_leased(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    least, most = lease_bytes(None, report.sheets), lease_bytes(None, report.sheets, report.findings)

    write_markup(None, report.sheets, tmp_path / "marked.pdf", findings=report.findings)
    write_markup(None, report.sheets, tmp_path / "bare.pdf")

    assert most - least > (tmp_path / "marked.pdf").stat().st_size - (tmp_path / "bare.pdf").stat().st_size > 0


def test_annotations_carry_what_viewers_ask_for(tmp_path: Path) -> None:
    marked = tmp_path / "marked.pdf"
    plan = small_report(tmp_path).sheets[0]
    write_markup(None, [plan], marked)

    with pikepdf.open(marked) as pdf:
        found = {str(one.NM): one for one in pdf.pages[0].Annots}
        page_size = [float(v) for v in pdf.pages[0].MediaBox]
        room, door = found["a-r0"], found["a-d0"]

        assert max(page_size) == pytest.approx(1190)
        assert set(found) == {thing.id for thing in plan.elements}
        assert room.Subtype == "/Polygon" and door.Subtype == "/Square"
        assert "72.73 m²" in str(room.Contents) and "measured at 1:50" in str(room.Contents)
        assert all(one.T == "planroom" and one.F == 4 and "/N" in one.AP for one in found.values())


def test_a_door_in_a_slanted_wall_is_drawn_as_it_lies(tmp_path: Path) -> None:
    marked = tmp_path / "marked.pdf"
    plan = small_report(tmp_path).sheets[0]
    door = next(one for one in plan.elements if one.kind == "door")
    middle = door.outline.mean(0)
    turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5
    door.outline = (door.outline - middle) @ turn.T + middle

    write_markup(None, [plan], marked)

    with pikepdf.open(marked) as pdf:
        drawn = next(one for one in pdf.pages[0].Annots if str(one.NM) == door.id)
        assert drawn.Subtype == "/Polygon" and len(drawn.Vertices) == 2 * len(door.outline)


def test_own_annotations_of_the_source_stay_with_their_page(tmp_path: Path) -> None:
    source, marked = tmp_path / "source.pdf", tmp_path / "marked.pdf"
    pdf = pikepdf.new()
    shared = pdf.make_indirect(pikepdf.Array([pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text,
                                                                 Rect=pikepdf.Array([0, 0, 9, 9]))]))  # fmt: skip
    for _ in range(2):
        pdf.add_blank_page(page_size=(600, 400)).obj.Annots = shared
    pdf.save(source)

    write_markup(source, [sheet_of(tmp_path, (10, 10, 50, 50), (600, 400))], marked)

    with pikepdf.open(marked) as pdf:
        assert [len(page.Annots) for page in pdf.pages] == [2, 1]


def test_encrypted_source_needs_its_password_and_comes_out_open(tmp_path: Path) -> None:
    source, marked = tmp_path / "source.pdf", tmp_path / "marked.pdf"
    write_page(source, 0, None, encryption=pikepdf.Encryption(owner="o", user="u"))
    made = sheet_of(tmp_path, (10, 10, 50, 50), (600, 400))

    with pytest.raises(EncryptedFile):
        write_markup(source, [made], marked)
    write_markup(source, [made], marked, password="u")

    with pikepdf.open(marked) as pdf:
        assert not pdf.is_encrypted
        assert len(pdf.pages[0].Annots) == 1


def test_bad_sources_and_targets_are_named(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"no PDF at all")
    made = sheet_of(tmp_path, (10, 10, 50, 50), (600, 400))

    with pytest.raises(ReaderFailed):
        write_markup(damaged, [made], tmp_path / "out.pdf")
    with pytest.raises(UnreadableFile):
        write_markup(tmp_path / "absent.pdf", [made], tmp_path / "out.pdf")
    with pytest.raises(OutputNotWritable):
        write_markup(None, [made], damaged / "out.pdf")


def test_same_input_gives_same_bytes(tmp_path: Path) -> None:
    plan = small_report(tmp_path).sheets[0]
    write_markup(None, [plan], tmp_path / "one.pdf")
    write_markup(None, [plan], tmp_path / "two.pdf")

    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
