"""Parts of several views: errors, empty states, sizes and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ingest.mishaps import Mishap, recorded
from kb.records import DocumentInfo, MediaType, Notice, SearchHit
from ui.language import notice_text, t
from ui.markup import escape, plain
from ui.session import Session

MEDIA_NAMES: dict[MediaType, str] = {
    "pdf": "PDF",
    "docx": "DOCX",
    "markdown": "Markdown",
    "text": "TXT",
}
"""Names of formats, the same in every language."""

_KIB = 1024
# More digits than the number of any document or passage, and few enough for 64 bits.
_MOST_DIGITS = 18
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_T = TypeVar("_T")


def draw_error(headline: str, error: Exception | str | Mishap) -> None:
    """Draw an error below a headline that names the activity."""
    st.error(f"**{headline}**\n\n{plain(error_text(error))}", icon=":material/error:")


def error_text(error: Exception | str | Mishap) -> str:
    """Return an error's text; unexpected errors get one in the language in use."""
    if isinstance(error, Mishap):
        return t("error.unexpected_help", id=error.number)
    return str(error)


def draw_unexpected(error: Exception) -> bool:
    """Draw an error that no view has caught; return True so that Streamlit does not."""
    draw_error(t("error.unexpected"), recorded("drawing the page", error))
    return True


def draw_empty(headline: str, text: str) -> None:
    """Draw advice for an empty view."""
    st.html(f'<div class="kb-empty"><h3>{escape(headline)}</h3><p>{escape(text)}</p></div>')


def draw_nothing_to_search(shared: Session) -> None:
    """Draw the first steps for an empty collection."""
    if shared.jobs.active:
        draw_empty(t("search.filling"), t("search.filling_help"))
    else:
        draw_empty(t("search.empty"), t("search.empty_help"))
    st.page_link("views/library.py", label=t("search.to_library"), icon=":material/upload_file:")


def draw_notices(notices: tuple[Notice, ...]) -> None:
    """Draw the loader's remarks on a document."""
    for notice in notices:
        st.warning(plain(notice_text(notice)), icon=":material/info:")


def draw_pages(items: Sequence[_T], size: int, *, key: str) -> Sequence[_T]:
    """Return the items of the chosen page, and draw the choice of pages."""
    pages = -(-len(items) // size)
    if pages <= 1:
        return items
    # The number of pages is part of the key, because a shorter list needs another choice.
    start = (st.pagination(pages, key=f"{key}-{pages}") - 1) * size
    return items[start : start + size]


def facts(pairs: list[tuple[str, str]]) -> str:
    """Return labels and values as an HTML list of descriptions."""
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in pairs)
    return f'<dl class="kb-facts">{rows}</dl>'


def whole_number(text: str) -> int | None:
    """Return the number in a query parameter; None unless it is a valid one."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def size_text(size: int) -> str:
    """Return a number of bytes in readable form, in units of 1024: ``1.4 MiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < _KIB:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KIB
    return f"{amount:.1f} GiB"


def browser_zone() -> ZoneInfo | None:
    """Return the browser's time zone while a page is drawn; None for the server's."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def date_text(moment: datetime, *, seconds: bool = False) -> str:
    """Return a time in the browser's time zone, to the minute or to the second."""
    return zoned_text(moment, browser_zone(), seconds=seconds)


def zoned_text(moment: datetime, zone: ZoneInfo | None, *, seconds: bool = False) -> str:
    """Return a time in a time zone, also outside a page; None is the server's zone."""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return moment.astimezone(zone).strftime(form)


def moment_text(value: str) -> str:
    """Return a time that is written as ISO 8601 for people; anything else as it is.

    A time without a zone stays the time of its place.
    """
    if not _MOMENT.match(value):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return date_text(moment) if moment.tzinfo else moment.strftime("%Y-%m-%d %H:%M")


def duration_text(seconds: float) -> str:
    """Return a duration in readable form: ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return t("duration.hours", hours=hours, minutes=minutes)
    if minutes:
        return t("duration.minutes", minutes=minutes, seconds=rest)
    return t("duration.seconds", seconds=whole)


def ocr_text(confidence: float | None) -> str:
    """Return that a passage comes from OCR, with the reader's certainty."""
    if confidence is None:
        return t("hit.ocr")
    return t("hit.ocr_confidence", confidence=f"{confidence:.2f}")


def place_text(hit: SearchHit) -> str:
    """Return a hit's place in its document, in the language in use."""
    headings = " › ".join(hit.heading_path)
    if hit.page_first is None:
        return headings
    page = t("place.page", page=hit.pages)
    return f"{page} · {headings}" if headings else page


def document_title(info: DocumentInfo) -> str:
    """Return a document's own title if it has one, else its name."""
    return info.title or info.name
