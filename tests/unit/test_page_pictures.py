"""A page of a PDF is drawn apart from this process, with the passage marked where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import DamagedFileError, EncryptedFileError
from ingest.loaders.page_pictures import PagePicture, PictureRequest
from ingest.loaders.pdf.passage import Character, find_passage
from ingest.reading.sandbox import Sandbox

WIDTH, HEIGHT = 595.0, 842.0
TOP = "The kestrel hovers above the meadow before it dives."
MIDDLE = "Herons stand in shallow water and wait for fish."
CHINESE = "红隼在草地上空盘旋然后俯冲捕食田鼠"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1, timeout_s=30) as running:
        yield running


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    path = tmp_path / "birds.pdf"
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    canvas.drawString(72, 700, TOP)
    canvas.drawString(72, 400, MIDDLE)
    canvas.showPage()
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas.setFont("STSong-Light", 12)
    canvas.drawString(72, 500, CHINESE)
    canvas.save()
    return path


def yellow_rows(picture: PagePicture) -> tuple[float, float]:
    """Return the highest and lowest marked row, as fractions of the page's height."""
    pixels = np.asarray(Image.open(BytesIO(picture.png)).convert("RGB")).astype(int)
    rows = np.nonzero((pixels[:, :, 0] - pixels[:, :, 2] > 60).any(axis=1))[0]
    return (float(rows.min()) / len(pixels), float(rows.max()) / len(pixels))


@pytest.mark.parametrize(
    ("index", "passage", "baseline"), [(0, TOP, 700), (0, MIDDLE, 400), (1, CHINESE, 500)]
)
def test_the_passage_is_marked_where_it_stands(
    sandbox: Sandbox, birds: Path, index: int, passage: str, baseline: float
) -> None:
    picture = sandbox.draw(birds, PictureRequest(index=index, passage=passage)).result()
    assert picture.marked
    first, last = yellow_rows(picture)
    assert first < 1 - baseline / HEIGHT < last
    assert last - first < 0.04  # one line


def test_on_a_turned_page_the_mark_is_turned_too(
    sandbox: Sandbox, birds: Path, tmp_path: Path
) -> None:
    writer = PdfWriter()
    writer.add_page(PdfReader(birds).pages[0]).rotate(180)
    turned = tmp_path / "turned.pdf"
    writer.write(turned)
    picture = sandbox.draw(turned, PictureRequest(index=0, passage=TOP)).result()
    first, last = yellow_rows(picture)
    assert first < 700 / HEIGHT < last


def test_a_passage_that_is_not_on_the_page_leaves_it_unmarked(
    sandbox: Sandbox, birds: Path
) -> None:
    request = PictureRequest(index=0, passage="Nothing of this stands anywhere on that page.")
    assert not sandbox.draw(birds, request).result().marked


def test_lines_read_from_a_picture_are_marked_by_their_boxes(sandbox: Sandbox, birds: Path) -> None:
    request = PictureRequest(index=0, passage=TOP, boxes=((0.1, 0.8, 0.9, 0.82),))
    first, last = yellow_rows(sandbox.draw(birds, request).result())
    assert (first, last) == pytest.approx((0.8, 0.82), abs=0.01)


def test_a_page_that_is_not_there_is_an_error_that_names_it(sandbox: Sandbox, birds: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"page 8 of birds\.pdf"):
        sandbox.draw(birds, PictureRequest(index=7)).result()


def test_what_is_no_pdf_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "no.pdf"
    path.write_bytes(b"no pdf at all")
    with pytest.raises(DamagedFileError, match=r"no\.pdf cannot be drawn"):
        sandbox.draw(path, PictureRequest(index=0)).result()


def test_a_locked_file_is_drawn_with_its_password_only(
    sandbox: Sandbox, birds: Path, tmp_path: Path
) -> None:
    writer = PdfWriter(clone_from=birds)
    writer.encrypt("secret", algorithm="AES-256")
    locked = tmp_path / "locked.pdf"
    writer.write(locked)
    with pytest.raises(EncryptedFileError, match="needs a password"):
        sandbox.draw(locked, PictureRequest(index=0, passage=TOP)).result()
    opened = PictureRequest(index=0, passage=TOP, passwords=("secret",))
    assert sandbox.draw(locked, opened).result().marked


def characters(text: str, *, columns: int = 40) -> list[Character]:
    """Set a text in lines of equal characters."""
    return [
        Character(
            letter,
            (
                at % columns / columns,
                at // columns / 50,
                (at % columns + 1) / columns,
                (at // columns + 1) / 50,
            ),
        )
        for at, letter in enumerate(text)
    ]


def test_hyphens_ligatures_and_line_ends_do_not_hide_a_passage() -> None:
    page = characters("An ef\ufb01cient way of classi-\nfying birds is by their calls.")
    assert find_passage("efficient way of classifying birds", page)


def test_columns_read_in_another_order_are_found_piece_by_piece() -> None:
    left = "Kestrels hover over open land and hunt for voles. "
    right = "Herons wait in shallow water until a fish comes by. "
    boxes = find_passage(right + left, characters(left + right))
    assert len(boxes) >= 2


def test_a_few_words_that_agree_by_chance_are_not_marked() -> None:
    page = characters("in accordance with the law " * 3)
    assert find_passage("Work done in accordance with plans that nobody has ever seen", page) == []
