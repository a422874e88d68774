"""Plain text: any encoding in, one section out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.errors import DamagedFileError, EmptyDocumentError, UnreadableFileError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.encoding import Decoded, decode
from kb.records import Document, Notice
from kb.text import normalise

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive or Office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
)
# Text of any language has next to no control characters and U+FFFD; other bytes, read as some
# encoding, have many.
_MOST_UNREADABLE_SHARE = 0.1
_CONTROLS = frozenset(map(chr, (*range(9), *range(14, 27), *range(28, 32), 0x7F))) | {"\ufffd"}
_SAMPLE = 65_536


class TextLoader:
    """Reads ``.txt`` files; see :class:`ingest.loaders.base.Loader`."""

    extensions = (".txt",)
    version = 1

    def load(
        self,
        path: Path,
        options: LoadOptions,  # noqa: ARG002 - the protocol's; plain text needs none
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read a text file.

        Raises:
            DamagedFileError: the bytes are no text.
            EmptyDocumentError: nothing but white space.
            UnreadableFileError: the file cannot be opened.
        """
        text, notices, metadata = read_text(path)
        builder = DocumentBuilder(media_type="text", notices=list(notices), metadata=metadata)
        builder.add(text)
        return builder.build()


def read_text(path: Path) -> tuple[str, tuple[Notice, ...], dict[str, str | int | float | bool]]:
    """Return a file's normalised text, what there is to say of its decoding, and its encoding.

    Shared by every format that is text at heart. Raises as :meth:`TextLoader.load`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path.name} cannot be opened ({error.strerror}); check that it may be read."
        raise UnreadableFileError(msg) from error
    for magic, kind in _MAGIC:
        if data.startswith(magic) and _is_binary(data, magic):
            msg = f"{path.name} is not text: it looks like {kind}; give it its right extension."
            raise DamagedFileError(msg)
    decoded = decode(data)
    if _unreadable_share(decoded.text) > _MOST_UNREADABLE_SHARE:
        msg = f"{path.name} is not text in any encoding known; if it is, save it as UTF-8."
        raise DamagedFileError(msg)
    text = normalise(decoded.text)
    if not text.strip():
        msg = f"{path.name} holds nothing but white space; there is nothing to ingest."
        raise EmptyDocumentError(msg)
    metadata: dict[str, str | int | float | bool] = (
        {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
    )
    return text, _notices(decoded), metadata


def _is_binary(data: bytes, magic: bytes) -> bool:
    # "MZ" and the like may begin a sentence; what follows in a program is no text.
    head = data[:4096]
    return not magic.isascii() or b"\0" in head or magic == b"%PDF-"


def _unreadable_share(text: str) -> float:
    sample = text[:_SAMPLE]
    return sum(char in _CONTROLS for char in sample) / max(1, len(sample))


def _notices(decoded: Decoded) -> tuple[Notice, ...]:
    notices = []
    if decoded.cut:
        notices.append(
            Notice(
                code="text_cut_short",
                message="the file ends in the middle of a character; its end is missing",
            )
        )
    if decoded.bad:
        notices.append(
            Notice(
                code="bytes_unreadable",
                message=f"{decoded.bad} places could not be decoded as {decoded.encoding}",
                values={"places": decoded.bad, "encoding": decoded.encoding},
            )
        )
    if not decoded.certain:
        notices.append(
            Notice(
                code="encoding_uncertain",
                message=f"read as {decoded.encoding}, which is a guess; save it as UTF-8 if "
                "the text looks wrong",
                values={"encoding": decoded.encoding},
            )
        )
    return tuple(notices)
