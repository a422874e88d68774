"""Blocks side by side are read one after the other; rows of tables stay rows."""

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
    put,
    put_lines,
    sentences,
    text_of,
)

WIDE = Setting()
LEFT = Setting(width=160)
RIGHT = Setting(left=260, width=262)
HALF = Setting(width=215, size=9, leading=11)
OTHER_HALF = replace(HALF, left=307)

INGREDIENTS = ["500 g rye flour", "350 ml water", "10 g salt", "100 g sourdough", "2 eggs"]
STEPS = (
    "Mix flour and water and let the dough rest for an hour. Add the salt and the sourdough, "
    "knead for ten minutes and leave it overnight in a cool place before baking it well."
)
ENTRIES = [
    "anchor, 12",
    "ballast, 3",
    "bilge, 88",
    "bollard, 14",
    "buoy, 101",
    "cleat, 9",
    "deck, 2",
]
CHINESE_LIST = ["面粉五百克", "清水三百克", "食盐十克", "酵母五克"]
CHINESE_STEPS = (
    "先把面粉和水混合均匀静置一个小时再加入盐和酵母揉十分钟以后放在阴凉的地方过夜第二天烤"
)


def blocks(one: list[str], other: list[str], left: Setting = LEFT, right: Setting = RIGHT) -> Draw:
    """Return a page with a heading, two blocks on common base lines, and a heading below."""

    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["The heading above"], replace(WIDE, top=72))
        put_lines(canvas, one, replace(left, top=120))
        put_lines(canvas, other, replace(right, top=120))
        put_lines(canvas, ["The heading below"], replace(WIDE, top=300))
        put(canvas, sentences(700, 3), replace(WIDE, top=330))

    return draw


class TestBlocks:
    def test_a_list_of_ingredients_beside_what_to_do(self) -> None:
        read = flat(text_of(blocks(INGREDIENTS, printed(STEPS, RIGHT))))
        assert flat(*INGREDIENTS, STEPS) in read

    def test_what_to_do_beside_a_list_of_ingredients(self) -> None:
        left, right = replace(RIGHT, left=72), replace(LEFT, left=380)
        read = flat(text_of(blocks(printed(STEPS, left), INGREDIENTS, left, right)))
        assert flat(STEPS, *INGREDIENTS) in read

    def test_in_chinese(self) -> None:
        left, right = replace(LEFT, font=CHINESE), replace(RIGHT, font=CHINESE, width=120)
        steps = printed(CHINESE_STEPS, right)
        read = text_of(blocks(CHINESE_LIST, steps, left, right))
        assert CHINESE_STEPS in read.replace("\n", "")
        assert "\n".join(CHINESE_LIST) in read

    def test_an_index_beside_the_few_lines_of_a_glossary(self) -> None:
        terms = [
            "quay, a place of metal or stone for landing of",
            "passengers and goods of any kind",
        ]
        terms += [
            "reef, a ridge of rock just below the surface of",
            "the sea or just above it at times",
        ]
        read = flat(text_of(blocks(ENTRIES, terms)))
        assert flat(*ENTRIES, *terms) in read

    @pytest.mark.parametrize("lower", [0.0, 12.0])
    def test_addresses_in_three_columns(self, lower: float) -> None:
        people = [
            ["Ann Bell", "1 Quay St", "Cork"],
            ["Bob Cole", "2 Mole Rd", "Sligo"],
            ["Cat Dunn", "3 Pier Lane", "Galway"],
        ]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, ["Address list"], replace(WIDE, top=72))
            for at, lines in enumerate(people):
                top = 120 + (lower if at == 0 else 0)
                put_lines(canvas, lines, replace(WIDE, left=72 + 160 * at, top=top, leading=12))

        assert flat(text_of(draw)) == flat("Address list", *(flat(*one) for one in people))

    def test_cards_of_people_with_what_they_do_and_how_they_are_reached(self) -> None:
        cards = [
            ["Ines Brandt", "Managing director", "ines@example.org"],
            ["Karl Ode", "Head of workshop", "karl@example.org"],
        ]
        read = text_of(blocks(cards[0], cards[1]))
        assert flat(*cards[0], *cards[1]) in flat(read)

    def test_the_last_line_of_a_paragraph_alone_in_the_right_column(self) -> None:
        lines = printed(sentences(701, 14), HALF)[:20]
        lines[-1] = "watercourses."

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, lines[:-1], HALF)
            put_lines(canvas, lines[-1:], OTHER_HALF)

        assert flat(text_of(draw)) == flat(*lines)

    def test_blocks_end_where_a_heading_stands_below_the_left_one(self) -> None:
        one = ["Use dry wood from a covered", "store", "Empty the ash when it is cold"]
        other = ["Burn plastic or painted boards", "Leave the door open while the", "fire burns"]
        rows = [
            ("Part", "Number", "Price"),
            ("Glass", "70-114", "89.00"),
            ("Gasket", "70-22", "12.50"),
        ]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, ["Do", *one], LEFT)
            put_lines(canvas, ["Do not", *other], RIGHT)
            put_lines(canvas, ["Spare parts"], replace(LEFT, top=150))
            canvas.setFont("Helvetica", 10)
            for number, row in enumerate(rows):
                for at, cell in enumerate(row):
                    canvas.drawString(72 + 60 * at, HEIGHT - 190 - 14 * number, cell)

        read = text_of(draw)
        assert read.index("Do not") < read.index("fire burns") < read.index("Spare parts")
        assert read.index("Spare parts") < read.index("Gasket\t70-22\t12.50")

    def test_sections_of_two_columns_are_read_one_after_the_other(self) -> None:
        texts = [printed(sentences(702 + at, 3), HALF)[:6] for at in range(4)]

        def draw(canvas: Canvas) -> None:
            for at in range(2):
                top = 72 + 140 * at
                put_lines(canvas, [f"Section {at}"], replace(HALF, top=top))
                put_lines(canvas, texts[2 * at], replace(HALF, top=top + 22))
                put_lines(canvas, texts[2 * at + 1], replace(OTHER_HALF, top=top + 22))

        expected = flat("Section 0", *texts[0], *texts[1], "Section 1", *texts[2], *texts[3])
        assert flat(text_of(draw)) == expected

    def test_a_large_heading_is_not_torn_by_a_gutter_below_it(self) -> None:
        one, other = (printed(sentences(710 + at, 5), HALF) for at in range(2))
        title = "User guide for the wood stove W 7"

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, [title], replace(WIDE, left=160, size=22, top=72))
            put_lines(canvas, one, replace(HALF, top=104))
            put_lines(canvas, other, replace(OTHER_HALF, top=104))

        assert flat(text_of(draw)) == flat(title, *one, *other)

    def test_offices_with_telephones_and_e_mail(self) -> None:
        one = ["Berlin", "Hafenstraße 12", "10115 Berlin", "Tel. +49 30 5550199", "b@example.org"]
        other = ["Lund", "Bredgatan 4", "222 21 Lund", "Tel. +46 46 555 01", "lund@example.org"]
        read = text_of(blocks(one, other))
        assert "\n".join(one) in read
        assert "\n".join(other) in read

    def test_two_chinese_lists_below_their_headings(self) -> None:
        one = ["应该做", "使用存放在棚子里的干燥木柴", "冷却以后再清理炉灰和烟道"]
        other = ["不要做", "焚烧塑料或者刷过油漆的木板", "燃烧时打开炉门离开房间"]
        left, right = replace(LEFT, font=CHINESE), replace(RIGHT, font=CHINESE)
        assert "\n".join([*one, *other]) in text_of(blocks(one, other, left, right)).replace(
            "\n\n", "\n"
        )

    def test_a_large_heading_below_columns_of_prose(self) -> None:
        texts = [printed(sentences(730 + at, 8), HALF)[:12] for at in range(2)]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, texts[0], HALF)
            put_lines(canvas, texts[1], OTHER_HALF)
            put_lines(canvas, ["Contact"], replace(HALF, top=225, size=14))
            put(canvas, sentences(732, 4), replace(WIDE, top=260))

        assert flat(text_of(draw)) == flat(*texts[0], *texts[1], "Contact", sentences(732, 4))


class TestRows:
    def test_a_glossary_whose_meanings_have_several_lines(self) -> None:
        def draw(canvas: Canvas) -> None:
            top = 72.0
            for at, term in enumerate(["Bollard", "Mole", "Sluice", "Weir"]):
                put_lines(canvas, [term], replace(WIDE, top=top))
                top = put(
                    canvas, sentences(720 + at, 3), replace(WIDE, left=150, width=372, top=top)
                )

        read = text_of(draw)
        for at, term in enumerate(["Bollard", "Mole", "Sluice", "Weir"]):
            assert read.index(term) < read.index(sentences(720 + at, 3).split(".")[0][:30])
            if at:
                last = sentences(719 + at, 3).split()[-1]
                assert read.rindex(last, 0, read.index(term)) < read.index(term)

    def test_a_column_of_streets_beside_one_of_names(self) -> None:
        rows = [
            ("Name", "Street", "Beds"),
            ("Anchor", "1 Quay St", "12"),
            ("Crown", "2 Mole Rd", "8"),
        ]
        rows += [("Swan", "3 Pier Rd", "20"), ("Bell", "4 Hill St", "16")]

        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            for number, row in enumerate(rows):
                for at, cell in enumerate(row):
                    canvas.drawString(72 + 130 * at, HEIGHT - 90 - 14 * number, cell)

        assert text_of(draw).split("\n") == ["\t".join(row) for row in rows]


def test_ruled_tables_side_by_side_are_read_from_the_left() -> None:
    tops = (136, 98, 98)

    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["Statement"], replace(WIDE, top=60))
        canvas.setFont("Helvetica", 9)
        for at, top in enumerate(tops):
            left = 72 + 160 * at
            xs, ys = (left, left + 60, left + 120), [HEIGHT - top - 16 * row for row in range(6)]
            canvas.grid(xs, ys)
            for row in range(5):
                canvas.drawString(left + 4, HEIGHT - top - 16 * row - 12, f"part {at}{row}")
                canvas.drawString(left + 64, HEIGHT - top - 16 * row - 12, f"{at}{row}7")

    rows = [f"part {at}{row}\t{at}{row}7" for at in range(3) for row in range(5)]
    assert [line for line in text_of(draw).split("\n") if line] == ["Statement", *rows]


@pytest.mark.parametrize("mark", ["{}.", "[{}]", "({})"])
def test_a_numbered_list_goes_on_in_the_next_column(mark: str) -> None:
    """Its numbers tell that no line of one column belongs to the other."""
    works = ["Norges, 1998, p. 44.", "Parish accounts of Rustad.", "Olsen: On timber, pp. 3-17."]
    more = ["Lake register, 2021.", "Strand: Weirs, 2004.", "Holm: Ferries, 1911."]
    one = [f"{mark.format(at)} {work}" for at, work in enumerate(works, 1)]
    other = [f"{mark.format(at)} {work}" for at, work in enumerate(more, 4)]

    text = text_of(blocks(one, other))

    assert text.index(one[-1]) < text.index(other[0]) < text.index(other[-1])
    assert "\t" not in text


def test_a_number_further_in_is_no_item() -> None:
    """The last line of an item may begin with a page number."""

    def draw(canvas: Canvas) -> None:
        one = ["1. Norges, 1998, p. 44.", "2. Parish accounts of Rustad."]
        put_lines(canvas, one, replace(LEFT, top=126))
        put_lines(canvas, ["3. Olsen: On timber, pp. 3-"], replace(RIGHT, top=120))
        put_lines(canvas, ["17."], replace(RIGHT, left=272, top=133))
        put_lines(canvas, ["4. Lake register, 2021."], replace(RIGHT, top=146))

    text = text_of(draw)

    assert text.index("1. Norges") < text.index("2. Parish") < text.index("3. Olsen")
    assert text.index("3. Olsen") < text.index("17.") < text.index("4. Lake")


def test_items_numbered_by_rows_stay_rows() -> None:
    """The numbers go across the page."""
    text = text_of(
        blocks(
            ["1. anchor", "3. bilge", "5. buoy"],
            ["2. ballast", "4. bollard", "6. cleat"],
        )
    )

    assert text.index("2. ballast") < text.index("3. bilge") < text.index("4. bollard")
