"""Exponents of a PDF: superscripts, which search finds; numbers of notes are none."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from kb.words.terms import terms
from tests.helpers.pdf_pages import CHINESE, Draw, text_of

Part = str | tuple[str, float]


def printed(*parts: Part, font: str = "Helvetica", size: float = 10) -> Draw:
    """Return what prints texts behind each other; (text, rise) is small, and so much higher."""

    def draw(canvas: Canvas) -> None:
        left = 72.0
        for part in parts:
            text, rise = part if isinstance(part, tuple) else (part, 0.0)
            small = 0.66 * size if rise else size
            canvas.setFont(font, small)
            canvas.drawString(left, 700 + rise, text)
            left += canvas.stringWidth(text, font, small)

    return draw


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a dose of 10", ("-6", 3.5), " m"), "a dose of 10⁻⁶ m"),
        (("about 10", ("12", 3.5), " cells"), "about 10¹² cells"),
        (("E = mc", ("2", 4), "."), "E = mc²."),
        (("an area of 35 m", ("2", 3.3), " or more"), "an area of 35 m² or more"),
        (("speed in m s", ("–1", 3.5)), "speed in m s⁻¹"),
        (("density of 7850 kg/m", ("3", 3.5)), "density of 7850 kg/m³"),
        (("ions of Ca", ("2+", 3.5), " here"), "ions of Ca²⁺ here"),
        (("the power y", ("n", 3.5), " grows"), "the power yⁿ grows"),
    ],
)
def test_exponents_are_superscripts(parts: tuple[Part, ...], text: str) -> None:
    assert text_of(printed(*parts)) == text


def test_an_exponent_drawn_in_pieces_is_one() -> None:
    assert text_of(printed("of 10", ("-", 3.5), ("12", 3.5), " m")) == "of 10⁻¹² m"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("the old harbour", ("3", 3.5), " was built"), "the old harbour 3 was built"),
        (("built in 1987", ("4", 3.5), " and closed"), "built in 1987 4 and closed"),
        (("and closed.", ("5", 3.5)), "and closed. 5"),
        (("the 1", ("st", 3.5), " boat"), "the 1st boat"),
        (("some H", ("2", -1.5), "O left"), "some H2O left"),
        (("Nation", ("n", 3.5), " of old"), "Nationn of old"),
    ],
)
def test_what_is_no_exponent_stays_as_it_was(parts: tuple[Part, ...], text: str) -> None:
    assert text_of(printed(*parts)) == text


def test_the_number_of_a_note_behind_chinese_is_no_exponent() -> None:
    assert text_of(printed("这里有注释", ("2", 3.5), "的说明", font=CHINESE)) == "这里有注释2的说明"


def test_cells_of_a_table_keep_their_exponents() -> None:
    def draw(canvas: Canvas) -> None:
        for row, (unit, raised, value) in enumerate([("m", "2", "12"), ("kg/m", "3", "78")]):
            bottom = 700 - 20 * row
            for left in (72, 172):
                canvas.rect(left, bottom, 100, 20)
            canvas.setFont("Helvetica", 10)
            canvas.drawString(76, bottom + 6, unit)
            canvas.drawString(176, bottom + 6, value)
            wide = canvas.stringWidth(unit)
            canvas.setFont("Helvetica", 6.6)
            canvas.drawString(76 + wide, bottom + 9.5, raised)

    assert text_of(draw) == "m²\t12\nkg/m³\t78"


@pytest.mark.parametrize(("shown", "typed"), [("35 m²", "m2"), ("mc²", "mc2"), ("x³", "x3")])
def test_search_takes_superscripts_for_figures(shown: str, typed: str) -> None:
    assert {term.text for term in terms(typed)} <= {term.text for term in terms(shown)}
