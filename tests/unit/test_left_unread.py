"""What a page shows and its reading lacks is framed on its picture and told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pdf_annotations import page_with
from pictured_pdf import LEASE, hidden, new_canvas, show, text_picture, write
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    RectangleObject,
    TextStringObject,
)
from reportlab.lib.colors import Color, black, white
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.page_pictures import PagePicture, PictureRequest
from ingest.reading.sandbox import Sandbox

TOP = "The kestrel hovers above the meadow before it dives."
MIDDLE = "Herons stand in shallow water and wait for fish."
FOOT = "Printed for the members of the bird club"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1, timeout_s=60) as running:
        yield running


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    path = tmp_path / "birds.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 700, TOP)
    write(canvas, 72, 400, MIDDLE)
    write(canvas, 72, 40, FOOT)
    canvas.save()
    return path


def red(picture: PagePicture) -> list[int]:
    """Return the rows of pixels in which something is framed."""
    pixels = np.asarray(Image.open(BytesIO(picture.png)).convert("RGB")).astype(int)
    rows = np.nonzero((pixels[:, :, 0] - pixels[:, :, 1] > 100).any(axis=1))[0]
    return [round(1000 * row / len(pixels)) for row in rows.tolist()]


def compared(sandbox: Sandbox, path: Path, reading: str, **also: object) -> PagePicture:
    request = PictureRequest(index=0, reading=reading, **also)  # type: ignore[arg-type] # boxes
    return sandbox.draw(path, request).result()


def test_nothing_is_framed_where_all_was_read_in_whatever_order(
    sandbox: Sandbox, birds: Path
) -> None:
    broken = MIDDLE.replace("water", "wa-\nter")
    picture = compared(sandbox, birds, f"{FOOT}\n{broken} {TOP}")
    assert picture.unread == ()
    assert red(picture) == []


def test_a_line_that_is_missing_is_framed_where_it_stands(sandbox: Sandbox, birds: Path) -> None:
    picture = compared(sandbox, birds, f"{TOP} {MIDDLE}")
    (place,) = picture.unread
    assert (place.kind, place.text) == ("text", FOOT)
    middle = (place.box[1] + place.box[3]) / 2
    assert middle == pytest.approx(1 - 40 / 842, abs=0.02)
    assert red(picture)
    assert all(abs(row / 1000 - middle) < 0.03 for row in red(picture))


def test_of_a_page_without_a_reading_every_line_is_framed(sandbox: Sandbox, birds: Path) -> None:
    picture = compared(sandbox, birds, "")
    assert [place.text for place in picture.unread] == [TOP, MIDDLE, FOOT]


def test_a_picture_is_framed_unless_something_was_read_in_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "lease.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 780, TOP)
    show(canvas, text_picture(LEASE, width=1000, height=700), (72, 300, 472, 580))
    canvas.save()
    (place,) = compared(sandbox, path, TOP).unread
    assert place.kind == "picture"
    assert place.box == pytest.approx((72 / 595, 262 / 842, 472 / 595, 542 / 842), abs=0.01)
    line = ((0.2, 0.4, 0.6, 0.42),)
    assert compared(sandbox, path, TOP, boxes=line).unread == ()


def test_a_picture_between_lines_is_read_where_the_reading_has_more_between_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "stamped.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 780, TOP)
    show(canvas, text_picture(LEASE[:2], width=1000, height=500), (72, 560, 472, 760))
    write(canvas, 72, 500, MIDDLE)
    show(canvas, text_picture(LEASE[2:4], width=1000, height=500), (72, 200, 472, 400))
    write(canvas, 72, 40, FOOT)
    canvas.save()
    upper = "\n".join(LEASE[:2])

    def unread(reading: str) -> list[float]:
        return [round(place.box[1], 1) for place in compared(sandbox, path, reading).unread]

    assert unread(f"{TOP}\n{MIDDLE}\n{FOOT}") == [0.1, 0.5]
    assert unread(f"{TOP}\n{upper}\n{MIDDLE}\n{FOOT}") == [0.5]
    assert unread(f"{TOP}\n{upper}\n{MIDDLE}\nApproved\n{FOOT}") == []
    document = load_file(path, LoadOptions()).document
    assert unread(document.text) == []


def test_notes_and_fields_are_framed_unless_the_reading_has_their_words(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    note = (
        "<< /Type /Annot /Subtype /Text /Rect [300 500 320 520] /T (Ada) "
        "/Contents (Ask the warden about the key) >>"
    )
    field = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Surname) /V (Lovelace-Byron) "
        "/Rect [300 300 400 320] >>"
    )
    path = page_with(tmp_path / "form.pdf", [(72, 700, TOP)], [note, field])
    found = {place.kind: place.text for place in compared(sandbox, path, TOP).unread}
    assert "Ask the warden" in found["note"]
    assert "Lovelace-Byron" in found["field"]
    read = f"{TOP}\nAda: Ask the warden about the key\nSurname: Lovelace-Byron"
    assert compared(sandbox, path, read).unread == ()


def test_what_the_loader_reads_of_a_page_leaves_nothing_of_it_unread(
    sandbox: Sandbox, birds: Path
) -> None:
    document = load_file(birds, LoadOptions()).document
    (page,) = document.pages
    picture = compared(sandbox, birds, document.text[page.start : page.end])
    assert picture.unread == ()


def test_what_was_left_out_on_purpose_is_told_apart_and_not_framed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    canvas = new_canvas(path)
    for number in range(1, 5):
        write(canvas, 72, 800, "Bird club, yearly report")
        for line in range(6):
            write(
                canvas, 72, 700 - 20 * line, f"In week {number}{line} the club saw {line} herons."
            )
        write(canvas, 290, 30, str(number))
        canvas.showPage()
    canvas.save()
    document = load_file(path, LoadOptions()).document
    told = []
    for at, page in enumerate(document.pages):
        reading = document.text[page.start : page.end]
        around = (document.text[: page.start], document.text[page.end :])
        picture = sandbox.draw(path, PictureRequest(index=at, reading=reading, around=around))
        told.append([(place.kind, place.text) for place in picture.result().unread])
        assert red(picture.result()) == []
    header = ("repeated", "Bird club, yearly report")
    assert told == [
        [("number", "1")],
        *([header, ("number", str(number))] for number in range(2, 5)),
    ]
    assert compared(sandbox, path, "").unread[-1].kind == "text"  # nothing at all was read


# --- what no reader sees ----------------------------------------------------------------------

UNSEEN = "Hidden words"

Draw = Callable[[Canvas], None]


def invisible(canvas: Canvas) -> None:
    hidden(canvas, 72, 400, UNSEEN)


def clear(canvas: Canvas) -> None:
    canvas.setFillColor(Color(0, 0, 0, alpha=0))
    write(canvas, 72, 400, UNSEEN)


def in_the_papers_colour(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    write(canvas, 72, 400, UNSEEN)


def in_a_boxs_colour(canvas: Canvas) -> None:
    canvas.rect(60, 390, 300, 30, fill=1)
    write(canvas, 72, 400, UNSEEN)


def painted_over(canvas: Canvas) -> None:
    write(canvas, 72, 400, UNSEEN)
    canvas.setFillColor(white)
    canvas.rect(60, 390, 300, 30, stroke=0, fill=1)


def above_the_page(canvas: Canvas) -> None:
    write(canvas, 72, 900, UNSEEN)


def beside_the_page(canvas: Canvas) -> None:
    write(canvas, -200, 400, UNSEEN)


def listed(picture: PagePicture) -> list[tuple[str, str]]:
    return [(place.kind, place.text) for place in picture.unread]


@pytest.mark.parametrize(
    "draw",
    [
        invisible,
        clear,
        in_the_papers_colour,
        in_a_boxs_colour,
        painted_over,
        above_the_page,
        beside_the_page,
    ],
    ids=lambda draw: draw.__name__,
)
def test_hidden_text_is_left_out_on_purpose_and_not_framed(
    sandbox: Sandbox, tmp_path: Path, draw: Draw
) -> None:
    path = tmp_path / "secret.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 700, TOP)
    draw(canvas)
    canvas.setFillColor(black)
    write(canvas, 72, 200, FOOT)
    canvas.save()
    reading = load_file(path, LoadOptions(ocr=False)).document.text
    assert UNSEEN not in reading
    picture = compared(sandbox, path, reading)
    assert listed(picture) == [("hidden", UNSEEN)]
    assert red(picture) == []
    # The reading of an older version, or by another engine, may have it.
    assert compared(sandbox, path, f"{TOP} {UNSEEN} {FOOT}").unread == ()


def test_text_of_a_layer_that_is_off_is_hidden_and_so_is_what_is_cropped_away(
    sandbox: Sandbox, birds: Path
) -> None:
    writer = PdfWriter(clone_from=birds)
    layer = writer._add_object(
        DictionaryObject({NameObject("/Type"): NameObject("/OCG"), NameObject("/Name"): _SAID})
    )
    off = DictionaryObject({NameObject("/OFF"): ArrayObject([layer])})
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject(
        {NameObject("/OCGs"): ArrayObject([layer]), NameObject("/D"): off}
    )
    page = writer.pages[0]
    content = DecodedStreamObject()
    before = page.get_contents()
    assert before is not None
    written = f"\n/OC /Layer BDC BT /F1 11 Tf 72 300 Td ({UNSEEN}) Tj ET EMC"
    content.set_data(before.get_data() + written.encode())
    page[NameObject("/Contents")] = writer._add_object(content)
    page["/Resources"][NameObject("/Properties")] = DictionaryObject({NameObject("/Layer"): layer})
    page.cropbox = RectangleObject((0, 100, 595, 842))
    writer.write(birds)
    reading = load_file(birds, LoadOptions(ocr=False)).document.text
    picture = compared(sandbox, birds, reading)
    assert listed(picture) == [("hidden", UNSEEN), ("hidden", FOOT)]
    assert red(picture) == []


_SAID = TextStringObject("Layer")


def test_of_a_line_with_a_blackened_word_only_that_word_is_hidden(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "witness.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 700, TOP)
    canvas.setFont("Helvetica", 11)
    canvas.drawString(72, 400, "The witness Ada Abernathy was heard in May.")
    left = 72 + canvas.stringWidth("The witness ", "Helvetica", 11)
    wide = canvas.stringWidth("Ada Abernathy", "Helvetica", 11)
    canvas.rect(left - 0.5, 396, wide + 1, 14, fill=1)
    canvas.save()
    picture = compared(sandbox, path, TOP)
    kinds = {place.text.strip(): place.kind for place in picture.unread}
    assert kinds.pop("Ada Abernathy") == "hidden"
    assert set(kinds.values()) == {"text"}
    assert "The witness" in " ".join(kinds)
    reading = load_file(path, LoadOptions(ocr=False)).document.text
    assert listed(compared(sandbox, path, reading)) == [("hidden", "Ada Abernathy")]


@pytest.mark.parametrize(
    ("flags", "shown"), [(0, True), (1, True), (4, True), (2, False), (32, False)]
)
def test_hidden_notes_and_fields_are_left_out_on_purpose(
    sandbox: Sandbox, tmp_path: Path, flags: int, *, shown: bool
) -> None:
    """The flags are 1 for unknown kinds of notes, 2 hidden, 4 for printing, 32 not on a screen."""
    note = (
        f"<< /Type /Annot /Subtype /Text /F {flags} /Rect [300 500 320 520] /T (Ada) "
        "/Contents (Ask the warden about the key) >>"
    )
    field = (
        f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Surname) /V (Lovelace-Byron) /F {flags} "
        "/Rect [300 300 400 320] >>"
    )
    path = page_with(tmp_path / "form.pdf", [(72, 700, TOP)], [note, field])
    reading = load_file(path, LoadOptions(ocr=False)).document.text
    assert ("Lovelace" in reading, "warden" in reading) == (shown, shown)
    picture = compared(sandbox, path, reading)
    lines = [("hidden", "Ada: Ask the warden about the key"), ("hidden", "Surname: Lovelace-Byron")]
    assert listed(picture) == ([] if shown else lines)
    assert red(picture) == []


# --- what a viewer shows is in the picture ----------------------------------------------------


def dark(picture: PagePicture, box: tuple[float, float, float, float]) -> int:
    """Return how many pixels of a place are dark; the box is in points of an A4 page."""
    pixels = np.asarray(Image.open(BytesIO(picture.png)).convert("L"))
    height, width = pixels.shape
    left, bottom, right, top = box
    rows = slice(int((1 - top / 842) * height), int((1 - bottom / 842) * height))
    columns = slice(int(left / 595 * width), int(right / 595 * width))
    return int((pixels[rows, columns] < 100).sum())


@pytest.mark.parametrize("form", [True, False], ids=["form", "page of a form"])
@pytest.mark.parametrize(
    ("entries", "value"),
    [
        ("/FT /Tx /T (Surname) /V (Lovelace-Byron)", "Lovelace-Byron"),
        ("/FT /Ch /Ff 131072 /T (Bird) /Opt [(Heron) (Kestrel)] /V (Kestrel)", "Kestrel"),
        ("/FT /Tx /T (Name) /V <FEFF738B82B3>", "王芳"),
    ],
)
def test_the_values_of_fields_that_bring_no_drawing_are_in_the_picture(
    sandbox: Sandbox, tmp_path: Path, entries: str, value: str, *, form: bool
) -> None:
    field = f"<< /Type /Annot /Subtype /Widget {entries} /F 4 /Rect [200 300 400 320] >>"
    path = page_with(tmp_path / "form.pdf", [(72, 700, TOP)], [field], form=form)
    reading = load_file(path, LoadOptions(ocr=False)).document.text
    assert value in reading
    picture = compared(sandbox, path, reading)
    assert dark(picture, (200, 300, 300, 320)) > 20
    assert picture.unread == ()


@pytest.mark.parametrize("form", [True, False], ids=["form", "page of a form"])
def test_a_blank_button_hides_no_line_that_was_read(
    sandbox: Sandbox, tmp_path: Path, *, form: bool
) -> None:
    def button(bottom: int) -> str:
        return (
            f"<< /Type /Annot /Subtype /Widget /FT /Btn /T (B{bottom}) /Ff 65536 /F 4 "
            f"/AP << /N 200 0 R >> /Rect [60 {bottom} 400 {bottom + 20}] >>"
        )

    grey = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 340 20] /Length 21 >>\n"
        "stream\n0.2 g 0 0 340 20 re f\nendstream"
    )
    path = page_with(
        tmp_path / "form.pdf", [(72, 700, TOP)], [button(694), button(300)], {200: grey}, form=form
    )
    picture = compared(sandbox, path, TOP)
    assert 0 < dark(picture, (60, 694, 400, 714)) < dark(picture, (60, 300, 400, 320)) / 2
