"""What a page shows and its reading lacks is framed on its picture and told of."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pdf_annotations import page_with
from pictured_pdf import LEASE, new_canvas, show, text_picture, write
from PIL import Image

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
