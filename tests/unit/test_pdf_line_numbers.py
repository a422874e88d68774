"""Numbers of lines in the margin of a manuscript are no part of its text; others are."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import document

PROSE = [
    "The settling of fine sediment behind a weir has been studied for more",
    "than a century, yet no common view of its first hours has emerged. In",
    "this manuscript we report on forty campaigns at seven weirs, of which",
    "each lasted between two and nine days. The data are available to all",
    "who write to the second author, who also keeps the samples in a cold",
    "room at four degrees. We left out the last two days of the campaigns",
    "that a flood interrupted. All values are means of three readings, so",
    "that the spread of these is below two per cent in every case known.",
]
STEPS = ["open the valve", "wait until the lamp of the pump is green", "close the valve"]
ROWS = ["Ines Brandt of the old town of Kiel", "Karl Ode", "Mia Lund of Rostock and Holm"]


def numbered(lines: list[str], *, step: int = 1, size: float = 6, gap: float = 12) -> str:
    """Return what is read of lines with a number beside every so many of them."""

    def draw(canvas: Canvas) -> None:
        for at, line in enumerate(lines, start=1):
            canvas.setFont("Helvetica", 11)
            canvas.drawString(100, 720 - 14 * at, line)
            if at % step == 0:
                canvas.setFont("Helvetica", size)
                canvas.drawRightString(100 - gap, 720 - 14 * at, str(at))

    return document(draw).text


@pytest.mark.parametrize("size", [6, 11])
@pytest.mark.parametrize(("step", "times"), [(1, 1), (4, 3), (5, 4)])
def test_numbers_of_the_lines_of_prose_are_left_out(step: int, times: int, size: float) -> None:
    found = numbered(PROSE * times, step=step, size=size)
    assert found.split() == " ".join(PROSE * times).split()
    assert "studied for more than a century" in found.replace("\n", " ")


@pytest.mark.parametrize("lines", [STEPS * 3, ROWS * 3], ids=["steps", "rows"])
def test_numbers_of_steps_and_rows_stay(lines: list[str]) -> None:
    words = numbered(lines, size=11).split()
    assert [word for word in words if word.isdigit()] == [str(n) for n in range(1, 10)]


def test_numbers_that_do_not_count_up_stay() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        for at, line in enumerate(PROSE):
            canvas.drawRightString(88, 720 - 14 * at, str((at * 7) % 10))
            canvas.drawString(100, 720 - 14 * at, line)

    assert sum(word.isdigit() for word in document(draw).text.split()) == len(PROSE)
