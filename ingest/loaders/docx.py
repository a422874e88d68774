"""DOCX: headings, paragraphs, lists, tables, boxes, notes, charts, diagrams, headers, footers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.errors import EmptyDocumentError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.docx_body import BodyReader, Unread
from ingest.loaders.docx_metadata import describe
from ingest.loaders.docx_package import DocxPackage
from kb.records import Document, Notice


class DocxLoader:
    """Reads ``.docx`` and ``.docm``; see :class:`ingest.loaders.base.Loader`."""

    extensions = (".docx", ".docm")
    version = 3

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read a Word document; tracked deletions and hidden text are left out.

        Raises:
            EncryptedFileError: no password given opens it.
            DamagedFileError: it is cut short or no Word document.
            UnsupportedFormatError: it is of Word 97 to 2003.
            FileTooLargeError: it unpacks to more than the limits allow.
            EmptyDocumentError: it holds no text.
        """
        package = DocxPackage(path, options)
        builder = DocumentBuilder(media_type="docx", metadata=describe(package))
        reader = BodyReader(package, builder)
        reader.read()
        builder.title = str(builder.metadata.get("title", "")) or reader.title
        if not builder.length:
            raise EmptyDocumentError(_nothing(path.name, reader.unread))
        builder.notices += _notices(reader.unread, len(package.damaged))
        return builder.build()


def _plural(what: str) -> str:
    return "charts or diagrams" if what == "chart or diagram" else f"{what}s"


def _nothing(name: str, unread: Unread) -> str:
    what = "no text"
    if unread.hidden:
        what = "only hidden text"
    elif unread.pictures:
        what = "only one picture" if unread.pictures == 1 else f"only {unread.pictures} pictures"
    return f"{name} holds {what}; there is nothing to ingest."


def _notices(unread: Unread, damaged: int) -> Iterator[Notice]:
    counts = (
        ("pictures_not_read", "pictures", unread.pictures, "picture", "not read"),
        (
            "graphics_not_read",
            "graphics",
            unread.graphics,
            "chart or diagram",
            "not read",
        ),
        ("objects_not_read", "objects", unread.objects, "embedded object", "not read"),
        ("comments_not_read", "comments", unread.comments, "comment", "not read"),
        ("hidden_text_not_read", "characters", unread.hidden, "hidden character", "left out"),
        (
            "imports_not_read",
            "parts",
            unread.imports,
            "imported part",
            "not read; open the file in Word and save it anew",
        ),
        (
            "parts_damaged",
            "parts",
            damaged,
            "part",
            "damaged; some text may be missing, so save the file anew",
        ),
    )
    for code, key, count, what, done in counts:
        if count:
            verb = f"{what} was" if count == 1 else f"{_plural(what)} were"
            yield Notice(code=code, message=f"{count} {verb} {done}", values={key: count})
