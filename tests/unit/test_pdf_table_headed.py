"""Rows below boxed names of columns, as in invoices: numbers close to the words beside them."""

from __future__ import annotations

from itertools import pairwise

from reportlab.lib.colors import black, lightgrey
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import made, prose, put, tables_on

AT = [60.0, 85.0, 325.0, 332.0, 450.0, 500.0]
EDGES = [55.0, 80.0, 290.0, 328.0, 390.0, 455.0, 505.0]
RIGHT = (2, 4, 5)
NAMES = ["Pos.", "Description", "Qty", "Unit", "Price", "Amount"]
ROWS = [
    ["1", "Marine paint, white", "12", "pcs", "38.90", "466.80"],
    ["2", "Epoxy primer", "4", "sets", "112.00", "448.00"],
    ["3", "Delivery to the port", "1", "flat", "75.00", "75.00"],
    ["4", "Handbook of coatings", "200", "pcs", "24.50", "4900.00"],
]


def boxed_names(canvas: Canvas) -> None:
    canvas.setFillColor(lightgrey)
    for left, right in pairwise(EDGES):
        canvas.rect(left, 696, right - left, 16, stroke=0, fill=1)
    canvas.setFillColor(black)
    put(canvas, [NAMES], AT, right=RIGHT)


def found(below: str = "", rows: int = len(ROWS)) -> list[list[list[str]]]:
    def draw(canvas: Canvas) -> None:
        boxed_names(canvas)
        put(canvas, ROWS[:rows], AT, top=682, right=RIGHT)
        if below:
            prose(canvas, [below], 60, top=600)

    return [[list(row) for row in table.rows] for table in tables_on(made(draw))]


def test_boxes_of_names_say_the_columns_of_the_rows_below() -> None:
    assert found() == [[NAMES, *ROWS]]


def test_one_row_that_is_full_below_boxes_of_names_is_theirs() -> None:
    assert found("Thank you.", rows=1) == [[NAMES, ROWS[0]]]


def test_a_paragraph_below_rows_under_boxed_names_is_no_row() -> None:
    for below in ("Thank you.", "Please pay within 14 days without deduction."):
        assert found(below) == [[NAMES, *ROWS]]


def test_boxed_names_over_a_paragraph_stay_alone() -> None:
    def draw(canvas: Canvas) -> None:
        boxed_names(canvas)
        text = ["All prices hold until the end of the year and do not", "include tax."]
        prose(canvas, text, 60, top=682)

    assert all("include" not in " ".join(row) for t in tables_on(made(draw)) for row in t.rows)
