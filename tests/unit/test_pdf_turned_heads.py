"""Names of columns that are printed sideways stand above their columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import HEIGHT, Setting, put, put_lines, sentences, text_of

TEXT = Setting(left=40, top=300, width=400)
ROWS = [("Delete documents", "yes", "no", "no"), ("Edit text", "yes", "yes", "no")]
NAMES = ["Administrator", "Editor", "Reader"]


def draw(canvas: Canvas, angle: int, *, ruled: bool) -> None:
    """Print a table whose names of columns stand sideways, and a paragraph below it."""
    put_lines(canvas, ["Who may do what"], replace(TEXT, top=60))
    put_lines(canvas, ["Task"], replace(TEXT, top=170))
    for column, name in enumerate(NAMES):
        canvas.saveState()
        shift = 3 if angle > 0 else -5
        canvas.translate(190 + 40 * column + shift, HEIGHT - (182 if angle > 0 else 105))
        canvas.rotate(angle)
        canvas.drawString(0, 0, name)
        canvas.restoreState()
    for at, row in enumerate(ROWS):
        put_lines(canvas, [row[0]], replace(TEXT, top=190 + 20 * at))
        for column, cell in enumerate(row[1:]):
            place = replace(TEXT, left=180 + 40 * column, top=190 + 20 * at)
            put_lines(canvas, [cell], place)
    if ruled:
        for y in (95, 187, 207, 227):
            canvas.line(35, HEIGHT - y, 290, HEIGHT - y)
        for x in (35, 170, 210, 250, 290):
            canvas.line(x, HEIGHT - 95, x, HEIGHT - 227)
    put(canvas, sentences(9, 3), TEXT)


@pytest.mark.parametrize("angle", [90, -90])
def test_sideways_names_stand_above_the_columns_of_a_ruled_table(angle: int) -> None:
    """They are cells of the first row, read upwards or downwards."""
    text = text_of(lambda canvas: draw(canvas, angle, ruled=True))

    assert "Task\tAdministrator\tEditor\tReader" in text
    assert "Edit text\tyes\tyes\tno" in text


def test_sideways_names_stand_above_the_columns_of_an_open_table() -> None:
    """No line is drawn between its rows."""
    text = text_of(lambda canvas: draw(canvas, 90, ruled=False))

    assert "Task\tAdministrator\tEditor\tReader" in text
    assert "Delete documents\tyes\tno\tno" in text


def test_text_that_stands_sideways_in_the_margin_is_no_name_of_a_column() -> None:
    """One line alone is read apart from the text."""

    def page(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(30, HEIGHT - 400)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Draft of the board")
        canvas.restoreState()
        put(canvas, sentences(12, 12), replace(TEXT, top=80))

    text = text_of(page)

    assert "Draft of the board" in text.split("\n")
