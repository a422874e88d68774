"""How a passage was read: from the file's text, or by OCR with a confidence."""

from __future__ import annotations

from collections.abc import Iterable

from kb.records import Page, PageSource


def read_by(pages: Iterable[Page], start: int, end: int) -> tuple[PageSource, float | None]:
    """Return how the text between two offsets was read, and with which confidence.

    A passage of several pages counts as read by OCR if any of the pages was. The confidence, in [0,
    1], is the mean over the pages read by OCR, weighted by their characters in the passage. It is
    None without such pages.
    """
    characters, weighted = 0, 0.0
    for page in pages:
        shared = min(end, page.end) - max(start, page.start)
        if page.read_by == "ocr" and shared > 0:
            characters += shared
            weighted += shared * (page.confidence or 0.0)
    return ("ocr", weighted / characters) if characters else ("text", None)
