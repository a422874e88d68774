"""Descriptions of a collection's folders: the folders, their texts, and a field to edit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.folders import clean_folder
from kb.records import CollectionInfo, DocumentInfo
from ui.language import t
from ui.markup import escape
from ui.session import Session

ERROR = "_collection_error"
"""State key of the collection menu's error message."""

_LISTED = "_folders"
_MOST_OFFERED = 500


def draw_folders(shared: Session, collection: CollectionInfo) -> None:
    """Draw the descriptions, a choice of a folder, and a field for its description."""
    st.markdown(f"**{t('folders.title')}**")
    st.caption(t("folders.help"))
    if collection.folders:
        said = "".join(
            f"<dt>{escape(folder)}</dt><dd>{escape(text)}</dd>"
            for folder, text in collection.folders.items()
        )
        st.html(f'<dl class="kb-facts kb-folders">{said}</dl>')
    chosen = st.selectbox(
        t("folders.which"),
        _offered(shared, collection),
        index=None,
        placeholder=t("folders.choose"),
        accept_new_options=True,
        key=f"folder-{collection.id}",
    )
    if not chosen:
        return
    with st.form(f"folder-form-{collection.id}", border=False):
        # One field per folder, so that another choice shows its own description.
        field = f"folder-said-{collection.id}-{chosen}"
        st.text_input(t("collection.description"), value=_said(collection, chosen), key=field)
        st.form_submit_button(
            t("folders.save"),
            key=f"folder-save-{collection.id}",
            on_click=_save,
            args=(shared, collection, chosen, field),
        )


def folders_of(documents: Iterable[DocumentInfo]) -> list[str]:
    """Return the folders of documents, outer ones included, in the form of descriptions."""
    found: set[str] = set()
    for source in {source for info in documents for source in info.sources}:
        placed = source.root.startswith("/")
        if placed:
            found.add(source.root)
        for folder in PurePosixPath(source.path).parents:
            if folder.name:
                found.add(f"{source.root.rstrip('/')}/{folder}" if placed else str(folder))
    return sorted(found)


def _offered(shared: Session, collection: CollectionInfo) -> list[str]:
    """Return the folders to choose from; looked up once for each state of the store."""
    state = (collection.id, shared.base.generation)
    listed = st.session_state.get(_LISTED)
    if listed is None or listed[0] != state:
        documents = shared.base.documents(collection=collection.name)
        listed = st.session_state[_LISTED] = (state, folders_of(documents)[:_MOST_OFFERED])
    return list(dict.fromkeys([*collection.folders, *listed[1]]))


def _said(collection: CollectionInfo, folder: str) -> str:
    try:
        return collection.folders.get(clean_folder(folder), "")
    except KnowledgeBaseError:
        return ""  # saving reports the error


def _save(shared: Session, collection: CollectionInfo, folder: str, field: str) -> None:
    try:
        shared.base.describe_folder(
            folder, str(st.session_state[field]), collection=collection.name
        )
    except KnowledgeBaseError as error:
        st.session_state[ERROR] = str(error)
    else:
        st.toast(t("folders.saved"))
