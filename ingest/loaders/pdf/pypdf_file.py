"""The first reader of PDF text: pypdf, with limited work; no other module imports it."""

from __future__ import annotations

import contextlib
import io
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.loaders.pdf.annotations.dictionaries import (
    MOST_ANNOTATIONS,
    Dictionary,
    each,
    entry,
    resolved,
)
from ingest.loaders.pdf.annotations.unshown import unshown_fields
from ingest.loaders.pdf.fonts.encodings import encoded_fonts

if TYPE_CHECKING:
    from pypdf import PdfReader

_log = logging.getLogger(__name__)

PAGE_OPERATIONS = 30_000
"""Drawing operations after which pypdf stops; PDFium then reads the page.

The limit is a count instead of a time, so that the same file gives the same text on a busy machine:
a page would be embedded again if another engine read it.
"""

FILE_OPERATIONS = 300_000
"""About ten seconds' work, or 300 pages of dense text; PDFium reads the rest of the file."""

PARSED_ITEMS = 400_000
"""Most items of one content stream for pypdf, about a second's work."""

FORM_PAGES = 2_000
"""Most pages on which the fields of a form are searched."""

MOST_STREAMS = 200
"""Most streams of a page whose compression is checked."""

FILE_SECONDS = 20.0
"""CPU seconds for one file: a safety net for work outside the counters, such as fonts."""

# pypdf raises many kinds of errors on hostile files: its own, and any of Python's from a wrong
# type, depth or size. Memory errors and interrupts pass.
_ANY_FAILURE = Exception


class _OutOfBudgetError(Exception):
    """A page or file took more operations or seconds than allowed."""


class PypdfFile:
    """A PDF opened by pypdf.

    ``encrypted`` says whether the file is protected, ``locked`` whether no password opened it.
    """

    def __init__(self, path: Path, passwords: Iterable[str]) -> None:
        from pypdf import PdfReader, apply_configuration  # noqa: PLC0415 - 0.2 s, PDFs only

        def configure() -> AbstractContextManager[object]:
            return apply_configuration(
                stream_parsing_work_maximum_count=PARSED_ITEMS,
                jbig2dec_binary=None,  # reading text needs no decoded pictures
            )

        self._configure = configure
        self._operations = 0
        self._spent = 0.0
        with self._configure():
            self._reader: PdfReader = PdfReader(io.BytesIO(path.read_bytes()), strict=False)
            self.encrypted = self._reader.is_encrypted
            self.locked = self.encrypted and not any(
                self._unlocks(password) for password in ("", *passwords)
            )
            self.pages = 0 if self.locked else len(self._reader.pages)

    @classmethod
    def open(cls, path: Path, passwords: Iterable[str]) -> PypdfFile | None:
        """Open a file; None if pypdf cannot parse it."""
        try:
            return cls(path, passwords)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("pypdf cannot open a file: %s", type(error).__name__)
            return None

    def page_text(self, index: int) -> str | None:
        """Return a page's text in pypdf's order, None if it fails or takes too long."""
        if self._operations > FILE_OPERATIONS or self._spent > FILE_SECONDS:
            return None
        began = time.thread_time()
        limit = self._operations + PAGE_OPERATIONS

        def count(*_: object) -> None:
            self._operations += 1
            if self._operations > limit or (
                self._operations % 256 == 0
                and self._spent + time.thread_time() - began > FILE_SECONDS
            ):
                raise _OutOfBudgetError

        try:
            with self._configure():
                return self._reader.pages[index].extract_text(visitor_operand_before=count)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("pypdf cannot read page %d: %s", index + 1, type(error).__name__)
            return None
        finally:
            self._spent += time.thread_time() - began

    @contextlib.contextmanager
    def annotations(self, index: int) -> Iterator[list[Dictionary] | None]:
        """Lend a page's annotations for reading inside the context; None if pypdf fails."""
        with self._configure():
            try:
                found = entry(self._reader.pages[index], "/Annots")
                told = [one for _, one in each(_places(found), resolved)]
            except MemoryError:
                raise
            except _ANY_FAILURE as error:  # see _ANY_FAILURE
                _log.info("no annotations of page %d: %s", index + 1, type(error).__name__)
                yield None
                return
            yield [one for one in told if isinstance(one, Mapping)]

    def filters(self, index: int) -> list[str]:
        """Return the names of the compressions of a page's content and of its forms."""
        names: list[str] = []
        try:
            with self._configure():
                page = self._reader.pages[index]
                contents = resolved(page.get("/Contents"))
                streams = list(contents) if isinstance(contents, list) else [contents]
                resources = resolved(page.get("/Resources"))
                drawn = resolved(resources.get("/XObject")) if isinstance(resources, dict) else None
                streams += list(drawn.values()) if isinstance(drawn, dict) else []
                for stream in map(resolved, streams[:MOST_STREAMS]):
                    found = resolved(stream.get("/Filter")) if isinstance(stream, dict) else None
                    told = found if isinstance(found, list) else [found]
                    names += [str(resolved(one)).removeprefix("/") for one in told[:8] if one]
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("no filters of page %d: %s", index + 1, type(error).__name__)
        return names

    def encodings(self, index: int) -> dict[str, list[dict[int, str]]]:
        """Return the names of glyphs in the encodings of a page's fonts, by font name."""
        found: dict[str, list[dict[int, str]]] = {}
        try:
            with self._configure():
                for name, names in encoded_fonts(self._reader.pages[index]):
                    found.setdefault(name, []).append(names)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("no encodings of page %d: %s", index + 1, type(error).__name__)
        return found

    def unshown_fields(self) -> int:
        """Return the number of form fields with values that no page shows."""
        try:
            with self._configure():
                form = entry(resolved(self._reader.trailer.get("/Root")), "/AcroForm")
                if form is None:
                    return 0
                pages = (
                    entry(self._reader.pages[index], "/Annots")
                    for index in range(min(self.pages, FORM_PAGES))
                )
                return unshown_fields(form, pages)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("no fields counted: %s", type(error).__name__)
            return 0

    def unprotected_copy(self) -> bytes | None:
        """Return the file without its protection, for an engine that cannot open it."""
        from pypdf import PdfWriter  # noqa: PLC0415 - few files need it

        try:
            with self._configure():
                copy = io.BytesIO()
                PdfWriter(clone_from=self._reader).write(copy)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("pypdf cannot rewrite a file: %s", type(error).__name__)
            return None
        return copy.getvalue()

    def _unlocks(self, password: str) -> bool:
        try:
            return bool(self._reader.decrypt(password))
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("pypdf cannot try a password: %s", type(error).__name__)
            return False


def _places(array: object) -> Sequence[Any]:
    """Return the raw entries of an array, so that each resolves, or fails, on its own."""
    return list(array)[:MOST_ANNOTATIONS] if isinstance(array, list) else []
