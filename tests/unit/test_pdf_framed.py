"""A framed box beside text is read as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import HEIGHT, Setting, flat, put, put_lines, sentences, text_of

TEXT = Setting(left=40, top=74, width=340, size=11, leading=15)
SMALL = Setting(left=406, top=92, size=9, leading=13)
FACTS = [("Location", "Hedmark"), ("Area", "12.4 sq km"), ("Depth", "87 m"), ("Fish", "none")]


def frame(canvas: Canvas, box: tuple[float, float, float, float], corner: float = 0) -> None:
    """Draw a frame; the places count from the top of the page."""
    left, top, right, bottom = box
    canvas.setLineWidth(0.5)
    canvas.roundRect(left, HEIGHT - bottom, right - left, bottom - top, corner)


def test_a_box_of_facts_beside_an_article_does_not_part_its_sentences() -> None:
    """The title of the box stands beside the first line of the text."""
    first, second, last = sentences(61, 3), sentences(62, 3), sentences(63, 4)

    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["Lake Mjelva"], replace(TEXT, top=40, size=20))
        frame(canvas, (402, 73, 578, 150))
        put_lines(canvas, ["Facts of the lake"], replace(SMALL, left=465, top=76))
        for at, (name, value) in enumerate(FACTS):
            canvas.line(405, HEIGHT - 91 - 13 * at, 575, HEIGHT - 91 - 13 * at)
            put_lines(canvas, [name], replace(SMALL, top=92 + 13 * at))
            put_lines(canvas, [value], replace(SMALL, left=462, top=92 + 13 * at))
        below = put(canvas, first, TEXT)
        below = put(canvas, second, replace(TEXT, top=below + 11))
        put(canvas, last, replace(TEXT, top=below + 11, width=530))

    text = text_of(draw)

    for paragraph in (first, second, last):
        assert paragraph in flat(text)
    assert "Area\t12.4 sq km" in text
    assert text.index("Facts of the lake") < text.index("Location")
    assert text.index("Lake Mjelva") < text.index("Location") < text.index(flat(last)[:30])


@pytest.mark.parametrize("corner", [0, 8])
def test_framed_cards_side_by_side_are_read_one_after_the_other(corner: float) -> None:
    """Each card is whole, though all lines have neighbours; corners may be round."""
    cards = [
        ["Basic", "9 euros a month", "1 user", "Support by mail"],
        ["Team", "49 euros a month", "10 users", "Support by phone"],
        ["Firm", "99 euros a month", "All users", "Support on site"],
    ]

    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["Prices"], replace(TEXT, top=50))
        for at, card in enumerate(cards):
            left = 40 + at * 170
            frame(canvas, (left, 90, left + 150, 160), corner)
            put_lines(canvas, card, replace(SMALL, left=left + 10, top=95))
        put(canvas, sentences(64, 3), replace(TEXT, top=190, width=500))

    text = flat(text_of(draw))

    assert all(" ".join(card) in text for card in cards)
    assert text.index("Prices") < text.index("Basic") < text.index("Team") < text.index("Firm")
    assert sentences(64, 3) in text


def test_the_cells_of_a_ruled_table_are_no_boxes() -> None:
    """Their frames touch."""

    def draw(canvas: Canvas) -> None:
        for row in range(3):
            for column in range(3):
                left, top = 40 + 120 * column, 90 + 40 * row
                frame(canvas, (left, top, left + 120, top + 40))
                lines = [f"name {row}{column}", f"more {row}{column}"]
                put_lines(canvas, lines, replace(SMALL, left=left + 5, top=top + 8))

    text = text_of(draw)

    assert "name 00 more 00\tname 01 more 01\tname 02 more 02" in text
