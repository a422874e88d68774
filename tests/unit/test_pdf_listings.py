"""Code keeps its lines, indentation and empty lines; prose in typewriter letters is prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import HEIGHT, Draw, Setting, document, flat, put, put_lines, sentences

PYTHON = """\
def tides(port, days=3):
    # High water of each day
    found = []
    for day in range(days):
        level = port.level(day)

        if level > LIMIT:
            found.append((day, level))
        else:
            log("no tide", day=day)
    return found


class Port:
    def level(self, day):
        return self._levels[day % 7]
""".splitlines()

JAVASCRIPT = """\
const port = {
  name: "Ostrand",
  levels: [3.1, 2.8],
};
function high(levels) {
  return levels.filter((level) => {
    return level > 3;
  });
}
""".splitlines()

SHELL = """\
$ sudo apt install tides
$ tides --port=ostrand \\
        --days=3 \\
        --output=/tmp/tides.csv
$ cat /tmp/tides.csv | grep -v '^#' > clean.csv
""".splitlines()

YAML = """\
port:
  name: ostrand
  berths:
    - id: 4
      length: 12
    - id: 5
      length: 9
""".splitlines()

PARTS = ("A port knows its tides. " + sentences(400, 4), "The rest is prose. " + sentences(401, 4))


def listed(lines: list[str], *, font: str = "Courier", size: float = 9, pitch: float = 11) -> Draw:
    """Return a page with code between two paragraphs, its indentation drawn as white."""

    def draw(canvas: Canvas) -> None:
        top = put(canvas, PARTS[0], Setting()) + 8
        canvas.setFont(font, size)
        for line in lines:
            bare = line.lstrip()
            left = 90 + canvas.stringWidth(" ", font, size) * (len(line) - len(bare))
            if bare:
                canvas.drawString(left, HEIGHT - top - size, bare)
            top += pitch
        put(canvas, PARTS[1], Setting(top=top + 8))

    return draw


def code_of(draw: Draw) -> list[str]:
    """Return the lines of the only listing."""
    read = document(draw)
    code = [read.text[s.start : s.end] for s in read.sections if s.kind == "code"]
    assert len(code) == 1, read.text
    return code[0].split("\n")


def squeezed(lines: list[str]) -> list[str]:
    """Return lines with one empty line at most, where two stand."""
    return [line for at, line in enumerate(lines) if line or lines[at - 1]]


class TestTypewriter:
    @pytest.mark.parametrize("code", [PYTHON, JAVASCRIPT, SHELL, YAML])
    @pytest.mark.parametrize("size", [7.0, 9.0, 11.0])
    def test_indentation_and_empty_lines_stay(self, code: list[str], size: float) -> None:
        assert code_of(listed(code, size=size, pitch=size * 1.2)) == code

    def test_bold_and_plain_letters_are_one_listing(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS[0], Setting())
            for number, line in enumerate(PYTHON):
                left = 90 + 5.4 * (len(line) - len(line.lstrip()))
                for word in line.split():
                    bold = word in {"def", "for", "in", "if", "else:", "return", "class"}
                    canvas.setFont("Courier-Bold" if bold else "Courier", 9)
                    canvas.drawString(left, HEIGHT - 160 - 11 * number, word)
                    left += 5.4 * (len(word) + 1)

        assert code_of(draw) == PYTHON

    def test_lines_longer_than_those_of_the_text(self) -> None:
        long = "levels = [" + ", ".join(f"{n}.{n % 7}" for n in range(15)) + "]"  # within the page
        assert code_of(listed(["if port:", "    " + long, "    print(levels)"])) == [
            "if port:",
            "    " + long,
            "    print(levels)",
        ]

    def test_white_inside_of_a_line_stays(self) -> None:
        lines = [
            "berth   = 4       # the widest",
            "length  = 12      # in metres",
            "lantern = 'green' # at night",
        ]

        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS[0], Setting())
            canvas.setFont("Courier", 9)
            for number, line in enumerate(lines):
                canvas.drawString(90, HEIGHT - 160 - 11 * number, line)

        assert code_of(draw) == lines

    def test_the_text_around_stays_prose(self) -> None:
        read = document(listed(PYTHON))
        prose = [read.text[s.start : s.end] for s in read.sections if s.kind == "text"]
        assert [flat(text) for text in prose] == list(PARTS)

    @pytest.mark.parametrize("blank", [0.5, 0.6, 0.7])
    def test_indentation_by_other_blanks_than_the_font_has(self, blank: float) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS[0], Setting())
            canvas.setFont("Courier", 10)
            for number, line in enumerate(PYTHON[:5]):
                indent = len(line) - len(line.lstrip())
                canvas.drawString(
                    90 + 10 * blank * indent, HEIGHT - 160 - 12 * number, line.strip()
                )

        assert code_of(draw) == PYTHON[:5]


class TestOtherFonts:
    @pytest.mark.parametrize("code", [PYTHON, JAVASCRIPT])
    def test_code_in_proportional_letters_keeps_its_indentation(self, code: list[str]) -> None:
        assert squeezed(code_of(listed(code, font="Helvetica"))) == squeezed(code)

    def test_an_indentation_wider_than_blanks_of_the_font_is_not_doubled(self) -> None:
        def draw(canvas: Canvas) -> None:
            put(canvas, PARTS[0], Setting())
            canvas.setFont("Helvetica", 9)
            for number, line in enumerate(JAVASCRIPT):
                blanks = len(line) - len(line.lstrip())
                canvas.drawString(90 + 9 * blanks, HEIGHT - 160 - 11 * number, line.lstrip())

        assert code_of(draw) == [
            re.sub("^ +", lambda blanks: blanks[0] * 2, line) for line in JAVASCRIPT
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How code is set on a grid: ``column`` is the width of a column, in sizes of the font."""

    font: str = "Times-Roman"
    size: float = 10
    column: float = 0.6
    left: float = 90


def on_grid(lines: list[str], setting: Columns) -> Draw:
    """Return a page with code as LaTeX's listings sets it: the letters of a word spread evenly."""
    unit, font, size = setting.column * setting.size, setting.font, setting.size

    def word(canvas: Canvas, text: str, left: float, y: float) -> None:
        widths = [canvas.stringWidth(letter, font, size) for letter in text]
        white = (len(text) * unit - sum(widths)) / (len(text) + 1)
        for letter, width in zip(text, widths, strict=True):
            left += white
            canvas.drawString(left, y, letter)
            left += width

    def draw(canvas: Canvas) -> None:
        top = put(canvas, PARTS[0], Setting()) + 8
        canvas.setFont(font, size)
        for line in lines:
            for found in re.finditer(r"\w+|[^\w\s]", line):
                left = setting.left + found.start() * unit
                word(canvas, found[0], left, HEIGHT - top - size)
            top += 1.2 * size
        put(canvas, PARTS[1], Setting(top=top + 8))

    return draw


class TestOnGrid:
    @pytest.mark.parametrize("code", [PYTHON, JAVASCRIPT])
    @pytest.mark.parametrize(
        ("font", "size", "column"),
        [
            ("Times-Roman", 10, 0.6),
            ("Times-Italic", 9, 0.5),
            ("Helvetica", 9, 0.6),
            ("Courier", 8, 0.63),
            ("Courier", 10, 0.7),
        ],
    )
    def test_no_blanks_are_invented_between_letters_on_a_grid(
        self, code: list[str], font: str, size: float, column: float
    ) -> None:
        draw = on_grid(code, Columns(font=font, size=size, column=column))
        assert squeezed(code_of(draw)) == squeezed(code)

    def test_two_listings_on_different_grids_are_both_read(self) -> None:
        def draw(canvas: Canvas) -> None:
            on_grid(PYTHON[:6], Columns(size=9, column=0.5))(canvas)
            canvas.translate(0, -330)
            on_grid(JAVASCRIPT, Columns(size=9, column=0.6))(canvas)

        read = document(draw)
        code = [read.text[s.start : s.end].split("\n") for s in read.sections if s.kind == "code"]
        assert [squeezed(each) for each in code] == [PYTHON[:5], JAVASCRIPT]

    def test_the_prose_around_keeps_its_words(self) -> None:
        read = document(on_grid(PYTHON, Columns(font="Helvetica", size=10)))
        prose = [read.text[s.start : s.end] for s in read.sections if s.kind == "text"]
        assert [flat(text) for text in prose] == list(PARTS)


def code_at(lines: list[str], left: float, *, prose: float | None = 72) -> Draw:
    """Return a page of code, above its paragraph if it is to have one."""

    def draw(canvas: Canvas) -> None:
        top = put(canvas, PARTS[0], Setting(left=prose)) + 8 if prose is not None else 72.0
        canvas.setFont("Courier", 10)
        for line in lines:
            bare = line.lstrip()
            canvas.drawString(left + 6 * (len(line) - len(bare)), HEIGHT - top - 10, bare)
            top += 12

    return draw


class TestOverPages:
    def code(self, *pages: Draw) -> list[str]:
        read = document(*pages)
        parts = [read.text[s.start : s.end] for s in read.sections if s.kind == "code"]
        return "\n".join(parts).split("\n")

    @pytest.mark.parametrize("cut", [1, 3, 6])
    def test_indentation_goes_on_over_a_page_break(self, cut: int) -> None:
        parts = code_at(YAML[:cut], 90), code_at(YAML[cut:], 90, prose=None)
        assert self.code(*parts) == YAML

    def test_the_part_above_may_be_the_deeper_one(self) -> None:
        lines = ["    if port:", "        sail(port)", "class Quay:", "    pass"]
        parts = code_at(lines[:2], 90), code_at(lines[2:], 90, prose=None)
        assert self.code(*parts) == lines

    def test_the_other_margin_of_a_left_page_is_no_indentation(self) -> None:
        def second(canvas: Canvas) -> None:
            code_at(SHELL[2:], 130, prose=None)(canvas)
            put(canvas, PARTS[1], Setting(top=300, left=112))

        assert self.code(code_at(SHELL[:2], 90), second) == SHELL


class TestNumbered:
    @pytest.mark.parametrize("font", ["Courier", "Helvetica"])
    def test_numbers_of_lines_in_another_font_leave_the_listing_whole(self, font: str) -> None:
        def draw(canvas: Canvas) -> None:
            listed(JAVASCRIPT, font=font)(canvas)
            canvas.setFont("Times-Roman", 9)
            top = put(canvas, PARTS[0], Setting()) + 8
            canvas.setFont("Times-Roman", 9)
            for number in range(len(JAVASCRIPT)):
                canvas.drawString(78, HEIGHT - top - 9 - 11 * number, str(number + 1))

        lines = code_of(draw)
        assert [line.split()[0] for line in lines] == [str(n + 1) for n in range(len(lines))]
        bare = [re.sub(r"^ *\d+ ", "", line) for line in lines]
        margin = min(len(line) - len(line.lstrip()) for line in bare)
        assert [line[margin:] for line in bare] == JAVASCRIPT


class TestNoListing:
    def test_prose_in_typewriter_letters_is_joined(self) -> None:
        text = sentences(410, 12)

        def draw(canvas: Canvas) -> None:
            put(canvas, text, Setting(font="Courier"))

        read = document(draw)
        assert read.text == text
        assert [section.kind for section in read.sections] == ["text"]

    def test_prose_with_many_signs_is_joined(self) -> None:
        text = (
            'The name of a port ("ostrand") and of a berth ("4" or \'B\') stand in /etc/tides; '
            'all names are read once, at the start, and "none" means that there is no such '
            "port. A berth whose name begins with '_' is for guests; its keeper (if any) is told "
            "by letter, and the 'old' names of the \"first\" book are good for another year."
        )

        def draw(canvas: Canvas) -> None:
            put(canvas, text, Setting(font="Courier", size=9, width=430))

        assert document(draw).text == text

    def test_a_word_in_typewriter_letters_is_part_of_its_sentence(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, 700, "Every keeper calls")
            left = 72 + canvas.stringWidth("Every keeper calls ")
            canvas.setFont("Courier", 10)
            canvas.drawString(left, 700, "tides(port)")
            left += canvas.stringWidth("tides(port) ")
            canvas.setFont("Helvetica", 10)
            canvas.drawString(left - 3, 700, "once a day.")

        assert document(draw).text == "Every keeper calls tides(port) once a day."

    def test_an_address_of_indented_lines_is_text(self) -> None:
        def draw(canvas: Canvas) -> None:
            put_lines(canvas, ["Harbour Mills Ltd", "14 Copper Lane", "Ostrand"], Setting())

        assert [section.kind for section in document(draw).sections] == ["text"]
