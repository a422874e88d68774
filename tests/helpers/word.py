"""Word documents of raw XML, for what no library writes: fields, symbols, merges, drawings."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from ingest.loaders.base import LoadOptions
from ingest.loaders.docx.loader import DocxLoader
from kb.records import Document

_SCHEMAS = "http://schemas.openxmlformats.org"
_MICROSOFT = "http://schemas.microsoft.com/office"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in (
        ("w", f"{_SCHEMAS}/wordprocessingml/2006/main"),
        ("r", f"{_SCHEMAS}/officeDocument/2006/relationships"),
        ("mc", f"{_SCHEMAS}/markup-compatibility/2006"),
        ("wp", f"{_SCHEMAS}/drawingml/2006/wordprocessingDrawing"),
        ("a", f"{_SCHEMAS}/drawingml/2006/main"),
        ("pic", f"{_SCHEMAS}/drawingml/2006/picture"),
        ("c", f"{_SCHEMAS}/drawingml/2006/chart"),
        ("m", f"{_SCHEMAS}/officeDocument/2006/math"),
        ("w14", f"{_MICROSOFT}/word/2010/wordml"),
        ("wps", f"{_MICROSOFT}/word/2010/wordprocessingShape"),
        ("adec", f"{_MICROSOFT}/drawing/2017/decorative"),
        ("v", "urn:schemas-microsoft-com:vml"),
        ("o", "urn:schemas-microsoft-com:office:office"),
    )
)
OFFICE = f"{_SCHEMAS}/officeDocument/2006/relationships"

Relation = tuple[str, str]
"""The last word of a relationship's type, and its target: an address, or a part's name."""


def run(text: str, properties: str = "") -> str:
    """Return a run of text."""
    properties = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, properties: str = "") -> str:
    """Return a paragraph."""
    properties = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p>{properties}{inner}</w:p>"


def part(root: str, inner: str) -> bytes:
    """Return a part of a package, with all namespaces."""
    return f"<w:{root} {NAMESPACES}>{inner}</w:{root}>".encode()


def write_docx(
    path: Path,
    body: str,
    *,
    relations: Mapping[str, Relation] | None = None,
    parts: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a document of these blocks; what has ``:`` in its target lies outside the package."""
    written = {
        "_rels/.rels": relationships({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": relationships(relations or {}),
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in written.items():
            package.writestr(name, data)
    return path


def relationships(relations: Mapping[str, Relation]) -> bytes:
    """Return the part that lists what another part refers to."""
    items = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if ":" in target else "/>")
        for key, (kind, target) in relations.items()
    )
    space = f"{_SCHEMAS}/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{items}</Relationships>'.encode()


def read_docx(
    path: Path,
    body: str,
    *,
    relations: Mapping[str, Relation] | None = None,
    parts: Mapping[str, bytes] | None = None,
    options: LoadOptions | None = None,
) -> Document:
    """Write a document into a folder and read it."""
    written = write_docx(path / "document.docx", body, relations=relations, parts=parts)
    return DocxLoader().load(written, options or LoadOptions())
