"""The search view: a question, filters, and the passages that answer it."""

from __future__ import annotations

import streamlit as st

from kb.errors import (
    EmbedderMismatchError,
    InputTooLongError,
    KnowledgeBaseError,
    SettingsError,
)
from kb.search.reasons import anything_relevant
from ui.hits import draw_hit
from ui.keys import draw_asked, draw_key_hint
from ui.language import t
from ui.marking import marks_of
from ui.markup import plain
from ui.results import Result, mark_sentences, search
from ui.search_options import EXPLAIN, draw_options
from ui.session import Session, session
from ui.shared import draw_empty, draw_error, draw_nothing_to_search
from ui.sidebar import chosen_collection

_POLL_S = 0.5


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
        request = draw_options(shared, collection, query)
        if not query.strip():
            st.caption(t("search.hint", n=collection.documents))
            return
        if shared.model_state == "loading":
            st.fragment(run_every=_POLL_S)(_draw_loading)(shared)
            return
        if shared.model_state == "failed":
            draw_error(t("error.model"), shared.model_error)
            return
        result = search(shared, collection, request)
    except InputTooLongError as error:
        draw_error(t("error.query_too_long"), error)
    except SettingsError as error:
        draw_error(t("error.filter"), error)
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


def _draw_result(shared: Session, result: Result) -> None:
    if result.meant:
        st.button(
            t("search.did_you_mean", query=plain(result.meant)),
            key="did-you-mean",
            type="tertiary",
            icon=":material/spellcheck:",
            on_click=_ask,
            args=(result.meant,),
        )
    if not result.hits:
        _draw_none(result)
        draw_asked(result.request.query)
        return
    if not (result.meant or anything_relevant(result.hits)):
        st.info(t("search.nothing_relevant"), icon=":material/search_off:")
    with st.container(horizontal=True, vertical_alignment="center"):
        found = t("search.found", n=len(result.hits), seconds=f"{result.seconds:.2f}")
        st.caption(found, width="stretch")
        draw_key_hint()
    explain = bool(st.session_state.get(EXPLAIN))
    several = len(result.request.collections or ()) > 1
    marks = marks_of(shared, result.request.query, result.hits)
    for rank, hit in enumerate(result.hits, start=1):
        draw_hit(shared, hit, rank, hit.score, where=several, explain=explain, marks=marks)
    draw_asked(result.request.query)
    mark_sentences(shared, result)


def _draw_none(result: Result) -> None:
    """Draw that there are no hits, and the conditions that may be the reason."""
    if result.request.min_score:
        draw_empty(t("search.none_scored"), t("search.none_scored_help"))
        return
    filtered = not result.request.where.is_empty
    draw_empty(t("search.none"), t("search.none_filtered" if filtered else "search.none_help"))


def _ask(query: str) -> None:
    st.session_state["q"] = query


def _draw_loading(shared: Session) -> None:
    if shared.model_state != "loading":
        st.rerun()
    st.caption(f":material/hourglass_top: {t('model.loading_search')}")
    st.skeleton(height=120)


if __name__ == "__main__":
    render()
