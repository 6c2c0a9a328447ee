from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_sample import large_report, small_report

from planroom.records import Report
from planroom.report.html import lease_bytes, write_html


class Page(HTMLParser):
    """Tags with their attributes, and the text of each script."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data


def page_of(report: Report, folder: Path) -> Page:
    write_html(report, folder / "report.html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_page_holds_all_and_asks_for_nothing(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    page = page_of(report, tmp_path)
    addresses = [value for _, at in page.tags for key, value in at.items() if key in ("href", "src")]
    rows = [str(at["id"]) for tag, at in page.tags if tag == "tr" and "data-q" in at]

    assert len(addresses) == 3 and all(str(value).startswith("data:image/webp;base64,") for value in addresses)
    assert sorted(rows) == sorted(f"q-{quantity.id}" for quantity in report.quantities)
    assert sum(tag == "polygon" for tag, _ in page.tags) == sum(len(sheet.elements) for sheet in report.sheets)


def test_words_of_a_drawing_never_become_markup(tmp_path: Path) -> None:
    page = page_of(small_report(tmp_path), tmp_path)
    policy = next(at["content"] for tag, at in page.tags if tag == "meta" and "http-equiv" in at)

    assert len(page.scripts) == 5  # three sheets, the index and the page's own
    assert not any(key.startswith("on") or key == "style" for _, at in page.tags for key in at)
    assert "default-src 'none'" in str(policy) and "unsafe" not in str(policy)


def test_index_leads_from_totals_to_lines(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    page = page_of(report, tmp_path)
    sheets, index = [json.loads(text) for text in page.scripts[:3]], json.loads(page.scripts[3])
    total = next(entry for entry in index["quantities"] if entry["id"] == "total-room-area")
    details = [index["quantities"][q] for q in total["quantities"]]
    elements = [sheets[s]["ids"][e] for detail in details for s, e in detail["elements"]]

    assert elements == ["a-r0", "a-r1"]
    assert all(len(lines) == 16 for lines in sheets[0]["lines"])


def test_withheld_says_why_and_partial_says_what(tmp_path: Path) -> None:
    page_of(small_report(tmp_path), tmp_path)
    text = (tmp_path / "report.html").read_text()
    row = re.search(r'<tr id="q-c-area".*?</tr>\n<tr class="said.*?</tr>', text, re.S)

    assert row is not None and "no scale" in row[0] and "withheld" in row[0]
    assert "the file ends at byte 120" in text and "export it again" in text
    assert "budget 2.0 GiB" in text and "enforced by the kernel" in text


def test_sheet_without_a_picture_and_empty_report_are_written(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    for sheet in report.sheets:
        sheet.picture = str(tmp_path / "absent.png")

    assert not any(tag == "image" for tag, _ in page_of(report, tmp_path).tags)
    assert any(tag == "h1" for tag, _ in page_of(Report(), tmp_path).tags)
    assert lease_bytes(Report()) > 0


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a browser")
def test_deep_link_picks_the_quantity_in_a_browser(tmp_path: Path) -> None:
    write_html(large_report(tmp_path), tmp_path / "report.html")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
               "--virtual-time-budget=2000", "--dump-dom"]  # fmt: skip
    address = (tmp_path / "report.html").as_uri() + "#q-q17"
    done = subprocess.run(["chromium", *options, address], capture_output=True, text=True, timeout=120, check=False)
    page = Page(done.stdout)
    picked = {at.get("data-q") or f"e{at['data-e']}" for _, at in page.tags if "on" in (at.get("class") or "").split()}

    assert picked == {"18", "e17"}  # the first row is the total
    assert 'id="trail" aria-live="polite">' in done.stdout
