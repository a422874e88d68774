"""DOCX: headings, paragraphs, lists, tables, boxes, notes, charts, pictures, headers, footers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.errors import DamagedFileError, EmptyDocumentError, LoadError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.docx.body import BodyReader
from ingest.loaders.docx.metadata import describe
from ingest.loaders.docx.notices import nothing, notices
from ingest.loaders.docx.package import DocxPackage
from ingest.loaders.docx.pictures import PictureReader
from kb.records import Document


class DocxLoader:
    """Reads ``.docx`` and ``.docm``; see :class:`ingest.loaders.base.Loader`."""

    extensions = (".docx", ".docm")
    version = 5

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read a Word document without tracked deletions and hidden text.

        Raises:
            EncryptedFileError: no password given opens it.
            DamagedFileError: it is cut short, lacks the part with its text, or is not a Word
                document.
            UnsupportedFormatError: it is in the format of Word 97 to 2003.
            FileTooLargeError: it unpacks to more than the limits allow.
            EmptyDocumentError: it contains no text.
        """
        package = DocxPackage(path, options)
        builder = DocumentBuilder(media_type="docx", metadata=describe(package))
        pictures = PictureReader(package, options)
        reader = BodyReader(package, builder, pictures)
        reader.read()
        builder.title = str(builder.metadata.get("title", "")) or reader.title
        if not builder.length:
            raise _empty(path.name, package, reader, options)
        builder.notices += [*pictures.notices(), *notices(reader.unread, len(package.damaged))]
        return builder.build()


def _empty(name: str, package: DocxPackage, reader: BodyReader, options: LoadOptions) -> LoadError:
    """Return why a document without text cannot be ingested."""
    if package.damaged:
        parts = ", ".join(sorted(package.damaged))
        return DamagedFileError(f"{name} is damaged: no text can be read from its part {parts}.")
    message = f"{name} holds {nothing(reader.unread, reader.pictures.unread)}; "
    if not reader.pictures.unread:
        return EmptyDocumentError(message + "there is nothing to ingest.")
    if not options.ocr:
        return EmptyDocumentError(message + "turn OCR on to read text in pictures.")
    return EmptyDocumentError(message + "OCR found no text in what it could read.")
