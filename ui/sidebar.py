"""The sidebar below the navigation: collection, model, work in the background."""

from __future__ import annotations

import streamlit as st

from ui.language import t
from ui.session import Session

COLLECTION_KEY = "collection"

_POLL_S = 1.0


def chosen_collection(shared: Session) -> str:
    """Return the name of the collection that the views use."""
    return str(st.session_state.get(COLLECTION_KEY) or shared.settings.collection)


def choose_collection(name: str) -> None:
    """Switch to another collection; for callbacks, before the sidebar is drawn."""
    st.session_state[COLLECTION_KEY] = name


def draw_sidebar(shared: Session) -> None:
    """Draw the sidebar of every view."""
    names = [info.name for info in shared.base.collections()]
    default = shared.settings.collection
    if default not in names:
        names.insert(0, default)
    if st.session_state.get(COLLECTION_KEY, default) not in names:
        del st.session_state[COLLECTION_KEY]  # it was deleted, here or elsewhere
    if len(names) > 1:
        st.selectbox(
            t("sidebar.collection"),
            names,
            index=names.index(default),
            key=COLLECTION_KEY,
            bind="query-params",
        )
    waiting = shared.model_state == "loading" or shared.jobs.active
    st.fragment(run_every=_POLL_S if waiting else None)(_draw_activity)(shared, waiting=waiting)


def _draw_activity(shared: Session, *, waiting: bool) -> None:
    state = shared.model_state
    if state == "loading":
        st.caption(f":material/hourglass_top: {t('model.loading')}")
    elif state == "failed":
        st.caption(f":material/error: {t('model.failed')}")
    for job in shared.jobs.listed():
        if job.active and job.total:
            st.progress(
                job.finished / job.total,
                text=t("sidebar.running", done=job.finished, n=job.total),
            )
    if waiting and state != "loading" and not shared.jobs.active:
        st.rerun()  # draws the waiting views, and ends the polling
