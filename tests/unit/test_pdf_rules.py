"""Ruling lines of a page, from strokes, thin boxes, edges of boxes and forms."""

from __future__ import annotations

import pytest
from reportlab.lib.colors import lightgrey, white
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.tables.rules import MOST_RULES, merged
from tests.helpers.pdf_tables import HEIGHT, WIDTH, made, rules_on


def near(found: Box, wanted: Box) -> bool:
    return all(abs(one - other) < 1.5 for one, other in zip(found, wanted, strict=True))


def assert_lines(data: bytes, *wanted: Box) -> None:
    found = [rule.box for rule in rules_on(data)]
    assert len(found) == len(wanted), found
    for box in wanted:
        assert any(near(one, box) for one in found), (box, found)


def test_a_stroke_is_a_line_in_points_from_the_top_left() -> None:
    assert_lines(made(lambda canvas: canvas.line(72, 742, 300, 742)), (72, 100, 300, 100))


def test_a_thin_filled_box_is_a_line() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(72, 500, 200, 0.6, stroke=0, fill=1)
        canvas.rect(72, 400, 0.6, 100, stroke=0, fill=1)

    assert_lines(made(draw), (72, 342, 272, 342), (72, 342, 72, 442))


def test_a_filled_box_gives_its_edges_and_a_white_one_none() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(lightgrey)
        canvas.rect(100, 600, 200, 20, stroke=0, fill=1)
        canvas.setFillColor(white)
        canvas.rect(100, 400, 200, 20, stroke=0, fill=1)

    wanted = (
        (100, 222, 300, 222),
        (100, 242, 300, 242),
        (100, 222, 100, 242),
        (300, 222, 300, 242),
    )
    assert_lines(made(draw), *wanted)


def test_dashes_and_dots_of_one_line_are_one() -> None:
    def draw(canvas: Canvas) -> None:
        for at in range(60):
            canvas.rect(100 + 4 * at, 600, 2, 0.5, stroke=0, fill=1)
            canvas.rect(100 + 2 * at, 500, 0.7, 0.7, stroke=0, fill=1)
            canvas.rect(400, 300 + 2 * at, 0.7, 0.7, stroke=0, fill=1)

    assert_lines(made(draw), (100, 242, 338, 242), (100, 342, 219, 342), (400, 422, 400, 542))


def test_lines_of_nested_forms_stand_where_their_matrices_put_them() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("inner")
        canvas.line(0, 0, 50, 0)
        canvas.endForm()
        canvas.beginForm("outer")
        canvas.translate(10, 20)
        canvas.scale(2, 2)
        canvas.doForm("inner")
        canvas.endForm()
        canvas.translate(100, 300)
        canvas.doForm("outer")

    assert_lines(made(draw), (110, HEIGHT - 320, 210, HEIGHT - 320))


@pytest.mark.parametrize(
    ("rotation", "wanted"),
    [
        (90, (400, 72, 400, 300)),
        (180, (WIDTH - 300, 400, WIDTH - 72, 400)),
        (270, (WIDTH - 400, HEIGHT - 300, WIDTH - 400, HEIGHT - 72)),
    ],
)
def test_lines_of_a_turned_page_stand_as_it_is_drawn(rotation: int, wanted: Box) -> None:
    data = made(lambda canvas: canvas.line(72, 400, 300, 400), rotation=rotation)
    assert_lines(data, wanted)


def test_lines_are_counted_from_the_corner_of_a_cropped_page() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((50, 100, 500, 800))
        canvas.line(72, 700, 300, 700)

    assert_lines(made(draw), (22, 100, 250, 100))


def test_slanted_lines_curves_and_the_page_s_frame_are_no_rules() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.line(72, 300, 300, 420)
        canvas.circle(300, 500, 80)
        canvas.rect(8, 8, WIDTH - 16, HEIGHT - 16)

    assert_lines(made(draw))


def test_a_drawing_of_many_lines_is_bounded() -> None:
    pieces = [(5.0 * n, 2.0 * n, 5.0 * n + 60, 2.0 * n) for n in range(3 * MOST_RULES)]
    assert len(merged(pieces)) == MOST_RULES


def test_a_page_of_very_many_paths_is_read_in_part() -> None:
    def draw(canvas: Canvas) -> None:
        for n in range(30_000):
            canvas.rect((n * 7) % 500, (n * 11) % 800, 3, 3, stroke=1, fill=0)

    assert len(rules_on(made(draw))) <= MOST_RULES
