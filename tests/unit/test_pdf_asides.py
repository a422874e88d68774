"""What a paragraph flows around, a box or a figure with its caption, is read behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import (
    CHINESE,
    Draw,
    Setting,
    printed,
    put,
    put_lines,
    sentences,
    text_of,
)

PAGE = Setting()
BOX = ["At a glance", "Heat output: 7 kW", "Weight: 112 kg", "Flue: 150 mm"]
CAPTION = ["Figure 1: A mill beside the", "old river."]
CHINESE_BOX = ["主要参数", "输出功率七千瓦", "重量一百公斤"]
CHINESE_TEXT = (
    "河边的石桥建于清代乾隆年间桥面铺着青色的条石两侧栏杆上刻有莲花与鲤鱼山脚下的茶园每年春天采摘两次"
    * 4
)


def flowing(
    text: str,
    box: list[str],
    setting: Setting,
    *,
    at_right: bool,
    above: int,
    beside: int = 6,
    lower: float = 4,
) -> Draw:
    """Return a page: a paragraph whose lines are short beside a box after ``above`` full ones."""
    full = printed(text, setting)[:above]
    rest = (
        text[len(" ".join(full)) :].strip()
        if setting.font != CHINESE
        else text[len("".join(full)) :]
    )
    narrow = replace(setting, width=280, left=setting.left if at_right else setting.left + 170)
    short = printed(rest, narrow)[:beside]
    left = (
        rest[len(" ".join(short)) :].strip()
        if setting.font != CHINESE
        else rest[len("".join(short)) :]
    )

    def draw(canvas: Canvas) -> None:
        top = (
            put(canvas, "The first paragraph stands alone.", replace(setting, font=PAGE.font)) + 10
        )
        top = put_lines(canvas, full, replace(setting, top=top))
        place = 372 if at_right else 72
        put_lines(canvas, box, replace(setting, left=place, top=top + lower))
        top = put_lines(canvas, short, replace(narrow, top=top))
        if left:
            top = put(canvas, left, replace(setting, top=top))
        put(canvas, "The last paragraph stands alone, too.", replace(PAGE, top=top + 10))

    return draw


def paragraphs(read: str) -> list[str]:
    return [line for line in read.split("\n") if line]


@pytest.mark.parametrize("at_right", [True, False])
@pytest.mark.parametrize("above", [0, 2])
@pytest.mark.parametrize("seed", [801, 802, 806])
def test_a_box_beside_some_lines_of_a_paragraph(seed: int, above: int, *, at_right: bool) -> None:
    text = sentences(seed, 12)
    read = paragraphs(text_of(flowing(text, BOX, PAGE, at_right=at_right, above=above)))
    assert text in read
    assert set(BOX) <= set(read)
    assert [read.index(line) for line in BOX] == [read.index(BOX[0]) + at for at in range(4)]


@pytest.mark.parametrize("at_right", [True, False])
def test_a_box_beside_a_whole_paragraph(*, at_right: bool) -> None:
    text = " ".join(printed(sentences(803, 12), replace(PAGE, width=280))[:6])
    read = paragraphs(text_of(flowing(text, BOX, PAGE, at_right=at_right, above=0)))
    assert text in read
    assert set(BOX) <= set(read)


@pytest.mark.parametrize("at_right", [True, False])
def test_the_caption_of_a_figure(*, at_right: bool) -> None:
    text = sentences(804, 12)
    draw = flowing(text, CAPTION, PAGE, at_right=at_right, above=2, beside=9, lower=85)
    read = paragraphs(text_of(draw))
    assert text in read
    assert " ".join(CAPTION) in read


@pytest.mark.parametrize("at_right", [True, False])
def test_in_chinese(*, at_right: bool) -> None:
    setting = replace(PAGE, font=CHINESE)
    draw = flowing(CHINESE_TEXT, CHINESE_BOX, setting, at_right=at_right, above=2)
    read = paragraphs(text_of(draw))
    assert CHINESE_TEXT in read
    assert "".join(CHINESE_BOX) in "".join(read)


def test_a_line_that_is_spread_over_the_width_has_no_box_in_its_gaps() -> None:
    text = sentences(805, 12)

    def draw(canvas: Canvas) -> None:
        for at, word in enumerate(["Waves", "are", "raised", "by", "wind."]):
            put_lines(canvas, [word], replace(PAGE, left=72 + 94 * at, top=82))
        flowing(text, BOX, PAGE, at_right=True, above=1)(canvas)

    assert text in paragraphs(text_of(draw))
