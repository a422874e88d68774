"""The library view: the documents of a collection, and ways to add and remove documents."""

from __future__ import annotations

import streamlit as st

from kb.errors import EmbedderMismatchError, KnowledgeBaseError
from kb.records import CollectionInfo
from ui.collections_menu import draw_collection_menu
from ui.document_table import draw_documents
from ui.failed_table import draw_failed
from ui.language import t
from ui.markup import WIDE, plain
from ui.overview import draw_overview
from ui.progress import draw_jobs
from ui.refining import draw_refining
from ui.samples import draw_samples
from ui.session import session
from ui.shared import draw_empty, draw_error
from ui.sidebar import chosen_collection
from ui.uploading import draw_folder, draw_password, draw_upload
from ui.watched_folders import draw_watched


def render() -> None:
    """Draw the view."""
    shared = session()
    name = chosen_collection(shared)
    st.html(WIDE)
    try:
        collection = shared.find_collection(name)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.title(t("library.title"), anchor=False, width="stretch")
            draw_collection_menu(shared, collection)
        _draw_summary(collection, name)
        if shared.base.read_only:
            st.info(t("library.read_only"), icon=":material/lock:")
        if shared.model_state == "failed":
            draw_error(t("error.model"), shared.model_error)
        draw_upload(shared, name)
        with st.container(horizontal=True):
            draw_folder(shared, name)
            draw_password(shared)
        draw_watched(shared, name)
        draw_jobs(shared)
        if collection is not None:
            draw_refining(shared, collection)
        if collection is None or not collection.documents:
            if not shared.jobs.active:
                draw_empty(t("library.empty"), t("library.empty_help"))
                draw_samples(shared, name)
        else:
            draw_documents(shared, collection)
            draw_overview(shared, collection)
        if collection is not None:
            draw_failed(shared, collection)
    except EmbedderMismatchError as error:
        draw_error(t("error.mismatch"), error)
    except KnowledgeBaseError as error:
        draw_error(t("error.library"), error)


def _draw_summary(collection: CollectionInfo | None, name: str) -> None:
    if collection is None:
        st.caption(plain(name))
        return
    counts = t("library.counts", documents=collection.documents, chunks=collection.chunks)
    st.caption(f"{plain(collection.name)} · {counts}")
    if collection.description:
        st.text(collection.description)


if __name__ == "__main__":
    render()
