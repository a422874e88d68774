"""Imported parts in other formats (``w:altChunk``), which Word would convert."""

from __future__ import annotations

import email
import email.policy

from ingest.loaders.html_text import html_to_text
from ingest.loaders.text.encoding import decode

_BEGINNING = 2_048


def chunk_text(name: str, data: bytes) -> str | None:
    """Return the text of an imported part; None if its format is not supported.

    HTML, web archives (MHT) and plain text are read; RTF and Word's own formats are not.
    """
    beginning = data[:_BEGINNING].lstrip()
    if beginning.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        return None
    if name.lower().endswith((".mht", ".mhtml", ".eml")) or b"mime-version:" in beginning.lower():
        return _web_archive(data)
    text = decode(data).text
    plain = name.lower().endswith(".txt") or "<" not in text
    return text if plain else html_to_text(text)


def _web_archive(data: bytes) -> str | None:
    try:
        message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
        parts = list(message.walk())
    except RecursionError:  # archives in archives: the library recurses for each
        return None
    for part in parts:
        content = part.get_payload(decode=True)
        if part.get_content_type() in ("text/html", "text/plain") and isinstance(content, bytes):
            text = _decoded(content, part.get_content_charset())
            return html_to_text(text) if part.get_content_subtype() == "html" else text
    return None


def _decoded(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return decode(content).text
