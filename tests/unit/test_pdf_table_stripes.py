"""Tables whose rows have a background or a frame by turns, as word processors style them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from reportlab.lib.colors import black, lightgrey
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import made, prose, put, tables_on

AT = [80.0, 190.0, 300.0, 410.0]
EDGES = [75.0, 185.0, 295.0, 405.0, 515.0]
TOP = 700.0
LINE = 11.0
ROWS = [
    ["Item", "Place", "Price", "Note"],
    ["r1 tar", "shed", "4936", ""],
    [
        "r2 long blue\nrope with hooks\nand a ring",
        "loft of the old\nhouse",
        "9745",
        "to be asked\nfor",
    ],
    ["r3 rope with\nhooks", "shed", "6472", "sold"],
    ["r4 tar", "loft of the old\nhouse", "2198", ""],
    ["r5 tar", "shed", "711", "sold"],
    ["r6 long blue\nrope", "loft", "88", "to be asked\nfor upstairs"],
]
WHOLE = [[cell.replace("\n", " ") for cell in row] for row in ROWS]

Style = Callable[[Canvas, list[float], int], None]


def levels() -> list[float]:
    """Return the edges of the rows, from the top."""
    found = [TOP]
    for row in ROWS:
        found.append(found[-1] - LINE * max(cell.count("\n") + 1 for cell in row) - 5)
    return found


def page(style: Style, first: int, *, below: str = "") -> bytes:
    def draw(canvas: Canvas) -> None:
        edges = levels()
        canvas.setFillColor(lightgrey)
        style(canvas, edges, first)
        canvas.setFillColor(black)
        for row, top in zip(ROWS, edges, strict=False):
            put(canvas, [row], AT, top=top - LINE)
        if below:
            prose(canvas, [below], 75, top=edges[-1] - 22)

    return made(draw)


def shaded_cells(canvas: Canvas, edges: list[float], first: int) -> None:
    for number in range(first, len(ROWS), 2):
        for left, right in pairwise(EDGES):
            bottom, top = edges[number + 1], edges[number]
            canvas.rect(left, bottom, right - left, top - bottom, stroke=0, fill=1)


def shaded_rows(canvas: Canvas, edges: list[float], first: int) -> None:
    for number in range(first, len(ROWS), 2):
        bottom, top = edges[number + 1], edges[number]
        canvas.rect(EDGES[0], bottom, EDGES[-1] - EDGES[0], top - bottom, stroke=0, fill=1)


def shaded_between_lines(canvas: Canvas, edges: list[float], first: int) -> None:
    shaded_cells(canvas, edges, first)
    for level in (edges[0], edges[1], edges[-1]):
        canvas.line(EDGES[0], level, EDGES[-1], level)


def shaded_in_a_frame(canvas: Canvas, edges: list[float], first: int) -> None:
    shaded_cells(canvas, edges, first)
    canvas.rect(EDGES[0], edges[-1], EDGES[-1] - EDGES[0], edges[0] - edges[-1])
    canvas.line(EDGES[0], edges[1], EDGES[-1], edges[1])


def shaded_but_for_the_first_column(canvas: Canvas, edges: list[float], first: int) -> None:
    canvas.line(EDGES[0], edges[0], EDGES[-1], edges[0])
    canvas.line(EDGES[0], edges[1], EDGES[-1], edges[1])
    for place in (EDGES[0], EDGES[1], EDGES[-1]):
        canvas.line(place, edges[0], place, edges[-1])
    for number in range(first, len(ROWS), 2):
        for left, right in pairwise(EDGES[1:]):
            bottom, top = edges[number + 1], edges[number]
            canvas.rect(left, bottom, right - left, top - bottom, stroke=0, fill=1)


def framed_cells(canvas: Canvas, edges: list[float], first: int) -> None:
    canvas.rect(EDGES[0], edges[-1], EDGES[-1] - EDGES[0], edges[0] - edges[-1])
    for number in range(first, len(ROWS), 2):
        canvas.grid(EDGES, [edges[number], edges[number + 1]])


STYLES = [
    shaded_cells,
    shaded_rows,
    shaded_between_lines,
    shaded_in_a_frame,
    shaded_but_for_the_first_column,
    framed_cells,
]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("style", STYLES)
class TestStripes:
    def test_rows_with_and_without_a_band_are_rows_of_one_table(
        self, style: Style, first: int
    ) -> None:
        tables = tables_on(page(style, first))
        assert [[list(row) for row in table.rows] for table in tables] == [WHOLE]

    def test_no_word_is_said_more_often_than_it_is_printed(self, style: Style, first: int) -> None:
        tables = tables_on(page(style, first))
        said = Counter(
            word for table in tables for row in table.rows for cell in row for word in cell.split()
        )
        printed = Counter(word for row in WHOLE for cell in row for word in cell.split())
        assert not said - printed

    @pytest.mark.parametrize("below", ["In March.", "All prices hold until the end of the year."])
    def test_the_paragraph_below_is_no_row(self, style: Style, first: int, below: str) -> None:
        tables = tables_on(page(style, first, below=below))
        assert [[list(row) for row in table.rows] for table in tables] == [WHOLE]


def test_names_of_several_lines_over_the_first_band_are_the_first_row() -> None:
    def draw(canvas: Canvas) -> None:
        edges = levels()
        canvas.setFillColor(lightgrey)
        shaded_cells(canvas, edges, 1)
        canvas.setFillColor(black)
        put(canvas, [["Item", "Place", "Price\n(EUR)", "Note"]], AT, top=edges[1] + 16)
        for row, top in zip(ROWS[1:], edges[1:], strict=False):
            put(canvas, [row], AT, top=top - LINE)

    names = ["Item", "Place", "Price (EUR)", "Note"]
    assert [[list(row) for row in table.rows] for table in tables_on(made(draw))] == [
        [names, *WHOLE[1:]]
    ]


def test_a_row_of_one_cell_between_bands_is_not_said_for_each_column() -> None:
    rows = [row if number != 4 else ["r4 tar", "", "", ""] for number, row in enumerate(ROWS)]
    rows[0] = ["Whole year", "", "", ""]

    def draw(canvas: Canvas) -> None:
        edges = levels()
        framed_cells(canvas, edges, 1)
        for row, top in zip(rows, edges, strict=False):
            put(canvas, [row], AT, top=top - LINE)

    said = [list(row) for table in tables_on(made(draw)) for row in table.rows]
    assert said == [[cell.replace("\n", " ") for cell in row] for row in rows]
