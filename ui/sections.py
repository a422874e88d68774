"""The section of a hit's marked sentence in its document.

A chunk of several short sections has only the headings that they share.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.records import SearchHit
from ui.session import Session

_MOST_DOCUMENTS = 256

Headings = tuple[tuple[int, ...], tuple[tuple[str, ...], ...]]
"""The beginnings of a document's sections, and the heading path of each."""


def sections_named(shared: Session, hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return hits whose heading paths name the section with the marked sentence."""
    return [_named(shared, hit) for hit in hits]


def _named(shared: Session, hit: SearchHit) -> SearchHit:
    if hit.sentence is None:
        return hit
    try:
        starts, paths = _headings(shared, hit.document_id, hit.short_id.partition(".")[0])
    except KnowledgeBaseError:
        return hit  # removed meanwhile: the hit's own headings must do
    at = bisect_right(starts, hit.start + hit.sentence[0]) - 1
    path = paths[at] if at >= 0 else ()
    within = path[: len(hit.heading_path)] == hit.heading_path
    return replace(hit, heading_path=path) if within else hit


@st.cache_data(show_spinner=False, max_entries=_MOST_DOCUMENTS)
def _headings(_shared: Session, document_id: int, content: str) -> Headings:
    """Return the sections of a document; ``content`` is its short id."""
    del content
    sections = _shared.base.document_content(document_id).sections
    return (
        tuple(section.start for section in sections),
        tuple(section.heading_path for section in sections),
    )
