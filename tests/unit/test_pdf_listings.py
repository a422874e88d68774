"""Code keeps its lines, indentation and empty lines; prose in typewriter letters is prose."""

from __future__ import annotations

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
        long = "levels = [" + ", ".join(f"{n}.{n % 7}" for n in range(20)) + "]"
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


class TestOtherFonts:
    @pytest.mark.parametrize("code", [PYTHON, JAVASCRIPT])
    def test_code_in_proportional_letters_keeps_its_indentation(self, code: list[str]) -> None:
        assert squeezed(code_of(listed(code, font="Helvetica"))) == squeezed(code)


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
