"""Forms with one box a letter: what stands in the boxes is one value."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import text_of

LEFT, WIDE, HIGH = 120.0, 18.0, 22.0


def boxes(canvas: Canvas, letters: str, y: float, *, apart: float = 0, wide: float = WIDE) -> None:
    """Draw a box for each letter, with white between them if asked for."""
    for at, letter in enumerate(letters):
        left = LEFT + at * (wide + apart)
        canvas.rect(left, y - 7, wide, HIGH)
        canvas.drawCentredString(left + wide / 2, y, letter)


@pytest.mark.parametrize("apart", [0, 2, 6])
def test_letters_in_boxes_of_their_own_are_one_value_beside_its_label(apart: float) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(40, 700, "IBAN")
        boxes(canvas, "NL91ABNA0417164300", 700, apart=apart)
        canvas.drawString(40, 650, "Date of birth")
        boxes(canvas, "14031987", 650, apart=apart)

    text = text_of(draw)

    assert "IBAN\tNL91ABNA0417164300" in text
    assert "Date of birth\t14031987" in text


def test_boxes_that_are_left_empty_part_words() -> None:
    text = text_of(lambda canvas: boxes(canvas, "ANN BELL    ", 700))
    assert text.strip() == "ANN BELL"


def test_boxes_drawn_as_one_frame_with_walls_in_it_are_such_boxes() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(LEFT, 693, 8 * WIDE, HIGH)
        for at in range(8):
            canvas.drawCentredString(LEFT + (at + 0.5) * WIDE, 700, "KX447102"[at])
            canvas.line(LEFT + at * WIDE, 693, LEFT + at * WIDE, 693 + HIGH)

    assert text_of(draw).strip() == "KX447102"


def test_groups_of_boxes_far_apart_are_values_of_their_own() -> None:
    def draw(canvas: Canvas) -> None:
        for group, letters in enumerate(("NL91", "ABNA", "0417")):
            for at, letter in enumerate(letters):
                left = LEFT + group * 110 + at * WIDE
                canvas.rect(left, 693, WIDE, HIGH)
                canvas.drawCentredString(left + WIDE / 2, 700, letter)

    assert text_of(draw).split() == ["NL91", "ABNA", "0417"]


@pytest.mark.parametrize("shown", ["12345", "ABCDE", "XXXX"])
def test_boxes_to_choose_from_or_ticked_are_no_value(shown: str) -> None:
    assert shown not in text_of(lambda canvas: boxes(canvas, shown, 700))


def test_a_table_of_single_digits_stays_a_table() -> None:
    def draw(canvas: Canvas) -> None:
        for row, digits in enumerate(("0110", "1011", "0010")):
            boxes(canvas, digits, 700 - row * HIGH)

    assert "0\t1\t1\t0\n1\t0\t1\t1" in text_of(draw)


def test_wide_boxes_are_the_cells_of_a_table() -> None:
    assert "3\t1\t4\t2" in text_of(lambda canvas: boxes(canvas, "3142", 700, wide=60))
