"""Search results of a browser tab: the same request is computed once."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from kb.records import CollectionInfo, SearchHit
from kb.search.filters import SearchFilter
from ui.session import Session

_MEMO = "_search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides a result, the state of the store among it."""

    collection: str
    generation: int
    query: str
    top_k: int
    where: SearchFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a request found, and how long that took."""

    request: Request
    hits: list[SearchHit]
    seconds: float


def search(
    shared: Session, collection: CollectionInfo, query: str, top_k: int, where: SearchFilter
) -> Result:
    """Search, or return the tab's last result if nothing has changed since.

    Raises:
        KnowledgeBaseError: the search failed.
    """
    request = Request(
        collection=collection.id,
        generation=shared.base.generation,
        query=query,
        top_k=top_k,
        where=where,
    )
    last = st.session_state.get(_MEMO)
    if isinstance(last, Result) and last.request == request:
        return last
    started = time.monotonic()
    hits = shared.base.search(query, top_k=top_k, collection=collection.name, where=where)
    result = Result(request=request, hits=hits, seconds=time.monotonic() - started)
    st.session_state[_MEMO] = result
    return result
