"""A page of a PDF beside its text; unread parts are framed and listed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ingest.errors import EncryptedFileError
from ingest.loaders.page_pictures import ON_PURPOSE, PagePicture, PictureRequest, UnreadPlace
from kb.errors import KnowledgeBaseError
from kb.places import page_span
from kb.records import Chunk, Document, DocumentInfo, Page
from ui.language import t
from ui.markup import escape
from ui.originals import original_file
from ui.page_picture import drawn
from ui.session import Session
from ui.shared import draw_error, ocr_text

# Sentences may continue on the next page; they belong to the page of their beginning.
_AROUND = 400
_WIDTHS = (3, 2)


def draw_page_reading(
    shared: Session, info: DocumentInfo, document: Document, chunk: Chunk | None
) -> None:
    """Draw a switch, and below it a page beside its text.

    Args:
        shared: the session.
        info: the document.
        document: its content.
        chunk: its page comes first; None for the first page.
    """
    if info.media_type != "pdf" or not document.pages:
        return
    path = original_file(shared, info)
    st.toggle(
        t("reading.show"),
        key=f"reading-{info.id}",
        help=t("reading.help" if path else "page.no_original"),
        disabled=path is None,
    )
    if path is None or not st.session_state.get(f"reading-{info.id}"):
        return
    pages = document.pages
    number = 1
    if len(pages) > 1:
        first = chunk.page_first if chunk is not None else None
        at = next((n for n, page in enumerate(pages, start=1) if page.number == first), 1)
        number = st.pagination(len(pages), default=at, key=f"reading-page-{info.id}-{at}")
    _draw(shared, path, info, document, pages[number - 1])


def _draw(shared: Session, path: Path, info: DocumentInfo, document: Document, page: Page) -> None:
    picture = _picture(shared, path, info, document, page)
    if picture is None:
        return
    left, right = st.columns(_WIDTHS, gap="medium")
    name = t("place.page", page=page_span(page.number, first_label=page.label))
    with left:
        st.image(picture.png, caption=name, width="stretch")
    with right:
        by_ocr = page.read_by == "ocr"
        _draw_unread(picture.unread, by_ocr=by_ocr)
        said = ocr_text(page.confidence) if by_ocr else t("reading.read")
        st.markdown(f"**{said}**")
        text = document.text[page.start : page.end].strip()
        if text:
            st.html(f'<div class="kb-reading-text"><p class="kb-text">{escape(text)}</p></div>')
        else:
            st.caption(t("reading.empty"))


def _picture(
    shared: Session, path: Path, info: DocumentInfo, document: Document, page: Page
) -> PagePicture | None:
    request = PictureRequest(
        index=page.number - 1,
        boxes=tuple(box.box for box in page.boxes),
        reading=document.text[page.start : page.end],
        around=(
            document.text[max(0, page.start - _AROUND) : page.start],
            document.text[page.end : page.end + _AROUND],
        ),
    )
    try:
        with st.spinner(t("page.drawing")):
            return drawn(shared, path, info.content_hash, request)
    except EncryptedFileError:
        st.caption(t("page.protected"))
    except KnowledgeBaseError as error:
        draw_error(t("error.page"), error)
    return None


def _draw_unread(places: tuple[UnreadPlace, ...], *, by_ocr: bool) -> None:
    unread = [place for place in places if place.kind not in ON_PURPOSE]
    left_out = [place for place in places if place.kind in ON_PURPOSE]
    if unread:
        st.markdown(f"**{t('reading.unread', n=len(unread))}**")
        items = "".join(
            f'<li value="{number}">{_told(place)}</li>'
            for number, place in enumerate(unread, start=1)
        )
        st.html(f'<ol class="kb-unread">{items}</ol>')
    elif not by_ocr:
        said = t("reading.all_else" if left_out else "reading.all")
        st.caption(f":material/check_circle: {said}")
    if by_ocr:  # nobody knows what OCR missed
        st.caption(f":material/info: {t('reading.ocr')}")
    if left_out:
        items = "".join(f"<li>{_told(place)}</li>" for place in left_out)
        told = escape(t("reading.left_out"))
        st.html(f'<div class="kb-place">{told}<ul class="kb-remarks">{items}</ul></div>')


def _told(place: UnreadPlace) -> str:
    quoted = f": <q>{escape(place.text)}</q>" if place.text else ""
    return escape(t(f"reading.kind_{place.kind}")) + quoted
