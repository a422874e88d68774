"""Text of a PDF that runs in other directions: columns of Japanese, pages and notes turned."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.loader import PdfLoader
from ingest.loaders.pdf.turning import Turn
from tests.helpers.pdf_glyphs import DrawnFont, DrawnPage

OPTIONS = LoadOptions(ocr=False)
UP, DOWN, OVER = "0 1 -1 0", "0 -1 1 0", "-1 0 0 -1"


def text_of(path: Path) -> str:
    """Return what the loader reads in a file."""
    return PdfLoader().load(path, OPTIONS).text


class TestColumnsOfJapanese:
    TEXT = "吾輩は猫である名前はまだ無いどこで生れたかとんと見当がつかぬ何でも薄暗いじめじめした所"
    COLUMNS = (TEXT[:14], TEXT[14:28], TEXT[28:])

    def test_letters_placed_one_by_one_are_read_down_and_leftwards(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for column, text in enumerate(self.COLUMNS):
            for row, letter in enumerate(text):
                page.show(360 - 20 * column, 360 - 11 * row, letter, font=font)
        assert text_of(page.write(tmp_path / "p.pdf")) == self.TEXT

    def test_a_font_for_vertical_writing_is_read_down_and_leftwards(self, tmp_path: Path) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3", isVertical=True))
        canvas = Canvas(str(tmp_path / "v.pdf"), pagesize=(400, 400))
        canvas.setFont("HeiseiMin-W3", 11)
        for column, text in enumerate(self.COLUMNS):
            canvas.drawString(360 - 20 * column, 370, text)
        canvas.save()
        assert text_of(tmp_path / "v.pdf") == self.TEXT

    def test_letters_that_overlap_are_read_as_they_are_drawn(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for at, letter in enumerate("川岸は春風を商店で"):
            page.show(300, 360 - 5 * at - (4 if at % 2 else 0), letter, font=font)
        assert text_of(page.write(tmp_path / "p.pdf")) == "川岸は春風を商店で"

    def test_a_line_below_the_columns_keeps_the_letters_at_their_places(
        self, tmp_path: Path
    ) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        line = "期間は四月から一年とする契約の有効期間である"
        page.show(100, 380, line, font=font)
        for column, text in enumerate(self.COLUMNS):
            for row, letter in enumerate(text):
                page.show(320 - 20 * column, 360 - 11 * row, letter, font=font)
        page.show(100, 60, line, font=font)
        lines = text_of(page.write(tmp_path / "p.pdf")).split("\n")
        assert sorted(part for part in lines if part) == sorted([line, self.TEXT, line])

    def test_a_last_column_of_two_letters_belongs_to_the_others(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for column, text in enumerate((self.TEXT[:14], self.TEXT[14:28], self.TEXT[28:30])):
            for row, letter in enumerate(text):
                page.show(320 - 20 * column, 360 - 11 * row, letter, font=font)
        assert text_of(page.write(tmp_path / "p.pdf")) == self.TEXT[:30]

    @pytest.mark.parametrize(
        ("heading", "levels"),
        [
            ("坊っちゃん", (360, 375, 345, 329, 302)),
            ("目次", (370, 352)),
            ("第一章", (370, 352, 334)),
        ],
    )
    def test_a_heading_in_larger_type_stands_whole_before_the_columns(
        self, tmp_path: Path, heading: str, levels: tuple[int, ...]
    ) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for letter, level in zip(heading, levels, strict=True):
            page.show(360, level, letter, font=font, size=18)
        for column, text in enumerate(self.COLUMNS):
            for row, letter in enumerate(text):
                page.show(320 - 20 * column, 360 - 11 * row, letter, font=font)
        read = text_of(page.write(tmp_path / "p.pdf")).split("\n")
        assert read[0] == heading
        assert "".join(read[1:]) == self.TEXT

    def test_single_letters_below_each_other_far_from_columns_stay_a_list(
        self, tmp_path: Path
    ) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for at, letter in enumerate("是否"):
            page.show(40, 380 - 18 * at, letter, font=font, size=12)
        for column, text in enumerate(self.COLUMNS):
            for row, letter in enumerate(text):
                page.show(320 - 20 * column, 360 - 11 * row, letter, font=font)
        assert "是否" not in text_of(page.write(tmp_path / "p.pdf"))

    def test_figures_turned_on_their_side_stay_in_their_place(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for at, letter in enumerate("料金は全部で"):
            page.show(300, 360 - 11 * at, letter, font=font)
        page.show(303, 304, "4250", turn=DOWN)
        for at, letter in enumerate("円でした"):
            page.show(300, 270 - 11 * at, letter, font=font)
        assert text_of(page.write(tmp_path / "p.pdf")) == "料金は全部で4250円でした"

    def test_a_list_of_single_letters_below_each_other_stays_a_list(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000)
        page = DrawnPage()
        for at, line in enumerate(("甲 第一", "乙 第二", "丙 第三", "丁 第四", "戊 第五")):
            page.show(20, 360 - 14 * at, line, font=font)
        lines = text_of(page.write(tmp_path / "p.pdf")).split("\n")
        assert ["".join(line.split()) for line in lines] == [
            "甲第一",
            "乙第二",
            "丙第三",
            "丁第四",
            "戊第五",
        ]


class TestTurnedText:
    LINES = (
        "Readings of the northern station",
        "were taken every hour by hand",
        "and sent by wire.",
    )

    @pytest.mark.parametrize(
        ("turn", "places"),
        [
            (UP, [(100, 40), (112, 40), (124, 40)]),
            (DOWN, [(300, 360), (288, 360), (276, 360)]),
            (OVER, [(360, 100), (360, 112), (360, 124)]),
        ],
        ids=["up", "down", "upside-down"],
    )
    def test_a_page_set_sideways_is_read_in_order(
        self, tmp_path: Path, turn: str, places: list[tuple[float, float]]
    ) -> None:
        page = DrawnPage()
        for (x, y), line in zip(places, self.LINES, strict=True):
            page.show(x, y, line, turn=turn)
        found = text_of(page.write(tmp_path / "p.pdf"))
        assert found.split() == " ".join(self.LINES).split()

    def test_a_note_up_the_margin_does_not_mix_with_the_lines(self, tmp_path: Path) -> None:
        page = DrawnPage()
        page.show(12, 250, "printed in the north", turn=UP)
        for at, line in enumerate(self.LINES):
            page.show(40, 360 - 12 * at, line)
        words = text_of(page.write(tmp_path / "p.pdf")).split()
        assert words == [*" ".join(self.LINES).split(), "printed", "in", "the", "north"]

    def test_a_title_above_a_sideways_table_is_read_first(self, tmp_path: Path) -> None:
        page = DrawnPage()
        for at, line in enumerate(self.LINES):
            page.show(100 + 12 * at, 40, line, turn=UP)
        page.show(40, 380, "Table 4")
        words = text_of(page.write(tmp_path / "p.pdf")).split()
        assert words == ["Table", "4", *" ".join(self.LINES).split()]

    def test_a_slanted_mark_across_the_page_is_read_apart(self, tmp_path: Path) -> None:
        page = DrawnPage()
        for at, line in enumerate(self.LINES):
            page.show(40, 360 - 12 * at, line)
        page.show(60, 300, "DRAFT", size=60, turn="0.7071 0.7071 -0.7071 0.7071")
        words = text_of(page.write(tmp_path / "p.pdf")).split()
        assert words == [*" ".join(self.LINES).split(), "DRAFT"]

    @pytest.mark.parametrize("rotate", [90, 180, 270])
    def test_a_page_turned_by_its_own_entry_is_upright(self, tmp_path: Path, rotate: int) -> None:
        turn = {90: UP, 180: OVER, 270: DOWN}[rotate]
        places = {90: (100, 40), 180: (360, 100), 270: (300, 360)}[rotate]
        page = DrawnPage(rotate=rotate).show(*places, "the station is closed", turn=turn)
        assert text_of(page.write(tmp_path / "p.pdf")) == "the station is closed"


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_box_comes_back_from_a_page_held_otherwise(angle: int) -> None:
    turn = Turn(angle, 600, 400) if angle % 180 == 0 else Turn(angle, 400, 600)
    box = (10.0, 20.0, 110.0, 50.0)
    assert turn.on_page(turn.from_page(box)) == pytest.approx(box)
