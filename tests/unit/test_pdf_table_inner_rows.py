"""Grids whose lines part groups of rows, with merged cells elsewhere in the table."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import made, tables_on

LEFTS = (80.0, 180.0, 260.0, 340.0, 420.0)
HEAD = [["Weir", "Year", "Samples", "Samples"], ["Weir", "Year", "surface", "bed"]]
GROUPS = [
    (["Alder", "2011", "112", "17"], ["Birch", "2012", "98", "23"]),
    (["Hazel", "2013", "64", "12"], ["Maple", "2015", "71", "8"]),
]


def draw(canvas: Canvas, rows: list[list[str]], cuts: tuple[int, ...]) -> None:
    """Print rows below names of two rows, the third name over two columns, with lines at cuts."""
    for left in (*LEFTS[:3], LEFTS[4]):
        canvas.line(left, 712, left, 684 - 14 * len(rows))
    canvas.line(LEFTS[3], 698, LEFTS[3], 684 - 14 * len(rows))
    canvas.line(LEFTS[2], 698, LEFTS[4], 698)
    for y in (712, 684, *(684 - 14 * cut for cut in cuts)):
        canvas.line(LEFTS[0], y, LEFTS[4], y)
    for left, name in zip(LEFTS, ("Weir", "Year", "Samples"), strict=False):
        canvas.drawString(left + 4, 702 if name == "Samples" else 695, name)
    for left, name in zip(LEFTS[2:4], HEAD[1][2:], strict=True):
        canvas.drawString(left + 4, 688, name)
    for number, row in enumerate(rows):
        for left, cell in zip(LEFTS, row, strict=False):
            lift = 7 if cell.startswith("^") else 0
            canvas.drawString(left + 4, 674 - 14 * number + lift, cell.removeprefix("^"))


def rows_on(rows: list[list[str]], cuts: tuple[int, ...]) -> list[list[str]]:
    [table] = tables_on(made(lambda canvas: draw(canvas, rows, cuts)))
    return [list(row) for row in table.rows]


def test_lines_of_numbers_between_two_ruling_lines_are_rows() -> None:
    rows = [row for group in GROUPS for row in group]
    assert rows_on(rows, (2, 4)) == [*HEAD, *rows]


def test_what_stands_beside_several_rows_is_said_in_each() -> None:
    rows = [*GROUPS[0], ["", "2013", "77", "9"], ["^Cedar", "2014", "64", "11"]]
    shared = [["Cedar", *rows[2][1:]], ["Cedar", *rows[3][1:]]]
    assert rows_on(rows, (2, 4)) == [*HEAD, *GROUPS[0], *shared]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            ["Weir of the", "2011", "112", "17"],
            ["old mill", "", "", ""],
            ["Weir of the old mill", "2011", "112", "17"],
        ),
        (
            ["Alder", "2011-", "112", "17"],
            ["", "2012", "", ""],
            ["Alder", "2011-2012", "112", "17"],
        ),
    ],
    ids=["text", "range"],
)
def test_a_cell_of_two_lines_stays_in_its_row(
    first: list[str], second: list[str], told: list[str]
) -> None:
    rows = [first, second, *GROUPS[1]]
    assert rows_on(rows, (2, 3, 4)) == [*HEAD, told, *GROUPS[1]]
