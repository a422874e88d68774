"""A bar at the side of a page, as curricula and flyers have it, is read apart from the text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import HEIGHT, WIDTH, Setting, put_lines, text_of

BAR = Setting(left=28, top=30, size=10.5, leading=12)
MAIN = Setting(left=204, top=39, size=10.5, leading=12)
HEADING = "Helvetica-Bold"

CONTACT = ["marta.lindqvist@example.org", "+46 70 123 45 67", "Norra Hamngatan 14", "411 06 Visby"]
LANGUAGES = ["Swedish - native", "English - C2", "German - B1"]
PROFILE = [
    "Engineer with eleven years of practice in river works, dam safety and",
    "flood forecasting; looking for a role in a small team that owns its own",
    "data from measurement to decision.",
]
DUTIES = [
    "Led the stability review of nine embankment dams, two of which were",
    "rebuilt under her supervision between 2020 and 2023.",
    "Introduced automatic plausibility checks for 340 gauges.",
]


def bar(canvas: Canvas, left: float, large: float = 10.5) -> None:
    """Print the bar's text; ``large`` is the size of its headings."""
    setting = replace(BAR, left=left)
    put_lines(canvas, ["Marta", "Lindqvist"], replace(setting, size=20, leading=24))
    put_lines(canvas, ["CONTACT"], replace(setting, top=110, size=large, font=HEADING))
    put_lines(canvas, CONTACT, replace(setting, top=135))
    put_lines(canvas, ["SKILLS"], replace(setting, top=193, size=large, font=HEADING))
    put_lines(canvas, ["Hydraulics", "Python", "AutoCAD"], replace(setting, top=216, leading=34))
    put_lines(canvas, ["LANGUAGES"], replace(setting, top=314, size=large, font=HEADING))
    put_lines(canvas, LANGUAGES, replace(setting, top=339))


def main(canvas: Canvas, left: float, large: float = 10.5) -> None:
    """Print the text beside it."""
    setting = replace(MAIN, left=left)
    put_lines(canvas, ["PROFILE"], replace(setting, top=39, size=large, font=HEADING))
    put_lines(canvas, PROFILE, replace(setting, top=64))
    put_lines(canvas, ["EXPERIENCE"], replace(setting, top=110, size=large, font=HEADING))
    put_lines(canvas, ["Senior engineer, Sweco"], replace(setting, top=135, font=HEADING))
    put_lines(canvas, ["2018 - now"], replace(setting, left=left + 290, top=135))
    put_lines(canvas, ["Visby, Sweden"], replace(setting, top=147))
    put_lines(canvas, DUTIES, replace(setting, left=left + 10, top=159))
    put_lines(canvas, ["Project engineer, Ramboll"], replace(setting, top=216, font=HEADING))
    put_lines(canvas, ["2013 - 2018"], replace(setting, left=left + 290, top=216))
    put_lines(canvas, ["Copenhagen, Denmark"], replace(setting, top=228))
    put_lines(canvas, ["Cloudburst plan for the eastern quarter."], replace(setting, top=250))
    put_lines(canvas, ["EDUCATION"], replace(setting, top=284, size=large, font=HEADING))
    put_lines(canvas, ["MSc Hydraulic Engineering"], replace(setting, top=309, font=HEADING))
    put_lines(canvas, ["2011 - 2013"], replace(setting, left=left + 290, top=309))
    put_lines(canvas, ["TU Delft, thesis grade 9.0", "Chalmers"], replace(setting, top=321))


def are_apart(text: str) -> None:
    """Check that nothing of the bar stands inside the text, and nothing of it inside the bar."""
    of_bar = [text.index(word) for word in ["CONTACT", *CONTACT, "SKILLS", "Python", *LANGUAGES]]
    words = ["PROFILE", "Senior", "Visby, S", "Project", "TU Delft"]
    of_text = [text.index(word) for word in words]
    assert of_bar == sorted(of_bar)
    assert of_text == sorted(of_text)
    assert of_bar[-1] < of_text[0] or of_text[-1] < of_bar[0]


@pytest.mark.parametrize("top", [0, 25])
def test_a_bar_on_a_ground_of_its_own_is_read_apart(top: float) -> None:
    """The ground may begin below the upper edge of the page."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(0.85, 0.9, 0.95)
        canvas.rect(0, 0, 176, HEIGHT - top, stroke=0, fill=1)
        canvas.setFillColorRGB(0, 0, 0)
        bar(canvas, 28)
        main(canvas, 204)

    are_apart(text_of(draw))


def test_a_bar_at_the_right_is_read_apart() -> None:
    """The text is on the left."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(0.85, 0.9, 0.95)
        canvas.rect(415, 0, WIDTH - 415, HEIGHT, stroke=0, fill=1)
        canvas.setFillColorRGB(0, 0, 0)
        bar(canvas, 430)
        main(canvas, 40)

    are_apart(text_of(draw))


def test_a_line_down_the_page_parts_a_bar() -> None:
    """The line is as long as the text beside it."""

    def draw(canvas: Canvas) -> None:
        canvas.line(185, HEIGHT - 25, 185, HEIGHT - 700)
        bar(canvas, 28)
        main(canvas, 204)

    are_apart(text_of(draw))


def test_rows_on_both_sides_of_a_line_stay_rows() -> None:
    """A list of words in two languages is no bar beside a text."""
    words = ["harbour", "lantern", "window", "bridge", "orchard", "market", "river", "tower"] * 5
    others = ["puerto", "linterna", "ventana", "puente", "huerto", "mercado", "rio", "torre"] * 5

    def draw(canvas: Canvas) -> None:
        canvas.line(185, HEIGHT - 50, 185, HEIGHT - 800)
        put_lines(canvas, words, replace(BAR, left=60, top=60, leading=18))
        put_lines(canvas, others, replace(BAR, left=204, top=60, leading=18))

    assert "lantern\tlinterna" in text_of(draw)


def test_a_bar_with_headings_of_its_own_needs_no_ground() -> None:
    """Half of its lines stand on base lines of the text by chance."""

    def draw(canvas: Canvas) -> None:
        bar(canvas, 28, 12)
        main(canvas, 204, 12)

    are_apart(text_of(draw))
