"""Columns that stand close together, and white in cells that parts no columns."""

from __future__ import annotations

from itertools import pairwise

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import lay, made, tables_on, whole, widths

INVOICE = [
    ["Pos.", "Description", "Qty", "Unit", "Unit price", "VAT", "Amount"],
    ["1", "Marine paint, white, 2.5 l can", "12", "pcs", "38.90", "19 %", "466.80"],
    ["2", "Epoxy primer with hardener (batch 7731)", "4", "set", "112.00", "19 %", "448.00"],
    ["3", "Delivery to Rostock port", "1", "flat", "75.00", "19 %", "75.00"],
]
PAYSLIP = [
    ["Earnings", "Amount", "Deductions", "Amount"],
    ["Basic salary", "3,450.00", "Income tax", "512.33"],
    ["Overtime 6.5 h", "162.50", "Pension", "320.87"],
    ["Bonus", "200.00", "Health insurance", "297.11"],
    ["Gross", "3,812.50", "Deductions", "1,130.31"],
]
RATES = [
    ["Currency", "Code", "Buy", "Sell", "Change"],
    ["US dollar", "USD", "1.0812", "1.0871", "+0.21 %"],
    ["Pound sterling", "GBP", "0.8533", "0.8590", "-0.05 %"],
    ["Swiss franc", "CHF", "0.9581", "0.9644", "+0.11 %"],
    ["Japanese yen", "JPY", "162.35", "163.90", "-0.40 %"],
]
SIZES = [
    ["Article", "Size", "Price"],
    ["Bolt, zinc plated", "6 x 40 mm", "8.95"],
    ["Washer", "8 x 16 mm", "12.00"],
    ["Screw, countersunk", "4 x 50 mm", "11.25"],
    ["Rod", "8 x 90 mm", "2.80"],
]
REMEDIES = [
    ["Fault", "Cause", "Remedy"],
    ["Pump does not start", "No mains voltage or\nfuse blown", "Check the fuse"],
    ["Pump hums", "Rotor blocked", "Clean the rotor"],
    ["Low flow", "Hose kinked", "Straighten the hose"],
    ["Leaks", "Seal worn", "Replace the seal"],
]
FILLED = [
    ["Fault", "Cause", "Remedy"],
    ["Pump does not\nstart", "No mains voltage", "Check the fuse, then\nreplace it"],
    ["Pump hums", "Rotor blocked by ice", "Clean the rotor"],
    ["Low flow", "Hose kinked", "Straighten the hose"],
    ["Water leaks from\nthe housing", "Seal worn", "Replace the seal"],
]
DOWN = [0, 1, 3, 4, 5]


def rows_on(data: bytes) -> list[list[list[str]]]:
    return [[list(row) for row in table.rows] for table in tables_on(data)]


@pytest.mark.parametrize("gap", [0.45, 0.6, 0.8])
@pytest.mark.parametrize(
    ("rows", "align"),
    [(INVOICE, "rlrlrrr"), (PAYSLIP, "lrlr"), (RATES, "llrrr")],
    ids=["invoice", "payslip", "rates"],
)
def test_columns_that_stand_close_are_columns(
    rows: list[list[str]], align: str, gap: float
) -> None:
    assert rows_on(made(lambda canvas: lay(canvas, rows, align, gap=gap))) == [rows]


@pytest.mark.parametrize("gap", [0.5, 1.0])
def test_columns_between_lines_that_stand_close_are_columns(gap: float) -> None:
    def draw(canvas: Canvas) -> None:
        lay(canvas, PAYSLIP, "lrlr", gap=gap, room=4.0)
        for number in range(6):
            canvas.line(78, 711 - 17.2 * number, 360, 711 - 17.2 * number)

    assert rows_on(made(draw)) == [PAYSLIP]


def test_spaces_below_each_other_part_no_column() -> None:
    assert rows_on(made(lambda canvas: lay(canvas, SIZES, "llr", gap=2.0))) == [SIZES]


def test_one_word_beside_white_is_no_column() -> None:
    data = made(lambda canvas: lay(canvas, REMEDIES, "lll", gap=1.6, room=5.0))
    assert rows_on(data) == [whole(REMEDIES)]


def test_words_that_were_spread_to_fill_a_cell_are_no_columns() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for row, cells in enumerate(FILLED):
            for left, cell in zip((80.0, 182.0, 300.0), cells, strict=True):
                for down, line in enumerate(cell.split("\n")):
                    last = line == cell.split("\n")[-1]
                    spread(canvas, left, 0 if last else 90, 700 - 12 * (DOWN[row] + down), line)

    assert rows_on(made(draw)) == [whole(FILLED)]


def spread(canvas: Canvas, left: float, width: float, y: float, line: str) -> None:
    """Print a line so wide, its spaces alike."""
    words = line.split(" ")
    wide = [canvas.stringWidth(word, "Helvetica", 10) for word in words]
    space = (width - sum(wide)) / max(len(words) - 1, 1) if width else 2.78
    for at, word in enumerate(words):
        canvas.drawString(left + sum(wide[:at]) + at * space, y, word)


def test_columns_of_grey_bands_that_stand_close_keep_the_rows_in_order() -> None:
    def draw(canvas: Canvas) -> None:
        rows = [*RATES, ["Chinese yuan", "CNY", "7.8240", "7.8811", "0.00 %"]]
        wide = widths(canvas, rows, ("Helvetica", 11.0))
        edges = [77.5 + sum(wide[:n]) + n * 0.45 * 11 for n in range(6)]
        for row in (1, 3, 5):
            for left, right in pairwise(edges):
                canvas.setFillGray(0.9)
                canvas.rect(left, 700 - 13.2 * row - 3, right - left, 13.2, stroke=0, fill=1)
        canvas.setFillGray(0)
        lay(canvas, rows, "llrrr", gap=0.45)

    [table] = rows_on(made(draw))
    assert [row[:2] for row in table] == [
        ["Currency", "Code"],
        ["US dollar", "USD"],
        ["Pound sterling", "GBP"],
        ["Swiss franc", "CHF"],
        ["Japanese yen", "JPY"],
        ["Chinese yuan", "CNY"],
    ]
