"""Makes PDFs of one page with text at places and annotations written in the file's own syntax."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pypdf
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions

Printed = tuple[float, float, str]
"""Where a text begins, from the bottom left corner of the page, and the text."""

FIRST = 100
"""The number of the first annotation's object; further objects are numbered by the caller."""

CHINESE = "STSong-Light"


def page_with(
    path: Path,
    printed: Sequence[Printed],
    annotations: Sequence[str],
    objects: dict[int, str] | None = None,
    *,
    page: str = "",
    size: float = 10,
    lines: Sequence[tuple[float, float, float, float]] = (),
    form: bool = True,
) -> Path:
    """Write a page; annotations are objects 100, 101 and so on, all of them form fields' roots.

    Args:
        path: where the file is written.
        printed: what the page prints.
        annotations: dictionaries, each with its brackets.
        objects: further objects by number, in the syntax of PDF.
        page: further entries of the page's dictionary.
        size: of the font, in points.
        lines: ruling lines, as x1, y1, x2, y2.
        form: whether the file has the form of the fields, as a page taken out of one has not.
    """
    reader = pypdf.PdfReader(BytesIO(_printed(printed, size, lines)))
    writer = pypdf.PdfWriter(clone_from=reader)
    plain = BytesIO()
    writer.write(plain)
    path.write_bytes(
        _with_annotations(plain.getvalue(), annotations, objects or {}, page, form=form)
    )
    return path


def text_of(path: Path) -> str:
    """Return what the loader reads in a file, without OCR."""
    return load_file(path, LoadOptions(ocr=False)).document.text


def _printed(
    printed: Sequence[Printed], size: float, lines: Sequence[tuple[float, float, float, float]]
) -> bytes:
    registerFont(UnicodeCIDFont(CHINESE))
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), invariant=True)
    for x, y, text in printed:
        canvas.setFont("Helvetica" if text.isascii() else CHINESE, size)
        canvas.drawString(x, y, text)
    for line in lines:
        canvas.line(*line)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _with_annotations(
    data: bytes, annotations: Sequence[str], objects: dict[int, str], page: str, *, form: bool
) -> bytes:
    """Append a second version of the page, with annotations, as an update of the file."""
    reader = pypdf.PdfReader(BytesIO(data))
    root = reader.trailer["/Root"].indirect_reference.idnum
    sheet = reader.pages[0].indirect_reference.idnum
    numbered = dict(enumerate(annotations, start=FIRST)) | objects
    kids = " ".join(f"{FIRST + at} 0 R" for at in range(len(annotations)))
    pages = reader.pages[0].raw_get("/Parent").idnum
    contents = reader.pages[0].raw_get("/Contents")
    resources = reader.pages[0].raw_get("/Resources")
    fields = f"/AcroForm <</Fields [{kids}] /DA (/Helv 10 Tf) >>" if form else ""
    numbered[root] = f"<</Type /Catalog /Pages {pages} 0 R {fields} >>"
    stream = BytesIO()
    resources.write_to_stream(stream)
    numbered[sheet] = (
        f"<</Type /Page /Parent {pages} 0 R /MediaBox [0 0 595 842] "
        f"/Contents {contents.idnum} 0 R /Resources {stream.getvalue().decode('latin-1')} "
        f"/Annots [{kids}] {page}>>"
    )
    out = bytearray(data)
    places = {}
    for number, body in numbered.items():
        places[number] = len(out)
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += b"xref\n"
    for number, place in sorted(places.items()):
        out += f"{number} 1\n{place:010d} 00000 n \n".encode()
    before = data[data.rindex(b"startxref") :].split()[1].decode()
    size = max(numbered) + 1
    out += (
        f"trailer\n<</Size {size} /Root {root} 0 R /Prev {before}>>\nstartxref\n{start}\n%%EOF\n"
    ).encode()
    return bytes(out)


def wide(text: str) -> str:
    """Return a string of PDF for text in any writing."""
    return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"
