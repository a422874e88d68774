"""Options of a search: types, place, time, tags, mode, and instruction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kb.catalog.filters import SearchFilter
from kb.errors import DocumentNotFoundError, SettingsError
from kb.records import CollectionInfo, SearchMode
from kb.search.filters import filter_from_text
from kb.search.request import SearchRequest
from ui.fields import path_pattern
from ui.language import by_code, language_name, t
from ui.markup import plain
from ui.remembered_searches import draw_searches
from ui.session import Session
from ui.shared import MEDIA_NAMES, whole_number

_RESULT_COUNTS = (5, 8, 10, 20, 50)
_MODE = "mode"
_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
_DOCUMENT = "document"
EXPLAIN = "explain"


def draw_options(shared: Session, collection: CollectionInfo, query: str) -> SearchRequest:
    """Draw the options below the question, and return the request.

    All options are query parameters. Hits have highlights that cost no model time.

    Raises:
        SettingsError: a typed date is invalid.
    """
    row = st.container(horizontal=True, vertical_alignment="center")
    wrong: SettingsError | None = None
    try:
        collections, where = draw_narrowing(row, shared, collection)
    except SettingsError as error:  # the other options stay on the page
        wrong = error
    with row:
        with st.popover(t("search.advanced"), icon=":material/science:"):
            top_k = _draw_count(shared)
            mode = _draw_mode(collection.mode or shared.settings.mode)
            instruct = _draw_instruction(shared)
            rerank = _draw_rerank(shared)
            min_score = _draw_least(shared.settings.min_score)
            st.toggle(t("search.explain"), key=EXPLAIN, bind="query-params")
        draw_searches(shared, query)
    if wrong is not None:
        raise wrong
    return SearchRequest(
        query=query,
        collections=collections,
        where=where,
        top_k=top_k,
        mode=mode,
        instruct=instruct,
        rerank=rerank,
        highlights="stored",
        min_score=min_score,
    )


def draw_narrowing(
    row: DeltaGenerator, shared: Session, collection: CollectionInfo
) -> tuple[tuple[str, ...], SearchFilter]:
    """Draw the filters in a row; return the collections, and the filter.

    Raises:
        SettingsError: a typed date is invalid.
    """
    with row:
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
            also = _draw_collections(shared, collection)
            filters = _draw_filters(shared, collection)
    documents = _draw_document(shared)
    try:
        where = filter_from_text(documents=documents, media_types=tuple(media or ()), **filters)
    except SettingsError as error:
        raise SettingsError(by_code("wrong", "date", str(error), {})) from error
    return (collection.name, *also), where


def _draw_collections(shared: Session, collection: CollectionInfo) -> tuple[str, ...]:
    """Draw the choice of further collections with the same model, if there are any."""
    mine = (collection.embedder, collection.dim)
    others = [
        info.name
        for info in shared.base.collections()
        if info.id != collection.id and (info.embedder, info.dim) == mine and info.documents
    ]
    if not others:
        return ()
    asked = [name for name in st.query_params.get_all("also") if name in others]
    return _chosen(t("search.collections"), others, "also", asked, t("search.collections_help"))


def _draw_filters(shared: Session, collection: CollectionInfo) -> dict[str, Any]:
    facets = shared.facets(collection)
    path = st.text_input(
        t("search.path"), key="path", bind="query-params", help=t("search.path_help")
    )
    asked = {key: st.query_params.get_all(key) for key in ("tag", "language")}
    tags = _chosen(t("search.tags"), facets.tags, "tag", asked["tag"])
    languages = _chosen(
        t("search.languages"), facets.languages, "language", asked["language"], name=language_name
    )
    since, until = st.columns(2)
    with since:
        first = st.text_input(
            t("search.since"), key="since", bind="query-params", placeholder="2024-05"
        )
    with until:
        last = st.text_input(
            t("search.until"), key="until", bind="query-params", placeholder="2024-06-30"
        )
    return {
        "path": path_pattern(path or ""),
        "tags": tags,
        "languages": languages,
        "since": (first or "").strip(),
        "until": (last or "").strip(),
    }


def _chosen(
    label: str,
    known: Sequence[str],
    key: str,
    asked: Sequence[str],
    explanation: str | None = None,
    *,
    name: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """Draw a choice of several values, if there are any; a link may contain others."""
    names = list(dict.fromkeys([*known, *asked]))
    if not names:
        return ()
    field = f"filter-{key}"
    chosen = st.multiselect(
        label,
        names,
        default=list(asked),
        format_func={each: name(each) for each in names}.__getitem__,
        placeholder=t("action.choose"),
        key=field,
        help=explanation,
        on_change=lambda: st.query_params.update({key: st.session_state[field]}),
    )
    return tuple(chosen)


def _draw_count(shared: Session) -> int:
    default = shared.settings.top_k
    counts = sorted({*_RESULT_COUNTS, default})
    return int(
        st.selectbox(
            t("search.top_k"),
            counts,
            index=counts.index(default),
            key="top_k",
            bind="query-params",
        )
    )


def _draw_mode(default: SearchMode) -> SearchMode:
    asked = st.query_params.get(_MODE, "")
    first = next((mode for mode in _MODES if mode == asked), default)
    return st.radio(
        t("search.mode"),
        _MODES,
        index=_MODES.index(first),
        format_func={name: t(f"search.mode_{name}") for name in _MODES}.__getitem__,
        key=_MODE,
        # Not bound to the URL: it would contain the translated word.
        on_change=lambda: st.query_params.update({_MODE: st.session_state[_MODE]}),
    )


def _draw_instruction(shared: Session) -> str:
    """Draw the field for a question's instruction, if the model takes one."""
    if shared.model_state != "ready" or not shared.base.embedder.abilities.takes_task:
        return ""
    typed = st.text_input(
        t("search.instruct"),
        key="instruct",
        bind="query-params",
        help=t("search.instruct_help"),
        placeholder=shared.settings.instruction,
    )
    return (typed or "").strip()


def _draw_rerank(shared: Session) -> bool | None:
    if not shared.settings.reranker:
        return None
    return bool(st.toggle(t("search.rerank"), value=True, key="rerank", bind="query-params"))


def _draw_least(default: float) -> float:
    """Draw the lowest score of shown hits."""
    return float(
        st.slider(
            t("search.min_score"),
            min_value=0.0,
            max_value=1.0,
            value=default,
            step=0.05,
            key="min_score",
            bind="query-params",
            help=t("search.min_score_help"),
        )
    )


def _draw_document(shared: Session) -> tuple[int, ...]:
    """Draw the single document to search, if a link named one."""
    number = whole_number(st.query_params.get(_DOCUMENT, ""))
    if number is None:
        return ()
    try:
        name = shared.base.document(number).name
    except DocumentNotFoundError:
        name = f"#{number}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(t("search.only_in", name=name)))
        if st.button(t("search.everywhere"), icon=":material/close:", type="tertiary"):
            del st.query_params[_DOCUMENT]
            st.rerun()
    return (number,)
