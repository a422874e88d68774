"""Tables in PDF files as the loader gives them: rows as lines, where they stand, their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.lib.colors import black, lightgrey
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from ingest.loaders import loader_for
from ingest.loaders.base import LoadOptions
from kb.records import Chunk, Document
from kb.splitting import SplitOptions, split
from tests.helpers.pdf_tables import CHINESE, Draw, grid, made, prose, put

Style = Sequence[tuple[object, ...]]

RULED: Style = [("GRID", (0, 0), (-1, -1), 0.5, black)]
UNRULED: Style = []
ZEBRA: Style = [("ROWBACKGROUNDS", (0, 1), (-1, -1), [lightgrey, None])]
BOOKTABS: Style = [
    ("LINEABOVE", (0, 0), (-1, 0), 1, black),
    ("LINEBELOW", (0, 0), (-1, 0), 0.5, black),
    ("LINEBELOW", (0, -1), (-1, -1), 1, black),
]
LOOKS = {"ruled": RULED, "unruled": UNRULED, "zebra": ZEBRA, "between lines": BOOKTABS}

BEFORE = (
    "The heating of the halls was looked at by two engineers in the second week of May, who found "
    "that the pumps of the north wing run day and night although nobody works there after six."
)
AFTER = (
    "Nothing else was found. The next visit is planned for the autumn, when the new valves will "
    "have been in use for four months and their figures can be compared with those of last year."
)
CHINESE_BEFORE = (
    "五月的第二个星期，两位工程师检查了各个车间的供暖设备，他们发现北侧厂房的水泵日夜不停地运转，"
    "虽然晚上六点以后那里已经没有人工作了，因此建议安装定时开关。"
)
CHINESE_AFTER = "除此之外没有发现其他问题。下一次检查安排在秋天，到那时新的阀门已经使用了四个月。"

STOCK = [
    ["Part", "Supplier", "Shelf", "Stock"],
    ["Hinge 40 mm", "Lund Metal", "C4", "112"],
    ["Hinge 60 mm", "Lund Metal", "C5", "9"],
    ["Latch", "Orsay", "", "37"],
    ["Bolt M8", "", "A1", "1,250"],
    ["Washer", "Orsay", "A2", "860"],
]
CHINESE_STOCK = [
    ["品名", "供应商", "货架", "库存"],
    ["合页", "隆德五金厂", "丙四", "112"],
    ["插销", "奥赛", "", "37"],
    ["螺栓", "", "甲一", "1,250"],
    ["垫圈", "奥赛", "甲二", "860"],
]


def load(path: Path) -> Document:
    return loader_for(path).load(path, LoadOptions(ocr=False))


def flowing(path: Path, story: list[Flowable], *, columns: int = 1) -> Document:
    """Set a story with a header row repeated on each page, and read it."""
    width, height = A4
    gap = 24
    each = (width - 120 - gap * (columns - 1)) / columns
    frames = [
        Frame(60 + n * (each + gap), 60, each, height - 120, 0, 0, 0, 0) for n in range(columns)
    ]
    template = BaseDocTemplate(str(path), pagesize=A4, invariant=True)
    template.addPageTemplates(PageTemplate(frames=frames))
    template.build(story)
    return load(path)


def text(words: str, *, chinese: bool = False) -> Paragraph:
    registerFont(UnicodeCIDFont(CHINESE))
    font = CHINESE if chinese else "Helvetica"
    wrap = "CJK" if chinese else None
    return Paragraph(words, ParagraphStyle("p", fontName=font, fontSize=10, wordWrap=wrap))


def table(rows: list[list[str]], style: Style, *, chinese: bool = False, **more: object) -> Table:
    registerFont(UnicodeCIDFont(CHINESE))
    font = [("FONTNAME", (0, 0), (-1, -1), CHINESE if chinese else "Helvetica")]
    numbers = [("ALIGN", (-1, 0), (-1, -1), "RIGHT")]
    return Table(rows, style=[*font, *numbers, *style], **more)


def lines_of(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def drawn(path: Path, draw: Draw) -> Document:
    path.write_bytes(made(draw))
    return load(path)


def cut(document: Document, size: int = 300) -> list[Chunk]:
    return split(
        document,
        SplitOptions(chunk_size=size, chunk_overlap=30, unit="characters"),
        count_tokens=lambda texts: [len(each) // 4 + 1 for each in texts],
        max_tokens=10**9,
    )


class TestRows:
    @pytest.mark.parametrize("look", LOOKS)
    def test_a_row_is_a_line_and_its_cells_are_parted_by_tabs(
        self, tmp_path: Path, look: str
    ) -> None:
        story = [text(BEFORE), Spacer(1, 12), table(STOCK, LOOKS[look]), Spacer(1, 12), text(AFTER)]

        document = flowing(tmp_path / "stock.pdf", story)

        assert document.text == f"{BEFORE}\n\n{lines_of(STOCK)}\n\n{AFTER}"
        assert [section.kind for section in document.sections] == ["text", "table", "text"]

    @pytest.mark.parametrize("look", LOOKS)
    def test_a_table_in_chinese_has_the_same_rows(self, tmp_path: Path, look: str) -> None:
        story = [
            text(CHINESE_BEFORE, chinese=True),
            Spacer(1, 12),
            table(CHINESE_STOCK, LOOKS[look], chinese=True),
            Spacer(1, 12),
            text(CHINESE_AFTER, chinese=True),
        ]

        document = flowing(tmp_path / "stock.pdf", story)

        assert document.text == f"{CHINESE_BEFORE}\n\n{lines_of(CHINESE_STOCK)}\n\n{CHINESE_AFTER}"

    def test_a_cell_of_several_printed_lines_is_one_cell(self, tmp_path: Path) -> None:
        long = "Write to all tenants of the north wing and tell them when the water is turned off"
        rows = [["Task", "Who", "Until"], [long, "Ines", "2 May"], ["Order grit", "Tom", "9 May"]]
        cells = [[text(cell) for cell in row] for row in rows]

        document = flowing(tmp_path / "tasks.pdf", [Table(cells, [140, 60, 60], style=RULED)])

        assert document.text == lines_of(rows)

    def test_a_merged_cell_stands_in_every_row_that_it_covers(self, tmp_path: Path) -> None:
        rows = [
            ["Site", "Month", "kWh"],
            ["Weir 4", "May", "310"],
            ["", "June", "290"],
            ["", "July", "275"],
            ["Weir 5", "May", "120"],
        ]
        style = [*RULED, ("SPAN", (0, 1), (0, 3)), ("VALIGN", (0, 1), (0, 3), "MIDDLE")]

        document = flowing(tmp_path / "weirs.pdf", [table(rows, style)])

        rows[2][0] = rows[3][0] = "Weir 4"
        assert document.text == lines_of(rows)

    def test_the_lines_of_a_price_list_stay_lines(self, tmp_path: Path) -> None:
        items = [("Oak board", "54.00"), ("Screws, box of 500", "11.95"), ("Glue", "8.00")]

        def draw(canvas: Canvas) -> None:
            canvas.drawString(70, 740, "Prices from 1 March")
            for n, (name, price) in enumerate(items):
                canvas.drawString(70, 700 - 16 * n, name)
                canvas.drawRightString(400, 700 - 16 * n, price)

        document = drawn(tmp_path / "prices.pdf", draw)

        assert document.text == f"Prices from 1 March\n\n{lines_of(items)}"

    def test_a_timetable_keeps_its_places_and_times(self, tmp_path: Path) -> None:
        rows = [
            ["Harbour", "06:10", "06:40", "07:10"],
            ["Old Town", "06:18", "", "07:18"],
            ["Airport", "06:31", "06:57", "07:31"],
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, rows, [70, 200, 260, 320])

        assert drawn(tmp_path / "times.pdf", draw).text == lines_of(rows)

    def test_an_invoice_keeps_its_items_and_its_sums(self, tmp_path: Path) -> None:
        rows = [
            ["No", "Description", "Qty", "Sum"],
            ["1", "Repair of the roof above the loading bay", "1", "1,250.00"],
            ["2", "Inspection of the gutters", "3", "90.00"],
            ["3", "Travel", "2", "44.10"],
        ]
        sums = [("Net", "1,384.10"), ("VAT 20 %", "276.82"), ("To pay", "1,660.92")]

        def draw(canvas: Canvas) -> None:
            prose(canvas, ["Invoice 2024-117", "Lund Metal, 4 Quay Street"], 70, top=780)
            put(canvas, rows, [70, 100, 360, 480], right=(2, 3))
            for n, (name, amount) in enumerate(sums):
                canvas.drawString(330, 620 - 16 * n, name)
                canvas.drawRightString(480, 620 - 16 * n, amount)

        found = drawn(tmp_path / "invoice.pdf", draw).text.split("\n")

        assert [line for line in found if line[:1].isdigit() or line.startswith("No")] == [
            "\t".join(row) for row in rows
        ]
        assert [
            line.strip("\t") for line in found if line.strip("\t").split("\t")[0] in dict(sums)
        ] == ["\t".join(pair) for pair in sums]

    def test_the_dots_of_a_table_of_contents_lead_to_its_pages(self, tmp_path: Path) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(70, 740, "Contents")
            for n, (title, page) in enumerate(
                [("1 Before you begin", "3"), ("2 Care of the machine", "12"), ("Index", "44")]
            ):
                canvas.drawString(70, 700 - 16 * n, title + " " + "." * 60)
                canvas.drawRightString(500, 700 - 16 * n, page)

        document = drawn(tmp_path / "contents.pdf", draw)

        assert document.text == (
            "Contents\n\n1 Before you begin …\t3\n2 Care of the machine …\t12\nIndex …\t44"
        )
        assert {chunk.header for chunk in cut(document, 64)} == {""}


class TestPlace:
    def test_a_table_inside_one_of_two_columns_stays_there(self, tmp_path: Path) -> None:
        rows = [
            ["Year", "Cost", "Share"],
            *([str(year), "410", "12 %"] for year in range(2019, 2024)),
        ]
        story = [
            text(f"{BEFORE} {AFTER}"),
            Spacer(1, 12),
            table(rows, RULED),
            Spacer(1, 12),
            text(f"{AFTER} {BEFORE} {AFTER} {BEFORE}"),
            Spacer(1, 300),
            text(f"Second. {BEFORE} {AFTER} {BEFORE}"),
            Spacer(1, 12),
            text(f"{AFTER} {BEFORE} {AFTER} {BEFORE} {AFTER} {BEFORE} {AFTER} {BEFORE} {AFTER}"),
        ]

        found = flowing(tmp_path / "columns.pdf", story, columns=2).text

        places = [
            found.index(part) for part in (BEFORE, lines_of(rows), f"{AFTER} {BEFORE}", "Second.")
        ]
        assert places == sorted(places)

    def test_a_table_over_both_columns_stands_between_what_is_above_and_below(
        self, tmp_path: Path
    ) -> None:
        left = [f"left {n} of the long story that the old miller told" for n in range(8)]
        right = [f"right {n} of what the young one had to say about it" for n in range(8)]

        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 9)
            prose(canvas, left, 60, top=780)
            prose(canvas, right, 320, top=780)
            put(canvas, STOCK, [60, 200, 340, 480], top=640)
            prose(canvas, [line.replace("left", "below") for line in left], 60, top=500)
            prose(canvas, [line.replace("right", "beside") for line in right], 320, top=500)

        found = drawn(tmp_path / "columns.pdf", draw).text

        wanted = ["left 7", "right 0", "right 7", lines_of(STOCK), "below 0", "below 7", "beside 0"]
        places = [found.index(part) for part in wanted]
        assert places == sorted(places)


class TestHeaderRows:
    def rows(self, count: int) -> list[list[str]]:
        return [
            [f"Weir {n}", str(100 + 37 * n % 800), "oil", f"Lock {n % 7}"] for n in range(count)
        ]

    @pytest.mark.parametrize("look", LOOKS)
    def test_every_chunk_of_a_table_over_pages_carries_its_header_row(
        self, tmp_path: Path, look: str
    ) -> None:
        rows = [["Site", "Yearly kWh", "Fuel", "Near"], *self.rows(110)]

        document = flowing(tmp_path / "weirs.pdf", [table(rows, LOOKS[look])])

        inside = [chunk for chunk in cut(document) if "Weir" in chunk.text]
        assert len(inside) > 8
        assert len(document.pages) > 2
        assert {chunk.header or chunk.text.partition("\n")[0] for chunk in inside} == {
            "Site\tYearly kWh\tFuel\tNear"
        }

    def test_a_table_that_goes_on_with_its_header_row_repeated_carries_it_once(
        self, tmp_path: Path
    ) -> None:
        rows = [["Site", "Yearly kWh", "Fuel", "Near"], *self.rows(110)]

        document = flowing(tmp_path / "weirs.pdf", [table(rows, RULED, repeatRows=1)])

        for chunk in cut(document):
            assert (chunk.header + "\n" + chunk.text).count("Yearly kWh") == 1

    def test_two_rows_of_names_are_both_carried(self, tmp_path: Path) -> None:
        rows = [
            ["Site", "Electricity", "", "Oil"],
            ["", "2022", "2023", "2023"],
            *([f"Weir {n}", str(300 + n), str(290 + n), str(n)] for n in range(40)),
        ]
        style = [*RULED, ("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0))]

        document = flowing(tmp_path / "weirs.pdf", [table(rows, style)])

        assert {chunk.header for chunk in cut(document)[1:]} == {
            "Site\tElectricity\tElectricity\tOil\nSite\t2022\t2023\t2023"
        }

    def test_keys_and_values_have_no_header_row(self, tmp_path: Path) -> None:
        rows = [[f"Field {n}:", f"value number {n}"] for n in range(40)]

        document = flowing(tmp_path / "record.pdf", [table(rows, RULED)])

        assert document.text == lines_of(rows)
        assert {chunk.header for chunk in cut(document)} == {""}


STORE = [
    ["Item", "Place", "Price", "Note"],
    ["Tar", "Loft of the old house", "8751", "Sold"],
    ["Rope", "Shed", "9926", "Sold"],
    ["Long blue", "Shed", "5518", "To be asked for"],
]
REST = ["rope with hooks", "", "", "at the office"]
MORE = [["Twine", "Shed", "5348", "Sold"], ["Sail", "Loft", "3460", ""]]


@pytest.mark.parametrize("again", [False, True], ids=["names once", "names again"])
def test_a_row_that_a_page_break_parts_is_one_row(tmp_path: Path, *, again: bool) -> None:
    canvas = Canvas(str(tmp_path / "store.pdf"), pagesize=A4, invariant=True)
    page(canvas, STORE)
    page(canvas, [*(STORE[:1] if again else []), REST, *MORE])
    canvas.save()
    text = load(tmp_path / "store.pdf").text
    rows = [line.split("\t") for line in text.split("\n") if "\t" in line]
    whole = ["Long blue rope with hooks", "Shed", "5518", "To be asked for at the office"]
    assert [row for row in rows if row != STORE[0]] == [*STORE[1:3], whole, *MORE]


def test_a_row_with_an_empty_cell_at_the_top_of_a_page_is_a_row(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "store.pdf"), pagesize=A4, invariant=True)
    page(canvas, STORE)
    page(canvas, [["Hook", "", "12", "Sold"], *MORE])
    canvas.save()
    text = load(tmp_path / "store.pdf").text
    assert "Long blue\tShed\t5518\tTo be asked for\n" in text
    assert "Hook\t\t12\tSold" in text


def page(canvas: Canvas, rows: list[list[str]]) -> None:
    """Draw a page with a ruled table."""
    canvas.setFont("Helvetica", 10)
    put(canvas, rows, [80, 200, 330, 390], top=760, pitch=16)
    grid(canvas, [76, 196, 326, 386, 500], [771 - 16 * row for row in range(len(rows) + 1)])
    canvas.showPage()
