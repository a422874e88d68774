"""Duplicates of a collection: files with the same content, and mostly equal documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from kb.near_duplicates import LEAST_SHARE, NearDuplicate
from kb.records import CollectionInfo, DocumentInfo
from kb.shingles import RUN
from ui.language import listed, t
from ui.markup import escape, plain
from ui.session import Session
from ui.shared import draw_pages

_PER_PAGE = 20
_PAIRS_PER_PAGE = 20
_WIDTHS = (1, 3, 3)


def draw_duplicates(
    shared: Session, collection: CollectionInfo, infos: Sequence[DocumentInfo]
) -> None:
    """Draw the files with the same content, and on demand the mostly equal documents."""
    same = [info for info in infos if len(info.sources) > 1]
    if len(infos) < 2 and not same:  # noqa: PLR2004 - one document is like no other
        return
    with st.expander(t("duplicates.title"), icon=":material/content_copy:", key="duplicates"):
        _draw_same(collection, same)
        if st.toggle(
            t("duplicates.look"),
            key=f"duplicates-{collection.id}",
            help=t("duplicates.help", share=round(100 * LEAST_SHARE), run=RUN),
        ):
            _draw_near(shared, collection, {info.id: info for info in infos})


def also_at(info: DocumentInfo) -> str:
    """Return the other files with a document's content; empty where there is one file alone."""
    return listed(str(source) for source in info.sources[1:])


def _draw_same(collection: CollectionInfo, same: Sequence[DocumentInfo]) -> None:
    if not same:
        st.caption(t("duplicates.none_same"))
        return
    st.markdown(f"**{t('duplicates.same', n=len(same))}**")
    for info in draw_pages(same, _PER_PAGE, key=f"same-{collection.id}"):
        st.html(
            f'<div><span class="kb-name">{escape(str(info.sources[0]))}</span><br>'
            f'<span class="kb-place">{escape(t("duplicates.also_at", paths=also_at(info)))}</span>'
            "</div>"
        )


def _draw_near(
    shared: Session, collection: CollectionInfo, infos: Mapping[int, DocumentInfo]
) -> None:
    groups = _found(shared, collection)
    # A document may have been removed meanwhile.
    pairs = [pair for group in groups for pair in group if {pair.first, pair.second} <= set(infos)]
    if not pairs:
        st.caption(t("duplicates.none_near", share=round(100 * LEAST_SHARE)))
        return
    st.markdown(f"**{t('duplicates.near', n=len(pairs))}**")
    for pair in draw_pages(pairs, _PAIRS_PER_PAGE, key=f"near-{collection.id}"):
        with st.container(key=f"near-{pair.first}-{pair.second}"):
            part, first, second = st.columns(_WIDTHS, vertical_alignment="center")
            # Rounded down: what differs at all is not the same.
            share = t("duplicates.share", share=int(100 * pair.share))
            part.markdown(f"**{share}**")
            _draw_link(first, infos[pair.first])
            _draw_link(second, infos[pair.second])


def _draw_link(place: st.delta_generator.DeltaGenerator, info: DocumentInfo) -> None:
    name = str(info.sources[0]) if info.sources else info.name
    place.page_link(
        "views/document.py",
        label=plain(name),
        icon=":material/description:",
        query_params={"id": str(info.id)},
    )


def _found(shared: Session, collection: CollectionInfo) -> list[list[NearDuplicate]]:
    bar = st.empty()

    def show(done: int, total: int) -> None:
        bar.progress(done / total, t("duplicates.looking", done=done, n=total))

    try:
        return shared.near_duplicates(collection, show)
    finally:
        bar.empty()
