"""Remembered searches: saves them with their options, repeats them, deletes them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.remembering import RememberedSearch
from ui.fields import NARROWING, choices_here, set_all
from ui.language import language_name, t
from ui.markup import plain
from ui.session import Session
from ui.shared import MEDIA_NAMES, draw_error, draw_pages
from ui.sidebar import COLLECTION_KEY, chosen_collection

_ERROR = "_remember_error"
_SHOWN = 10
_LONGEST = 80
_QUERY = "q"
_MENU = "remembered-menu"
_KINDS = {str(kind): name for kind, name in MEDIA_NAMES.items()}
_SHOWN_AS: dict[str, Callable[[str], str]] = {
    "type": lambda value: _KINDS.get(value, value),
    "filter-language": language_name,
}


def draw_searches(shared: Session, query: str) -> None:
    """Draw the menu of remembered searches, with a button for the present one."""
    title, icon = t("remembered.title"), ":material/bookmark:"
    # "rerun" lets _open close it: Streamlit then keeps whether it is open under its key.
    with st.popover(title, icon=icon, key=_MENU, on_change="rerun"):
        if not shared.base.read_only:
            st.button(
                t("remembered.keep"),
                key="remember",
                icon=":material/bookmark_add:",
                disabled=not query.strip(),
                on_click=_keep,
                args=(shared, query),
            )
        kept = shared.base.remembered.searches()
        if not kept:
            st.caption(t("remembered.none"))
        for search in draw_pages(kept, _SHOWN, key="remembered"):
            _draw(shared, search)
        if error := st.session_state.pop(_ERROR, None):
            draw_error(t("error.remembered"), error)


def _draw(shared: Session, search: RememberedSearch) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _label(search, chosen_collection(shared)),
            key=f"remembered-{search.id}",
            type="tertiary",
            on_click=_open,
            args=(search,),
        )
        if not shared.base.read_only:
            st.button(
                t("remembered.forget"),
                key=f"forget-{search.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_forget,
                args=(shared, search.id),
            )


def _label(search: RememberedSearch, here: str) -> str:
    """Return the question and its conditions, without the present collection."""
    collections = [name for name in search.choices.get(COLLECTION_KEY, ()) if name != here]
    narrowing = [
        _SHOWN_AS.get(name, str)(value)
        for name in NARROWING
        for value in search.choices.get(name, ())
    ]
    told = " · ".join([*collections, *narrowing])
    query = plain(_shortened(search.query))
    return t("list.noted", text=query, note=plain(_shortened(told))) if told else query


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _keep(shared: Session, query: str) -> None:
    try:
        shared.base.remembered.keep_search(query, choices_here(chosen_collection(shared)))
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
    else:
        st.toast(t("remembered.kept"), icon=":material/bookmark:")


def _open(search: RememberedSearch) -> None:
    """Set every field of the page to its value in the saved search, and close the menu."""
    st.session_state[_QUERY] = search.query
    set_all(search.choices)
    st.session_state[_MENU] = False


def _forget(shared: Session, search_id: int) -> None:
    try:
        shared.base.remembered.forget_search(search_id)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
