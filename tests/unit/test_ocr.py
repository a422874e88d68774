"""Scanned pages: what is read, where it stood, how sure the reader was, and its bounds."""

import functools
import logging
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pictures import ocr
from ingest.loaders.pictures.ocr import read_picture
from ingest.loaders.pictures.reading_order import Box, reading_order, skew
from ingest.loaders.pictures.timing import listening
from kb.records import Document

# A font that comes with a package, so that these tests need nothing of the system.
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
LINES = (
    "The reading room is open on weekdays from nine in the morning",
    "until half past six. Visitors order older volumes a day ahead,",
    "because they are stored in a cellar two streets away.",
)


def slow(turn: int) -> object:
    """A turn that `make test` leaves out: reading a page three times takes seconds."""
    return pytest.param(turn, marks=pytest.mark.slow)


def draw(*blocks: tuple[tuple[int, int], tuple[str, ...]], dpi: int = 150) -> Image.Image:
    """Draw lines of 11 points from a corner given in points, on an A5 page."""
    scale = dpi / 72
    page = Image.new("RGB", (int(595 * scale), int(420 * scale)), "white")
    font = ImageFont.truetype(str(FONT), int(11 * scale))
    pen = ImageDraw.Draw(page)
    for (left, top), lines in blocks:
        for number, line in enumerate(lines):
            pen.text((left * scale, (top + 17 * number) * scale), line, fill="black", font=font)
    return page


def scan(path: Path, *pages: Image.Image) -> Path:
    pages[0].save(path, resolution=150, save_all=True, append_images=pages[1:])
    return path


def pixels(page: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(page)[:, :, ::-1])


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    scan(path, draw(((60, 60), LINES)), draw(((60, 60), ("The second page is short.",))))
    return load_file(path).document


def test_a_scanned_page_is_read_with_its_spaces(document: Document) -> None:
    first, second = document.pages

    assert document.text[first.start : first.end] == (
        "The reading room is open on weekdays from nine in the morning until half past six. "
        "Visitors order older volumes a day ahead, because they are stored in a cellar two "
        "streets away."
    )
    assert document.text[second.start : second.end] == "The second page is short."


def test_pages_say_that_ocr_read_them_and_how_surely(document: Document) -> None:
    for page in document.pages:
        assert page.read_by == "ocr"
        assert page.confidence is not None
        assert 0.9 < page.confidence <= 1
    (notice,) = document.notices
    assert notice.code == "pages_read_by_ocr"
    sure = np.mean([page.confidence for page in document.pages])
    assert notice.message == (
        f"2 of 2 pages were read by OCR, mean confidence {sure:.2f}; "
        "words may be out of order, above all in tables"
    )
    assert notice.values["pages"] == notice.values["total"] == 2


def test_boxes_tell_where_each_line_stands(document: Document) -> None:
    first, second = document.pages

    assert [document.text[box.start : box.end] for box in first.boxes] == list(LINES)
    assert [document.text[box.start : box.end] for box in second.boxes] == [
        "The second page is short."
    ]
    tops = [box.box[1] for box in first.boxes]
    assert tops == sorted(tops)
    left, top, right, bottom = first.boxes[0].box
    assert left == pytest.approx(60 / 595, abs=0.02)
    assert top == pytest.approx(60 / 420, abs=0.03)
    assert 0.6 < right < 0.8
    assert bottom - top == pytest.approx(11 / 420, abs=0.03)


@pytest.mark.parametrize("turns", [slow(1), 2, slow(3)])
def test_a_page_that_lies_or_stands_on_its_head_is_turned(turns: int) -> None:
    upright = pixels(draw(((60, 60), LINES)))
    found = read_picture(np.ascontiguousarray(np.rot90(upright, turns)))

    assert "The reading room is open on weekdays" in found.text
    # The first line keeps its place on the page as it was given.
    left, top, right, bottom = found.boxes[0].box
    if turns == 2:
        assert (left + right) / 2 > 0.4
        assert top > 0.7
    else:
        assert bottom - top > right - left


@functools.cache
def upright_page() -> tuple[np.ndarray, str]:
    """A page with two paragraphs, and what is read on it."""
    upright = pixels(draw(((60, 60), LINES), ((60, 200), ("Ask for the keeper at the desk.",))))
    return upright, read_picture(upright).text


@pytest.mark.parametrize("turns", [1, slow(2), slow(3)])
def test_lines_of_a_turned_page_follow_each_other_as_they_do_upright(turns: int) -> None:
    upright, text = upright_page()
    found = read_picture(np.ascontiguousarray(np.rot90(upright, turns)))

    assert found.text == text
    assert found.text.startswith("The reading room")
    assert found.text.endswith("at the desk.")


@pytest.mark.parametrize("turns", [slow(1), 2, slow(3)])
def test_a_turned_list_of_numbers_is_read_upright(turns: int) -> None:
    rows = tuple(f"{4021 + 17 * at}     {at + 3}9.50     {861 * at + 1975}" for at in range(8))
    page = pixels(draw(((60, 60), rows)))
    found = read_picture(np.ascontiguousarray(np.rot90(page, turns)))

    assert found.text.split() == " ".join(rows).split()


@pytest.mark.parametrize("quarter", [90, slow(180), slow(270)])
def test_scans_are_read_as_their_pages_are_turned(tmp_path: Path, quarter: int) -> None:
    path = scan(tmp_path / "turned.pdf", draw(((60, 60), LINES)))
    writer = PdfWriter(clone_from=path)
    writer.pages[0].rotate(quarter)
    writer.write(path)

    assert load_file(path).document.text.split() == " ".join(LINES).split()


def test_a_slightly_turned_grey_page_is_read(tmp_path: Path) -> None:
    page = draw(((60, 60), LINES)).rotate(1.5, fillcolor="white", resample=Image.Resampling.BICUBIC)
    grey = page.point(lambda value: int(value * 0.75))
    text = load_file(scan(tmp_path / "turned.pdf", grey)).document.text

    assert text.split()[:8] == LINES[0].split()[:8]
    assert text.endswith("two streets away.")


def test_two_columns_are_read_one_after_the_other() -> None:
    left = ("Boilers need care in the", "winter, when the pipes of", "old houses often freeze.")
    right = ("Gardens rest until March", "and nothing is planted in", "the frozen ground there.")
    text = read_picture(pixels(draw(((40, 60), left), ((330, 60), right)))).text

    assert text.index("freeze") < text.index("Gardens")


def test_no_model_is_fetched_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    ocr._engine.cache_clear()  # models are opened anew

    assert read_picture(pixels(draw(((60, 60), ("Offline",))))).text == "Offline"
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("RapidOCR").level >= logging.ERROR


def test_ocr_can_be_limited_to_some_pages(tmp_path: Path) -> None:
    page = draw(((60, 60), ("Words",)))
    path = scan(tmp_path / "a.pdf", page, page, page)
    document = load_file(path, LoadOptions(ocr_max_pages=1)).document

    assert [page.read_by for page in document.pages] == ["ocr", "none", "none"]
    values = {notice.code: notice.values for notice in document.notices}
    assert values["ocr_page_limit"]["pages"] == 2
    assert values["pages_read_by_ocr"]["pages"] == 1
    assert "pages_look_scanned" not in values


def test_a_page_drawn_within_few_pixels_is_still_read(tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf", draw(((60, 60), ("LARGE PRINT",))))
    document = load_file(path, LoadOptions(ocr_max_pixels=400_000)).document

    assert document.text == "LARGE PRINT"


def test_a_picture_without_words_is_said_to_hold_none(tmp_path: Path) -> None:
    plain = Image.linear_gradient("L").resize((600, 400)).convert("RGB")
    path = scan(tmp_path / "a.pdf", draw(((60, 60), ("Words",))), plain)
    document = load_file(path).document

    assert document.text == "Words"
    assert {n.code: n.values.get("pages") for n in document.notices} == {
        "pages_read_by_ocr": 1,
        "ocr_empty": 1,
    }


def test_the_time_spent_on_each_picture_is_marked(tmp_path: Path) -> None:
    heard: list[bool] = []
    path = scan(tmp_path / "a.pdf", draw(((60, 60), ("Words",))))
    with listening(heard.append):
        load_file(path)

    assert heard == [True, False]


def test_without_its_package_pages_are_named_as_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - one test

    picture = tmp_path / "p.png"
    draw(((60, 60), ("Words",))).save(picture)
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "This page has a text of its own, long enough to need no picture.")
    canvas.showPage()
    canvas.drawImage(str(picture), 0, 0, 595, 842)
    canvas.save()
    ocr._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    document = load_file(path).document
    ocr._engine.cache_clear()

    messages = {notice.code: notice.message for notice in document.notices}
    assert messages["pages_look_scanned"] == "1 of 2 pages has no text; it looks scanned"
    assert "pip install rapidocr" in messages["ocr_unavailable"]


def box(left: float, top: float, width: float, text: str, slope: float = 0.0) -> Box:
    fall = slope * width
    return Box(
        corners=(
            (left, top + slope * left),
            (left + width, top + slope * left + fall),
            (left + width, top + slope * left + fall + 20),
            (left, top + slope * left + 20),
        ),
        text=text,
        score=1.0,
    )


def flat(boxes: list[Box]) -> list[str]:
    return [b.text for paragraph in reading_order(boxes) for line in paragraph for b in line]


def test_lines_of_a_turned_page_keep_their_order() -> None:
    slope = 0.035  # two degrees: a line falls by more than its height
    boxes = [box(0, 30 * n, 400, f"{n}a", slope) for n in range(5)]
    boxes += [box(420, 30 * n, 400, f"{n}b", slope) for n in range(5)]
    shuffled = boxes[::3] + boxes[1::3] + boxes[2::3]

    assert skew(shuffled) == pytest.approx(slope, abs=0.001)
    assert flat(shuffled) == [f"{n}{side}" for n in range(5) for side in "ab"]


def test_a_table_is_read_row_by_row() -> None:
    boxes = [
        box(x, y, 60, f"{row}{column}")
        for row, y in enumerate((0, 40, 80))
        for column, x in enumerate((0, 200, 400))
    ]

    assert flat(boxes[::-1]) == [f"{row}{column}" for row in range(3) for column in range(3)]


def test_a_wide_gap_parts_paragraphs() -> None:
    boxes = [box(0, 0, 300, "a"), box(0, 26, 300, "b"), box(0, 90, 300, "c")]

    assert [[[b.text for b in line] for line in p] for p in reading_order(boxes)] == [
        [["a"], ["b"]],
        [["c"]],
    ]


def test_no_boxes_give_no_text() -> None:
    assert reading_order([]) == []
