"""Keys half way down beside a text of several lines, with no more than a space between them."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import document

VALUE = (
    "Repaired under warranty, see report 12; the casing was exchanged and the motor",
    "rewound by the maker in Holm, who sent it back by the ferry of Monday with all its",
    "cables, a new fan, two bearings that had not been ordered and the bill for those,",
    "which was paid.",
)


def read(lines: int, *, key: float) -> str:
    """Return the text of a page with a key so many lines down beside a value of several lines."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 12)
        for down, name, value in ((0, "Model:", "KX-4471-B"), (15, "Voltage:", "230 V / 50 Hz")):
            canvas.drawString(35, 700 - down, name)
            canvas.drawString(87, 700 - down, value)
        for number, line in enumerate([*VALUE[: lines - 1], VALUE[-1]]):
            canvas.drawString(87, 670 - 13.5 * number, line)
        canvas.drawString(35, 670 - 13.5 * key, "Remarks:")
        canvas.drawString(35, 650 - 13.5 * lines, "The pump was put back to work on the next day.")

    return document(draw).text


@pytest.mark.parametrize("lines", [2, 4])
def test_a_key_between_two_lines_of_its_value_is_read_before_the_value(lines: int) -> None:
    text = read(lines, key=(lines - 1) / 2)
    whole = " ".join([*VALUE[: lines - 1], VALUE[-1]])
    assert f"Remarks: {whole}" in " ".join(text.split())
    assert text.index("230 V") < text.index("Remarks:")


def test_a_key_on_the_first_line_of_its_value_stays_there() -> None:
    text = " ".join(read(4, key=0).split())
    assert "Remarks: Repaired under warranty" in text


def test_a_key_on_a_line_of_its_own_between_two_texts_stays_between_them() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 12)
        canvas.drawString(87, 700, "The ferry leaves at nine from the old quay.")
        canvas.drawString(35, 686, "Tickets")
        canvas.drawString(87, 672, "They are sold in the harbour office.")

    text = document(draw).text
    assert text.index("old quay") < text.index("Tickets") < text.index("They are sold")
