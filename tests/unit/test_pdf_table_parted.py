"""Captions between tables, blocks beside each other, columns of numbers in line at their points."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import CHINESE, lay, made, prose, put, tables_on, whole

PEGS = [["Name", "A", "B"], ["X1", "1", "2"], ["Y", "3", "4"]]
PINS = [["Name", "A", "B"], ["X2", "5", "6"], ["Z", "7", "8"]]
SUPPLIES = [
    ["Bolt M8", "12.5", "pieces"],
    ["Nut M8", "1200", "pieces"],
    ["Washer", "7.25", "kg"],
]
ADDRESS = ["Nordlicht GmbH", "Hafenstraße 12", "20457 Hamburg", "Tel. +49 40 555 0134"]
FACTS = [
    "Invoice no.: RE-2024-00817",
    "Date: 14.03.2024",
    "Customer no.: K-20931",
    "Due: 28.03.2024",
]
COMPARED = [
    ["Feature", "Standard", "Professional"],
    [
        "Support",
        "By mail within two working days, answered\nby a team that knows the product well",
        "By telephone at any hour, with a named\nperson who visits you twice a year",
    ],
    ["Storage", "20 GB", "Unlimited, kept in two places at least a\nhundred kilometres apart"],
    ["Price", "9 euros a month", "29 euros a month"],
    ["Notice\nperiod", "One month to the end of a quarter", "None"],
]
NAMED = [
    ["No.", "Description", "Unit\nprice", "Amount"],
    ["1", "Marine paint", "38.90", "466.80"],
    ["2", "Epoxy primer", "112.00", "448.00"],
    ["3", "Delivery", "75.00", "75.00"],
    ["4", "Handbook", "24.50", "49.00"],
]
TIMES = [
    ["Time", "Session", "Room"],
    ["09:00 –\n09:30", "Welcome and opening remarks", "Hall A"],
    ["09:30 –\n10:45", "Keynote: What the tide brings, and what\nit takes away", "Hall A"],
    ["10:45 –\n11:15", "Coffee break", "Foyer"],
    ["11:15 –\n12:30", "Parallel sessions", "Rooms 1 to\n4"],
    ["12:30 –\n14:00", "Lunch", "Canteen"],
]
SHEET = [
    ["Pos.", "Details", "Qty", "Amount"],
    ["1", "Marine\npaint,\nwhite,\n2.5 l can", "12", "466.80"],
    ["2", "Delivery to\nRostock\nport", "1", "75.00"],
    ["3", "Handbook\nof the sea", "2", "49.00"],
]
NUTRITION = [
    ["Typical values", "per 100 g", "per serving (30 g)"],
    ["Energy", "1540 kJ / 368 kcal", "462 kJ / 110 kcal"],
    ["Fat", "6.5 g", "2.0 g"],
    ["of which saturates", "1.2 g", "0.4 g"],
    ["Carbohydrate", "58 g", "17 g"],
    ["Salt", "0.02 g", "<0.01 g"],
]
LESSONS = [
    ["节次", "星期一", "星期二", "星期三"],
    ["第一节", "语文", "数学", "英语"],
    ["第二节", "数学", "语文", "体育"],
    ["第三节", "英语", "", "数学"],
    ["第四节", "体育", "语文", ""],
]


def rows_on(data: bytes) -> list[list[list[str]]]:
    return [[list(row) for row in table.rows] for table in tables_on(data)]


def test_a_caption_between_two_tables_with_the_same_columns_is_in_none() -> None:
    def draw(canvas: Canvas) -> None:
        for rows, top in ((PEGS, 700.0), (PINS, 640.0)):
            lay(canvas, rows, "lll", gap=1.2, top=top, left=200)
            canvas.line(196, top - 3, 268, top - 3)
        canvas.drawCentredString(232, 660, "Table 2: Other rates of pegs and pins.")

    assert rows_on(made(draw)) == [PEGS, PINS]


def test_an_address_beside_facts_with_their_names_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        prose(canvas, ADDRESS, 60, top=780)
        for number, line in enumerate(FACTS):
            canvas.drawRightString(540, 780 - 13 * number, line)

    assert rows_on(made(draw)) == []


def test_numbers_in_line_at_their_points_are_a_column() -> None:
    def draw(canvas: Canvas) -> None:
        for number, (name, count, unit) in enumerate(SUPPLIES):
            y = 700 - 12 * number
            canvas.drawString(72, y, name)
            head, point, tail = count.partition(".")
            canvas.drawRightString(140, y, head)
            canvas.drawString(140, y, point + tail)
            canvas.drawString(168, y, unit)

    assert rows_on(made(draw)) == [SUPPLIES]


@pytest.mark.parametrize("room", [2.0, 5.0])
def test_long_cells_beside_each_other_are_no_columns_of_text(room: float) -> None:
    data = made(lambda canvas: lay(canvas, COMPARED, "lll", gap=1.8, room=room, left=40))
    assert rows_on(data) == [whole(COMPARED)]


@pytest.mark.parametrize("middle", [True, False])
@pytest.mark.parametrize("gap", [0.5, 1.0])
def test_a_name_of_a_column_over_two_lines_is_one_name(gap: float, *, middle: bool) -> None:
    data = made(lambda canvas: lay(canvas, NAMED, "rlrr", gap=gap, middle=middle, room=4.0))
    assert rows_on(data) == [whole(NAMED)]


@pytest.mark.parametrize("middle", [True, False])
def test_names_over_two_lines_above_ruled_rows_are_names(*, middle: bool) -> None:
    def draw(canvas: Canvas) -> None:
        lay(canvas, NAMED, "rlrr", gap=1.0, middle=middle, room=4.0)
        for number in range(5):
            canvas.line(78, 679 - 17.2 * number, 278, 679 - 17.2 * number)

    assert rows_on(made(draw)) == [whole(NAMED)]


def test_a_range_over_two_lines_is_one_cell() -> None:
    data = made(lambda canvas: lay(canvas, TIMES, "lll", gap=1.2, room=3.0))
    assert rows_on(data) == [whole(TIMES)]


def test_centred_cells_of_rows_at_one_distance_are_rows() -> None:
    data = made(lambda canvas: lay(canvas, SHEET, "llrr", gap=2.0, middle=True))
    assert rows_on(data) == [whole(SHEET)]


def test_short_chinese_cells_do_not_go_on_in_the_next_row() -> None:
    data = made(lambda canvas: lay(canvas, LESSONS, "lccc", gap=1.5, font=(CHINESE, 12.0)))
    assert rows_on(data) == [LESSONS]


def test_a_line_of_text_between_two_tables_with_the_same_names_is_no_row() -> None:
    second = [NAMED[0], *NAMED[3:]]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        put(canvas, [*whole(NAMED), ["Second", "", "", ""], *whole(second)], [80, 150, 250, 330])

    assert rows_on(made(draw)) == [whole(NAMED), whole(second)]


def test_amounts_with_their_units_are_no_addresses() -> None:
    assert rows_on(made(lambda canvas: lay(canvas, NUTRITION, "lrr", gap=3.0))) == [NUTRITION]
