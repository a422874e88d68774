"""Makes pages with text at places and lines, and reads their words, rules and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.tables import Table, find_tables

WIDTH, HEIGHT = 595.0, 842.0
CHINESE = "STSong-Light"

Draw = Callable[[Canvas], None]


def made(
    draw: Draw,
    *,
    size: tuple[float, float] = (WIDTH, HEIGHT),
    rotation: int = 0,
    upright: bool = False,
) -> bytes:
    """Return a PDF of one page; ``upright`` turns what is drawn as the page is turned."""
    registerFont(UnicodeCIDFont(CHINESE))
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=True)
    canvas.setPageRotation(rotation)
    canvas.setFont("Helvetica", 10)
    if upright:
        _turn(canvas, rotation, size)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _turn(canvas: Canvas, rotation: int, size: tuple[float, float]) -> None:
    # reportlab turns the paper of a page as well.
    across, down = size
    if rotation == 90:
        canvas.translate(down, 0)
    elif rotation == 180:
        canvas.translate(across, down)
    elif rotation == 270:
        canvas.translate(0, across)
    canvas.rotate(rotation if rotation != 270 else -90)


def rules_on(data: bytes) -> list[Rule]:
    """Return the ruling lines of the first page."""
    file, _ = PdfiumFile.open(data, ())
    assert file is not None
    try:
        return file.rules(0)
    finally:
        file.close()


def tables_on(data: bytes) -> list[Table]:
    """Return the tables of the first page, found by its real characters and paths."""
    file, _ = PdfiumFile.open(data, ())
    assert file is not None
    try:
        width, height = file._document[0].get_size()
        words = _words(file, width, height)
        return find_tables(words, file.rules(0), width, height)
    finally:
        file.close()


def _words(file: PdfiumFile, width: float, height: float) -> list[Word]:
    words: list[Word] = []
    text, box = "", (0.0, 0.0, 0.0, 0.0)
    for character in file.characters(0):
        # PDFium tells a hyphen at a line's end so.
        printed = "-" if character.text == "\x02" else character.text
        left, top, right, bottom = (
            value * whole
            for value, whole in zip(character.box, (width, height, width, height), strict=True)
        )
        size = bottom - top
        near = abs(top - box[1]) < size / 3 and -size / 2 < left - box[2] < size / 8
        if text and (character.text.isspace() or not near):
            words.append(Word(text, box, box[3] - box[1]))
            text = ""
        if character.text.isspace():
            continue
        if not text:
            text, box = printed, (left, top, right, bottom)
        else:
            text += printed
            box = (box[0], min(box[1], top), right, max(box[3], bottom))
    if text:
        words.append(Word(text, box, box[3] - box[1]))
    return words


def put(
    canvas: Canvas,
    rows: Sequence[Sequence[str]],
    columns: Sequence[float],
    *,
    top: float = 700,
    pitch: float = 16,
    right: Sequence[int] = (),
) -> None:
    """Print rows of cells, those of columns in ``right`` with their right edge there."""
    for number, row in enumerate(rows):
        for column, (cell, place) in enumerate(zip(row, columns, strict=True)):
            draw = canvas.drawRightString if column in right else canvas.drawString
            for down, line in enumerate(cell.split("\n")):
                draw(place, top - number * pitch - 11 * down, line)


def grid(canvas: Canvas, across: Sequence[float], down: Sequence[float]) -> None:
    """Draw all lines of a grid."""
    canvas.grid(list(across), list(down))


def prose(canvas: Canvas, lines: Sequence[str], left: float, *, top: float = 700) -> None:
    """Print lines below each other."""
    for number, line in enumerate(lines):
        canvas.drawString(left, top - 13 * number, line)
