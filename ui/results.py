"""Search results of a browser tab: the same request is computed once."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from kb.answering.answer import Answer
from kb.errors import KnowledgeBaseError
from kb.records import CollectionInfo, SearchHit
from kb.search.request import SearchRequest
from ui.sections import sections_named
from ui.session import Session

_log = logging.getLogger(__name__)

_MEMO = "_search"
_MOST_ANSWERS = 128
_NOTHING = 0.005
"""Score below which a hit answers nothing, and is shown as 0.00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The hits of a request in a state of the store, and the time it took.

    ``meant`` is the query with corrected spelling, empty if nothing was corrected. ``marked`` says
    whether the model was asked for sentences of hits without stored vectors.
    """

    request: SearchRequest
    state: tuple[str, int]
    hits: list[SearchHit]
    seconds: float
    meant: str = ""
    marked: bool = False


def search(shared: Session, collection: CollectionInfo, request: SearchRequest) -> Result:
    """Search, or return the tab's last result if nothing has changed since.

    Raises:
        KnowledgeBaseError: the search failed.
    """
    state = (collection.id, shared.base.generation)
    last = st.session_state.get(_MEMO)
    if isinstance(last, Result) and (last.request, last.state) == (request, state):
        return last
    started = time.monotonic()
    hits = _telling(sections_named(shared, shared.base.find(request)))
    result = Result(
        request=request,
        state=state,
        hits=hits,
        seconds=time.monotonic() - started,
        meant=shared.base.did_you_mean(request.query, collection=request.collections),
    )
    st.session_state[_MEMO] = result
    return result


def answering(shared: Session, answer: Answer, missing: Sequence[int] = ()) -> list[SearchHit]:
    """Return an answer's passages with the answering sentence marked, and its section.

    Missing passages stay unchanged; without a model all passages do.
    """
    if shared.model_state != "ready":
        return list(answer.sources)
    there = [hit for n, hit in enumerate(answer.sources, start=1) if n not in missing]
    state = (tuple(hit.chunk_id for hit in there), shared.base.generation)
    try:
        marked = iter(_answering(shared, answer.question, state, there))
    except KnowledgeBaseError:
        _log.warning("no sentences are marked beside an answer", exc_info=True)
        return list(answer.sources)
    return [hit if n in missing else next(marked) for n, hit in enumerate(answer.sources, start=1)]


@st.cache_data(show_spinner=False, max_entries=_MOST_ANSWERS)
def _answering(
    _shared: Session, question: str, state: tuple[tuple[int, ...], int], _hits: list[SearchHit]
) -> list[SearchHit]:
    del state
    return sections_named(_shared, _shared.base.highlight(question, _hits))


def mark_sentences(shared: Session, result: Result) -> None:
    """Mark the nearest sentences and draw the page again; the second call does nothing.

    Call it at the end of a page: people can read the hits while the model looks for the sentences
    of hits without stored vectors.
    """
    if result.marked or all(hit.sentence or hit.score < _NOTHING for hit in result.hits):
        return
    request = result.request
    try:
        marked = shared.base.highlight(request.query, result.hits, instruct=request.instruct)
        hits = _telling(sections_named(shared, marked))
    except KnowledgeBaseError:
        _log.warning("no sentences are marked", exc_info=True)
        hits = result.hits
    st.session_state[_MEMO] = replace(result, hits=hits, marked=True)
    if hits != result.hits:
        # What somebody has asked for meanwhile comes first: st.rerun() would take its place, and
        # who has opened a hit would stay here.
        st.empty()
        st.rerun()


def _telling(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return hits without the marked sentence of those that answer nothing; words stay marked."""
    return [
        hit if hit.score >= _NOTHING else replace(hit, sentence=None, highlights=hit.words)
        for hit in hits
    ]
