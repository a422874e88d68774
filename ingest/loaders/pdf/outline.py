"""The outline of a PDF: its chapters, and the pages on which they begin."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)

OUTLINE_ENTRIES = 20_000
_MAX_DEPTH = 15


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A line of the outline: its depth from 1, its title, the index of its page from 0."""

    level: int
    title: str
    page: int


def outline_of(document: Any, pages: int) -> list[OutlineEntry]:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the outline's entries that lead to one of ``pages``; call it under PDFium's lock."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only

    entries: list[OutlineEntry] = []
    try:
        for count, mark in enumerate(document.get_toc(max_depth=_MAX_DEPTH)):
            if count >= OUTLINE_ENTRIES:
                break
            target = mark.get_dest()
            page = target.get_index() if target is not None else None
            title = mark.get_title().strip()
            if page is not None and 0 <= page < pages and title:
                entries.append(OutlineEntry(mark.level + 1, title, page))
    except (pypdfium2.PdfiumError, UnicodeDecodeError) as error:
        _log.info("outline cut short: %s", type(error).__name__)
    return entries
