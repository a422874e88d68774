"""The number of chunks whose sentences are searchable, and a button for the rest."""

from __future__ import annotations

import streamlit as st

from kb.records import CollectionInfo
from ui.language import t
from ui.session import Session

_POLL_S = 2.0


def draw_refining(shared: Session, collection: CollectionInfo) -> None:
    """Draw the progress of sentences, repeatedly while they are embedded."""
    if collection.refined == collection.chunks or shared.base.read_only:
        return
    if shared.jobs.refines(collection.id):
        st.fragment(run_every=_POLL_S)(_draw_running)(shared, collection)
    elif shared.settings.sentences and not shared.jobs.active:
        left = collection.chunks - collection.refined
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("refining.left", left=left, n=collection.chunks), width="stretch")
            st.button(
                t("refining.start"),
                key="refine",
                on_click=_start,
                args=(shared, collection),
            )


def _start(shared: Session, collection: CollectionInfo) -> None:
    shared.jobs.refine(collection)


def _draw_running(shared: Session, collection: CollectionInfo) -> None:
    now = shared.find_collection(collection.name)
    if now is None or now.id != collection.id or not shared.jobs.refines(now.id):
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("refining.running", done=now.refined, n=now.chunks), width="stretch")
        st.button(
            t("refining.stop"),
            key="refine-stop",
            on_click=shared.jobs.leave_unrefined,
            args=(now.id,),
        )
