"""Tags that people add to documents and remove."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.metadata import folded, stated_tags
from kb.records import DocumentInfo
from ui.language import t
from ui.session import Session
from ui.shared import draw_error

_ERROR = "_tag_error"


def tags_of(info: DocumentInfo) -> list[str]:
    """Return a document's tags: people's tags first, then its own."""
    spelt: dict[str, str] = {}
    for tag in (*info.tags, *stated_tags(info.metadata)):
        spelt.setdefault(folded(tag), tag)
    return list(spelt.values())


def draw_tagging(
    shared: Session, collection: str, documents: Sequence[DocumentInfo], *, key: str
) -> None:
    """Draw a menu that tags documents."""
    given = sorted({tag for info in documents for tag in info.tags}, key=folded)
    with (
        st.popover(t("tags.title"), icon=":material/label:"),
        st.form(f"tags-{key}", border=False, clear_on_submit=True),
    ):
        st.text_input(t("tags.add"), key=f"tags-add-{key}", placeholder=t("tags.example"))
        if given:
            st.multiselect(
                t("tags.remove"), given, key=f"tags-remove-{key}", placeholder=t("action.choose")
            )
        st.form_submit_button(
            t("tags.save"),
            key=f"tags-save-{key}",
            type="primary",
            on_click=_save,
            args=(shared, collection, [info.id for info in documents], key),
        )
    if error := st.session_state.pop(_ERROR, None):
        draw_error(t("error.tags"), error)


def _save(shared: Session, collection: str, ids: list[int], key: str) -> None:
    typed = str(st.session_state.get(f"tags-add-{key}") or "").strip()
    remove = list(st.session_state.get(f"tags-remove-{key}") or ())
    if not typed and not remove:
        return
    try:
        shared.base.tag(ids, add=[typed] if typed else [], remove=remove, collection=collection)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
    else:
        st.toast(t("tags.saved", n=len(ids)), icon=":material/label:")
