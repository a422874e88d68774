"""Headers, footers and page numbers are kept out; what only looks like one of them stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

BODIES = [sentences(seed, 9) for seed in range(200, 212)]
TOP, BOTTOM = 40.0, HEIGHT - 50

Edge = Callable[[int], str]


def pages(
    count: int,
    *,
    top: Edge | None = None,
    bottom: Edge | None = None,
    left: float = 72,
    font: str = "Helvetica",
    bodies: Sequence[str] = BODIES,
) -> list[Draw]:
    """Return pages of text with what ``top`` and ``bottom`` give for each, counted from 1."""

    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            edge = Setting(left=left, size=9, font=font)
            for line, place in ((top, TOP), (bottom, BOTTOM)):
                if line is not None and line(number):
                    put_lines(canvas, [line(number)], replace_top(edge, place))
            put(canvas, bodies[number - 1], Setting())

        return draw

    return [page(number) for number in range(1, count + 1)]


def replace_top(setting: Setting, top: float) -> Setting:
    return Setting(left=setting.left, size=setting.size, font=setting.font, top=top)


def ruled(canvas: Canvas, top: float, rows: Sequence[Sequence[str]]) -> None:
    """Draw a table with rules around all cells."""
    columns = [72.0 + 450 * at / len(rows[0]) for at in range(len(rows[0]) + 1)]
    canvas.grid(columns, [HEIGHT - top + 14 - 20 * at for at in range(len(rows) + 1)])
    for at, row in enumerate(rows):
        for left, cell in zip(columns, row, strict=False):
            put_lines(canvas, [cell], Setting(top=top + 20 * at, left=left + 3, size=7))


def roman(number: int) -> str:
    return ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii"][number]


class TestPageNumbers:
    @pytest.mark.parametrize(
        "number",
        [
            str,
            lambda n: str(n + 46),
            roman,
            lambda n: f"- {n} -",
            lambda n: f"Page {n} of 5",
            lambda n: f"Page {n}",
            lambda n: f"{n}/5",
            lambda n: f"Seite {n} von 5",
            lambda n: f"[{n}]",
        ],
        ids=["1", "47", "i", "- 1 -", "Page 1 of 5", "Page 1", "1/5", "Seite", "[1]"],
    )
    def test_numbers_at_the_bottom_are_found_nowhere(self, number: Edge) -> None:
        assert flat(text_of(*pages(5, bottom=number, left=290))) == flat(*BODIES[:5])

    @pytest.mark.parametrize("number", [lambda n: f"第{n}页", lambda n: f"第 {n} 页 共 5 页", str])
    def test_chinese_numbers_of_pages_are_found_nowhere(self, number: Edge) -> None:
        made = pages(5, bottom=number, left=290, font=CHINESE)
        assert flat(text_of(*made)) == flat(*BODIES[:5])

    def test_numbers_at_the_outer_edges_of_left_and_right_pages(self) -> None:
        made = [pages(6, bottom=str, left=72 if number % 2 else 500)[number] for number in range(6)]
        assert flat(text_of(*made)) == flat(*BODIES[:6])

    def test_numbers_at_the_top(self) -> None:
        assert flat(text_of(*pages(5, top=str, left=500))) == flat(*BODIES[:5])

    def test_a_first_page_without_a_number(self) -> None:
        made = pages(5, bottom=lambda n: "" if n == 1 else str(n), left=290)
        assert flat(text_of(*made)) == flat(*BODIES[:5])

    def test_letters_of_two_pages_put_together(self) -> None:
        made = pages(4, bottom=lambda n: f"Page {2 - n % 2} of 2", left=290)
        assert flat(text_of(*made)) == flat(*BODIES[:4])

    def test_a_document_of_two_pages(self) -> None:
        made = pages(2, bottom=lambda n: f"Page {n} of 2", left=290)
        assert flat(text_of(*made)) == flat(*BODIES[:2])


class TestTitles:
    def test_a_header_is_found_once(self) -> None:
        read = text_of(*pages(6, top=lambda _: "Harbour Board Rules, Third Edition"))
        assert read.count("Harbour Board Rules") == 1
        assert flat(read) == flat("Harbour Board Rules, Third Edition", *BODIES[:6])

    def test_a_footer_is_found_once(self) -> None:
        read = text_of(*pages(6, bottom=lambda _: "Confidential - for members only"))
        assert flat(read).count("Confidential - for members only") == 1
        assert not read.endswith("members only")

    def test_a_header_with_the_number_of_the_page_is_found_once_without_it(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                pages(6, top=lambda _: "Harbour Board Rules")[number](canvas)
                canvas.drawRightString(520, HEIGHT - TOP - 9, str(number + 1))

            return draw

        read = text_of(*map(page, range(6)))
        assert flat(read) == flat("Harbour Board Rules", *BODIES[:6])

    def test_left_and_right_pages_have_titles_of_their_own(self) -> None:
        read = text_of(*pages(8, top=lambda n: "The Harbour" if n % 2 else "Tides and Moorings"))
        assert read.count("The Harbour") == 1
        assert read.count("Tides and Moorings") == 1

    def test_titles_of_chapters_are_each_found_once(self) -> None:
        read = text_of(*pages(9, top=lambda n: f"Chapter of the {'ABC'[(n - 1) // 3]} mooring"))
        assert [read.count(f"Chapter of the {c} mooring") for c in "ABC"] == [1, 1, 1]

    def test_a_header_of_two_lines_is_found_once(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Harbour Board", "Rules for moorings"], Setting(top=24, size=9))
                put_lines(canvas, ["14 Copper Lane, Ostrand"], Setting(top=BOTTOM, size=9))
                put(canvas, BODIES[number], Setting())

            return draw

        read = flat(text_of(*map(page, range(5))))
        titles = ("Harbour Board", "Rules for moorings", "14 Copper Lane, Ostrand")
        assert read == flat(*titles[:2], BODIES[0], titles[2], *BODIES[1:5])

    def test_a_header_without_white_below_on_numbered_pages(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Rules of the harbour"], Setting(top=TOP))
                put(canvas, BODIES[number], Setting(top=TOP + 13))
                put_lines(canvas, [str(number + 1)], Setting(top=BOTTOM, left=290))

            return draw

        read = text_of(*map(page, range(4)))
        assert flat(read) == flat("Rules of the harbour", *BODIES[:4])

    def test_words_joined_over_pages_are_not_parted_by_a_footer(self) -> None:
        words = sentences(230, 60).split()
        halves = [" ".join(words[:400]), " ".join(words[400:])]
        read = text_of(*pages(2, bottom=lambda n: f"Page {n} of 2", bodies=halves))
        assert "Page" not in read


class TestWhatStays:
    def test_numbers_of_pages_that_hold_nothing_else(self) -> None:
        bare = pages(3, bottom=lambda n: f"Page {n}", bodies=[" "] * 3)
        assert flat(text_of(*bare)) == "Page 1 Page 2 Page 3"

    """In doubt text stays: a repeated line harms less than a lost one."""

    def test_years_alone_at_the_bottom_of_pages(self) -> None:
        read = text_of(*pages(4, bottom=lambda n: str((1987, 1992, 1993, 2004)[n - 1])))
        assert all(year in read for year in ("1987", "1992", "1993", "2004"))

    def test_amounts_alone_at_the_bottom_of_pages(self) -> None:
        totals = ["1,204.50", "88.00", "13,070.25"]
        read = text_of(*pages(3, bottom=lambda n: totals[n - 1], left=450))
        assert all(total in read for total in totals)

    def test_amounts_that_count_up_by_chance_are_no_page_numbers(self) -> None:
        read = text_of(*pages(3, bottom=lambda n: f"Total: {100 + n}.00", left=450))
        assert all(f"Total: {100 + n}.00" in read for n in (1, 2, 3))

    def test_invoices_of_one_file_keep_their_values(self) -> None:
        read = text_of(*pages(4, top=lambda n: f"Invoice no. {4470 + n}"))
        assert all(f"Invoice no. {4470 + n}" in read for n in range(1, 5))

    def test_dates_at_the_top_of_pages(self) -> None:
        read = text_of(*pages(5, top=lambda n: f"{n} May 2026"))
        assert all(f"{n} May 2026" in read for n in range(1, 6))

    def test_headings_that_count_up(self) -> None:
        read = text_of(*pages(5, top=lambda n: f"Lesson {n}"))
        assert all(f"Lesson {n}" in read for n in range(1, 6))

    def test_steps_that_count_up_at_the_bottom(self) -> None:
        read = text_of(*pages(5, bottom=lambda n: f"Step {n}: turn the wheel"))
        assert all(f"Step {n}: turn the wheel" in read for n in range(1, 6))

    def test_a_form_on_every_page_keeps_its_labels(self) -> None:
        people = ["Ines Orsay", "Tom Lund", "Ada Mill", "Yusuf Bell"]

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                rows = [
                    ("Surname and first name", people[number]),
                    ("Staff number", str(7120 + 3 * number)),
                    ("Mooring", "ABDE"[number] + "4"),
                    ("Signature", ""),
                ]
                put_lines(canvas, ["Application for a mooring"], Setting(top=TOP))
                for at, (label, value) in enumerate(rows):
                    put_lines(canvas, [label], Setting(top=70 + 22 * at))
                    put_lines(canvas, [value], Setting(top=70 + 22 * at, left=300))
                put(canvas, BODIES[number], Setting(top=200))

            return draw

        read = text_of(*map(page, range(4)))
        for label in ("Surname and first name", "Staff number", "Mooring", "Signature"):
            assert read.count(label) == 4
        assert all(name in read for name in people)

    def test_a_form_in_one_table_on_every_page_keeps_its_title(self) -> None:
        people = ["Ines Orsay", "Tom Lund", "Ada Mill", "Yusuf Bell"]
        labels = ["Surname and first name", "Staff number", "Mooring", "Length", "Harbour"]

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Application for a mooring"], Setting(top=TOP))
                rows = [[label, f"{people[number]} {at}"] for at, label in enumerate(labels)]
                ruled(canvas, 90, [["Asked", "Answer"], *rows])

            return draw

        assert text_of(*map(page, range(4))).count("Application for a mooring") == 4

    def test_a_label_alone_above_its_value_stays_on_every_page(self) -> None:
        people = ["Ines Orsay", "Tom Lund", "Ada Mill", "Yusuf Bell"]

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Keeper of the mooring", people[number]], Setting(top=TOP))
                put(canvas, BODIES[number], Setting(top=100))

            return draw

        read = text_of(*map(page, range(4)))
        for name in people:
            assert f"Keeper of the mooring\n{name}" in read

    def test_a_label_above_its_value_on_numbered_pages(self) -> None:
        people = ["Ines Orsay", "Tom Lund", "Ada Mill", "Yusuf Bell"]

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Keeper of the mooring", people[number]], Setting(top=TOP))
                put(canvas, BODIES[number], Setting(top=100))
                put_lines(canvas, [str(number + 1)], Setting(top=BOTTOM, left=290))

            return draw

        assert text_of(*map(page, range(4))).count("Keeper of the mooring\n") == 4

    def test_the_same_words_above_each_text_of_pages_without_numbers(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["What it means:"], Setting(top=TOP))
                put(canvas, BODIES[number], Setting(top=TOP + 13))

            return draw

        assert text_of(*map(page, range(4))).count("What it means:") == 4

    def test_the_header_row_of_a_table_that_goes_on(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                for at in range(30):
                    cells = ("Part", "Stock", "Shelf")
                    if at:
                        cells = (f"Hinge {at} of {number}", str(at * 7 + number), f"C{at}")
                    for cell, left in zip(cells, (72, 240, 400), strict=True):
                        put_lines(canvas, [cell], Setting(top=TOP + 20 * at, left=left))

            return draw

        read = text_of(*map(page, range(4)))
        assert flat(read).count("Part Stock Shelf") == 4

    def test_a_line_that_two_pages_share_in_a_document_of_two(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Terms of the mooring"], Setting())
                put(canvas, BODIES[number], Setting(top=85))

            return draw

        assert text_of(page(0), page(1)).count("Terms of the mooring") == 2

    def test_the_last_line_of_a_letter_that_two_pages_share(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                end = put(canvas, BODIES[number], Setting())
                put_lines(canvas, ["With kind regards, Ines Orsay"], Setting(top=end + 4))

            return draw

        assert text_of(page(0), page(1), page(2)).count("With kind regards, Ines Orsay") == 3

    def test_numbers_of_lines_in_a_list_at_the_bottom(self) -> None:
        read = text_of(*pages(4, bottom=lambda n: f"{n}. Close the sluice and wait"))
        assert all(f"{n}. Close the sluice" in read for n in range(1, 5))

    @pytest.mark.parametrize("first", [1990, 2021])
    def test_years_that_count_up_with_the_pages(self, first: int) -> None:
        read = text_of(*pages(5, bottom=lambda n: str(first + n), left=290))
        assert all(str(first + n) in read for n in range(1, 6))

    def test_numbers_of_which_some_count_up_by_chance(self) -> None:
        values = ["31", "14", "15", "9", "26", "2"]
        read = text_of(*pages(6, bottom=lambda n: f"{values[n - 1]}", left=450))
        assert all(flat(read).count(f" {value}") for value in values)

    @pytest.mark.parametrize("word", ["Figure", "Exercise", "Table", "Case no.", "图"])
    def test_what_is_counted_besides_pages(self, word: str) -> None:
        font = CHINESE if word == "图" else "Helvetica"
        read = text_of(*pages(5, bottom=lambda n: f"{word} {n}", font=font))
        assert all(f"{word} {n}" in read for n in range(1, 6))

    def test_numbers_that_name_what_follows(self) -> None:
        read = text_of(*pages(5, bottom=lambda n: f"Berth {n}: shut from May to August"))
        assert all(f"Berth {n}: shut" in read for n in range(1, 6))

    def test_numbers_in_a_column_beside_their_label(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Invoice no."], Setting(top=TOP))
                put_lines(canvas, [str(number + 12)], Setting(top=TOP, left=400))
                put(canvas, BODIES[number], Setting())

            return draw

        read = text_of(*map(page, range(4)))
        assert all(f"Invoice no.\t{n + 12}" in read for n in range(4))

    def test_prices_that_count_up_with_the_pages(self) -> None:
        read = text_of(*pages(4, bottom=lambda n: f"${n}", left=450))
        assert all(f"${n}" in read for n in range(1, 5))

    def test_the_title_of_a_form_on_every_page(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Application for a mooring"], Setting(top=TOP))
                for at, label in enumerate(("Keeper", "Ship", "Length", "Harbour")):
                    put_lines(canvas, [label], Setting(top=90 + 30 * at))
                    put_lines(
                        canvas,
                        [sentences(250 + 10 * number + at, 1)],
                        Setting(top=103 + 30 * at),
                    )

            return draw

        assert text_of(*map(page, range(4))).count("Application for a mooring") == 4

    def test_the_first_of_lines_that_are_all_as_far_apart(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                names = [sentences(260 + 10 * number + n, 1)[:24] for n in range(12)]
                put_lines(canvas, ["Members present", *names], Setting(top=TOP, leading=24))

            return draw

        assert text_of(*map(page, range(4))).count("Members present") == 4

    def test_a_running_title_that_is_the_text_of_one_page(self) -> None:
        title = "rules of the harbour"

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, [title], Setting(top=TOP))
                put(canvas, BODIES[number], Setting(top=TOP + (13 if number == 3 else 40)))

            return draw

        assert text_of(*map(page, range(6))).count(title) == 2

    def test_large_titles_of_three_slides(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Our moorings"], Setting(top=TOP, size=24))
                put(canvas, sentences(240 + number, 9), Setting(top=140, size=14, leading=18))

            return draw

        assert text_of(*map(page, range(3))).count("Our moorings") == 3

    def test_words_in_the_middle_of_pages(self) -> None:
        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Which knot is this?"], Setting(top=300))
                put(canvas, BODIES[number], Setting(top=400))

            return draw

        assert text_of(*map(page, range(5))).count("Which knot is this?") == 5

    def test_a_line_that_two_pages_of_two_share_at_the_very_top(self) -> None:
        read = text_of(*pages(2, top=lambda _: "Harbour Board of Ostrand"))
        assert read.count("Harbour Board of Ostrand") == 2

    def test_one_page_keeps_all(self) -> None:
        made = pages(1, top=lambda _: "Harbour Board", bottom=lambda n: f"Page {n} of 1")
        assert flat(text_of(*made)) == flat("Harbour Board", BODIES[0], "Page 1 of 1")


class TestInsideParagraphs:
    """A paragraph goes on over the page break, whatever stands at the edges of its pages."""

    @staticmethod
    def text_over_pages(count: int) -> tuple[str, list[list[str]]]:
        """Return one paragraph and its lines, parted into pages."""
        text = sentences(270, 12 * count)
        lines = printed(text, Setting())
        each = -(-len(lines) // count)
        return text, [lines[at : at + each] for at in range(0, len(lines), each)]

    @pytest.mark.parametrize("count", [2, 3, 4])
    def test_header_and_footer_as_browsers_print_them(self, count: int) -> None:
        text, parts = self.text_over_pages(count)

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["11/29/26, 9:12 AM"], Setting(left=24, top=16, size=8))
                put_lines(canvas, ["The mill"], Setting(left=280, top=16, size=8))
                put_lines(canvas, ["https://example.org/mill"], Setting(left=24, top=818, size=8))
                put_lines(canvas, [f"{number + 1}/{count}"], Setting(left=555, top=818, size=8))
                put_lines(canvas, parts[number], Setting(top=60))

            return draw

        read = text_of(*map(page, range(count)))
        assert text in read.split("\n")
        assert read.count("https://example.org/mill") == 1
        assert read.count("9:12 AM") == 1

    def test_a_footer_that_begins_on_the_second_page(self) -> None:
        text, parts = self.text_over_pages(5)

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, parts[number], Setting(top=60))
                if number:
                    put_lines(canvas, ["rules of the harbour"], Setting(top=800, size=8))

            return draw

        read = text_of(*map(page, range(5)))
        assert text in read.split("\n")
        assert read.count("rules of the harbour") == 1


class TestSlides:
    @staticmethod
    def slides(numbers: Sequence[int], total: int, *, boxed: bool) -> list[Draw]:
        """Return slides with a footer of three parts, in boxes side by side or without them."""

        def slide(at: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, [f"Slide of {BODIES[at][:20]}"], Setting(top=40, size=20))
                for line in range(1 + at % 2):
                    put_lines(
                        canvas, [BODIES[at][30 + 30 * line :][:28]], Setting(top=120 + 40 * line)
                    )
                footer = ["P. Stone", "Quarterly review", f"29 May 2026 {numbers[at]} / {total}"]
                for part, words in enumerate(footer):
                    if boxed:
                        canvas.setFillGray(0.9)
                        canvas.rect(40 + 180 * part, HEIGHT - 815, 180, 18, stroke=0, fill=1)
                        canvas.setFillGray(0)
                    put_lines(canvas, [words], Setting(left=60 + 180 * part, top=800, size=8))

            return draw

        return [slide(at) for at in range(len(numbers))]

    @pytest.mark.parametrize("boxed", [True, False])
    def test_a_footer_in_parts(self, *, boxed: bool) -> None:
        read = text_of(*self.slides(range(1, 7), 6, boxed=boxed))
        assert read.count("Quarterly review") == 1
        assert "3 / 6" not in read

    @pytest.mark.parametrize("boxed", [True, False])
    def test_a_slide_that_is_built_up_on_several_pages(self, *, boxed: bool) -> None:
        read = text_of(*self.slides([1, 2, 3, 4, 4, 4], 4, boxed=boxed))
        assert read.count("Quarterly review") == 1
        assert "4 / 4" not in read

    def test_what_waits_far_outside_of_the_page_is_not_read(self) -> None:
        def draw(canvas: Canvas) -> None:
            put_lines(canvas, ["What is shown"], Setting())
            canvas.drawString(2000, 3000, "covered")

        assert text_of(draw) == "What is shown"

    def test_results_of_games_stay(self) -> None:
        games = ["3 / 5", "2 / 4", "4 / 6", "1 / 9"]
        read = text_of(*pages(4, bottom=lambda n: f"Mill against lake {games[n - 1]}"))
        assert all(game in read for game in games)


class TestTablesOverPages:
    @pytest.mark.parametrize("heading", ["Offer", ""])
    @pytest.mark.parametrize("unit", ["", "pcs"])
    @pytest.mark.parametrize("again", [True, False])
    def test_titles_above_and_below_stand_once(
        self, heading: str, unit: str, *, again: bool
    ) -> None:
        names = ["Pos.", "Description", "Qty", "Unit price"]

        def goods(at: int) -> str:
            return sentences(at, 1)[:24].strip()

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Northwind Ltd"], Setting(top=TOP, size=9))
                put_lines(canvas, ["Offer 2024/117"], Setting(top=TOP, size=9, left=280))
                put_lines(canvas, ["VAT GB 123 4567 89"], Setting(top=BOTTOM, size=9))
                top = 90.0
                if heading and not number:
                    top = put_lines(canvas, [heading], Setting(top=top, size=16)) + 30
                rows = [
                    [str(at), goods(at), unit or str(at % 8 + 1), f"{at}.50"]
                    for at in range(8 * number + 1, 8 * number + 9)
                ]
                ruled(canvas, top, [names, *rows] if again or not number else rows)

            return draw

        read = text_of(*map(page, range(6)))
        assert read.count("Northwind Ltd") == read.count("Offer 2024/117") == 1
        assert read.count("VAT GB") == 1
        assert all(f"{at}\t{goods(at)}\t" in read for at in range(1, 49))
