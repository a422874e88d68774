"""Collections: creates, renames, describes and deletes them, and describes their folders."""

from __future__ import annotations

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.records import CollectionInfo
from ui.folders import ERROR, draw_folders
from ui.language import t
from ui.markup import plain
from ui.session import Session
from ui.shared import draw_error
from ui.sidebar import choose_collection


def draw_collection_menu(shared: Session, collection: CollectionInfo | None) -> None:
    """Draw the menus for a new collection and for the present one."""
    ready = shared.model_state == "ready"
    with (
        st.popover(t("collection.new"), icon=":material/add:", disabled=not ready),
        st.form("new-collection", border=False, clear_on_submit=True),
    ):
        st.text_input(t("collection.name"), key="new-name")
        st.text_input(t("collection.description"), key="new-description")
        st.form_submit_button(
            t("collection.create"),
            key="create",
            type="primary",
            on_click=_create,
            args=(shared,),
        )
    if collection is not None:
        with st.popover(t("collection.manage"), icon=":material/settings:"):
            _draw_manage(shared, collection)
    if error := st.session_state.pop(ERROR, None):
        draw_error(t("error.collection"), error)


def _draw_manage(shared: Session, collection: CollectionInfo) -> None:
    with st.form(f"edit-{collection.id}", border=False):
        st.text_input(t("collection.name"), value=collection.name, key=f"name-{collection.id}")
        st.text_input(
            t("collection.description"),
            value=collection.description,
            key=f"description-{collection.id}",
        )
        st.form_submit_button(
            t("collection.save"),
            key=f"save-{collection.id}",
            on_click=_save,
            args=(shared, collection),
        )
    st.divider()
    draw_folders(shared, collection)
    st.divider()
    typed = st.text_input(
        t("collection.delete_confirm", name=plain(collection.name), n=collection.documents),
        key=f"typed-{collection.id}",
    )
    st.button(
        t("collection.delete"),
        key=f"drop-{collection.id}",
        icon=":material/delete:",
        disabled=(typed or "").strip() != collection.name,
        on_click=_delete,
        args=(shared, collection),
    )


def _create(shared: Session) -> None:
    name = str(st.session_state["new-name"])
    try:
        made = shared.base.create_collection(
            name, description=str(st.session_state["new-description"]).strip()
        )
    except KnowledgeBaseError as error:
        st.session_state[ERROR] = str(error)
    else:
        choose_collection(made.name)
        st.toast(t("collection.created", name=plain(made.name)))


def _save(shared: Session, collection: CollectionInfo) -> None:
    name = str(st.session_state[f"name-{collection.id}"]).strip()
    description = str(st.session_state[f"description-{collection.id}"]).strip()
    try:
        shared.base.describe_collection(collection.name, description)
        if name != collection.name:
            shared.base.rename_collection(collection.name, name)
            choose_collection(name)
    except KnowledgeBaseError as error:
        st.session_state[ERROR] = str(error)


def _delete(shared: Session, collection: CollectionInfo) -> None:
    try:
        shared.base.delete_collection(collection.name)
    except KnowledgeBaseError as error:
        st.session_state[ERROR] = str(error)
    else:
        choose_collection(shared.settings.collection)
        st.toast(t("collection.deleted", name=plain(collection.name)))
