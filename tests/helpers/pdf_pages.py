"""Makes pages of text set in columns, paragraphs and lines at places, and reads them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.loader import PdfLoader
from kb.records import Document

WIDTH, HEIGHT = 595.0, 842.0
CHINESE = "STSong-Light"

Draw = Callable[[Canvas], None]

registerFont(UnicodeCIDFont(CHINESE))

_WORDS = (
    "harbour lantern the quiet of a mill and river under stone with over by orchard in window "
    "thread at bridge from careful market no old letter to winter some copper door that ship was "
    "morning for gravel roof carried an apple paper between wide tower it garden slow wheel after "
    "silver hill never written bell corner along two salt near field then open road plank is blue"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How text is set: sizes in points, ``top`` counted from the top of the page."""

    left: float = 72
    top: float = 72
    width: float = 450
    size: float = 10
    leading: float = 13
    font: str = "Helvetica"
    indent: float = 0
    justified: bool = False


def sentences(seed: int, count: int = 4) -> str:
    """Return sentences that no other seed gives."""
    chance = random.Random(seed)  # noqa: S311 - words, no secrets
    made = []
    for _ in range(count):
        words = [chance.choice(_WORDS.split()) for _ in range(chance.randint(7, 16))]
        made.append(" ".join(words).capitalize() + ".")
    return " ".join(made)


def printed(text: str, setting: Setting) -> list[str]:
    """Return the lines in which a paragraph is set."""
    if setting.font == CHINESE:
        each = int(setting.width // setting.size)
        return [text[at : at + each] for at in range(0, len(text), each)]
    if not setting.indent:
        return simpleSplit(text, setting.font, setting.size, setting.width)
    lines = simpleSplit(text, setting.font, setting.size, setting.width - setting.indent)
    first = lines[0]
    rest = simpleSplit(text[len(first) :].strip(), setting.font, setting.size, setting.width)
    return [first, *rest]


def put(canvas: Canvas, text: str, setting: Setting) -> float:
    """Print one paragraph; return where the next line would stand, from the top."""
    return put_lines(canvas, printed(text, setting), setting)


def put_lines(canvas: Canvas, lines: Sequence[str], setting: Setting) -> float:
    """Print lines below each other; all but the last are justified where this is asked for."""
    canvas.setFont(setting.font, setting.size)
    top = setting.top
    for number, line in enumerate(lines):
        shift = setting.indent if number == 0 else 0
        left, y = setting.left + shift, HEIGHT - top - setting.size
        if setting.justified and number + 1 < len(lines):
            _justify(canvas, line, left, y, setting.width - shift)
        else:
            canvas.drawString(left, y, line)
        top += setting.leading
    return top


def _justify(canvas: Canvas, line: str, left: float, y: float, width: float) -> None:
    words = line.split()
    taken = sum(canvas.stringWidth(word) for word in words)
    gap = (width - taken) / max(len(words) - 1, 1)
    for word in words:
        canvas.drawString(left, y, word)
        left += canvas.stringWidth(word) + gap


def document(*pages: Draw, size: tuple[float, float] = (WIDTH, HEIGHT)) -> Document:
    """Return what the loader reads of a PDF with these pages, OCR off."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        canvas = Canvas(str(path), pagesize=size, invariant=True)
        for page in pages:
            page(canvas)
            canvas.showPage()
        canvas.save()
        return PdfLoader().load(path, LoadOptions(ocr=False))


def text_of(*pages: Draw) -> str:
    """Return the text that the loader reads of a PDF with these pages."""
    return document(*pages).text


def flat(*texts: str) -> str:
    """Return words with one space between them."""
    return " ".join(" ".join(texts).split())
