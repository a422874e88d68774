"""The document view: facts about one document, its chunks, its text."""

from __future__ import annotations

from itertools import pairwise

import streamlit as st

from kb.errors import DocumentNotFoundError, KnowledgeBaseError
from kb.places import page_span
from kb.provenance import read_by
from kb.records import Chunk, Document, DocumentInfo
from ui.duplicates import also_at
from ui.i18n import has
from ui.language import language_name, listed, reason_text, t
from ui.markup import escape, header_html, plain
from ui.originals import original_file
from ui.page_reading import draw_page_reading
from ui.session import Session, session
from ui.shared import (
    MEDIA_NAMES,
    date_text,
    document_title,
    draw_empty,
    draw_error,
    draw_notices,
    facts,
    moment_text,
    ocr_text,
    size_text,
    whole_number,
)
from ui.sidebar import choose_collection, chosen_collection
from ui.tagging import draw_tagging

_CHUNKS_PER_PAGE = 10
_MOST_HEADINGS = 300


def render() -> None:
    """Draw the view."""
    shared = session()
    st.page_link("views/library.py", label=t("library.title"), icon=":material/arrow_back:")
    number = whole_number(st.query_params.get("id", ""))
    if number is None:
        draw_empty(t("document.none"), t("document.none_help"))
        return
    try:
        info = shared.base.document(number)
        document = shared.base.document_content(info.id)
        chunks = shared.base.chunks(info.id)
    except DocumentNotFoundError as error:
        draw_error(t("error.gone"), error)
        return
    except KnowledgeBaseError as error:
        draw_error(t("error.document"), error)
        return
    st.title(plain(document_title(info)), anchor=False)
    _draw_elsewhere(shared, info)
    draw_notices(info.notices)
    _draw_newer(shared, info)
    _draw_facts(shared, info)
    _draw_outline(document)
    at = whole_number(st.query_params.get("at", ""))
    found = chunks[at] if at is not None and at < len(chunks) else None
    draw_page_reading(shared, info, document, found)
    _draw_chunks(document, chunks)


def _draw_elsewhere(shared: Session, info: DocumentInfo) -> None:
    """Draw that another collection than the document's is chosen, as after a search of several.

    It stands below the choice, because a page opened from a hit begins at the passage.
    """
    if info.collection == chosen_collection(shared):
        return
    with st.sidebar:
        st.caption(plain(t("document.elsewhere", name=info.collection)))
        st.button(
            t("document.choose"),
            key="choose-collection",
            type="tertiary",
            on_click=choose_collection,
            args=(info.collection,),
        )


def _draw_facts(shared: Session, info: DocumentInfo) -> None:
    pairs = [
        (t("document.sources"), str(info.sources[0]) if info.sources else "–"),
        *([(t("document.also_at"), also_at(info))] if also_at(info) else []),
        (t("sidebar.collection"), info.collection),
        (t("table.type"), MEDIA_NAMES[info.media_type]),
        (t("table.size"), size_text(info.size)),
    ]
    if info.pages:
        pairs.append((t("table.pages"), f"{info.pages:,}"))
    pairs += [
        (t("document.characters"), f"{info.characters:,}"),
        (t("table.chunks"), f"{info.chunks:,}"),
        (t("document.tokens"), f"{info.tokens:,}"),
        (t("table.language"), language_name(info.language) if info.language else "–"),
        (t("table.tags"), listed(info.tags) or "–"),
        (t("table.added"), date_text(info.added_at)),
    ]
    pairs += [
        (t(f"meta.{key}") if has(f"meta.{key}") else key, moment_text(str(info.metadata[key])))
        for key in sorted({*info.metadata} - {"pages"})
    ]
    st.html(facts(pairs))
    original = original_file(shared, info)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "views/search.py",
            label=t("document.search"),
            icon=":material/search:",
            query_params={"document": str(info.id), "collection": info.collection},
        )
        draw_tagging(shared, info.collection, [info], key=str(info.id))
        if original is not None:
            st.download_button(
                t("document.download"),
                original.read_bytes,
                file_name=info.name,
                mime="application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
            )


def _draw_newer(shared: Session, info: DocumentInfo) -> None:
    """Draw a warning if the file has changed and can no longer be read."""
    for file in shared.base.files.failed_of(info.id):
        text = t(
            "document.outdated",
            path=plain(str(file.source)),
            date=date_text(info.added_at),
            reason=plain(reason_text(file.reason_code, file.reason)),
        )
        st.warning(text, icon=":material/history:")


def _draw_outline(document: Document) -> None:
    paths = list(dict.fromkeys(s.heading_path for s in document.sections if s.heading_path))
    if not paths:
        return
    with st.expander(t("document.outline", n=len(paths)), icon=":material/toc:"):
        items = "".join(
            f'<li style="padding-inline-start:{len(path) - 1}rem">{escape(path[-1])}</li>'
            for path in paths[:_MOST_HEADINGS]
        )
        st.html(f'<ul class="kb-outline">{items}</ul>')
        if len(paths) > _MOST_HEADINGS:
            st.caption(t("document.more_headings", n=len(paths) - _MOST_HEADINGS))


def _draw_chunks(document: Document, chunks: list[Chunk]) -> None:
    st.subheader(t("document.chunks", n=len(chunks)), anchor=False)
    if not chunks:
        return
    if any(after.start < before.end for before, after in pairwise(chunks)):
        st.caption(t("document.overlap"))
    at = st.query_params.get("at", "")
    asked = whole_number(at)
    if asked is not None and asked >= len(chunks):
        asked = None
    pages = -(-len(chunks) // _CHUNKS_PER_PAGE)
    first = (asked or 0) // _CHUNKS_PER_PAGE + 1
    number = 1
    if pages > 1:
        number = st.pagination(
            pages, default=first, key=f"chunks-{document.title}-{len(chunks)}-{at}"
        )
    start = (number - 1) * _CHUNKS_PER_PAGE
    for ordinal in range(start, min(start + _CHUNKS_PER_PAGE, len(chunks))):
        chunk = chunks[ordinal]
        before = chunks[ordinal - 1].end if ordinal else 0
        shared_end = max(0, min(before, chunk.end) - chunk.start)
        source, confidence = read_by(document.pages, chunk.start, chunk.end)
        ocr = ocr_text(confidence) if source == "ocr" else ""
        _draw_chunk(document, chunk, overlap=shared_end, found=ordinal == asked, ocr=ocr)


def _draw_chunk(document: Document, chunk: Chunk, *, overlap: int, found: bool, ocr: str) -> None:
    place = " › ".join(chunk.heading_path)
    if chunk.page_first is not None:
        first, last = chunk.page_first, chunk.page_last
        labels = {
            page.number: page.label for page in document.pages if page.number in {first, last}
        }
        pages = page_span(
            first, last, first_label=labels.get(first, ""), last_label=labels.get(last or first, "")
        )
        page = t("place.page", page=pages)
        place = f"{page} · {place}" if place else page
    header = header_html(chunk.header)
    size = t("document.chunk_size", n=len(chunk.text), tokens=chunk.tokens)
    repeated = f'<span class="kb-around kb-overlap">{escape(chunk.text[:overlap])}</span>'
    rest = chunk.text[overlap:]
    body = f'<span class="kb-passage">{escape(rest)}</span>' if found else escape(rest)
    read = f'<span class="kb-ocr">{escape(ocr)}</span>' if ocr else ""
    aim = ' data-aim="passage"' if found else ""
    with st.container(border=True):
        st.html(
            f'<div class="kb-hit-head"{aim}><span class="kb-rank">{chunk.ordinal + 1}</span>'
            f'<span class="kb-place">{escape(place)}</span>{read}'
            f'<span class="kb-score">{escape(size)}</span></div>'
            f'<p class="kb-text {chunk.kind}">{header}{repeated if overlap else ""}{body}</p>'
        )


if __name__ == "__main__":
    render()
