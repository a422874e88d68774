"""Similar passages below a hit: found by the hit's own vector, without the model."""

from __future__ import annotations

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.records import SearchHit
from ui.language import t
from ui.markup import escape, excerpt, header_html
from ui.session import Session
from ui.shared import draw_error, place_text

_MOST = 5


def draw_similar(shared: Session, hit: SearchHit) -> None:
    """Draw the most similar passages of a hit's collection, each with a link."""
    try:
        found = shared.base.likeness.like(hit, most=_MOST)
    except KnowledgeBaseError as error:
        draw_error(t("error.search"), error)
        return
    if not found:
        st.caption(t("hit.like_none"))
        return
    st.caption(t("hit.like_found", n=len(found)))
    for each in found:
        with st.container(border=True, key=f"like-{hit.chunk_id}-{each.chunk_id}"):
            likeness = t("hit.likeness", score=f"{each.score:.2f}")
            st.html(
                f'<div class="kb-hit-head"><span class="kb-name">{escape(each.source)}</span>'
                f'<span class="kb-place">{escape(place_text(each))}</span>'
                f'<span class="kb-score">{escape(likeness)}</span></div>'
                f'<p class="kb-text {each.kind}">{header_html(each.header)}'
                f"{excerpt(each.text, ())}</p>"
            )
            st.page_link(
                "views/document.py",
                label=t("hit.open"),
                icon=":material/description:",
                query_params={"id": str(each.document_id), "at": str(each.ordinal)},
            )
