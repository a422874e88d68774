"""Search results of a browser tab: the same request is computed once."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from kb.records import CollectionInfo, SearchHit
from ui.search_options import SearchOptions
from ui.session import Session

_MEMO = "_search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides a result, the state of the store among it."""

    collection: str
    generation: int
    query: str
    options: SearchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a request found, and how long that took."""

    request: Request
    hits: list[SearchHit]
    seconds: float

    def share(self, hit: SearchHit) -> float:
        """Return how full a hit's bar is: its score, or its part of the best where scores are open.

        Keyword scores have no upper end.
        """
        if self.request.options.mode != "keyword":
            return hit.score
        best = max((other.score for other in self.hits), default=0.0)
        return hit.score / best if best > 0 else 0.0


def search(
    shared: Session,
    collection: CollectionInfo,
    query: str,
    options: SearchOptions,
) -> Result:
    """Search, or return the tab's last result if nothing has changed since.

    Raises:
        KnowledgeBaseError: the search failed.
    """
    request = Request(
        collection=collection.id,
        generation=shared.base.generation,
        query=query,
        options=options,
    )
    last = st.session_state.get(_MEMO)
    if isinstance(last, Result) and last.request == request:
        return last
    started = time.monotonic()
    hits = shared.base.search(
        query,
        top_k=options.top_k,
        collection=[collection.name, *options.also],
        where=options.where,
        mode=options.mode,
        instruct=options.instruct,
        rerank=options.rerank,
    )
    result = Result(request=request, hits=hits, seconds=time.monotonic() - started)
    st.session_state[_MEMO] = result
    return result
