"""Words of a PDF's page: spaces by geometry, letters set apart, letters drawn twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.words.chains import words_of
from tests.helpers.pdf_glyphs import DrawnFont, DrawnPage


def read(page: DrawnPage, folder: Path) -> list[Word]:
    """Return the words of a page."""
    file, _ = PdfiumFile.open(page.write(folder / "page.pdf"), ())
    assert file is not None
    try:
        glyphs = file.glyphs(0)
        assert glyphs is not None
        return words_of(glyphs)
    finally:
        file.close()


def texts(page: DrawnPage, folder: Path) -> list[str]:
    """Return the texts of the words of a page."""
    return [word.text for word in read(page, folder)]


def wide() -> DrawnFont:
    """Return a font of Chinese letters."""
    return DrawnFont(width=1000, widths={" ": 500})


class TestSpaces:
    def test_gaps_part_words_where_the_file_draws_no_spaces(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, ["As", 333, "a", 220, "package", 333, "maintainer,"])
        assert texts(page, tmp_path) == ["As", "a", "package", "maintainer,"]

    def test_kerning_parts_no_word(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, ["W", -90, "arden", 333, "T", 40, "o", -60, "wer"])
        assert texts(page, tmp_path) == ["Warden", "Tower"]

    def test_a_gap_beside_drawn_spaces_parts_words_where_the_font_changes(
        self, tmp_path: Path
    ) -> None:
        code = DrawnFont(width=600, name="Courier")
        page = DrawnPage().show(20, 300, "see the lines in the")
        page.show(20 + 5 * 16 + 2.5 * 4 + 1.7, 300, "lo", font=code)
        assert texts(page, tmp_path)[-2:] == ["the", "lo"]

    def test_a_word_drawn_in_pieces_is_one(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "config").show(200, 300, "far")
        page.show(50, 300, "uration").show(20, 280, "below")
        assert sorted(texts(page, tmp_path)) == ["below", "configuration", "far"]

    def test_a_space_at_the_end_of_a_piece_keeps_the_next_one_apart(self, tmp_path: Path) -> None:
        font = DrawnFont(widths={" ": 20})
        page = DrawnPage().show(20, 300, "one ", font=font).show(200, 300, "x", font=font)
        page.show(35.8, 300, "two", font=font)
        assert sorted(texts(page, tmp_path)) == ["one", "two", "x"]

    def test_a_letter_that_hangs_over_leaves_room_for_the_space(self, tmp_path: Path) -> None:
        font = DrawnFont(widths={"f": 300})  # its drawing is wider, as that of an italic letter
        page = DrawnPage().show(20, 300, ["of", 310, "Knowledge"], font=font)
        one, other = read(page, tmp_path)
        assert (one.text, other.text) == ("of", "Knowledge")
        assert other.box[0] - one.box[2] >= 0.15 * 10

    def test_a_row_of_strokes_is_one_word(self, tmp_path: Path) -> None:
        page = DrawnPage().show(
            20, 300, ["Name:", 300, *[part for _ in range(6) for part in ("_", 180)]]
        )
        assert texts(page, tmp_path) == ["Name:", "______"]

    def test_a_smaller_raised_number_is_a_word_of_its_own(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "mass").show(40, 304, "2", size=6)
        words = read(page, tmp_path)
        assert [(word.text, round(word.size)) for word in words] == [("mass", 10), ("2", 6)]

    def test_letters_of_the_same_size_that_hang_lower_belong_to_their_word(
        self, tmp_path: Path
    ) -> None:
        page = DrawnPage().show(20, 300, "T").show(23.4, 297.8, "E").show(27.1, 300, "X")
        assert texts(page, tmp_path) == ["TEX"]


class TestLettersSetApart:
    def test_chinese_with_a_space_after_each_letter_is_one_word(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "如 果 你 需 要", font=wide())
        assert texts(page, tmp_path) == ["如果你需要"]

    def test_chinese_with_gaps_is_one_word_and_a_wider_gap_ends_it(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, ["如果你需要", 1500, "帮助文件"], font=wide(), spacing=6)
        assert texts(page, tmp_path) == ["如果你需要", "帮助文件"]

    def test_spaces_between_chinese_words_stay(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "姓名 张三丰 电话 号码", font=wide())
        assert texts(page, tmp_path) == ["姓名", "张三丰", "电话", "号码"]

    @pytest.mark.parametrize("spacing", [1.5, 3.5])
    def test_a_latin_heading_set_wide_keeps_its_words(self, tmp_path: Path, spacing: float) -> None:
        page = DrawnPage().show(20, 300, "ANNUAL REPORT", spacing=spacing)
        assert texts(page, tmp_path) == ["ANNUAL", "REPORT"]

    def test_a_latin_heading_with_drawn_spaces_is_joined(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "A N N U A L   R E P O R T")
        assert texts(page, tmp_path) == ["ANNUAL", "REPORT"]

    @pytest.mark.parametrize("row", ["A B C D E F G", "1 4 2 9 5 7", "a a a a a a", "x y z w"])
    def test_single_letters_and_figures_stay_apart(self, tmp_path: Path, row: str) -> None:
        assert texts(DrawnPage().show(20, 300, row), tmp_path) == row.split()

    def test_short_words_of_korean_stay_apart(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "그 책을 다 읽을 수 있다", font=wide())
        assert texts(page, tmp_path) == ["그", "책을", "다", "읽을", "수", "있다"]


class TestDrawnTwice:
    @pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (0.35, 0.0), (0.8, 0.6)])
    def test_a_line_drawn_twice_is_read_once(
        self, tmp_path: Path, right: float, down: float
    ) -> None:
        page = DrawnPage().show(20, 300, "Bold letters")
        page.show(20 + right, 300 - down, "Bold letters")
        assert texts(page, tmp_path) == ["Bold", "letters"]

    def test_letters_drawn_twice_one_after_the_other_are_read_once(self, tmp_path: Path) -> None:
        page = DrawnPage()
        for at, letter in enumerate("committee"):
            page.show(20 + 5 * at, 300, letter).show(20.4 + 5 * at, 300, letter)
        assert texts(page, tmp_path) == ["committee"]

    def test_the_shadow_of_a_line_is_left_out(self, tmp_path: Path) -> None:
        page = DrawnPage().show(22, 298, "Shadow", size=12).show(20, 300, "Shadow", size=12)
        assert texts(page, tmp_path) == ["Shadow"]

    def test_the_same_word_on_the_next_line_stays(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "Total").show(20, 288, "Total").show(80, 300, "Total")
        assert texts(page, tmp_path) == ["Total", "Total", "Total"]

    def test_double_letters_drawn_one_by_one_stay(self, tmp_path: Path) -> None:
        thin = DrawnFont(width=220)
        page = DrawnPage()
        for at, letter in enumerate("illllii"):
            page.show(20 + 2.2 * at, 300, letter, font=thin)
        assert texts(page, tmp_path) == ["illllii"]


class TestCharacters:
    def test_the_letters_of_a_ligature_are_read(self, tmp_path: Path) -> None:
        font = DrawnFont(letters={"\u00df": "ffi"})
        assert texts(DrawnPage().show(20, 300, "o\u00dfce", font=font), tmp_path) == ["office"]

    def test_an_accent_drawn_over_its_letter_is_part_of_it(self, tmp_path: Path) -> None:
        page = DrawnPage().show(
            20, 300, ["na\u00a8", -500, "\u0131ve", 333, "caf\u00b4", -500, "e"]
        )
        assert texts(page, tmp_path) == ["naïve", "café"]

    def test_a_backquote_beside_its_letter_stays(self, tmp_path: Path) -> None:
        font = DrawnFont(letters={"`": "\u0300"})
        assert texts(DrawnPage().show(20, 300, "`ed`", font=font), tmp_path) == ["`ed`"]

    def test_a_soft_hyphen_that_is_drawn_is_a_hyphen(self, tmp_path: Path) -> None:
        font = DrawnFont(letters={"-": "\u00ad"})
        page = DrawnPage().show(20, 300, "well-known")
        page.show(20, 280, "half-way", font=font)
        assert texts(page, tmp_path) == ["well-known", "half-way"]

    def test_a_hyphen_at_the_end_of_a_line_is_kept(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "the main-").show(20, 288, "tainer of it")
        assert texts(page, tmp_path) == ["the", "main-", "tainer", "of", "it"]

    def test_control_characters_are_left_out(self, tmp_path: Path) -> None:
        font = DrawnFont(widths={"x": 0}, letters={"x": "\u0003"})
        assert texts(DrawnPage().show(20, 300, "paxge", font=font), tmp_path) == ["page"]

    def test_signs_of_symbol_fonts_are_what_they_show(self, tmp_path: Path) -> None:
        font = DrawnFont(name="SymbolMT", letters={"m": "\uf06d", "d": "\uf0b0"})
        page = DrawnPage().show(20, 300, "md", font=font)
        assert texts(page, tmp_path) == ["\u00b5°"]

    def test_a_font_that_stands_in_for_symbol_fonts_shows_their_signs(self, tmp_path: Path) -> None:
        codes = {"m": "\uf06d", "d": "\uf0b0", "l": "\u00a3", "t": "\uf0fc", "x": "a"}
        font = DrawnFont(name="OpenSymbol", letters=codes)
        page = DrawnPage().show(20, 300, "mdltx", font=font)
        assert texts(page, tmp_path) == ["\u00b5°≤✓α"]


class TestRightToLeft:
    def test_words_are_read_from_the_right_and_numbers_from_the_left(self, tmp_path: Path) -> None:
        shown = "הנידמה (4)(ב)15 ףיעס"  # as it is drawn, from the left
        words = read(DrawnPage().show(20, 300, shown), tmp_path)
        words.sort(key=lambda word: -word.box[2])
        assert [word.text for word in words] == ["סעיף", "15(ב)(4)", "המדינה"]

    def test_a_latin_line_keeps_its_order_beside_a_hebrew_word(self, tmp_path: Path) -> None:
        page = DrawnPage().show(20, 300, "the word םולש means (peace)")
        words = sorted(read(page, tmp_path), key=lambda word: word.box[0])
        assert [word.text for word in words] == ["the", "word", "שלום", "means", "(peace)"]


class TestFixedFonts:
    def test_letters_of_one_width_are_told_from_others(self, tmp_path: Path) -> None:
        code = DrawnFont(width=600, name="Any")
        prose = DrawnFont(name="Other", widths={"i": 220, "m": 800})
        page = DrawnPage().show(20, 300, "mine", font=code).show(20, 280, "mine", font=prose)
        assert [word.fixed for word in read(page, tmp_path)] == [True, False]
