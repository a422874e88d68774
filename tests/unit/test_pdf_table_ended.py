"""Tables without lines that other things in columns stand below, with cells of several lines."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import document
from tests.helpers.pdf_tables import lay, made, tables_on, whole

BILL = [
    ["Work", "Hours", "Rate", "Sum"],
    ["Hull: sanding,\ntwo coats of red\nlead, one of\ngreen paint", "12.5", "60.00", "750.00"],
    ["Mast: new\nshrouds", "4", "60.00", "240.00"],
    ["Material", "", "", "312.40"],
]
POSTS = [
    ("2018 - now", ["Senior engineer, Sweco", "Led the review of nine dams and the"]),
    ("2013 - 2018", ["Engineer, Rambol", "Planned for cloudbursts in town"]),
    ("2011 - 2013", ["Master of science, Delft"]),
]


def draw(canvas: Canvas) -> None:
    lay(canvas, BILL, "llll", gap=4.0, room=10.0)
    canvas.drawString(80, 554, "Total: 1,302.40")
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(80, 530, "Experience")
    canvas.setFont("Helvetica", 11)
    y = 512.0
    for years, lines in POSTS:
        canvas.drawString(80, y, years)
        for line in lines:
            canvas.drawString(262, y, line)
            y -= 14.7
        y -= 10


def test_a_bill_above_other_columns_is_a_table_with_all_its_columns() -> None:
    assert [list(row) for row in tables_on(made(draw))[0].rows] == whole(BILL)


def test_what_stands_below_the_bill_keeps_its_heading() -> None:
    lines = document(draw).text.split("\n")
    assert lines.index("Material\t\t\t312.40") < lines.index("Total: 1,302.40")
    assert lines.index("Total: 1,302.40") < lines.index("Experience")
    assert lines.index("Experience") < lines.index("2018 - now\tSenior engineer, Sweco")
