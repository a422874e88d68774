"""Makes pages with text at places and lines, and reads their words, rules and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.engines import PdfEngines
from ingest.loaders.pdf.page import Rule
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.tables.finding import Table, find_tables

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
        sheet = PdfEngines(None, file, file.pages).sheet(0)
        assert sheet is not None
        return find_tables(sheet.words, sheet.rules, sheet.width, sheet.height)
    finally:
        file.close()


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


def lay(
    canvas: Canvas,
    rows: Sequence[Sequence[str]],
    align: str,
    *,
    gap: float = 0.5,
    top: float = 700.0,
    left: float = 80.0,
    middle: bool = False,
    room: float = 0.0,
    font: tuple[str, float] = ("Helvetica", 11.0),
) -> None:
    """Print rows as a program lays out a table.

    Args:
        canvas: of a page.
        rows: of cells, whose lines are parted by newlines.
        align: a letter for each column: ``l``, ``c`` or ``r``.
        gap: ems between the longest cell of a column and the next column.
        top: points from the bottom of the page to the first line.
        left: edge of the first column.
        middle: whether cells are centred downwards, not at the top of their row.
        room: points of white between two rows, besides the distance of lines.
        font: its name and size in points.
    """
    name, size = font
    canvas.setFont(name, size)
    wide = widths(canvas, rows, font)
    edges = [left + sum(wide[:n]) + n * gap * size for n in range(len(align))]
    leading = 1.2 * size
    for row in rows:
        most = max(cell.count("\n") + 1 for cell in row)
        for cell, edge, room_across, letter in zip(row, edges, wide, align, strict=True):
            lines = cell.split("\n")
            down = (most - len(lines)) / 2 if middle else 0
            for number, line in enumerate(lines):
                free = room_across - canvas.stringWidth(line, name, size)
                at = edge + free * {"l": 0.0, "c": 0.5, "r": 1.0}[letter]
                canvas.drawString(at, top - leading * (number + down), line)
        top -= most * leading + room


def widths(canvas: Canvas, rows: Sequence[Sequence[str]], font: tuple[str, float]) -> list[float]:
    """Return the width of each column's longest line."""
    return [
        max(canvas.stringWidth(line, *font) for row in rows for line in row[n].split("\n"))
        for n in range(len(rows[0]))
    ]


def whole(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return rows with their cells' lines put together, as a table says them."""
    return [[cell.replace("\n", " ") for cell in row] for row in rows]
