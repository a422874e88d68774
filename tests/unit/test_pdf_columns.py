"""Columns of a page are read one after the other, whatever order the file draws them in."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.tables.by_chance import MOST_ROWS, without_chance
from ingest.loaders.pdf.tables.value import Table
from tests.helpers.pdf_pages import (
    CHINESE,
    HEIGHT,
    Setting,
    flat,
    printed,
    put,
    put_lines,
    sentences,
    text_of,
)

NARROW = Setting(width=215, size=9, leading=11)
LEFT, RIGHT = replace(NARROW, left=72), replace(NARROW, left=307)

CHINESE_ONE = "河边的石桥建于清代乾隆年间，桥面铺着青色的条石，两侧栏杆上刻有莲花与鲤鱼。" * 4
CHINESE_TWO = "山脚下的茶园每年春天采摘两次，当地人把新茶装进竹篓，沿着古道送到镇上的集市。" * 4


def words_in(text: str) -> list[str]:
    return text.split()


class TestTwoColumns:
    def test_the_left_is_read_before_the_right(self) -> None:
        one, two = sentences(1, 12), sentences(2, 12)

        def draw(canvas: Canvas) -> None:
            put(canvas, one, LEFT)
            put(canvas, two, RIGHT)

        assert flat(text_of(draw)) == flat(one, two)

    def test_lines_drawn_across_both_are_read_by_columns(self) -> None:
        one, two = sentences(3, 12), sentences(4, 12)

        def draw(canvas: Canvas) -> None:
            lines = list(zip(printed(one, LEFT), printed(two, RIGHT), strict=False))
            for number, (a, b) in enumerate(lines):
                put_lines(canvas, [a], replace(LEFT, top=72 + 11 * number))
                put_lines(canvas, [b], replace(RIGHT, top=72 + 11 * number))
            drawn[:] = lines

        drawn: list[tuple[str, str]] = []
        text = flat(text_of(draw))
        assert text == flat(*(a for a, _ in drawn), *(b for _, b in drawn))

    @pytest.mark.parametrize("seed", range(3))
    def test_lines_drawn_in_any_order_are_read_by_place(self, seed: int) -> None:
        one, two = sentences(5, 12), sentences(6, 12)

        def draw(canvas: Canvas) -> None:
            placed = [
                (line, replace(column, top=72 + 11 * number))
                for text, column in ((one, LEFT), (two, RIGHT))
                for number, line in enumerate(printed(text, column))
            ]
            random.Random(seed).shuffle(placed)  # noqa: S311 - no secrets
            for line, place in placed:
                put_lines(canvas, [line], place)

        assert flat(text_of(draw)) == flat(one, two)

    def test_the_last_two_lines_of_a_text_alone_in_the_right_column(self) -> None:
        lines = printed(sentences(13, 24), LEFT)[:28]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, lines[:26], LEFT)
            put_lines(canvas, lines[26:], RIGHT)

        assert flat(text_of(draw)) == flat(*lines)

    @pytest.mark.parametrize("lengths", [(14, 3), (3, 14), (14, 6), (6, 14)])
    def test_columns_may_be_of_unequal_length(self, lengths: tuple[int, int]) -> None:
        one, two = sentences(7, lengths[0]), sentences(8, lengths[1])

        def draw(canvas: Canvas) -> None:
            put(canvas, one, LEFT)
            put(canvas, two, RIGHT)

        assert flat(text_of(draw)) == flat(one, two)

    def test_columns_need_not_have_common_base_lines(self) -> None:
        one, two = sentences(9, 12), sentences(10, 12)

        def draw(canvas: Canvas) -> None:
            put(canvas, one, LEFT)
            put(canvas, two, replace(RIGHT, top=76.5, leading=12))

        assert flat(text_of(draw)) == flat(one, two)

    def test_justified_columns_with_a_narrow_gutter(self) -> None:
        one, two = sentences(11, 14), sentences(12, 14)

        def draw(canvas: Canvas) -> None:
            put(canvas, one, replace(LEFT, justified=True))
            put(canvas, two, replace(LEFT, left=72 + 215 + 10, justified=True))

        assert flat(text_of(draw)) == flat(one, two)

    def test_chinese_columns(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, CHINESE_ONE, replace(LEFT, font=CHINESE))
            put(canvas, CHINESE_TWO, replace(RIGHT, font=CHINESE))

        assert text_of(draw).replace("\n", "") == CHINESE_ONE + CHINESE_TWO

    def test_paragraphs_of_columns_stay_paragraphs(self) -> None:
        texts = [sentences(seed, 4) for seed in range(20, 26)]

        def draw(canvas: Canvas) -> None:
            for column, group in ((LEFT, texts[:3]), (RIGHT, texts[3:])):
                top = column.top
                for text in group:
                    top = put(canvas, text, replace(column, top=top, indent=12))

        assert text_of(draw).replace("\n\n", "\n").split("\n") == texts

    def test_german_lines_that_begin_with_capitals(self) -> None:
        one = [
            "Die Verwaltung vermietet Liegeplätze, Schuppen,",
            "Krane und Lager. Anträge nimmt Frau Kluge im",
            "Rathaus, Zimmer 4, entgegen. Boote und Kähne ohne",
            "Nummer holt Herr Brandt nach Ablauf der Frist ab;",
            "Kosten trägt der Eigner. Im Winter, wenn viel",
            "Eis Wege und Treppen bedeckt, öffnet Meister Lohse",
            "Werft und Lager nur auf Anruf. Rechnungen gehen am",
            "Ersten des Monats an Mieter, Pächter und Gäste.",
        ]
        two = [
            "Widerspruch richten Mieter an Doktor Falk, Markt",
            "Neun. Vögel, Fische und Biber stehen unter Schutz;",
            "Angeln braucht Erlaubnis. Feuer, Grills und offene",
            "Fackeln verbietet Paragraph Sieben, Hunde führt",
            "Man an Leinen. Über Ausnahmen, auch für Gäste,",
            "Entscheidet der Hafenrat. Anrufe nimmt Herr Brandt",
            "Montags an. Schlüssel, Karten und Bojen gibt Frau",
            "Kluge gegen Pfand aus, Quittungen sind Pflicht.",
        ]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, one, LEFT)
            put_lines(canvas, two, RIGHT)

        assert flat(text_of(draw)) == flat(*one, *two)

    def test_a_ruled_table_across_both_columns_stays_a_table(self) -> None:
        texts = [sentences(seed, 10) for seed in (16, 17, 18, 19)]
        rows = ["Hinge", "Lund"], ["Latch", "Orsay"], ["Bolt", "Ostrand"]

        def draw(canvas: Canvas) -> None:
            for column, group in ((LEFT, texts[:2]), (RIGHT, texts[2:])):
                put(canvas, group[0], column)
                put(canvas, group[1], replace(column, top=400))
            for number, row in enumerate(rows):
                for at, cell in enumerate(row):
                    canvas.rect(72 + 225 * at, HEIGHT - 330 - 16 * number, 225, 16)
                    put_lines(canvas, [cell], Setting(left=76 + 235 * at, top=317 + 16 * number))

        assert "Hinge\tLund\nLatch\tOrsay\nBolt\tOstrand" in text_of(draw)


class TestTablesByChance:
    """Lines of two columns that were taken for rows of a table; see chance_tables."""

    def words(self) -> list[Word]:
        placed: list[Word] = []
        for number, column in enumerate((LEFT, RIGHT)):
            for line, text in enumerate(printed(sentences(14 + number, 50), column)[:40]):
                left, top = column.left + 20 * number, 72 + 11.0 * line
                for word in text.split():
                    wide = 4.0 * len(word)
                    placed.append(Word(word, (left, top, left + wide, top + 9), 9))
                    left += wide + 2
        return placed

    def table(self, words: list[Word], rows: int, cell: str = "river and stone") -> Table:
        taken = [at for at, word in enumerate(words) if 100 < word.box[1] < 100 + 11 * rows]
        box = (72.0, 100.0, 520.0, 100.0 + 11 * rows)
        return Table(box, ((cell, cell),) * rows, (box,) * rows, frozenset(taken))

    def test_two_rows_of_words_over_both_columns_are_none(self) -> None:
        words = self.words()
        assert without_chance([self.table(words, 2)], words, []) == []

    def test_many_rows_are_one(self) -> None:
        words = self.words()
        table = self.table(words, MOST_ROWS + 1)
        assert without_chance([table], words, []) == [table]

    def test_numbers_are_cells(self) -> None:
        words = self.words()
        table = self.table(words, 2, "14.50")
        assert without_chance([table], words, []) == [table]

    def test_a_line_between_rows_makes_a_table(self) -> None:
        words = self.words()
        table = self.table(words, 2)
        assert without_chance([table], words, [Rule((72, 110, 520, 110.5))]) == [table]

    def test_rows_inside_one_column_are_a_table(self) -> None:
        words = self.words()
        table = self.table(words, 2)
        left = frozenset(at for at in table.words if words[at].box[0] < RIGHT.left)
        table = replace(table, words=left)
        assert without_chance([table], words, []) == [table]


class TestThreeColumns:
    @pytest.mark.parametrize("gutter", [10, 18])
    def test_they_are_read_from_left_to_right(self, gutter: float) -> None:
        texts = [sentences(seed, 12) for seed in (31, 32, 33)]
        wide = (451 - 2 * gutter) / 3

        def draw(canvas: Canvas) -> None:
            for number in (2, 0, 1):
                column = replace(NARROW, left=72 + number * (wide + gutter), width=wide)
                put(canvas, texts[number], column)

        assert flat(text_of(draw)) == flat(*texts)

    def test_base_lines_of_their_own(self) -> None:
        texts = [sentences(seed, 16) for seed in (21, 22, 23)]

        def draw(canvas: Canvas) -> None:
            for number, text in enumerate(texts):
                column = replace(NARROW, left=72 + number * 156, width=140)
                put(canvas, text, replace(column, top=72 + 5.5 * (number == 1)))

        assert flat(text_of(draw)) == flat(*texts)

    def test_chinese_stops_that_hang_into_a_narrow_gutter(self) -> None:
        texts = [CHINESE_ONE * 2, CHINESE_TWO * 2, CHINESE_ONE.replace("石桥", "水塔") * 2]

        def draw(canvas: Canvas) -> None:
            for number, text in enumerate(texts):
                lines = [text[at : at + 14] for at in range(0, len(text), 14)]
                lines = [line.rstrip("，。") + "。" for line in lines]
                drawn[number] = "".join(lines)
                column = replace(NARROW, left=72 + number * 137, font=CHINESE)
                put_lines(canvas, lines, column)

        drawn = ["", "", ""]
        assert text_of(draw).replace("\n", "") == "".join(drawn)

    def test_four_narrow_columns_of_a_newsletter(self) -> None:
        texts = [sentences(seed, 10) for seed in (34, 35, 36, 37)]

        def draw(canvas: Canvas) -> None:
            for number, text in enumerate(texts):
                put(canvas, text, replace(NARROW, left=50 + number * 128, width=116))

        assert flat(text_of(draw)) == flat(*texts)


class TestAcross:
    def test_a_title_over_both_columns_comes_first(self) -> None:
        one, two = sentences(41, 12), sentences(42, 12)
        title = "Minutes of the Harbour Board and of Its Committees in Winter"

        def draw(canvas: Canvas) -> None:
            put(canvas, title, Setting(size=15, leading=18))
            put(canvas, one, replace(LEFT, top=110))
            put(canvas, two, replace(RIGHT, top=110))

        assert text_of(draw).split("\n")[0] == title
        assert flat(text_of(draw)) == flat(title, one, two)

    def test_a_heading_across_parts_the_columns_above_from_those_below(self) -> None:
        texts = [sentences(seed, 8) for seed in (43, 44, 45, 46)]
        heading = "What the second committee found after the long winter at the mill"

        def draw(canvas: Canvas) -> None:
            ends = [put(canvas, t, c) for t, c in zip(texts, (LEFT, RIGHT), strict=False)]
            put(canvas, heading, Setting(top=max(ends) + 10, size=14, leading=17))
            for text, column in zip(texts[2:], (LEFT, RIGHT), strict=True):
                put(canvas, text, replace(column, top=max(ends) + 40))

        assert flat(text_of(draw)) == flat(*texts[:2], heading, *texts[2:])

    def test_a_summary_over_the_whole_width_comes_before_the_columns(self) -> None:
        summary, one, two = sentences(47, 6), sentences(48, 12), sentences(49, 12)

        def draw(canvas: Canvas) -> None:
            below = put(canvas, summary, Setting(size=9, leading=11))
            put(canvas, one, replace(LEFT, top=below + 12))
            put(canvas, two, replace(RIGHT, top=below + 12))

        assert flat(text_of(draw)) == flat(summary, one, two)

    def test_a_note_below_both_columns_comes_last(self) -> None:
        one, two, note = sentences(50, 12), sentences(51, 12), sentences(52, 5)

        def draw(canvas: Canvas) -> None:
            end = max(put(canvas, one, LEFT), put(canvas, two, RIGHT))
            put(canvas, note, Setting(top=end + 14, size=9, leading=11))

        assert flat(text_of(draw)) == flat(one, two, note)

    def test_a_picture_between_columns_parts_nothing(self) -> None:
        texts = [sentences(seed, 6) for seed in (53, 54, 55, 56)]

        def draw(canvas: Canvas) -> None:
            canvas.rect(200, HEIGHT - 350, 200, 120, fill=1)
            for column, group in ((LEFT, texts[:2]), (RIGHT, texts[2:])):
                put(canvas, group[0], column)
                put(canvas, group[1], replace(column, top=370))

        assert flat(text_of(draw)) == flat(*texts)


class TestNotesOfColumns:
    def test_footnotes_under_each_column_follow_their_column(self) -> None:
        one, two = sentences(61, 12), sentences(62, 12)
        notes = ["1 " + sentences(63, 2), "2 " + sentences(64, 2)]

        def draw(canvas: Canvas) -> None:
            for column, text, note in ((LEFT, one, notes[0]), (RIGHT, two, notes[1])):
                put(canvas, text, column)
                canvas.line(column.left, HEIGHT - 690, column.left + 60, HEIGHT - 690)
                put(canvas, note, replace(column, top=694, size=7, leading=8.5))

        assert flat(text_of(draw)) == flat(one, notes[0], two, notes[1])


class TestBesideTheText:
    def test_a_side_bar_is_not_mixed_with_the_lines_beside_it(self) -> None:
        text, bar = sentences(71, 24), sentences(72, 4)

        def draw(canvas: Canvas) -> None:
            put(canvas, text, Setting(width=300))
            put(canvas, bar, Setting(left=400, top=160, width=120, size=8, leading=10))

        read = flat(text_of(draw))
        assert bar in read
        assert read.replace(bar, "").split() == words_in(text)

    def test_notes_in_the_margin_are_not_mixed_with_the_lines_beside_them(self) -> None:
        text, note = sentences(73, 24), "See the letters of the old market"

        def draw(canvas: Canvas) -> None:
            put(canvas, text, Setting(left=190, width=330))
            put(canvas, note, Setting(left=72, top=130, width=90, size=8, leading=10))

        read = flat(text_of(draw))
        assert note in read
        assert read.replace(note, "").split() == words_in(text)

    @pytest.mark.parametrize("shift", [0, 4.0])
    def test_two_addresses_side_by_side_are_two_addresses(self, shift: float) -> None:
        sender = ["Harbour Mills Ltd", "14 Copper Lane", "Lund Wharf", "LW4 7QT Ostrand"]
        receiver = ["Ms Ines Orsay", "Orchard Trading Company", "Tower House", "2 Bell Street"]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, sender, Setting())
            put_lines(canvas, receiver, Setting(left=330, top=72 + shift))
            put(canvas, sentences(74, 8), Setting(top=180))

        read = flat(text_of(draw))
        assert flat(*sender) in read
        assert flat(*receiver) in read

    def test_two_signatures_side_by_side_stay_apart(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, sentences(75, 8), Setting())
            put_lines(
                canvas, ["For the seller", "Ines Orsay", "Managing director"], Setting(top=300)
            )
            put_lines(
                canvas,
                ["For the buyer", "Tom Lund", "Head of purchasing"],
                Setting(left=330, top=300),
            )

        lines = text_of(draw).split("\n")
        assert not any("Ines Orsay Tom Lund" in line for line in lines)


class TestLists:
    def test_an_index_in_two_columns_is_read_column_by_column(self) -> None:
        entries = [
            f"{sentences(seed, 1).split()[0]} of stone, {seed - 80}" for seed in range(100, 130)
        ]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, entries[:15], LEFT)
            put_lines(canvas, entries[15:], RIGHT)

        assert flat(text_of(draw)) == flat(*entries)

    def test_two_lists_with_lines_at_other_heights_are_two_lists(self) -> None:
        bring = ["Boots and gloves", "Two warm coats", "Rope of ten metres", "Tea"]
        leave = ["Radios of any kind", "Glass bottles", "Dogs and cats", "Paint", "Books"]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, bring, Setting(leading=20))
            put_lines(canvas, leave, Setting(left=330, leading=15.5, top=80))

        assert flat(text_of(draw)) == flat(*bring, *leave)


class TestNoColumns:
    @pytest.mark.parametrize(
        "rows",
        [
            [
                ("Monday to Friday", "8.00 to 18.00"),
                ("Saturday", "9.00 to 13.00"),
                ("Sunday", "shut"),
            ],
            [
                ("Coffee", "2.40"),
                ("Tea with milk", "2.10"),
                ("Apple cake", "3.80"),
                ("Soup", "5.20"),
            ],
            [("Name:", "Ines Orsay"), ("Street:", "14 Copper Lane"), ("Place:", "Ostrand")],
            [
                ("Chair of the meeting", "Ines Orsay of Lund"),
                ("Keeper of the letters", "Tom Bell of Ostrand"),
                ("Second keeper of letters", "Ada Mill of Wharf"),
                ("Watch at the tower", "Yusuf Stone of Lund"),
            ],
        ],
        ids=["hours", "prices", "form", "offices"],
    )
    def test_rows_with_a_gap_stay_rows(self, rows: list[tuple[str, str]]) -> None:
        def draw(canvas: Canvas) -> None:
            put_lines(canvas, [a for a, _ in rows], Setting())
            put_lines(canvas, [b for _, b in rows], Setting(left=300))

        assert text_of(draw).split("\n") == [f"{a}\t{b}" for a, b in rows]

    def test_contents_stay_with_their_page_numbers(self) -> None:
        titles = [sentences(seed, 1)[:30].strip() for seed in range(80, 92)]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, titles, Setting())
            put_lines(canvas, [str(3 + 4 * n) for n in range(len(titles))], Setting(left=500))

        read = [line.split("\t") for line in text_of(draw).split("\n")]
        assert read == [[title, str(3 + 4 * n)] for n, title in enumerate(titles)]

    @pytest.mark.parametrize("gap", [9.0, 14.0])
    def test_wide_gaps_of_justified_lines_are_no_columns(self, gap: float) -> None:
        lines = [printed(sentences(seed, 3), Setting(width=300))[0] for seed in range(90, 96)]

        def draw(canvas: Canvas) -> None:
            for number, line in enumerate(lines):
                canvas.setFont("Helvetica", 10)
                left = 72.0
                for word in line.split():
                    canvas.drawString(left, HEIGHT - 100 - 13 * number, word)
                    left += canvas.stringWidth(word) + gap

        assert flat(text_of(draw)) == flat(*lines)
