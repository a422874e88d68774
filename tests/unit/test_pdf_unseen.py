"""Text of a PDF that nobody sees is not read; what is seen, and layers of OCR, are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import RectangleObject
from reportlab.lib.colors import Color, black, white, yellow
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import EmptyDocumentError
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.loader import PdfLoader
from kb.records import Document
from tests.helpers.pdf_pages import Draw, document
from tests.helpers.pictured_pdf import LEASE, hidden, new_canvas, show, text_picture, write

SEEN = "What everybody reads"


def page(draw: Draw) -> Document:
    """Return what is read of a page with a line that is seen."""

    def both(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 780, SEEN)
        draw(canvas)

    return document(both)


def unseen(found: Document) -> dict[str, dict[str, object]]:
    """Return how many characters the notices say were left out."""
    return {notice.code: dict(notice.values) for notice in found.notices}


def says(canvas: Canvas, text: str, *, left: float = 72, bottom: float = 700) -> None:
    canvas.setFont("Helvetica", 11)
    canvas.drawString(left, bottom, text)


def outside(canvas: Canvas) -> None:
    says(canvas, "secret", bottom=900)


def beside(canvas: Canvas) -> None:
    says(canvas, "secret", left=-200)


def pale(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    says(canvas, "secret")


def on_black(canvas: Canvas) -> None:
    canvas.rect(60, 690, 200, 30, fill=1)
    says(canvas, "secret")


def painted_over(canvas: Canvas) -> None:
    says(canvas, "secret")
    canvas.setFillColor(white)
    canvas.rect(60, 690, 200, 30, stroke=0, fill=1)


def invisible(canvas: Canvas) -> None:
    hidden(canvas, 72, 700, "secret")


def clear(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0, 0, 0, alpha=0))
    says(canvas, "secret")


@pytest.mark.parametrize(
    "draw",
    [outside, beside, pale, on_black, painted_over, invisible, clear],
    ids=lambda d: d.__name__,
)
def test_what_nobody_sees_is_left_out_and_counted(draw: Draw) -> None:
    found = page(draw)
    assert found.text == SEEN
    assert unseen(found) == {"hidden_text_not_read": {"characters": 6}}
    assert found.notices[0].message == "6 hidden characters were left out"


def test_a_word_that_is_blackened_in_its_line_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        says(canvas, "The witness Abernathy was heard.")
        left = 72 + canvas.stringWidth("The witness ", "Helvetica", 11)
        wide = canvas.stringWidth("Abernathy", "Helvetica", 11)
        canvas.rect(left - 0.5, 696, wide + 1, 14, fill=1)

    words = page(draw).text.replace("\t", " ").split()
    assert words == [*SEEN.split(), "The", "witness", "was", "heard."]


def white_on_dark(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.1, 0.2, 0.5)
    canvas.rect(60, 690, 300, 30, stroke=0, fill=1)
    canvas.setFillColor(white)
    says(canvas, "Fuel and water")


def over_a_marker(canvas: Canvas) -> None:
    canvas.setFillColor(yellow)
    canvas.rect(60, 690, 300, 30, stroke=0, fill=1)
    canvas.setFillColor(black)
    says(canvas, "Fuel and water")


def under_a_marker(canvas: Canvas) -> None:
    says(canvas, "Fuel and water")
    canvas.setFillColor(Color(1, 1, 0, alpha=0.4))
    canvas.rect(60, 690, 300, 30, stroke=0, fill=1)


def outlined(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    text = canvas.beginText(72, 700)
    text.setFont("Helvetica", 30)
    text.setTextRenderMode(2)
    text.textLine("Fuel and water")
    canvas.drawText(text)


def written_again(canvas: Canvas) -> None:
    painted_over(canvas)
    canvas.setFillColor(black)
    says(canvas, "Fuel and water")


def pale_grey(canvas: Canvas) -> None:
    canvas.setFillGray(0.9)
    says(canvas, "Fuel and water")


@pytest.mark.parametrize(
    "draw",
    [white_on_dark, over_a_marker, under_a_marker, outlined, written_again, pale_grey],
    ids=lambda d: d.__name__,
)
def test_what_somebody_sees_is_read(draw: Draw) -> None:
    assert page(draw).text.split() == [*SEEN.split(), "Fuel", "and", "water"]


def test_pale_words_that_lie_aslant_stay_apart() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(150, 200)
        canvas.rotate(50)
        canvas.setFillGray(0.9)
        canvas.setFont("Helvetica", 60)
        canvas.drawString(0, 0, "NOT FOR SALE")

    assert page(draw).text.split() == [*SEEN.split(), "NOT", "FOR", "SALE"]


def test_what_is_cropped_away_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cropped.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 780, "printer's mark")
    write(canvas, 72, 708, "of a line below")
    write(canvas, 72, 690, SEEN)
    canvas.save()
    writer = PdfWriter(clone_from=path)
    writer.pages[0].cropbox = RectangleObject((0, 0, 595, 700))
    writer.write(path)
    assert PdfLoader().load(path, LoadOptions(ocr=False)).text == SEEN


def test_a_line_too_long_for_its_page_is_read_whole() -> None:
    path = "/usr/share/doc/base-passwd/users-and-groups.html, said again on the last page"
    found = page(lambda canvas: says(canvas, path, left=420))
    assert found.text.split() == [*SEEN.split(), *path.split()]
    assert not unseen(found)


def test_text_too_high_for_its_page_is_read_whole() -> None:
    lines = [f"{number}. The pump of basin {number} is checked in May." for number in range(12)]

    def draw(canvas: Canvas) -> None:
        for number, line in enumerate(lines):
            says(canvas, line, bottom=60 - 14 * number)

    found = page(draw)
    assert found.text.split() == [*SEEN.split(), *" ".join(lines).split()]
    assert not unseen(found)


@pytest.mark.parametrize("way", ["invisible", "pale", "under"])
def test_a_layer_of_text_over_or_under_a_scan_stays(tmp_path: Path, way: str) -> None:
    path = tmp_path / "scan.pdf"
    canvas = new_canvas(path)
    if way == "under":
        write(canvas, 72, 700, *LEASE)
    show(canvas, text_picture(LEASE))
    if way == "invisible":
        hidden(canvas, 72, 700, *LEASE)
    if way == "pale":
        canvas.setFillColor(white)
        write(canvas, 72, 100, *LEASE)
    canvas.save()
    found = PdfLoader().load(path, LoadOptions(ocr=False))
    assert found.text.split() == " ".join(LEASE).split()
    assert "hidden_text_not_read" not in unseen(found)


def test_a_page_of_which_nothing_is_seen_is_empty() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "white.pdf"
        canvas = new_canvas(path)
        pale(canvas)
        canvas.save()
        with pytest.raises(EmptyDocumentError):
            PdfLoader().load(path, LoadOptions(ocr=False))
