"""Protected files of our own making, and the look for a password where none may be."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
from docx import Document
from msoffcrypto.format.ooxml import OOXMLFile
from reportlab.pdfgen.canvas import Canvas


def locked_pdf(text: str, password: str) -> bytes:
    """Return a PDF of one page that opens with its password only."""
    plain, locked = io.BytesIO(), io.BytesIO()
    canvas = Canvas(plain)
    canvas.drawString(72, 720, text)
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.encrypt(password, "the owner's", algorithm="AES-256")
    writer.write(locked)
    return locked.getvalue()


def locked_docx(text: str, password: str) -> bytes:
    """Return a DOCX, as Word protects it."""
    plain, locked = io.BytesIO(), io.BytesIO()
    document = Document()
    document.add_paragraph(text)
    document.save(plain)
    plain.seek(0)
    OOXMLFile(plain).encrypt(password, locked)
    return locked.getvalue()


def files_that_hold(password: str, folder: Path) -> list[Path]:
    """Return the files below a folder in whose bytes or name a password stands."""
    forms = [password.encode(form) for form in ("utf-8", "utf-16-le", "utf-16-be")]
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (password in str(path) or any(form in path.read_bytes() for form in forms))
    ]
