"""Tables of a page, ruled and unruled, and what looks like one and is none."""

from __future__ import annotations

import pytest
from reportlab.lib.colors import lightgrey
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.tables.finding import MOST_WORDS, find_tables
from tests.helpers.pdf_tables import CHINESE, Draw, grid, made, prose, put, tables_on

PARTS = [
    ["Part", "Stock", "Shelf", "Supplier"],
    ["Hinge 40 mm", "112", "C4", "Lund Metal"],
    ["Hinge 60 mm", "", "C5", "Lund Metal"],
    ["Latch", "37", "", "Orsay"],
    ["Bolt M8", "5", "A1", ""],
]
AT = [80.0, 190.0, 300.0, 410.0]
EDGES = [75, 185, 295, 405, 520]
LEVELS = [715 - 16 * n for n in range(6)]


def rows_on(draw: Draw) -> list[list[str]]:
    """Return the rows of the only table."""
    tables = tables_on(made(draw))
    assert len(tables) == 1, [table.rows for table in tables]
    return [list(row) for row in tables[0].rows]


class TestRuled:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    def test_boxed_cells_are_cells_and_an_empty_one_stays(self, rotation: int) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS, AT, top=704)
            grid(canvas, EDGES, LEVELS)

        data = made(draw, rotation=rotation, upright=True)
        assert [list(row) for row in tables_on(data)[0].rows] == PARTS
        assert tables_on(data)[0].header_rows == 1
        assert tables_on(data)[0].lines[2] == "Hinge 60 mm\t\tC5\tLund Metal"

    def test_lines_across_between_rows_are_enough(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS, AT, top=704)
            for level in LEVELS:
                canvas.line(75, level, 520, level)

        assert rows_on(draw) == PARTS

    def test_three_lines_across_are_enough(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS, AT, top=704)
            for level in (LEVELS[0], LEVELS[1], LEVELS[-1]):
                canvas.line(75, level, 520, level)

        assert rows_on(draw) == PARTS

    def test_every_other_row_on_grey_is_a_table(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFillColor(lightgrey)
            for level in LEVELS[1::2]:
                canvas.rect(75, level - 16, 445, 16, stroke=0, fill=1)
            canvas.setFillGray(0)
            put(canvas, PARTS, AT, top=704)

        assert rows_on(draw) == PARTS

    def test_a_cell_of_several_lines_is_one_cell(self) -> None:
        rows = [
            ["Task", "Who", "Until"],
            ["Write to all tenants\nof the north wing", "Ines", "2 May"],
            ["Order grit", "Tom and\nYusuf", "9 May"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, AT[:3], top=700, pitch=32)
            grid(canvas, EDGES[:4], [715, 683, 651, 619])

        assert rows_on(draw) == [[cell.replace("\n", " ") for cell in row] for row in rows]

    def test_a_word_broken_in_a_narrow_cell_is_whole(self) -> None:
        def draw(canvas: Canvas) -> None:
            rows = [["Term", "Meaning"], ["ventila-\ntion", "air"], ["heating", "warmth"]]
            put(canvas, rows, AT[:2], top=700, pitch=32)
            grid(canvas, EDGES[:3], [715, 683, 651, 619])

        assert rows_on(draw)[1] == ["ventilation", "air"]

    def test_a_merged_cell_is_said_in_every_row_that_it_covers(self) -> None:
        def draw(canvas: Canvas) -> None:
            rows = [["Site", "Month", "kWh"], ["", "May", "310"], ["", "June", "290"]]
            put(canvas, rows, AT[:3], top=704)
            canvas.drawString(80, 680, "Weir 4")
            grid(canvas, [185, 295, 405], LEVELS[:4])
            for level in (LEVELS[0], LEVELS[1], LEVELS[3]):
                canvas.line(75, level, 185, level)
            canvas.line(75, LEVELS[0], 75, LEVELS[3])

        assert rows_on(draw) == [
            ["Site", "Month", "kWh"],
            ["Weir 4", "May", "310"],
            ["Weir 4", "June", "290"],
        ]

    def test_a_merged_name_is_the_name_of_each_column_that_it_covers(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, [["Site", "Heating", ""]], AT[:3], top=704)
            put(canvas, [["", "2022", "2023"], ["Weir 4", "310", "290"]], AT[:3], top=688)
            grid(canvas, EDGES[:2], [LEVELS[0], *LEVELS[2:4]])
            grid(canvas, EDGES[1:4], LEVELS[1:4])
            canvas.line(185, LEVELS[0], 405, LEVELS[0])
            canvas.line(405, LEVELS[0], 405, LEVELS[1])

        tables = tables_on(made(draw))
        assert tables[0].rows == (
            ("Site", "Heating", "Heating"),
            ("Site", "2022", "2023"),
            ("Weir 4", "310", "290"),
        )
        assert tables[0].header_rows == 2

    def test_columns_in_boxes_without_lines_between_rows_have_rows(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS, AT, top=704)
            grid(canvas, EDGES, [LEVELS[0], LEVELS[1], LEVELS[-1]])

        assert rows_on(draw) == PARTS

    def test_rows_that_share_one_box_are_rows(self) -> None:
        rows = [
            ["Score", "Word", "Kind"],
            ["1.000", "miller", "noun"],
            ["0.912", "grind", "verb"],
            ["0.817", "coarse", "adjective"],
            ["0.500", "stone", "noun"],
            ["...", "...", "..."],
            ["0.219", "wheel", "noun"],
            ["0.105", "turn", "verb"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, AT[:3], top=704)
            grid(canvas, EDGES[:4], [715, 699, 635, 619, 587])

        assert rows_on(draw) == rows

    def test_a_heading_beside_the_names_of_columns_is_none_of_them(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS, [330, 400, 440, 480], top=704)
            for level in (699, 635):
                canvas.line(325, level, 540, level)
            canvas.drawString(60, 704, "5.1 What was found")
            prose(canvas, [line[:38] for line in LEFT], 60, top=680)

        assert rows_on(draw) == PARTS

    def test_a_cell_of_chinese_has_no_space_where_its_line_breaks(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont(CHINESE, 10)
            rows = [["项目", "说明"], ["报销", "员工出差回来后\n十天内提交"], ["请假", "提前三天"]]
            put(canvas, rows, AT[:2], top=700, pitch=32)
            grid(canvas, EDGES[:3], [715, 683, 651, 619])

        assert rows_on(draw) == [
            ["项目", "说明"],
            ["报销", "员工出差回来后十天内提交"],
            ["请假", "提前三天"],
        ]


class TestUnruled:
    def test_columns_of_text_and_numbers_are_a_table_with_its_empty_cells(self) -> None:
        assert rows_on(lambda canvas: put(canvas, PARTS, AT)) == PARTS

    def test_columns_of_a_table_may_have_their_right_edges_in_line(self) -> None:
        rows = [
            ["Item", "Qty", "Price", "Sum"],
            ["Oak board", "12", "4.50", "54.00"],
            ["Screws, box of 500 pieces", "3", "11.95", "35.85"],
            ["Glue", "1", "1,208.00", "1,208.00"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, [80, 280, 360, 440], right=(1, 2, 3))

        assert rows_on(draw) == rows

    def test_opening_hours_below_a_heading_are_a_table(self) -> None:
        rows = [
            ["Branch", "Mon to Thu", "Fri", "Sat"],
            ["Harbour", "09:00-18:00", "09:00-16:00", "closed"],
            ["Old Town", "10:00-19:00", "10:00-17:00", "10:00-14:00"],
            ["Airport", "08:30-15:30", "08:30-13:00", "closed"],
        ]

        def draw(canvas: Canvas) -> None:
            canvas.drawString(70, 730, "Opening hours of the branches")
            put(canvas, rows, AT)
            prose(canvas, ["All branches are closed on public holidays."], 70, top=620)

        assert rows_on(draw) == rows

    def test_a_price_list_in_chinese_is_a_table(self) -> None:
        rows = [
            ["品名", "数量", "单价"],
            ["铅笔", "十二支", "18.50"],
            ["笔记本", "三本", "7.00"],
            ["订书机", "一个", "26.80"],
        ]

        def draw(canvas: Canvas) -> None:
            canvas.setFont(CHINESE, 10)
            put(canvas, rows, AT[:3])

        assert rows_on(draw) == rows

    def test_a_description_that_goes_on_in_a_second_line_is_one_cell(self) -> None:
        rows = [
            ["No", "Description", "Amount"],
            ["1", "Repair of the roof above\nthe loading bay", "1,250.00"],
            ["2", "Inspection", "90.00"],
            ["3", "Travel", "44.10"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, [80, 120, 400], pitch=24)

        assert rows_on(draw) == [[cell.replace("\n", " ") for cell in row] for row in rows]

    def test_descriptions_of_several_words_do_not_cut_a_table(self) -> None:
        rows = [
            ["No", "what was bought", "Qty", "Sum"],
            ["XZ4377", "oak board cut to size", "59.35", "57.21"],
            ["EP5956", "regular drive belt, new", "52.70", "370"],
            ["AH2411", "valley thread for member", "3,532", "69,213"],
            ["CV2589", "beacon light of harbour", "352", "361"],
            ["NK7711", "leather strap and buckle", "13,356", "81.66"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, [80, 140, 380, 480], right=(2, 3))

        assert rows_on(draw) == rows

    def test_a_name_of_two_lines_beside_names_of_one_is_one_name(self) -> None:
        rows = [
            ["Site", "", "Fuel"],
            ["Weir 4", "310", "oil"],
            ["Weir 5", "290", "oil"],
            ["Weir 6", "1,275", "gas"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, AT[:3], top=700, pitch=20)
            canvas.drawString(190, 705.5, "Yearly")
            canvas.drawString(190, 694.5, "kWh")

        wanted = [list(row) for row in rows]
        wanted[0][1] = "Yearly kWh"
        assert rows_on(draw) == wanted

    def test_a_number_that_reaches_below_the_name_beside_is_in_its_column(self) -> None:
        rows = [
            ["Item", "Price each", "Sum"],
            ["XZ4377", "45.55", "538"],
            ["EP5956", "93.33", "96,656"],
            ["AH2411", "91,396", "742"],
            ["CV2589", "765", "128"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, [[row[0], "", row[2]] for row in rows], [80, 300, 430], right=(2,))
            canvas.drawString(300, 700, "Price each")
            edge = 300 + canvas.stringWidth("Price each") + canvas.stringWidth("91,396")
            for n, row in enumerate(rows[1:], start=1):
                canvas.drawRightString(edge, 700 - 16 * n, row[1])

        assert rows_on(draw) == rows

    def test_two_tables_side_by_side_are_two(self) -> None:
        left = [["Size", "Price"], ["S", "4.00"], ["M", "5.50"], ["L", "7.00"]]
        right = [["Size", "Price"], ["XS", "3.10"], ["XL", "8.20"], ["XXL", "9.90"]]

        def draw(canvas: Canvas) -> None:
            put(canvas, left, [80, 150])
            put(canvas, right, [350, 420])

        tables = tables_on(made(draw))
        assert [[list(row) for row in table.rows] for table in tables] == [left, right]

    def test_a_table_inside_one_of_two_columns_is_found_there(self) -> None:
        lines = [
            "the council met again to hear what had been",
            "decided about the bridge, and whether money",
            "could be found before the winter; nobody in",
            "the room believed it, but the mayor said so,",
            "and the engineer, who had come by the early",
            "train, nodded and wrote down the figures of",
            "the last three years, which were not as bad",
            "as had been feared by those who had to pay.",
        ]
        rows = [
            ["Year", "Cost", "Share"],
            ["2021", "410", "12 %"],
            ["2022", "388", "11 %"],
            ["2023", "402", "14 %"],
        ]

        def draw(canvas: Canvas) -> None:
            prose(canvas, lines, 60)
            put(canvas, rows, [330, 400, 470], top=687, pitch=13)

        assert rows_on(draw) == rows

    def test_names_over_several_columns_name_each(self) -> None:
        rows = [
            ["Site", "Q1", "Q2", "Q1", "Q2"],
            ["Weir 4", "31", "29", "35", "30"],
            ["Weir 5", "11", "12", "13", "14"],
            ["Weir 6", "21", "22", "23", "24"],
        ]

        def draw(canvas: Canvas) -> None:
            canvas.drawCentredString(225, 716, "Electricity")
            canvas.drawCentredString(385, 716, "Heating oil")
            put(canvas, rows, [80, 190, 250, 350, 410])

        tables = tables_on(made(draw))
        assert tables[0].header_rows == 2
        assert tables[0].rows[0] == ("", "Electricity", "Electricity", "Heating oil", "Heating oil")

    def test_a_table_in_a_typewriters_font_is_a_table(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Courier", 9)
            put(canvas, PARTS, AT)

        assert rows_on(draw) == PARTS

    def test_a_table_of_contents_in_two_columns_is_read_down_each(self) -> None:
        def draw(canvas: Canvas) -> None:
            for column in range(2):
                for n in range(12):
                    title = f"{'Left' if column == 0 else 'Right'} hand chapter {n} "
                    left, right = 60 + 250 * column, 280 + 250 * column
                    dots = int((right - 24 - left - canvas.stringWidth(title)) / 2.78)
                    canvas.drawString(left, 700 - 14 * n, title + "." * dots)
                    canvas.drawRightString(right, 700 - 14 * n, str(10 + n + 50 * column))

        rows = [row for table in tables_on(made(draw)) for row in table.rows]
        assert rows == [
            *((f"Left hand chapter {n} …", str(10 + n)) for n in range(12)),
            *((f"Right hand chapter {n} …", str(60 + n)) for n in range(12)),
        ]

    def test_a_title_of_two_lines_is_one_entry_of_a_table_of_contents(self) -> None:
        lines = [
            ("1 Before you begin", "3"),
            ("2 What the operator of the crane has to know before the cabin is", ""),
            ("entered for the first time", "12"),
            ("3 Index", "44"),
        ]

        def draw(canvas: Canvas) -> None:
            for n, (title, page) in enumerate(lines):
                dots = " " + "." * int((430 - canvas.stringWidth(title)) / 2.78) if page else ""
                canvas.drawString(80, 700 - 14 * n, title + dots)
                canvas.drawRightString(530, 700 - 14 * n, page)

        tables = tables_on(made(draw))
        assert tables[0].rows == (
            ("1 Before you begin …", "3"),
            (f"{lines[1][0]} {lines[2][0]} …", "12"),
            ("3 Index …", "44"),
        )

    def test_a_table_of_contents_has_a_row_for_each_entry(self) -> None:
        def draw(canvas: Canvas) -> None:
            for n, (title, page) in enumerate(
                [("1 Before you begin", "3"), ("2 Care of the machine", "12"), ("Index", "44")]
            ):
                canvas.drawString(80, 700 - 16 * n, title + " " + "." * 60)
                canvas.drawRightString(500, 700 - 16 * n, page)

        tables = tables_on(made(draw))
        assert tables[0].rows == (
            ("1 Before you begin …", "3"),
            ("2 Care of the machine …", "12"),
            ("Index …", "44"),
        )
        assert tables[0].header_rows == 0

    def test_keys_and_values_are_rows_without_names_of_columns(self) -> None:
        rows = [["Customer:", "Aune Holding"], ["Contract:", "KX-4471-B"], ["Ends:", "31 May 2026"]]
        tables = tables_on(made(lambda canvas: put(canvas, rows, AT[:2])))
        assert [list(row) for row in tables[0].rows] == rows
        assert tables[0].header_rows == 0


LEFT = [
    "when the ship came in at last the whole town",
    "stood on the quay, for it had been away since",
    "the spring, and letters had come from none of",
    "those on board; the priest had his best coat",
    "on, the children had been given the day off,",
    "and even the old harbour master, who had not",
    "left his house for years, was carried down.",
]
RIGHT = [
    "a rope was thrown, then a second one, and as",
    "the gangway fell a great silence came over",
    "the people, because the first man who walked",
    "down was not the captain, but a boy whom no",
    "one knew, in a coat that was far too long,",
    "with a bird cage in his hand, and inside it",
    "something that looked very much like a hat.",
]
CHINESE_LEFT = [
    "清晨的雾还没有散去，码头上已经站满了人，",
    "大家都在等那条三个月没有音信的船。孩子们",
    "今天不用上学，老人也被搀扶着走了出来，",
    "神父穿上了他最好的外套，站在最前面，手里",
    "拿着一本旧书，一句话也不说，只是看着海。",
]
CHINESE_RIGHT = [
    "第一根缆绳抛了上来，接着是第二根，跳板落",
    "下的时候，人群忽然安静了，因为走下来的并",
    "不是船长，而是一个谁也不认识的少年，他的",
    "外套太长，手里提着一个鸟笼，笼子里面装着",
    "的东西看上去很像一顶帽子，人们面面相觑。",
]


def spread(canvas: Canvas, line: str, left: float, right: float, y: float) -> None:
    words = line.split()
    room = right - left - sum(canvas.stringWidth(word) for word in words)
    for word in words:
        canvas.drawString(left, y, word)
        left += canvas.stringWidth(word) + room / (len(words) - 1)


def two_columns(canvas: Canvas) -> None:
    prose(canvas, LEFT, 60)
    prose(canvas, RIGHT, 320)


def two_chinese_columns(canvas: Canvas) -> None:
    canvas.setFont(CHINESE, 10)
    prose(canvas, CHINESE_LEFT, 60)
    prose(canvas, CHINESE_RIGHT, 320)


def justified(canvas: Canvas) -> None:
    for n, line in enumerate(LEFT + RIGHT):
        spread(canvas, line, 60, 330, 700 - 13 * n)


def hanging_list(canvas: Canvas) -> None:
    for n, mark in enumerate(("•", "•", "•", "•")):
        canvas.drawString(60, 700 - 26 * n, mark)
        prose(canvas, LEFT[n : n + 2], 78, top=700 - 26 * n)


def numbered_list(canvas: Canvas) -> None:
    for n in range(5):
        canvas.drawString(60, 700 - 26 * n, f"{n + 1}.")
        prose(canvas, LEFT[n : n + 2], 85, top=700 - 26 * n)


def poem(canvas: Canvas) -> None:
    for n, line in enumerate(
        ("O hush, the mill", "is still tonight", "and no one", "comes to grind")
    ):
        canvas.drawString(80 + 30 * (n % 2), 700 - 14 * n, line)


def code(canvas: Canvas) -> None:
    canvas.setFont("Courier", 9)
    lines = [
        "def total(items):",
        "    sum = 0            # nothing yet",
        "    for item in items: # each one",
        "        sum += item.n  # in grams",
        "    return sum         # as asked",
    ]
    prose(canvas, lines, 80)


def letterhead(canvas: Canvas) -> None:
    put(
        canvas,
        [
            ["Lund & Daughters Ltd", "Telephone 020 7123 4567"],
            ["14 Quay Street", "post@lund.example"],
            ["Bergen", "Bank: Nordkaj"],
        ],
        [60, 400],
        top=800,
        pitch=13,
    )
    prose(canvas, LEFT, 60, top=700)


def formulas(canvas: Canvas) -> None:
    put(
        canvas,
        [["a = b + c", "(1)"], ["b = 2 d", "(2)"], ["c = d - 1", "(3)"], ["d = e", "(4)"]],
        [150, 480],
        pitch=30,
    )


def framed_page(canvas: Canvas) -> None:
    canvas.rect(40, 40, 515, 760)
    canvas.line(40, 770, 555, 770)
    two_columns(canvas)
    canvas.line(300, 40, 300, 770)


def underlined(canvas: Canvas) -> None:
    for n, line in enumerate(LEFT):
        canvas.drawString(60, 700 - 20 * n, line)
        canvas.line(60, 698 - 20 * n, 300, 698 - 20 * n)


def head_and_foot(canvas: Canvas) -> None:
    canvas.line(60, 720, 540, 720)
    two_columns(canvas)
    canvas.line(60, 600, 540, 600)


def shell_session(canvas: Canvas) -> None:
    prose(canvas, ["For example, type the following lines."], 60, top=740)
    canvas.setFont("Courier", 9)
    prose(canvas, ["$ man man", "$ man bash", "$ man grep", "$ man ls", "$ echo one two"], 60)
    prose(
        canvas,
        ["Ian   Murdock   August", "Bruce Perens    April", "Ben   Collins   May"],
        60,
        top=600,
    )


def assembly(canvas: Canvas) -> None:
    lines = [
        ["mov edx, ebx", "// load primes from the record"],
        ["mov edi, edx", "// store primes"],
        ["and eax, -4", "// mask out the tag"],
        ["call set", "// call the function"],
        ["jmp end", "// jump to the return"],
    ]
    put(canvas, lines, [60, 200])


def boxed_remark(canvas: Canvas) -> None:
    canvas.line(60, 716, 540, 716)
    canvas.drawString(66, 704, "Tip")
    for n, line in enumerate(LEFT[:3]):
        spread(canvas, line, 66, 330, 691 - 13 * n)
    canvas.line(60, 656, 540, 656)


def boxes_of_a_form(canvas: Canvas) -> None:
    for n in range(7):
        canvas.rect(60, 700 - 40 * n, 480, 40)
        canvas.drawString(64, 728 - 40 * n, f"{n + 9}. Name and address of the applicant:")
    canvas.rect(60, 420, 120, 40)
    canvas.rect(180, 420, 120, 40)
    canvas.drawString(64, 448, "Date:")
    canvas.drawString(184, 448, "Signature:")


def chart(canvas: Canvas) -> None:
    grid(canvas, range(100, 501, 50), range(400, 701, 50))
    for n in range(7):
        canvas.drawRightString(95, 397 + 50 * n, f"0.{n}")
    for n in range(9):
        canvas.drawCentredString(100 + 50 * n, 385, str(50 * n))
    canvas.drawString(420, 680, "north")
    canvas.drawString(420, 665, "south")
    canvas.drawString(160, 560, "strike")


def widely_spaced_lines(canvas: Canvas) -> None:
    lines = ["other schedule, any material, com-", "pound, mixture, or preparation con-"]
    for n, line in enumerate(lines):
        spread(canvas, line, 60, 360, 700 - 13 * n)
    prose(canvas, ["taining any quantity of the following."], 60, top=674)


def fractions(canvas: Canvas) -> None:
    for n, digits in enumerate(("6 7 1 8 8", "7 8 8 9 9")):
        for place, digit in enumerate(digits.split()):
            canvas.drawString(100 + 60 * place, 700 - 6 * n, digit)
            canvas.drawString(80 + 60 * place, 697, f"{place + 1}.")


def columns_not_level(canvas: Canvas) -> None:
    for column, first in ((60, 700), (230, 704), (400, 696)):
        for n in range(3):
            spread(canvas, LEFT[n][:24], column, column + 150, first - 12 * n)


def references(canvas: Canvas) -> None:
    for n in range(5):
        canvas.drawString(60, 700 - 26 * n, f"[Lun{n}]")
        prose(canvas, LEFT[n : n + 2], 110, top=700 - 26 * n)


def footnotes(canvas: Canvas) -> None:
    canvas.line(60, 716, 160, 716)
    for n in range(4):
        canvas.drawString(60, 700 - 13 * n, str(n + 1))
        canvas.drawString(72, 700 - 13 * n, LEFT[n])


@pytest.mark.parametrize(
    "draw",
    [
        shell_session,
        assembly,
        boxed_remark,
        boxes_of_a_form,
        chart,
        widely_spaced_lines,
        fractions,
        references,
        columns_not_level,
        footnotes,
        two_columns,
        two_chinese_columns,
        justified,
        hanging_list,
        numbered_list,
        poem,
        code,
        letterhead,
        formulas,
        framed_page,
        underlined,
        head_and_foot,
    ],
)
def test_what_is_set_in_columns_or_between_lines_is_not_always_a_table(draw: Draw) -> None:
    assert [table.rows for table in tables_on(made(draw))] == []


def test_no_word_is_in_two_tables_and_no_table_says_a_word_twice() -> None:
    def draw(canvas: Canvas) -> None:
        put(canvas, PARTS, AT, top=704)
        grid(canvas, EDGES, LEVELS)
        put(canvas, PARTS, AT, top=500)

    first, second = tables_on(made(draw))
    assert not first.words & second.words
    assert first.rows == second.rows


class TestHostile:
    def test_a_page_of_very_many_words_has_no_tables(self) -> None:
        words = [
            Word("a", (n % 500, n // 500, n % 500 + 1, n // 500 + 1), 1.0)
            for n in range(MOST_WORDS + 1)
        ]
        assert find_tables(words, [], 500, 500) == []

    def test_a_drawing_of_a_hundred_thousand_lines_has_no_ruled_table(self) -> None:
        rules = [Rule((0, n / 200, 900, n / 200)) for n in range(100_000)]
        words = [Word("a", (9.0 * n, 9.0 * n, 9.0 * n + 5, 9.0 * n + 5), 5.0) for n in range(99)]
        assert find_tables(words, rules, 900, 900) == []

    def test_words_between_two_thousand_lines_are_compared_with_those_near_them(self) -> None:
        words = [
            Word(
                "12",
                (25.0 * (n % 40), 2.0 * (n // 40), 25.0 * (n % 40) + 4, 2.0 * (n // 40) + 1),
                1,
            )
            for n in range(20_000)
        ]
        tables = find_tables(
            words, [Rule((0, n / 2, 1000, n / 2)) for n in range(2000)], 1000, 1000
        )
        assert sum(len(table.words) for table in tables) <= len(words)

    def test_a_drawing_of_many_crossing_lines_is_no_table(self) -> None:
        rules = [Rule((0, n, 900, n)) for n in range(0, 900, 2)]
        rules += [Rule((n, 0, n, 900)) for n in range(0, 900, 2)]
        words = [Word("a", (9.0 * n, 9.0 * n, 9.0 * n + 5, 9.0 * n + 5), 5.0) for n in range(99)]
        assert find_tables(words, rules, 900, 900) == []

    def test_words_without_height_or_width_do_no_harm(self) -> None:
        words = [Word("a", (n % 7 * 50, 20, n % 7 * 50, 20), 0.0) for n in range(500)]
        find_tables(words, [Rule((0, 0, 0, 0)), Rule((0, 10, 400, 10))], 400, 400)
