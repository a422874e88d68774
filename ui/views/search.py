"""The search view: a question, filters, and the passages that answer it."""

from __future__ import annotations

import streamlit as st

from kb.errors import EmbedderMismatchError, InputTooLongError, KnowledgeBaseError
from kb.records import CollectionInfo, SearchMode
from kb.search.filters import SearchFilter
from ui.hits import draw_hit
from ui.language import t
from ui.results import Result, search
from ui.session import Session, session
from ui.shared import MEDIA_NAMES, draw_empty, draw_error, draw_nothing_to_search
from ui.sidebar import chosen_collection

_RESULT_COUNTS = (5, 8, 10, 20, 50)
_POLL_S = 0.5
_MODE = "mode"
_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")


def render() -> None:
    """Draw the view."""
    shared = session()
    st.title(t("search.title"), anchor=False)
    query = _draw_query()
    try:
        collection = shared.find_collection(chosen_collection(shared))
        if collection is None or not collection.documents:
            draw_nothing_to_search(shared)
            return
        where, top_k, mode = _draw_options(shared, collection)
        if not query.strip():
            st.caption(t("search.hint", n=collection.documents))
            return
        if shared.model_state == "loading":
            st.fragment(run_every=_POLL_S)(_draw_loading)(shared)
            return
        if shared.model_state == "failed":
            draw_error(t("error.model"), shared.model_error)
            return
        result = search(shared, collection, query, top_k=top_k, where=where, mode=mode)
    except InputTooLongError as error:
        draw_error(t("error.query_too_long"), error)
    except EmbedderMismatchError as error:
        draw_error(t("error.mismatch"), error)
    except KnowledgeBaseError as error:
        draw_error(t("error.search"), error)
    else:
        _draw_result(shared, result)


def _draw_query() -> str:
    return (
        st.text_input(
            t("search.label"),
            key="q",
            bind="query-params",
            type="search",
            placeholder=t("search.placeholder"),
            label_visibility="collapsed",
        )
        or ""
    )


def _draw_options(
    shared: Session, collection: CollectionInfo
) -> tuple[SearchFilter, int, SearchMode]:
    default = shared.settings.top_k
    counts = sorted({*_RESULT_COUNTS, default})
    with st.container(horizontal=True, vertical_alignment="center"):
        media = st.pills(
            t("search.types"),
            list(MEDIA_NAMES),
            selection_mode="multi",
            format_func=lambda kind: MEDIA_NAMES[kind],
            key="type",
            bind="query-params",
            label_visibility="collapsed",
        )
        with st.popover(t("search.options"), icon=":material/tune:"):
            top_k = st.selectbox(
                t("search.top_k"),
                counts,
                index=counts.index(default),
                key="top_k",
                bind="query-params",
            )
            mode = st.radio(
                t("search.mode"),
                _MODES,
                index=_MODES.index(_asked_mode(collection.mode or shared.settings.mode)),
                format_func={name: t(f"search.mode_{name}") for name in _MODES}.__getitem__,
                key=_MODE,
                # Not bound to the URL: that would write the translated word into it.
                on_change=lambda: st.query_params.update({_MODE: st.session_state[_MODE]}),
            )
            path = st.text_input(
                t("search.path"), key="path", bind="query-params", help=t("search.path_help")
            )
    return SearchFilter(media_types=tuple(media or ()), path=_glob(path or "")), int(top_k), mode


def _asked_mode(default: SearchMode) -> SearchMode:
    """Return the mode in the URL, so that a shared link finds the same, else ``default``."""
    asked = st.query_params.get(_MODE, "")
    return next((mode for mode in _MODES if mode == asked), default)


def _glob(path: str) -> str:
    """Return a pattern for what was typed: part of a path unless it has wildcards itself."""
    path = path.strip()
    return path if not path or any(c in path for c in "*?[") else f"*{path}*"


def _draw_result(shared: Session, result: Result) -> None:
    if not result.hits:
        filtered = not result.request.where.is_empty
        draw_empty(t("search.none"), t("search.none_filtered" if filtered else "search.none_help"))
        return
    st.caption(t("search.found", n=len(result.hits), seconds=f"{result.seconds:.2f}"))
    for rank, hit in enumerate(result.hits, start=1):
        draw_hit(shared, hit, rank, result.share(hit))


def _draw_loading(shared: Session) -> None:
    if shared.model_state != "loading":
        st.rerun()
    st.caption(f":material/hourglass_top: {t('model.loading_search')}")
    st.skeleton(height=120)


if __name__ == "__main__":
    render()
