"""Drop caps: a large letter over several lines is read with its word, the lines stay in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import (
    CHINESE,
    HEIGHT,
    Draw,
    Setting,
    flat,
    printed,
    put,
    put_lines,
    sentences,
    text_of,
)

BODY = Setting(width=300, size=11, leading=13.5)
STORY = (
    "Once the ferry had left, nobody spoke of the lighthouse any more, and the children who had "
    "carried stones up the hill all summer went back to their lessons as if the tower had never "
    "been promised to them by the mayor, who had his own reasons to be silent about it all winter."
)
CHINESE_STORY = (
    "渡船离开以后再也没有人提起那座灯塔整个夏天都在往山上搬石头的孩子们回到课堂仿佛从来没有人"
    "答应过给他们一座塔镇长也不再说起这件事因为他有自己的理由"
)


@dataclass(frozen=True, kw_only=True)
class Initial:
    """A large letter and how the text stands beside it."""

    lines: int = 3
    gap: float = 3
    first: float = 0
    """How much further to the right the first line begins."""
    mark: str = ""
    """What stands before the letter in its size."""


def story(text: str, initial: Initial, setting: Setting = BODY, cut: int = 1) -> Draw:
    """Return a page with a heading, a paragraph that begins with a large letter, and one more."""

    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["The tower"], replace(setting, top=60, font="Helvetica-Bold"))
        large = initial.mark + text[:cut]
        font = setting.font if setting.font == CHINESE else "Times-Roman"
        height = (initial.lines - 1) * setting.leading + 0.7 * setting.size
        size = height / (0.85 if font == CHINESE else 0.68)
        base = 100 + setting.size + (initial.lines - 1) * setting.leading
        canvas.setFont(font, size)
        canvas.drawString(setting.left, HEIGHT - base, large)
        shift = canvas.stringWidth(large, font, size) + initial.gap
        beside = replace(setting, left=setting.left + shift, width=setting.width - shift, top=100)
        rest = text[cut:].lstrip()
        lines = printed(rest, beside)
        first = lines[: initial.lines]
        put_lines(canvas, first[:1], replace(beside, left=beside.left + initial.first))
        top = put_lines(canvas, first[1:], replace(beside, top=100 + setting.leading))
        joint = "" if setting.font == CHINESE else " "
        if lines[initial.lines :]:
            top = put(canvas, joint.join(lines[initial.lines :]), replace(setting, top=top))
        put(canvas, sentences(5), replace(setting, top=top + 13.5, font="Helvetica"))

    return draw


@pytest.mark.parametrize("lines", [2, 3, 4])
def test_a_drop_cap_is_read_with_its_word_and_the_lines_in_order(lines: int) -> None:
    """The sentence is whole, whatever the number of lines beside the letter."""
    text = text_of(story(STORY, Initial(lines=lines)))

    assert STORY in flat(text)
    assert "The tower\n\nOnce" in text
    assert flat(sentences(5)) in flat(text)


@pytest.mark.parametrize("first", [-5, 0])
def test_the_first_line_may_touch_the_letter(first: float) -> None:
    """LaTeX sets the lines below the first one further in."""
    assert STORY in flat(text_of(story(STORY, Initial(gap=6, first=first))))


def test_a_paragraph_may_end_beside_its_letter() -> None:
    """No line need return below the letter."""
    short = STORY[: STORY.index(" carried")] + "."

    assert short in flat(text_of(story(short, Initial(lines=3))))


def test_an_opening_quotation_mark_belongs_to_the_letter() -> None:
    """The mark is as large as the letter."""
    assert "'" + STORY in flat(text_of(story(STORY, Initial(mark="'"))))


def test_a_chinese_drop_cap_is_read_with_its_line() -> None:
    """No space stands behind it."""
    body = replace(BODY, font=CHINESE, width=264, size=12, leading=18)

    assert CHINESE_STORY in text_of(story(CHINESE_STORY, Initial(lines=2), body)).replace("\n", "")


@pytest.mark.parametrize(
    "start", ["A bridge", "After all", "As usual", "I saw how", "It rained when", "In May"]
)
def test_a_letter_that_is_a_word_keeps_its_space(start: str) -> None:
    """The letters that follow tell whether it is a word by itself."""
    text = f"{start} {STORY[0].lower()}{STORY[1:]}"

    assert text in flat(text_of(story(text, Initial())))


def test_a_drop_cap_stands_in_its_column() -> None:
    """The other column is read behind it."""
    column = replace(BODY, width=215, size=10, leading=12)
    paragraphs = sentences(31, 12)

    def draw(canvas: Canvas) -> None:
        story(STORY, Initial(), column)(canvas)
        put(canvas, paragraphs, replace(column, left=310, top=100))

    text = flat(text_of(draw))

    assert STORY in text
    assert paragraphs in text


def test_a_large_number_stands_before_its_step() -> None:
    """It is no part of the first word; the lines beside it are in order."""
    text = flat(text_of(story("7 " + STORY, Initial(gap=8))))

    assert "7 " + STORY in text


def test_a_large_letter_above_entries_is_no_drop_cap() -> None:
    """The letter of an index is not joined with the entry beside it."""
    entries = ["anchor, 12", "ballast, 3", "bilge, 88", "bollard, 14"]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 36)
        canvas.drawString(72, HEIGHT - 124, "B")
        put_lines(canvas, entries, replace(BODY, left=110, top=100))

    assert "Banchor" not in text_of(draw)
