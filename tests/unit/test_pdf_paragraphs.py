"""Lines of a paragraph are joined; headings, lists, rows and verses keep their lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import (
    CHINESE,
    HEIGHT,
    Draw,
    Setting,
    document,
    printed,
    put,
    put_lines,
    sentences,
    text_of,
)

NARROW = Setting(width=215, size=9, leading=11)
LEFT, RIGHT = NARROW, replace(NARROW, left=307)
CHINESE_TEXT = "河边的石桥建于清代乾隆年间，桥面铺着青色的条石，两侧栏杆上刻有莲花与鲤鱼。" * 3


def stacked(texts: list[str], setting: Setting, *, space: float = 0) -> Draw:
    """Return a page with paragraphs below each other."""

    def draw(canvas: Canvas) -> None:
        top = setting.top
        for text in texts:
            top = put(canvas, text, replace(setting, top=top)) + space

    return draw


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


class TestParagraphs:
    @pytest.mark.parametrize(
        ("setting", "space"),
        [
            (Setting(indent=14), 0),
            (Setting(indent=14, justified=True), 0),
            (Setting(), 8),
            (Setting(justified=True), 8),
            (Setting(leading=20), 20),
            (Setting(size=8, leading=9, width=250, indent=10), 0),
            (Setting(font="Times-Roman", size=12, leading=14), 10),
        ],
        ids=["indented", "indented justified", "spaced", "justified", "double", "small", "serif"],
    )
    def test_each_is_one_line_of_text(self, setting: Setting, space: float) -> None:
        texts = [sentences(seed, 5) for seed in range(300, 306)]
        assert lines_of(text_of(stacked(texts, setting, space=space))) == texts

    def test_spaced_paragraphs_are_parted_by_an_empty_line(self) -> None:
        texts = [sentences(seed, 5) for seed in range(306, 309)]
        assert text_of(stacked(texts, Setting(), space=10)) == "\n\n".join(texts)

    def test_chinese_lines_are_joined_without_a_space(self) -> None:
        texts = [CHINESE_TEXT, CHINESE_TEXT.replace("石桥", "水塔")]
        setting = Setting(font=CHINESE, width=400)
        assert lines_of(text_of(stacked(texts, setting, space=10))) == texts

    def test_chinese_stops_that_hang_into_the_margin(self) -> None:
        lines = [
            "河边的石桥建于清代乾隆年间桥面铺着青色条",
            "两侧栏杆上刻有莲花与鲤鱼山脚下的茶园每1年，",
            "采摘两次当地人把新茶装进竹篓沿着古道送到镇",
            "上的集市每年五月桥边举行庙会远近的村民都来",
            "看戏直到深夜才散。",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting(font=CHINESE)) and None)
        assert read == "".join(lines)

    def test_a_chinese_line_may_be_short_as_no_line_begins_with_a_stop(self) -> None:
        lines = [
            "河边的石桥建于清代乾隆年间桥面铺着青色条石上",
            "两侧栏杆上刻有莲花与鲤鱼山脚下的茶园在春",
            "天，采摘两次当地人把新茶装进竹篓沿着古道送到",
            "上的集市每年五月桥边举行庙会远近的村民都来了",
            "看戏直到深夜才散。",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting(font=CHINESE)) and None)
        assert read == "".join(lines)

    @pytest.mark.parametrize("note", ["Mills of the harbour.", "10,746 mills at rivers."])
    def test_a_small_number_before_a_note_is_no_part_of_its_first_word(self, note: str) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, sentences(315, 5), Setting())
            canvas.setFont("Helvetica", 5)
            canvas.drawString(72, HEIGHT - 697, "1")
            canvas.setFont("Helvetica", 8)
            canvas.drawString(75, HEIGHT - 700, note)

        assert text_of(draw).endswith(f"1 {note}")

    def test_a_short_last_line_ends_a_paragraph_without_space_or_indent(self) -> None:
        first = printed(sentences(310, 6), Setting())
        texts = [" ".join([*first[:-1], "The end."]), sentences(311, 5)]
        assert lines_of(text_of(stacked(texts, Setting()))) == texts

    def test_a_word_below_another_by_chance_in_justified_lines(self) -> None:
        above = ["Sailor", "live", "beside", "the", "old", "mill", "or", "in", "its", "sec-"]
        below = ["tion", "with", "salt", "for", "the", "town", "of", "Lund"]

        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            left, second = 72.0, 0.0
            for word in below:
                canvas.drawString(left, 687, word)
                end = left + canvas.stringWidth(word)
                second = second or end + 17
                left = end + 17
            canvas.drawString(72, 700, above[0])
            gap = (end - second - sum(map(canvas.stringWidth, above[1:]))) / (len(above) - 2)
            for word in above[1:]:
                canvas.drawString(second, 700, word)
                second += canvas.stringWidth(word) + gap
            canvas.drawString(72, 674, "harbour.")

        assert text_of(draw) == " ".join([*above, *below, "harbour."]).replace("sec- ", "sec")

    def test_wide_blanks_of_tex_behind_the_ends_of_sentences(self) -> None:
        lines = [
            "Late boats come in. Then har-",
            "bour lights go out? Nobody",
            "sees. Gulls, the old, fish",
            "by night.",
        ]

        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            for number, line in enumerate(lines):
                words, left = line.split(), 72.0
                shares = [3 if word[-1] in ".?" else 1 for word in words[:-1]]
                taken = sum(map(canvas.stringWidth, words))
                room = (175 - taken) / sum(shares) if number + 1 < len(lines) else 4
                for word, share in zip(words, [*shares, 0], strict=True):
                    canvas.drawString(left, 700 - 13 * number, word)
                    left += canvas.stringWidth(word) + room * share

        assert text_of(draw) == " ".join(lines).replace("har- ", "har")

    def test_a_page_of_one_paragraph_is_one_line(self) -> None:
        text = sentences(312, 60)
        assert text_of(stacked([text], Setting(justified=True))) == text


class TestLinesThatStay:
    def test_a_heading_of_the_same_size_above_its_paragraph(self) -> None:
        texts = ["Of Mills and Rivers", sentences(320, 6), "Of Bridges", sentences(321, 6)]
        assert lines_of(text_of(stacked(texts, Setting()))) == texts

    def test_a_large_heading_over_two_lines_is_one(self) -> None:
        heading = "What the Harbour Board decided about moorings and winter lanterns"

        def draw(canvas: Canvas) -> None:
            top = put(canvas, heading, Setting(size=22, leading=26, width=420))
            put(canvas, sentences(322, 6), Setting(top=top + 10))

        read = lines_of(text_of(draw))
        assert read == [heading, sentences(322, 6)]

    def test_items_of_a_list(self) -> None:
        items = [f"• {sentences(seed, 1)}" for seed in range(330, 336)]
        assert lines_of(text_of(stacked(items, Setting()))) == items

    @pytest.mark.parametrize("mark", ["{}. ", "({}) ", "{}) "])
    def test_numbered_items_over_several_lines(self, mark: str) -> None:
        items = [mark.format(n) + sentences(336 + n, 3) for n in range(1, 7)]
        assert lines_of(text_of(stacked(items, Setting()))) == items

    def test_items_whose_lines_hang(self) -> None:
        items = [sentences(345 + n, 3) for n in range(4)]

        def draw(canvas: Canvas) -> None:
            top = 72.0
            for item in items:
                put_lines(canvas, ["•"], Setting(top=top))
                top = put(canvas, item, Setting(top=top, left=86, width=430))

        assert lines_of(text_of(draw)) == [f"• {item}" for item in items]

    @pytest.mark.parametrize("mark", ["4.", "•", "(a)", "iv."])
    def test_items_whose_text_stands_far_from_its_mark(self, mark: str) -> None:
        item = sentences(349, 3)

        def draw(canvas: Canvas) -> None:
            put(canvas, sentences(348, 4), Setting())
            put_lines(canvas, [mark], Setting(top=160))
            put(canvas, item, Setting(top=160, left=110, width=412))

        assert lines_of(text_of(draw))[1:] == [f"{mark} {item}"]

    def test_lines_of_a_verse(self) -> None:
        verse = [
            "The mill is old, the wheel is slow,",
            "and under stone the waters go;",
            "a lantern hangs above the door",
            "for those who will not come from shore.",
        ]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, verse, Setting())
            put(canvas, sentences(350, 8), Setting(top=160))

        assert lines_of(text_of(draw))[:4] == verse

    def test_lines_of_an_address(self) -> None:
        address = ["Harbour Mills Ltd", "14 Copper Lane", "LW4 7QT Ostrand"]

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, address, Setting())
            put(canvas, sentences(351, 8), Setting(top=160))

        assert lines_of(text_of(draw))[:3] == address

    def test_entries_of_an_index_that_begin_with_small_letters(self) -> None:
        entries = [
            "anchor, 122", "used in winter, 243", "apple, 298", "used on the river, 241",
            "ballast, 133", "barge, 277, 360", "used in winter, 78", "basin, 119, 366",
            "beacon, 33", "berth, 22", "used at night, 138", "bilge, 243", "bollard, 199",
        ]  # fmt: skip

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, entries, Setting())

        assert lines_of(text_of(draw)) == entries


class TestListsWithoutMarks:
    """Their marks are drawn, or there are none."""

    def test_short_lines_further_in(self) -> None:
        items = ["frame thrown at random", "twelve repetitions", "standard solution"]

        def draw(canvas: Canvas) -> None:
            top = put(canvas, sentences(330, 4), LEFT)
            top = put_lines(canvas, items, replace(LEFT, left=LEFT.left + 20, top=top + 4))
            put(canvas, sentences(331, 4), replace(LEFT, top=top + 4))

        assert lines_of(text_of(draw)) == [sentences(330, 4), *items, sentences(331, 4)]

    @pytest.mark.parametrize(
        "times",
        [("09:00 - 09:30", "09:30 - 10:45", "10:45 - 11:00"), ("9 am", "10 am", "11 am")],
    )
    def test_lines_that_begin_with_a_time(self, times: tuple[str, str, str]) -> None:
        what = ("Welcome in the hall", "Keynote on tides and mills", "Coffee")
        lines = [f"{time} {words}" for time, words in zip(times, what, strict=True)]

        def draw(canvas: Canvas) -> None:
            top = put(canvas, sentences(332, 4), Setting())
            put_lines(canvas, lines, Setting(top=top + 20))

        assert lines_of(text_of(draw))[1:] == lines

    def test_items_with_a_little_more_white_between_them(self) -> None:
        def draw(canvas: Canvas) -> None:
            setting = Setting(width=150, size=11, leading=13)
            lines = ["Raise the share of returning", "customers to forty per cent"]
            top = put_lines(canvas, lines, setting)
            put_lines(canvas, ["Open two shops"], replace(setting, top=top + 3))

        assert lines_of(text_of(draw)) == [
            "Raise the share of returning customers to forty per cent",
            "Open two shops",
        ]


class TestHyphens:
    def test_a_word_broken_at_a_line_end_is_whole(self) -> None:
        lines = [
            "The keeper of the mill wrote to all who live beside the river that the har-",
            "bour would be shut for the winter and that nobody was to use the lantern on the bri-",
            "dge before May.",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting()) and None)
        assert "the harbour would" in read
        assert "the bridge before" in read

    def test_a_word_broken_in_an_entry_whose_second_line_is_indented(self) -> None:
        def draw(canvas: Canvas) -> None:
            for number, name in enumerate(("north", "south", "west")):
                top = 72.0 + 26 * number
                put_lines(
                    canvas, [f"The lantern of the {name} tower and its cop-"], Setting(top=top)
                )
                put_lines(canvas, ["per door"], Setting(top=top + 13, left=90))

        assert text_of(draw).count("its copper door") == 3

    def test_a_word_broken_in_a_line_of_small_capitals(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 7)
            canvas.drawString(72, 700, "NOTE OF THE KEEPER OF THE HARBOUR AND ITS LANTERNS:")
            left = 75 + canvas.stringWidth("NOTE OF THE KEEPER OF THE HARBOUR AND ITS LANTERNS:")
            canvas.setFont("Helvetica", 10)
            canvas.drawString(left, 700, "For all who live at the ri-")
            canvas.drawString(72, 687, "ver there will be a market in the first week of May.")

        assert "LANTERNS: For all who live at the river there" in text_of(draw)

    def test_a_hyphen_that_the_document_writes_elsewhere_stays(self) -> None:
        lines = [
            "A well-known keeper of the mill wrote to all who live at the river about a well-",
            "known bridge.",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting()) and None)
        assert read.count("well-known") == 2

    def test_a_hyphen_of_a_name_with_several_stays(self) -> None:
        lines = [
            "The keeper of the mill wrote to all who live at the river about the date-format-",
            "river bridge.",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting()) and None)
        assert "date-format-river" in read

    def test_hyphens_are_rejoined_inside_one_column_only(self) -> None:
        def draw(canvas: Canvas) -> None:
            for number in range(12):
                top = 72 + 11.0 * number
                put_lines(
                    canvas, ["the keeper of the old stone mill and har-"], replace(LEFT, top=top)
                )
                put_lines(
                    canvas, ["bour lanterns of the river under copper"], replace(RIGHT, top=top)
                )

        read = text_of(draw)
        assert "harthe" in read
        assert read.count("harbour") == 1  # where the second column goes on with the first

    def test_a_hyphen_of_a_number_stays(self) -> None:
        lines = [
            "Whoever needs a berth for the winter calls the harbour office under 020-7123-",
            "4567 before the first of May.",
        ]
        read = text_of(lambda canvas: put_lines(canvas, lines, Setting()) and None)
        assert "020-7123-4567" in read


class TestGoingOn:
    """A paragraph that goes on in the next column or on the next page is one paragraph."""

    def test_in_the_next_column(self) -> None:
        lines = printed(sentences(360, 30), LEFT)
        half = next(n for n in range(len(lines) // 2, 99) if lines[n - 1][-1] != ".")

        def draw(canvas: Canvas) -> None:
            put_lines(canvas, lines[:half], LEFT)
            put_lines(canvas, lines[half:], RIGHT)

        assert text_of(draw) == " ".join(lines)

    def test_on_the_next_page(self) -> None:
        lines = printed(sentences(361, 60), Setting())

        def page(part: list[str]) -> Draw:
            return lambda canvas: put_lines(canvas, part, Setting()) and None

        read = document(page(lines[:20]), page(lines[20:]))
        assert read.text == " ".join(lines)
        assert [read.text[p.start : p.end] for p in read.pages] == [
            " ".join(lines[:20]),
            " ".join(lines[20:]),
        ]

    def test_on_the_next_page_behind_footer_and_header(self) -> None:
        lines = printed(sentences(362, 90), Setting())

        def page(number: int) -> Draw:
            def draw(canvas: Canvas) -> None:
                put_lines(canvas, ["Rules of the Harbour"], Setting(top=30, size=8))
                put_lines(canvas, lines[20 * number : 20 * number + 20], Setting())
                put_lines(canvas, [f"Page {number + 1}"], Setting(top=790, size=8))

            return draw

        assert text_of(*map(page, range(4))) == "Rules of the Harbour\n\n" + " ".join(lines[:80])

    def test_inside_a_word(self) -> None:
        first = [
            "The keeper of the mill wrote to all who live at the river that nobody is",
            "to use the lantern on the old stone bridge by the orchard before the har-",
        ]
        second = ["bour opens again in May, and that the wheel will stand still until then."]
        read = text_of(
            lambda canvas: put_lines(canvas, first, Setting()) and None,
            lambda canvas: put_lines(canvas, second, Setting()) and None,
        )
        assert "before the harbour opens" in read

    def test_chinese_goes_on_without_a_space(self) -> None:
        setting = Setting(font=CHINESE, width=400)
        lines = printed(CHINESE_TEXT * 4, setting)

        def page(part: list[str]) -> Draw:
            return lambda canvas: put_lines(canvas, part, setting) and None

        assert text_of(page(lines[:5]), page(lines[5:])) == CHINESE_TEXT * 4

    def test_a_sentence_that_ends_its_page_ends_its_paragraph(self) -> None:
        first, second = sentences(363, 6), sentences(364, 6)
        read = text_of(
            lambda canvas: put(canvas, first, Setting()) and None,
            lambda canvas: put(canvas, second, Setting()) and None,
        )
        assert read == f"{first}\n\n{second}"

    def test_a_heading_at_the_top_of_a_page_is_no_part_of_the_text_before(self) -> None:
        lines = printed(sentences(365, 20), Setting())[:8]

        def second(canvas: Canvas) -> None:
            put_lines(canvas, ["Of Lanterns"], Setting())
            put(canvas, sentences(366, 6), Setting(top=95))

        read = text_of(lambda canvas: put_lines(canvas, lines, Setting()) and None, second)
        assert "\n\nOf Lanterns\n" in read

    @pytest.mark.parametrize("above", ["Contents of the chest", "keeper of the mill and"])
    def test_a_short_line_does_not_go_on(self, above: str) -> None:
        first = [*printed(sentences(367, 8), Setting())[:4], above]
        read = text_of(
            lambda canvas: put_lines(canvas, first, Setting()) and None,
            lambda canvas: put_lines(canvas, ["rope, salt and nails"], Setting()) and None,
        )
        assert f"{above}\n\nrope" in read

    def test_a_full_line_that_ends_a_sentence_does_not_go_on(self) -> None:
        lines = printed(sentences(370, 20), Setting())[:8]
        lines[-1] = lines[-1].rstrip(".") + ":"
        read = text_of(
            lambda canvas: put_lines(canvas, lines, Setting()) and None,
            lambda canvas: put_lines(canvas, ["rope, salt and nails"], Setting()) and None,
        )
        assert f"{lines[-1]}\n\nrope" in read

    def test_a_word_alone_on_its_page_does_not_go_on(self) -> None:
        read = text_of(
            lambda canvas: put_lines(canvas, ["Contents"], Setting()) and None,
            lambda canvas: put_lines(canvas, ["rope, salt and nails"], Setting()) and None,
        )
        assert read == "Contents\n\nrope, salt and nails"

    def test_white_space_inside_a_column_ends_a_paragraph(self) -> None:
        lines = printed(sentences(371, 20), Setting())[:8]

        def draw(canvas: Canvas) -> None:
            top = put_lines(canvas, lines, Setting())
            put_lines(canvas, ["rope, salt and nails"], Setting(top=top + 20))

        assert f"{lines[-1]}\n\nrope" in text_of(draw)

    def test_a_caption_in_small_letters_is_no_part_of_the_text_before(self) -> None:
        lines = printed(sentences(368, 20), Setting())[:8]
        read = text_of(
            lambda canvas: put_lines(canvas, lines, Setting()) and None,
            lambda canvas: put_lines(canvas, ["as seen from the tower"], Setting(size=7)) and None,
        )
        assert f"{lines[-1]}\n\nas seen" in read

    def test_items_of_a_list_at_the_top_of_a_page(self) -> None:
        lines = printed(sentences(369, 20), Setting())[:8]
        read = text_of(
            lambda canvas: put_lines(canvas, lines, Setting()) and None,
            lambda canvas: put_lines(canvas, ["a) rope", "b) salt"], Setting()) and None,
        )
        assert "\n\na) rope\nb) salt" in read


class TestChinese:
    """Lines without capitals and without spaces."""

    def test_a_raised_reference_in_the_last_line_does_not_part_it_from_its_paragraph(self) -> None:
        """It has more figures than the line has characters, and makes the line higher."""

        def draw(canvas: Canvas) -> None:
            setting = Setting(font=CHINESE, size=10, leading=16, width=300)
            canvas.setFont(CHINESE, 10)
            put_lines(canvas, [CHINESE_TEXT[at : at + 30] for at in (0, 30, 60)], setting)
            y = HEIGHT - setting.top - 10 - 3 * 16 - 3
            canvas.setFont(CHINESE, 10)
            canvas.drawString(72, y, "要手段")
            canvas.setFont("Helvetica", 8)
            canvas.drawString(102, y + 5, "[12-13]")
            canvas.setFont(CHINESE, 10)
            canvas.drawString(102 + canvas.stringWidth("[12-13]", "Helvetica", 8), y, "。")

        assert CHINESE_TEXT[60:90] + "要手段[12-13]。" in text_of(draw)

    def test_a_foreign_name_with_a_capital_goes_on_with_a_sentence(self) -> None:
        lines = [CHINESE_TEXT[:30], "（District Metered Area）" + CHINESE_TEXT[30:45]]
        setting = Setting(font=CHINESE, width=300)

        text = text_of(lambda canvas: put_lines(canvas, lines, setting))

        assert "".join(lines) in text

    @pytest.mark.parametrize(
        "lines",
        [
            ["发票号码：24312000000012345678", "开票日期：2024年03月14日"],
            ["請求番号：INV-2024-0317-0042", "有限会社河边石桥商事"],
            ["名称：河边石桥贸易有限公司", "纳税人识别号：91310000"],
        ],
    )
    def test_a_label_with_its_value_is_a_line_of_its_own(self, lines: list[str]) -> None:
        """The block is as narrow as its widest line: all lines seem full."""

        setting = Setting(font=CHINESE, left=330, top=200)

        assert text_of(lambda canvas: put_lines(canvas, lines, setting)) == "\n".join(lines)
