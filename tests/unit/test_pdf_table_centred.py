"""Rows whose cells have several lines, with the others half way down, or without white between."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import made, prose, put, tables_on

AT = [80.0, 130.0, 300.0, 360.0]
LINE = 11.0
STATEMENT = [
    ["Date", "Details", "Debit", "Balance"],
    ["01/03", "Opening balance", "", "2,410.55"],
    ["02/03", "Card payment GREENGROCER\nLONDON GB ref 88121", "23.40", "2,387.15"],
    ["07/03", "Standing order RENT", "1,150.00", "1,237.15"],
    ["15/03", "Direct debit WATER CO\nMandate 5521-X\nCustomer 99-1", "41.20", "1,195.95"],
    ["31/03", "Closing balance", "", "1,195.95"],
]
FACTS = [
    ["Energy", "1540 kJ /\n368 kcal"],
    ["Fat", "6.5 g"],
    ["of which\nsaturates", "1.2 g"],
    ["Salt", "0.02 g"],
]
FAULTS = [
    ["Fault", "Cause", "Remedy"],
    [
        "Pump does not\nstart",
        "No mains voltage or\nfuse blown",
        "Check the fuse, replace\nit with a slow one",
    ],
    ["Pump hums", "Rotor blocked by stones\nor ice", "Unplug the pump and\nclean the rotor"],
    ["Low flow", "Hose kinked", "Straighten the hose"],
]


def centred(canvas: Canvas, rows: list[list[str]], at: list[float], room: float) -> None:
    """Print rows whose cells have one middle each, ``room`` points of white between rows."""
    top = 700.0
    for row in rows:
        most = max(cell.count("\n") + 1 for cell in row)
        for cell, place in zip(row, at, strict=False):
            lines = cell.split("\n")
            for number, line in enumerate(lines):
                canvas.drawString(place, top - LINE * (number + (most - len(lines)) / 2), line)
        top -= most * LINE + room


def whole(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.replace("\n", " ") for cell in row] for row in rows]


@pytest.mark.parametrize("room", [3.0, 6.0])
@pytest.mark.parametrize(("rows", "at"), [(STATEMENT, AT), (FACTS, [80.0, 150.0])])
def test_a_row_of_centred_cells_is_one_row(
    rows: list[list[str]], at: list[float], room: float
) -> None:
    tables = tables_on(made(lambda canvas: centred(canvas, rows, at, room)))
    assert [[list(row) for row in table.rows] for table in tables] == [whole(rows)]


def test_lines_in_which_every_cell_goes_on_are_no_row_of_their_own() -> None:
    def draw(canvas: Canvas) -> None:
        top = 700.0
        for row in FAULTS:
            put(canvas, [row], [80, 170, 300], top=top)
            top -= LINE * max(cell.count("\n") + 1 for cell in row)

    tables = tables_on(made(draw))
    assert [[list(row) for row in table.rows] for table in tables] == [whole(FAULTS)]


def test_words_in_small_letters_below_each_other_are_rows() -> None:
    rows = [
        ["Term of trade", "Kind of word", "Where"],
        ["old mill", "plain noun", "the north"],
        ["new weir", "plain noun", "the south"],
        ["coarse grain", "noun phrase", "the valley"],
        ["to grind", "strong verb", "the mill"],
    ]
    tables = tables_on(made(lambda canvas: put(canvas, rows, [80, 170, 260], pitch=12)))
    assert [[list(row) for row in table.rows] for table in tables] == [rows]


def test_columns_of_text_half_a_line_apart_are_no_table() -> None:
    left = [
        "The mill stands on the river since",
        "the year of the great flood, when a",
        "miller from the north bought the",
        "land, the weir and all rights to the",
        "water from the old owners.",
    ]
    right = [
        "In summer the wheel turns only at",
        "night, because the fields need the",
        "water in the daytime; then it is",
        "quiet in the yard, and the miller",
        "sharpens the stones for autumn.",
    ]

    def draw(canvas: Canvas) -> None:
        prose(canvas, left, 60)
        prose(canvas, right, 310, top=693.5)

    assert tables_on(made(draw)) == []
