"""Remembered searches: saves them with their options, repeats them, deletes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.remembering import RememberedSearch
from ui.language import t
from ui.markup import plain
from ui.session import Session
from ui.shared import MEDIA_NAMES, draw_error, draw_pages
from ui.sidebar import COLLECTION_KEY, chosen_collection

_ERROR = "_remember_error"
_SHOWN = 10
_LONGEST = 80
_QUERY = "q"
_DOCUMENT = "document"
_YES = "yes"
_KINDS = {str(kind): name for kind, name in MEDIA_NAMES.items()}


@dataclass(frozen=True, slots=True)
class _Field:
    """Converts the value of a field to texts and back."""

    texts: Callable[[object], list[str]]
    value: Callable[[Sequence[str]], object]


_TEXT = _Field(lambda value: [str(value)] if value else [], lambda texts: "".join(texts[:1]))
_MANY = _Field(lambda value: list(value or ()), list)  # type: ignore[call-overload] # of texts
_NUMBER = _Field(lambda value: [str(value)], lambda texts: int(texts[0]) if texts else None)
_SHARE = _Field(lambda value: [str(value)], lambda texts: float(texts[0]) if texts else None)
_SWITCH = _Field(lambda value: [_YES if value else "no"], lambda texts: list(texts) == [_YES])

_FIELDS = {
    "type": _MANY,
    "path": _TEXT,
    "filter-tag": _MANY,
    "filter-language": _MANY,
    "filter-also": _MANY,
    "since": _TEXT,
    "until": _TEXT,
    "top_k": _NUMBER,
    "mode": _TEXT,
    "instruct": _TEXT,
    "rerank": _SWITCH,
    "min_score": _SHARE,
    "explain": _SWITCH,
}
_TOLD = ("type", "path", "filter-tag", "filter-language", "filter-also", "since", "until")
# Streamlit itself keeps the others in the query parameters.
_IN_ADDRESS = ("filter-tag", "filter-language", "filter-also", "mode")


def draw_searches(shared: Session, query: str) -> None:
    """Draw the menu of remembered searches, with a button for the present one."""
    with st.popover(t("remembered.title"), icon=":material/bookmark:"):
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
        _KINDS.get(value, value) if name == "type" else value
        for name in _TOLD
        for value in search.choices.get(name, ())
    ]
    told = " · ".join([*collections, *narrowing])
    query = plain(_shortened(search.query))
    return t("list.noted", text=query, note=plain(_shortened(told))) if told else query


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _keep(shared: Session, query: str) -> None:
    chosen = {
        name: field.texts(st.session_state[name])
        for name, field in _FIELDS.items()
        if name in st.session_state
    }
    chosen[COLLECTION_KEY] = [chosen_collection(shared)]
    chosen[_DOCUMENT] = st.query_params.get_all(_DOCUMENT)
    try:
        shared.base.remembered.keep_search(query, chosen)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
    else:
        st.toast(t("remembered.kept"), icon=":material/bookmark:")


def _open(search: RememberedSearch) -> None:
    """Set every field of the page to its value in the saved search."""
    st.session_state[_QUERY] = search.query
    for name, field in _FIELDS.items():
        texts = search.choices.get(name, ())
        value = field.value(texts)
        if value is not None and (texts or name in st.session_state):
            st.session_state[name] = value
            if name in _IN_ADDRESS:
                st.query_params[name.removeprefix("filter-")] = list(texts)
    for name in search.choices.get(COLLECTION_KEY, ()):
        st.session_state[COLLECTION_KEY] = name
    st.query_params[_DOCUMENT] = list(search.choices.get(_DOCUMENT, ()))


def _forget(shared: Session, search_id: int) -> None:
    try:
        shared.base.remembered.forget_search(search_id)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
