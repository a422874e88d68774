"""The name and the format of a file that arrives as bytes with two headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from kb.server.errors import RefusalError

_NAMELESS = "file"
_MOST_SHOWN = 200  # characters of a name in messages

# Open WebUI puts its own record's id before the name.
_RECORD_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_(?=.)", re.IGNORECASE)

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BY_TYPE = {
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    _WORD: ".docx",
    "application/vnd.ms-word.document.macroenabled.12": ".docm",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
}
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})
# Readable text whose type does not begin with `text/`.
_TEXTS = frozenset(
    f"application/{name}"
    for name in (
        *("json", "ld+json", "x-ndjson", "xml", "yaml", "x-yaml", "toml", "sql", "graphql"),
        *("javascript", "x-javascript", "typescript", "x-sh", "x-python", "x-php", "x-perl"),
        *("x-ruby", "x-tex", "x-latex", "x-subrip"),
    )
)
# Loaders would read its tags as words: no loader of this project reads whole web pages.
_MARKUP = frozenset({"text/html", "application/xhtml+xml", "text/rtf", "application/rtf"})
_BY_MAGIC = {b"%PDF-": ".pdf", b"PK\x03\x04": ".docx"}
_HEAD_BYTES = max(map(len, _BY_MAGIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file that a client sent.

    Attributes:
        name: its name in messages, without folders.
        content_type: the type that its client declares, in lower case without parameters.
    """

    name: str
    content_type: str

    @classmethod
    def of(cls, filename: str, content_type: str) -> SentFile:
        """Return the file that two headers, as Starlette decodes them, describe.

        Args:
            filename: ``X-Filename``: a name in UTF-8, its special characters percent-encoded.
            content_type: ``Content-Type``.
        """
        from ingest.jobs.sending import clean_name  # noqa: PLC0415 - `kb` works without `ingest`

        # Starlette decodes headers as Latin-1; some programs send plain UTF-8.
        told = unquote_to_bytes(filename.encode("latin-1", "replace")).decode("utf-8", "replace")
        name = _RECORD_ID.sub("", clean_name(told), count=1) if told.strip() else _NAMELESS
        return cls(name=name, content_type=content_type.partition(";")[0].strip().lower())

    @property
    def shown(self) -> str:
        """The name for messages, shortened to a readable length."""
        return self.name if len(self.name) <= _MOST_SHOWN else f"{self.name[:_MOST_SHOWN]}…"

    def suffix(self, content: BinaryIO) -> str:
        """Return the extension that chooses the file's loader.

        It comes from the name, else from the type, else from the first bytes.

        Raises:
            RefusalError: no loader reads such a file (415).
        """
        from ingest.loaders import EXTENSIONS  # noqa: PLC0415 - as above

        named = PurePosixPath(self.name).suffix.lower()
        if named in EXTENSIONS:
            return named
        if self.content_type in _BY_TYPE:
            return _BY_TYPE[self.content_type]
        is_text = self.content_type.startswith("text/") or self.content_type in _TEXTS
        if is_text and self.content_type not in _MARKUP:
            return ".txt"
        if self.content_type in _UNTOLD:
            return _by_content(content)
        raise self._unsupported(EXTENSIONS)

    def _unsupported(self, known: tuple[str, ...]) -> RefusalError:
        kind = f" ({self.content_type[:80]})" if self.content_type else ""
        msg = (
            f"{self.shown} cannot be read: files of its kind{kind} are not supported; "
            f"convert it to one of {', '.join(known)} or to plain text, and send that"
        )
        return RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg, code="unsupported_format")


def _by_content(content: BinaryIO) -> str:
    """Return the extension that fits a file's first bytes; the text loader refuses binary files."""
    content.seek(0)
    head = content.read(_HEAD_BYTES)
    return next((suffix for magic, suffix in _BY_MAGIC.items() if head.startswith(magic)), ".txt")
