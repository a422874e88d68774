"""Files nested deeper than any program writes them, written by hand: libraries have bounds."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def docx(folder: Path, body: str, name: str = "page.docx") -> Path:
    """Write a Word document by hand: the library that writes them has bounds of its own."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{_WORD}" xmlns:m="{_MATH}" xmlns:mc="{_MC}"><w:body>'
            f"{text('Before.')}{body}{text('After.')}</w:body></w:document>",
        )
    return path


def text(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def within(opening: str, inner: str, depth: int) -> str:
    opened: list[str] = []
    for end, tag in re.findall(r"<(/?)([\w:]+)", opening):
        if end:
            opened.pop()
        else:
            opened.append(tag)
    closing = "".join(f"</{tag}>" for tag in reversed(opened))
    return opening * depth + inner + closing * depth


def pdf(folder: Path, objects: dict[int, bytes], name: str = "page.pdf") -> Path:
    """Write a PDF whose object 1 is its catalog."""
    data = b"%PDF-1.7\n"
    places = {}
    for number, content in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    data += b"".join(b"%010d 00000 n \n" % places[number] for number in range(1, size))
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    path = folder / name
    path.write_bytes(data)
    return path


def pdf_page(parent: int, words: bytes) -> dict[int, bytes]:
    """A page as object 2, with its font and content as objects 3 and 4."""
    content = b"BT /F 24 Tf 72 700 Td (%s) Tj ET" % words
    return {
        2: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F 3 0 R >> >> >>" % parent,
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    }


def outline(folder: Path, depth: int) -> Path:
    """Write a PDF whose outline has one entry inside the other."""
    entries = {
        7 + level: b"<< /Title (level %d) /Parent %d 0 R /First %d 0 R /Last %d 0 R "
        b"/Dest [2 0 R /Fit] >>" % (level, 6 + level, 8 + level, 8 + level)
        for level in range(depth)
    }
    entries[7 + depth] = b"<< /Title (last) /Parent %d 0 R /Dest [2 0 R /Fit] >>" % (6 + depth)
    return pdf(
        folder,
        {
            1: b"<< /Type /Catalog /Pages 5 0 R /Outlines 6 0 R >>",
            **pdf_page(5, b"The words inside the page."),
            5: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
            6: b"<< /Type /Outlines /First 7 0 R /Last 7 0 R >>",
            **entries,
        },
    )


def tree_of_pages(folder: Path, depth: int) -> Path:
    """Write a PDF whose only page stands in a tree of so many levels."""
    nodes = {
        5 + level: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>"
        % (6 + level, 4 + level)
        for level in range(1, depth)
    }
    nodes[5] = b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>"
    nodes[5 + depth] = b"<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent %d 0 R >>" % (4 + depth)
    catalog = {1: b"<< /Type /Catalog /Pages 5 0 R >>"}
    return pdf(folder, {**catalog, **pdf_page(5 + depth, b"The words inside the page."), **nodes})


def deep_folder(folder: Path) -> list[str]:
    """Write one file of each kind of nesting, each with the word "inside"; return their names."""
    folder.mkdir()
    (folder / "quotes.md").write_text(">" * 100_000 + " inside\n")
    (folder / "quotes-few.md").write_text(">" * 30 + " inside\n")
    lists = "".join(f"{'  ' * level}- item\n" for level in range(200))
    (folder / "lists.md").write_text(f"{lists}{'  ' * 200}- inside\n")
    (folder / "links.md").write_text("[" * 2_000 + "inside" + "](x)" * 2_000)
    (folder / "html.md").write_text("<div>" * 300_000 + "inside" + "</div>" * 300_000)
    (folder / "yaml.md").write_text("---\nkey: " + "[" * 3_000 + "\n---\n\ninside\n")
    (folder / "toml.md").write_text("+++\nkey = " + "[" * 3_000 + "\n+++\n\ninside\n")
    inner = text("inside")
    docx(folder, within("<w:sdt><w:sdtContent>", inner, 1000), "controls.docx")
    docx(folder, within("<w:tbl><w:tr><w:tc>", inner, 650), "frames.docx")
    docx(folder, within("<w:p><w:r><w:txbxContent>", inner, 650), "boxes.docx")
    equation = within("<m:d><m:e>", "<m:r><m:t>inside</m:t></m:r>", 900)
    docx(folder, f"<w:p><m:oMath>{equation}</m:oMath></w:p>", "equation.docx")
    outline(folder, 5000).rename(folder / "outline.pdf")
    tree_of_pages(folder, 500).rename(folder / "pages.pdf")
    return sorted(file.name for file in folder.iterdir())
