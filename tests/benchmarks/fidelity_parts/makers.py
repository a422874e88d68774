"""The programs that make documents: what each needs, and how many it makes at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docx import Document
from pypdf import PdfWriter, Transformation

from fidelity_parts.content import (
    Code,
    Content,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Table,
)
from fidelity_parts.html import html
from fidelity_parts.office_maker import make_office
from fidelity_parts.reportlab_maker import make_reportlab
from fidelity_parts.tex_makers import MakerError, make_groff, make_latex

Job = tuple[Content, Path]
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Maker:
    """``make`` writes each job's file, or leaves it out; ``programs`` must be on the path."""

    make: Callable[[Sequence[Job]], None]
    suffix: str = ".pdf"
    programs: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Return the programs that are not installed."""
        return [p for p in self.programs if not (_chromium() if p == "chromium" else which(p))]


which = shutil.which


def _chromium() -> str | None:
    return os.environ.get("KB_CHROMIUM") or which("chromium")


def _each(make: Callable[[Content, Path], None]) -> Callable[[Sequence[Job]], None]:
    def run(jobs: Sequence[Job]) -> None:
        for content, path in jobs:
            try:
                make(content, path)
            except MakerError as error:
                print(f"not made: {path.name}: {error}")

    return run


def _print(jobs: Sequence[Job]) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a developer's tool

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        for content, path in jobs:
            page.set_content(html(content))
            margin = dict.fromkeys(("top", "bottom", "left", "right"), "20mm")
            page.pdf(path=path, format="A4", margin=margin)
        browser.close()


def _pandoc(kind: str) -> Callable[[Content, Path], None]:
    def make(content: Content, path: Path) -> None:
        command = ["pandoc", "--from", "html", "--to", kind, "--output", str(path)]
        subprocess.run(command, input=html(content).encode(), timeout=_TIMEOUT_S, check=True)

    return make


def _docx(content: Content, path: Path) -> None:
    document = Document()
    for block in content.blocks:
        match block:
            case Paragraph():
                document.add_paragraph(block.text)
            case Heading():
                document.add_heading(block.text, block.level)
            case Items():
                style = "List Number" if block.numbered else "List Bullet"
                for text in block.texts:
                    document.add_paragraph(text, style)
            case Table():
                _docx_table(document, block)
            case _:
                raise MakerError(type(block).__name__)
    document.save(str(path))


def _docx_table(document: object, table: Table) -> None:
    made = document.add_table(1 + len(table.rows), len(table.columns))  # type: ignore[attr-defined]
    made.style = "Table Grid"
    for number, row in enumerate((table.columns, *table.rows)):
        for column, text in enumerate(row):
            if number == 0 or not table.covered(number - 1, column):
                made.cell(number, column).text = text
    for m in table.merged:
        made.cell(m.row + 1, m.column).merge(made.cell(m.row + m.count, m.column))


def plain(content: Content, *, markdown: bool) -> str:
    """Return the document as Markdown, or as bare text."""
    parts: list[str] = []
    for block in content.blocks:
        match block:
            case Paragraph():
                parts.append(block.text)
            case Heading():
                parts.append("#" * block.level * markdown + " " * markdown + block.text)
            case Items():
                marks = (f"{n}." if block.numbered else "-" for n in range(1, 99))
                parts.append(
                    "\n".join(f"{m} {t}" for m, t in zip(marks, block.texts, strict=False))
                )
            case Code():
                fence = "```" if markdown else ""
                parts.append("\n".join((fence, *block.lines, fence)))
            case Table():
                rule = tuple("---" for _ in block.columns)
                rows = (block.columns, rule, *block.rows)
                parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
            case Pairs():
                parts.append("\n".join(f"{label}\t{value}" for label, value in block.pairs))
            case _:
                raise MakerError(type(block).__name__)
    return "\n\n".join(parts) + "\n"


_ENCODINGS = {
    "en": ("utf-8", "utf-16", "ascii"),
    "de": ("utf-8", "utf-8-sig", "cp1252", "utf-16"),
    "zh": ("utf-8", "gb18030", "utf-16", "utf-8-sig"),
}


def _text(content: Content, path: Path) -> None:
    encodings = _ENCODINGS[content.language]
    encoding = encodings[len(content.blocks[0].text) % len(encodings)]  # type: ignore[union-attr]
    path.write_bytes(plain(content, markdown=False).encode(encoding))


def _markdown(content: Content, path: Path) -> None:
    path.write_text(plain(content, markdown=True), "utf-8")


def turn(path: Path) -> None:
    """Lay each page on its side, and let the page's own entry turn it back."""
    writer = PdfWriter(clone_from=path)
    for page in writer.pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        page.add_transformation(Transformation().rotate(90).translate(height, 0))
        page.mediabox.upper_right = (height, width)
        page.cropbox.upper_right = (height, width)
        page.rotate(90)
    writer.write(path)


MAKERS: dict[str, Maker] = {
    "reportlab": Maker(_each(make_reportlab)),
    "latex": Maker(_each(make_latex), programs=("pdflatex", "xelatex")),
    "groff": Maker(_each(make_groff), programs=("groff",)),
    "chromium": Maker(_print, programs=("chromium",)),
    "libreoffice": Maker(lambda jobs: make_office(jobs, ".pdf"), programs=("soffice",)),
    "python-docx": Maker(_each(_docx), ".docx"),
    "libreoffice-docx": Maker(
        lambda jobs: make_office(jobs, ".docx"), ".docx", programs=("soffice",)
    ),
    "pandoc-docx": Maker(_each(_pandoc("docx")), ".docx", programs=("pandoc",)),
    "markdown": Maker(_each(_markdown), ".md"),
    "pandoc-markdown": Maker(_each(_pandoc("gfm-raw_html")), ".md", programs=("pandoc",)),
    "text": Maker(_each(_text), ".txt"),
}
