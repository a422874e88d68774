"""A small table in one column of a page takes nothing of the text in the column beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import (
    CHINESE,
    HEIGHT,
    Draw,
    Setting,
    flat,
    printed,
    put_lines,
    sentences,
    text_of,
)

NARROW = Setting(width=215, size=9, leading=11, justified=True)
LEFT, RIGHT = NARROW, replace(NARROW, left=307)
ROWS = [("Name", "Height", "Depth"), ("Oak", "13", "28"), ("Elm", "37", "46"), ("Ash", "52", "61")]
CHINESE_TEXT = "河边的石桥建于清代乾隆年间，桥面铺着青色的条石，两侧栏杆上刻有莲花与鲤鱼。" * 12


def put_table(canvas: Canvas, column: Setting, top: float, *, ruled: bool) -> None:
    """Print rows that are further apart than lines of text, with a line below their names."""
    canvas.setFont(column.font, column.size)
    for number, row in enumerate(ROWS):
        y = HEIGHT - top - column.size - number * column.leading
        for place, cell in enumerate(row):
            canvas.drawString(column.left + 20 + 55 * place, y, cell)
    if ruled:
        y = HEIGHT - top - column.size - 3
        canvas.line(column.left + 18, y, column.left + 160, y)


def page(
    one: list[str],
    other: list[str],
    left: Setting,
    right: Setting,
    *,
    place: tuple[int, float] = (10, 0),
    ruled: bool,
) -> Draw:
    """Return a page with a table behind some lines of its left column, so many points lower."""
    above, lower = place
    space = (len(ROWS) + 1) * left.leading

    def draw(canvas: Canvas) -> None:
        top = put_lines(canvas, one[:above], left)
        put_table(canvas, left, top + lower, ruled=ruled)
        put_lines(canvas, one[above:], replace(left, top=top + space))
        put_lines(canvas, other, right)

    return draw


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("place", [(0, 0), (0, 3.5), (10, 3.5)])
@pytest.mark.parametrize("seed", [901, 902, 903])
def test_a_table_beside_the_lines_of_the_other_column(
    seed: int, place: tuple[int, float], *, ruled: bool
) -> None:
    one, other = (printed(sentences(seed + at, 24), LEFT)[:30] for at in (0, 40))
    above = place[0]
    read = text_of(page(one, other, LEFT, RIGHT, place=place, ruled=ruled))
    for row in ROWS:
        assert "\t".join(row) in read.split("\n")
    words = flat(read.replace("\t", " "))
    assert flat(*other) in words
    assert flat(*one[:above], *("\t".join(row) for row in ROWS), *one[above:]) in words


def test_a_table_beside_chinese_text() -> None:
    left, right = replace(LEFT, font=CHINESE), replace(RIGHT, font=CHINESE)
    one = printed(CHINESE_TEXT, left)[:20]
    other = printed(CHINESE_TEXT.replace("石桥", "水塔"), right)[:24]
    read = text_of(page(one, other, left, right, ruled=True))
    for row in ROWS:
        assert "\t".join(row) in read.split("\n")
    assert "".join(other) in read.replace("\n", "")


def test_a_table_over_both_columns_stays_whole() -> None:
    one, other = (printed(sentences(seed, 24), LEFT)[:24] for seed in (950, 951))
    rows = [("Harbour", "Ships"), ("Lund", "13"), ("Malmo", "37"), ("Ystad", "52")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 9)
        for number, (name, count) in enumerate(rows):
            canvas.drawString(LEFT.left, HEIGHT - 80 - 11 * number, name)
            canvas.drawString(RIGHT.left, HEIGHT - 80 - 11 * number, count)
        put_lines(canvas, one, replace(LEFT, top=130))
        put_lines(canvas, other, replace(RIGHT, top=130))

    lines = text_of(draw).split("\n")
    assert lines[:4] == ["\t".join(row) for row in rows]
    assert flat(*lines[4:]) == flat(*one, *other)
