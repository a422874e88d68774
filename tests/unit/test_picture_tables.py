"""Tables in scans: rows with their cells parted, by the lines drawn and by where words stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest.loaders import load_file
from ingest.loaders.pictures.lines import PictureLines
from ingest.loaders.pictures.reading_order import Box
from ingest.loaders.pictures.rules import MOST_RULES, Bounds, rules_in
from ingest.loaders.pictures.words import words_along
from tests.helpers.pictured_pdf import FONT

ROWS = (
    ("Lamp", "Height", "Keeper"),
    ("Start Point", "62 m", "Mr Quill"),
    ("Skerries", "36 m", "Mrs Abernathy"),
    ("Fastnet", "49 m", "J. Otterbein"),
)
CHINESE = (("项目", "数量", "备注"), ("螺栓", "120", "库存充足"), ("垫圈", "80", "缺货"))
PROSE = (
    "The lamps of the coast were fed with whale oil once, later with paraffin,",
    "and the keeper climbed the stair every four hours to trim the wick there.",
)
HEIGHT = 32.0


def box(left: float, top: float, text: str, slope: float = 0.0) -> Box:
    """Return a line of text of a width that its letters take, on a page turned by an angle."""
    wide = sum(30.0 if ord(c) > 0x2E80 else 15.0 for c in text)
    cos, sin = math.cos(slope), math.sin(slope)

    def turned(x: float, y: float) -> tuple[float, float]:
        return x * cos - y * sin, x * sin + y * cos

    one, two = turned(left, top), turned(left + wide, top)
    three, four = turned(left + wide, top + HEIGHT), turned(left, top + HEIGHT)
    return Box(corners=(one, two, three, four), text=text, score=1.0)


def table(
    rows: Sequence[Sequence[str]], top: float = 300, slope: float = 0.0, step: float = 56
) -> list[Box]:
    """Return the cells of a table."""
    return [
        box(100 + 300 * column, top + step * number, cell, slope)
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    ]


def grid(rows: int, columns: int, top: float = 290, step: float = 56) -> tuple[Bounds, ...]:
    """Return the lines around the cells of :func:`table`."""
    right, bottom = 80 + 300.0 * columns, top + step * rows
    level = [(80.0, top + step * at, right, top + step * at + 2) for at in range(rows + 1)]
    upright = [(80.0 + 300 * at, top, 82.0 + 300 * at, bottom) for at in range(columns + 1)]
    return (*level, *upright)


def prose(top: float, slope: float = 0.0) -> list[Box]:
    """Return two lines across the page."""
    return [box(100, top + 44 * at, line, slope) for at, line in enumerate(PROSE)]


def read(boxes: Sequence[Box], rules: Sequence[Bounds] = ()) -> PictureLines:
    """Return what was read in a picture of a page."""
    return PictureLines(boxes=tuple(boxes), width=1240, height=1754, rules=tuple(rules))


def rows_of(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines, their cells parted by tabs."""
    return "\n".join("\t".join(row) for row in rows)


class TestTables:
    @pytest.mark.parametrize("rows", [ROWS, CHINESE], ids=["english", "chinese"])
    @pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "open"])
    @pytest.mark.parametrize("slope", [0.0, 0.02, -0.015])
    def test_cells_of_a_row_are_parted(
        self, rows: Sequence[Sequence[str]], *, ruled: bool, slope: float
    ) -> None:
        lines = grid(len(rows), 3) if ruled and not slope else ()
        boxes = [*prose(100, slope), *table(rows, slope=slope), *prose(700, slope)]
        found = read(boxes, lines).text()
        assert found.text == "\n\n".join((" ".join(PROSE), rows_of(rows), " ".join(PROSE)))
        (span,) = found.tables
        assert found.text[span.start : span.end] == rows_of(rows)
        assert span.header_rows == 1

    def test_a_cell_of_two_lines_is_one_cell(self) -> None:
        cells = [
            *table([("Fault", "Remedy")], top=300),
            *table([("Pump stands", "Check the fuse,")], top=356),
            box(400, 396, "replace it"),
            *table([("Leak", "Fit a new seal")], top=468),
        ]
        lines = [(80, y, 680, y + 2) for y in (290, 346, 458, 514)]
        lines += [(x, 290, x + 2, 514) for x in (80, 380, 680)]
        assert read(cells, lines).text().text == rows_of(
            [
                ("Fault", "Remedy"),
                ("Pump stands", "Check the fuse, replace it"),
                ("Leak", "Fit a new seal"),
            ]
        )

    def test_an_empty_cell_stays_in_its_place(self) -> None:
        rows = [("Lamp", "Height", "Keeper"), ("Skerries", "", "Quill"), ("Fastnet", "49 m", "")]
        assert read(table(rows), grid(3, 3)).text().text == rows_of(rows)

    def test_words_that_were_read_as_one_line_are_parted_by_where_they_stand(self) -> None:
        cells = table([row[:1] for row in ROWS])
        for number, (_, height, keeper) in enumerate(ROWS):
            line = box(400, 300 + 56 * number, f"{height} {keeper}")
            wide = line.corners[1][0] - line.corners[0][0]
            found = ((height, 0.0, 60 / wide), (keeper, 130 / wide, 1.0))
            cells.append(Box(line.corners, line.text, 1.0, found))
        assert read(cells).text().text == rows_of(ROWS)

    def test_marks_show_where_each_row_stands(self) -> None:
        found = read([*prose(100), *table(ROWS)], grid(4, 3)).text()
        rows = {found.text[mark.start : mark.end]: mark.box for mark in found.boxes}
        left, top, right, bottom = rows["Skerries\t36 m\tMrs Abernathy"]
        assert top < (412 + HEIGHT / 2) / 1754 < bottom
        assert left < 100 / 1240 + 0.01
        assert right > 800 / 1240

    def test_on_a_page_that_lies_on_its_side_rows_are_marked_where_they_stand(self) -> None:
        found = PictureLines(
            boxes=tuple(table(ROWS)), width=1754, height=1240, turns=1, rules=grid(4, 3)
        ).text()
        mark = next(m for m in found.boxes if found.text[m.start :].startswith("Skerries"))
        left, top, right, bottom = mark.box
        assert bottom - top > right - left
        assert left < 1 - (412 + HEIGHT / 2) / 1754 < right

    def test_two_columns_of_prose_are_no_table(self) -> None:
        words = f"{PROSE[0]} {PROSE[1]}".split()
        left = [" ".join(words[at : at + 5]) for at in range(8)]
        right = [" ".join(words[at + 7 : at + 12]) for at in range(8)]
        boxes = [box(100, 300 + 44 * at, line) for at, line in enumerate(left)]
        boxes += [box(660, 300 + 44 * at, line) for at, line in enumerate(right)]
        found = read(boxes).text()
        assert found.tables == ()
        assert found.text.split() == " ".join([*left, *right]).split()


class TestRules:
    def drawn(self, angle: float = 0.0, width: int = 3) -> Image.Image:
        page = Image.new("L", (1240, 1754), 250)
        pen = ImageDraw.Draw(page)
        for at in range(4):
            pen.line((100, 300 + 60 * at, 1000, 300 + 60 * at), fill=30, width=width)
            pen.line((100 + 300 * at, 300, 100 + 300 * at, 480), fill=30, width=width)
        return page.rotate(angle, fillcolor=250, resample=Image.Resampling.BICUBIC)

    def test_lines_are_found_where_they_are_drawn(self) -> None:
        found = rules_in(np.asarray(self.drawn().convert("RGB")))
        level = sorted(rule for rule in found if rule[2] - rule[0] > rule[3] - rule[1])
        assert len(found) == 8
        assert [round(rule[1] / 10) for rule in level] == [30, 36, 42, 48]
        assert all(abs(rule[0] - 100) < 5 and abs(rule[2] - 1000) < 5 for rule in level)

    @pytest.mark.parametrize("width", [1, 5])
    def test_lines_that_lean_a_little_are_found(self, width: int) -> None:
        found = rules_in(np.asarray(self.drawn(0.4, width).convert("RGB")))
        level = [rule for rule in found if rule[2] - rule[0] > rule[3] - rule[1]]
        assert sum(rule[2] - rule[0] for rule in level) >= 4 * 880

    def test_letters_are_no_lines(self) -> None:
        page = Image.new("RGB", (1240, 400), "white")
        font = ImageFont.truetype(str(FONT), 34)
        ImageDraw.Draw(page).text((80, 80), "The Lamps of the Coast: E F T L 一", fill=0, font=font)
        assert rules_in(np.asarray(page)) == ()

    def test_a_drawing_of_many_lines_has_none(self) -> None:
        page = Image.new("L", (1700, 1700), 255)
        pen = ImageDraw.Draw(page)
        for at in range(0, 1700, 6):
            for left in range(0, 1700, 60):
                pen.line((left, at, left + 48, at), fill=0)
        assert len(range(0, 1700, 6)) * len(range(0, 1700, 60)) > MOST_RULES
        assert rules_in(np.asarray(page.convert("RGB"))) == ()

    @pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2000, 3), (60, 4, 3)])
    def test_slips_have_none(self, shape: tuple[int, int, int]) -> None:
        assert rules_in(np.zeros(shape, np.uint8)) == ()


class TestWords:
    CORNERS = ((0.0, 0.0), (200.0, 0.0), (200.0, 20.0), (0.0, 20.0))

    def told(self, *words: tuple[str, float, float]) -> list[object]:
        return [(word, 1.0, [[a, 0], [b, 0], [b, 20], [a, 20]]) for word, a, b in words]

    def test_words_keep_a_space_between_them(self) -> None:
        told = self.told(("17", 0, 98), ("nm", 100, 200))
        (one, other) = words_along("17 nm", told, self.CORNERS)
        assert (one[0], other[0]) == ("17", "nm")
        assert (other[1] - one[2]) * 200 >= 5

    def test_chinese_letters_are_one_word_up_to_a_gap(self) -> None:
        told = self.told(("数", 0, 20), ("量", 22, 42), ("单", 120, 140), ("价", 142, 162))
        found = words_along("数量单价", told, self.CORNERS)
        assert [word for word, _, _ in found] == ["数量", "单价"]

    def test_what_was_told_of_another_text_is_not_used(self) -> None:
        assert words_along("lamp", self.told(("1amp", 0, 200)), self.CORNERS) == ()


def test_rows_of_a_scanned_table_are_found_with_the_names_of_their_columns(tmp_path: Path) -> None:
    page = Image.new("RGB", (1240, 800), "white")
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(FONT), 26)
    for number, line in enumerate(PROSE):
        pen.text((80, 80 + 44 * number), line[:60], fill=0, font=font)
    for number, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            corner = (80 + 300 * column, 240 + 60 * number)
            pen.rectangle((*corner, corner[0] + 300, corner[1] + 60), outline=0, width=2)
            pen.text((corner[0] + 14, corner[1] + 14), cell, fill=0, font=font)
    page.save(tmp_path / "scan.pdf", resolution=150)
    document = load_file(tmp_path / "scan.pdf").document

    (found,) = [section for section in document.sections if section.kind == "table"]
    assert document.text[found.start : found.end] == rows_of(ROWS)
    assert found.header_rows == 1
    marks = [document.text[mark.start : mark.end] for mark in document.pages[0].boxes]
    assert "Fastnet\t49 m\tJ. Otterbein" in marks
