"""Draws the page of a PDF that contains a passage, with the passage marked."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ingest.errors import EncryptedFileError
from ingest.loaders.page_pictures import Box, PagePicture, PictureRequest
from kb.errors import DocumentNotFoundError, KnowledgeBaseError
from kb.places import page_span
from kb.records import Document, Page, SearchHit
from ui.language import t
from ui.markup import plain
from ui.originals import original_file
from ui.session import Session
from ui.shared import draw_error


def draw_page_of(shared: Session, hit: SearchHit) -> None:
    """Draw the page of a hit; say so if the passage cannot be found on it."""
    try:
        info = shared.base.document(hit.document_id)
        document = shared.base.document_content(info.id)
    except DocumentNotFoundError as error:
        draw_error(t("error.gone"), error)
        return
    except KnowledgeBaseError as error:
        draw_error(t("error.document"), error)
        return
    path = original_file(shared, info)
    if path is None:
        url = next((str(source) for source in info.sources if source.is_remote), "")
        st.caption(t("page.remote", url=plain(url)) if url else t("page.no_original"))
        return
    page = _choose(_pages(document, hit), hit)
    if page is None:
        st.caption(t("page.none"))
        return
    request = PictureRequest(
        index=page.number - 1,
        passage=document.text[max(hit.start, page.start) : min(hit.end, page.end)],
        boxes=_boxes(page, hit),
    )
    try:
        with st.spinner(t("page.drawing")):
            picture = drawn(shared, path, info.content_hash, request)
    except EncryptedFileError:
        st.caption(t("page.protected"))
        return
    except KnowledgeBaseError as error:
        draw_error(t("error.page"), error)
        return
    label = _page_name(page)
    note = t("page.marked") if picture.marked else t("page.unmarked")
    st.image(picture.png, caption=f"{label} · {note}", width="stretch")


def _page_name(page: Page) -> str:
    return t("place.page", page=page_span(page.number, first_label=page.label))


def _pages(document: Document, hit: SearchHit) -> list[Page]:
    """Return the pages that contain part of a hit, in order."""
    return [page for page in document.pages if page.start < hit.end and hit.start < page.end]


def _choose(pages: list[Page], hit: SearchHit) -> Page | None:
    """Return the page to draw: the only one, or the chosen one."""
    if len(pages) <= 1:
        return pages[0] if pages else None
    number = st.segmented_control(
        t("page.choose"),
        range(len(pages)),
        default=_fullest(pages, hit),
        format_func=lambda at: _page_name(pages[at]),
        key=f"page-{hit.chunk_id}",
        label_visibility="collapsed",
        required=True,
    )
    return pages[number]


def _fullest(pages: list[Page], hit: SearchHit) -> int:
    """Return the page that contains most of a hit."""
    shares = [min(page.end, hit.end) - max(page.start, hit.start) for page in pages]
    return shares.index(max(shares))


def _boxes(page: Page, hit: SearchHit) -> tuple[Box, ...]:
    """Return where OCR read the passage; empty for pages with text of their own."""
    return tuple(box.box for box in page.boxes if box.start < hit.end and hit.start < box.end)


@st.cache_data(show_spinner=False, max_entries=32)
def drawn(_shared: Session, _path: Path, content_hash: str, request: PictureRequest) -> PagePicture:
    """Return a page's picture; ``content_hash`` and ``request`` identify it."""
    del content_hash
    return _shared.draw_page(_path, request)
