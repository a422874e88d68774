"""How a passage was read: from the file's own text, or from a picture, and then how surely."""

from __future__ import annotations

from collections.abc import Iterable

from kb.records import Page, PageSource


def read_by(pages: Iterable[Page], start: int, end: int) -> tuple[PageSource, float | None]:
    """Return what read the text between two offsets and how sure it was.

    A passage that runs over several pages counts as read by OCR if any part of it was. The
    confidence, in [0, 1], is the mean over the pages read by OCR, weighted by their characters
    in the passage; None where there are none.
    """
    characters, weighted = 0, 0.0
    for page in pages:
        shared = min(end, page.end) - max(start, page.start)
        if page.read_by == "ocr" and shared > 0:
            characters += shared
            weighted += shared * (page.confidence or 0.0)
    return ("ocr", weighted / characters) if characters else ("text", None)
