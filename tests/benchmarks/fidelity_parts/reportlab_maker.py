"""Documents set by reportlab: what other makers of this benchmark cannot do stands here too.

Form fields, notes of PDF, lines drawn twice, letters set apart, stamps over scans.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    PageTemplate,
    Preformatted,
    Spacer,
)
from reportlab.platypus import Paragraph as Set
from reportlab.platypus import Table as SetTable

from fidelity_parts.content import (
    Block,
    Code,
    Content,
    Form,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Picture,
    Table,
)
from fidelity_parts.picture import picture_font, scanned, text_picture

_MARGIN = 56.0
_GAP = 20.0
_CHINESE = "FidelityChinese"
_WHOLE = re.compile(r"[A-Za-z0-9.]+|.")  # no program breaks a number between its digits


def make_reportlab(content: Content, path: Path) -> None:
    """Set a document and write it to ``path``."""
    if content.across:
        _across(content, path)
        return
    font = _font(content)
    width, height = A4
    room = (width - 2 * _MARGIN - _GAP * (content.columns - 1)) / content.columns
    frames = [
        Frame(_MARGIN + number * (room + _GAP), _MARGIN, room, height - 2 * _MARGIN, 0, 0, 0, 0)
        for number in range(content.columns)
    ]

    def running(canvas: Canvas, _: object) -> None:
        canvas.setFont(font, 9)
        canvas.drawString(_MARGIN, height - 35, content.header)
        canvas.drawString(_MARGIN, 30, content.footer)
        if content.numbers:
            canvas.drawRightString(width - _MARGIN, 30, str(canvas.getPageNumber()))

    document = BaseDocTemplate(str(path), pagesize=A4, invariant=1)
    document.addPageTemplates(PageTemplate("page", frames, onPage=running))
    document.build([part for block in content.blocks for part in _flow(block, content, room)])


def stamp_over(source: Path, path: Path, stamp: str, seed: int) -> None:
    """Make a PDF of the pages of ``source`` as pictures, a line of text printed over each."""
    canvas = Canvas(str(path), invariant=1)
    for page in scanned(source, seed):
        width, height = page.width * 72 / 200, page.height * 72 / 200
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(page), 0, 0, width, height)
        if stamp:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(30, height - 14, stamp)
        canvas.showPage()
    canvas.save()


def _across(content: Content, path: Path) -> None:
    """Draw two columns as some programs do: a line of the left, a line of the right, and so on."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    room = (A4[0] - 2 * _MARGIN - _GAP) / 2
    lines = [
        line
        for block in content.blocks
        if isinstance(block, Paragraph)
        for line in _broken(block.text, content, room)
    ]
    half = (len(lines) + 1) // 2
    for number in range(half):
        y = A4[1] - _MARGIN - number * content.size * 1.3
        for column, at in enumerate((number, half + number)):
            if at < len(lines):
                canvas.setFont(_font(content), content.size)
                canvas.drawString(_MARGIN + column * (room + _GAP), y, lines[at])
    canvas.save()


def _broken(text: str, content: Content, room: float) -> list[str]:
    """Break text into lines that fit: anywhere in Chinese, else between words."""
    font, size = _font(content), content.size
    apart = 0.35 * size if content.spaced else 0.0
    wide = content.language in {"zh", "ja"}
    lines, line = [], ""
    for piece in _WHOLE.findall(text) if wide else text.split(" "):
        longer = line + piece if wide or not line else f"{line} {piece}"
        length = pdfmetrics.stringWidth(longer, font, size) + apart * len(longer)
        if line and length > room:
            lines.append(line)
            line = piece
        else:
            line = longer
    return [*lines, line]


def _font(content: Content, *, fixed: bool = False) -> str:
    if content.language in {"zh", "ja"}:
        if _CHINESE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(_CHINESE, picture_font()))
        return _CHINESE
    if fixed:
        return "Courier"
    return "Times-Roman" if content.font == "serif" else "Helvetica"


def _style(content: Content, *, larger: float = 0.0) -> ParagraphStyle:
    size = content.size + larger
    wide = content.language in {"zh", "ja"}
    return ParagraphStyle(
        "text",
        fontName=_font(content),
        fontSize=size,
        leading=size * 1.3,
        spaceAfter=size * 0.7,
        wordWrap="CJK" if wide else None,
        alignment=4 if content.columns > 1 and not wide else 0,
    )


class _Drawn(Flowable):  # type: ignore[misc]
    """Lines drawn letter by letter: twice for bold type, or set apart."""

    def __init__(self, text: str, content: Content, room: float) -> None:
        super().__init__()
        self._content = content
        self._font, self._size = _font(content), content.size
        self._apart = 0.35 * content.size if content.spaced else 0.0
        self._lines = _broken(text, content, room)

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        return width, len(self._lines) * self._size * 1.4 + self._size

    def draw(self) -> None:
        for number, line in enumerate(self._lines):
            y = (len(self._lines) - number) * self._size * 1.4
            for shift in (0.0, 0.35) if self._content.twice else (0.0,):
                pen = self.canv.beginText(shift, y)
                pen.setFont(self._font, self._size)
                pen.setCharSpace(self._apart)
                pen.textOut(line)
                self.canv.drawText(pen)


class _Fields(Flowable):  # type: ignore[misc]
    """A form's fields, each beside its label."""

    def __init__(self, form: Form, content: Content) -> None:
        super().__init__()
        self._form, self._content = form, content

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        return width, 28.0 * len(self._form.fields)

    def draw(self) -> None:
        form = self.canv.acroForm
        for number, field in enumerate(self._form.fields):
            y = 28.0 * (len(self._form.fields) - number - 1)
            self.canv.setFont(_font(self._content), self._content.size)
            self.canv.drawString(0, y + 5, field.label)
            place = {"x": 200, "y": y, "name": f"field{number}", "relative": True}
            if field.kind == "check":
                form.checkbox(checked=field.value == "yes", size=16, **place)
            elif field.kind == "choice":
                form.choice(
                    value=field.value, options=list(field.choices), width=160, height=18, **place
                )
            else:
                form.textfield(value=field.value, width=200, height=18, maxlen=200, **place)


class _Note(Flowable):  # type: ignore[misc]
    """A sticky note, beside what was set last."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def wrap(self, _: float, __: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        x, y = self.canv.absolutePosition(0, 0)
        self.canv.textAnnotation(self._text, Rect=[x + 400, y, x + 420, y + 20])


def _flow(  # noqa: C901, PLR0911 - a case for each block
    block: Block, content: Content, room: float
) -> list[object]:
    style = _style(content)
    match block:
        case Paragraph():
            wide = content.language in {"zh", "ja"}
            if content.twice or content.spaced or (wide and not block.link):
                return [_Drawn(block.text, content, room)]
            text = escape(block.text)
            if block.link:
                text = f'<a href="{escape(block.link)}">{text}</a>'
            return [Set(text, style), *([_Note(block.comment)] if block.comment else [])]
        case Heading():
            return [Set(escape(block.text), _style(content, larger=8 - 2 * block.level))]
        case Items():
            marks = [f"{n}." if block.numbered else "•" for n in range(1, len(block.texts) + 1)]
            style.leftIndent, style.bulletIndent = 20, 4
            return [
                Set(escape(text), style, bulletText=mark)
                for text, mark in zip(block.texts, marks, strict=True)
            ]
        case Code():
            style.fontName = _font(content, fixed=True)
            return [Preformatted("\n".join(block.lines), style)]
        case Table():
            return [_table(block, style, room), Spacer(1, 10)]
        case Pairs():
            rows = [[Set(escape(label), style), value] for label, value in block.pairs]
            pairs = SetTable(rows, colWidths=[room * 0.8, room * 0.2])
            pairs.setStyle(
                [("ALIGN", (1, 0), (1, -1), "RIGHT"), ("FONT", (0, 0), (-1, -1), style.fontName)]
            )
            return [pairs]
        case Form():
            return [_Fields(block, content)]
        case Picture():
            return [Image(BytesIO(text_picture(block.lines)), room * 0.8, 120, kind="bound")]
        case _:
            return [Set(escape(block.text), style)]


def _table(table: Table, style: ParagraphStyle, room: float) -> SetTable:
    style.spaceAfter = 0
    right = style.clone("right", alignment=2)
    rows: list[list[object]] = [[Set(escape(name), style) for name in table.columns]]
    for number, row in enumerate(table.rows):
        rows.append(
            [
                ""
                if table.covered(number, column)
                else Set(escape(text), right if column in table.numeric else style)
                for column, text in enumerate(row)
            ]
        )
    commands: list[tuple[object, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
    if table.look == "ruled":
        commands.append(("GRID", (0, 0), (-1, -1), 0.5, colors.black))
    if table.look == "booktabs":
        commands += [
            (where, (0, at), (-1, at), 0.8, colors.black)
            for where, at in (("LINEABOVE", 0), ("LINEBELOW", 0), ("LINEBELOW", -1))
        ]
    commands += [("SPAN", (m.column, m.row + 1), (m.column, m.row + m.count)) for m in table.merged]
    made = SetTable(rows, colWidths=[room * s for s in table.shares()], repeatRows=1)
    made.setStyle(commands)
    return made
