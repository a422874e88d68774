"""One search hit: score, source, place, the passage with its marks, and more on demand."""

from __future__ import annotations

import streamlit as st

from kb.errors import DocumentNotFoundError, KnowledgeBaseError
from kb.records import SearchHit, with_header
from ui.language import listed, t
from ui.marking import Marks, draw_marks
from ui.markup import bar, escape, excerpt, header_html
from ui.originals import original_file
from ui.page_picture import draw_page_of
from ui.session import Session
from ui.shared import draw_error, ocr_text, place_text
from ui.similar import draw_similar
from ui.surroundings import surroundings_html

_CONTEXT_CHARACTERS = 600
_MORE = ("context", "page", "cite", "like")


def draw_hit(
    shared: Session,
    hit: SearchHit,
    rank: int,
    share: float | None,
    *,
    key: str = "hit",
    where: bool = False,
    explain: bool = False,
    marks: Marks | None = None,
) -> None:
    """Draw a hit; showing its surroundings draws only this hit again, not the page.

    ``share`` in [0, 1] fills its bar; None draws none. ``key`` distinguishes lists of hits on one
    page. ``where`` shows the hit's collection. ``explain`` shows the scores of each stage. With
    ``marks`` people can mark the hit as good or bad.
    """
    with st.container(border=True, key=f"{key}-{hit.chunk_id}"):
        head = _head(hit, rank, share, where=where, explain=explain)
        st.fragment(_draw)(shared, hit, head, key, marks)


def _draw(shared: Session, hit: SearchHit, head: str, key: str, marks: Marks | None) -> None:
    st.html(head)
    key = f"more-{key}-{hit.chunk_id}"
    more = st.session_state.get(key)
    if more == "context":
        _draw_context(shared, hit)
    else:
        passage = header_html(hit.header) + excerpt(
            hit.text, hit.highlights, hit.words, hit.sentence
        )
        st.html(f'<p class="kb-text {hit.kind}">{passage}</p>')
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            t("hit.more"),
            [way for way in _MORE if way != "page" or hit.media_type == "pdf"],
            format_func={name: t(f"hit.{name}") for name in _MORE}.__getitem__,
            key=key,
            label_visibility="collapsed",
        )
        st.page_link(
            "views/document.py",
            label=t("hit.open"),
            icon=":material/description:",
            query_params={"id": str(hit.document_id), "at": str(hit.ordinal)},
        )
        if marks is not None:
            draw_marks(shared, hit, marks)
    if more == "page":
        draw_page_of(shared, hit)
    if more == "like":
        draw_similar(shared, hit)
    if more == "cite":
        st.code(citation(hit), language=None, wrap_lines=True)
        _draw_download(shared, hit)


def _draw_download(shared: Session, hit: SearchHit) -> None:
    """Draw a download button for the passage's original file, if that is unchanged."""
    try:
        info = shared.base.document(hit.document_id)
    except DocumentNotFoundError:
        return
    original = original_file(shared, info)
    if original is not None:
        st.download_button(
            t("document.download"),
            original.read_bytes,
            file_name=info.name,
            mime="application/octet-stream",
            icon=":material/download:",
            key=f"download-{hit.chunk_id}",
            on_click="ignore",
        )


def citation(hit: SearchHit) -> str:
    """Return the passage as a quotation with its source."""
    place = place_text(hit)
    name = hit.title or hit.source
    if hit.title and hit.title != hit.source:
        name = t("list.noted", text=hit.title, note=hit.source)
    return t(
        "hit.citation",
        text=with_header(hit.header, hit.text.strip()),
        origin=t("hit.origin", name=name, place=place) if place else name,
    )


def _head(
    hit: SearchHit, rank: int, share: float | None, *, where: bool, explain: bool = False
) -> str:
    collection = f'<span class="kb-place">{escape(hit.collection)}</span>' if where else ""
    title = f"<span>{escape(hit.unseen_title)}</span>" if hit.unseen_title else ""
    others = len(hit.sources) - 1
    also = f' <span class="kb-place">{escape(t("hit.also", n=others))}</span>' if others else ""
    read = escape(ocr_text(hit.confidence)) if hit.read_by == "ocr" else ""
    ocr = f' <span class="kb-ocr">{read}</span>' if read else ""
    every = "\n".join(str(source) for source in hit.sources)
    score = ""
    if share is not None:
        told = t("hit.score", score=f"{hit.score:.2f}")
        score = (
            f'<span class="kb-score" title="{escape(told)}">{escape(why_text(hit))}'
            f"{bar(share, label=told)}{hit.score:.2f}</span>"
        )
    if explain:
        score += f'<span class="kb-place">{escape(" · ".join(_stage_texts(hit)))}</span>'
    return (
        f'<div class="kb-hit-head"><span class="kb-rank">{rank}</span>'
        f'<span class="kb-name" title="{escape(every)}">{escape(hit.source)}</span>'
        f"{title}"
        f'<span class="kb-place">{escape(place_text(hit))}</span>'
        f"{collection}{also}{ocr}{score}</div>{_about_html(hit)}"
    )


def _about_html(hit: SearchHit) -> str:
    """Return the descriptions of a hit's folders and collection, on one line."""
    if not hit.about:
        return ""
    said = " · ".join(hit.about)
    title = t("list.pair", label=t("hit.about"), text=said)
    return f'<div class="kb-about" title="{escape(title)}">{escape(said)}</div>'


def why_text(hit: SearchHit) -> str:
    """Return the reasons for a hit in readable form."""
    told = {reason: t(f"hit.by_{reason}") for reason in hit.told_reasons}
    if "words" in told and hit.matched:
        told["words"] = t("hit.words", words=listed(hit.matched))
    return " · ".join(told.values())


def _stage_texts(hit: SearchHit) -> list[str]:
    """Return the scores of each stage by name, the ranking stage first."""
    return [
        t(f"hit.{stage}", score=f"{hit.scores[stage]:.2f}", rank=hit.ranks[stage])
        for stage in ("reranked", "fused", "dense", "keyword")
        if stage in hit.scores
    ]


def _draw_context(shared: Session, hit: SearchHit) -> None:
    """Draw a hit in its surroundings; two buttons move through the document by passages."""
    place = f"passage-{hit.chunk_id}"
    chosen = int(st.session_state.get(place, hit.ordinal))
    try:
        chunks = shared.base.chunks(hit.document_id)
        chunk = chunks[chosen] if 0 <= chosen < len(chunks) else None
        document = shared.base.document_content(hit.document_id)
    except DocumentNotFoundError as error:
        draw_error(t("error.gone"), error)
        return
    except KnowledgeBaseError as error:
        draw_error(t("error.document"), error)
        return
    own = chunk is None or chosen == hit.ordinal
    span = (hit.start, hit.end) if own or chunk is None else (chunk.start, chunk.end)
    marks = [(hit.start + a, hit.start + b) for a, b in hit.highlights] if own else []
    st.html(surroundings_html(document, span, marks, characters=_CONTEXT_CHARACTERS))
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, icon, step in (
            ("previous", ":material/chevron_left:", -1),
            ("next", ":material/chevron_right:", 1),
        ):
            st.button(
                t(f"hit.{name}"),
                icon=icon,
                key=f"{place}-{name}",
                disabled=not 0 <= chosen + step < len(chunks),
                on_click=st.session_state.update,
                args=({place: chosen + step},),
            )
        st.caption(f"{chosen + 1} / {len(chunks)}")
