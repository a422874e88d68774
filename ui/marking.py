"""Marks on hits, good or bad for the question; they form a set of one's own questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.own_questions import MOST_CHARACTERS
from kb.records import SearchHit
from ui.language import t
from ui.session import Session
from ui.shared import draw_error

_GOOD, _BAD = "good", "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """A question, and its hits' marks by chunk."""

    question: str
    known: Mapping[int, bool]


def marks_of(shared: Session, question: str, hits: Sequence[SearchHit]) -> Marks | None:
    """Return the marks of hits; None if they cannot be saved."""
    if shared.base.read_only or len(question) > MOST_CHARACTERS:
        return None
    return Marks(question=question, known=shared.base.questions.marks(question, hits))


def draw_marks(shared: Session, hit: SearchHit, marks: Marks) -> None:
    """Draw the choice between good and bad; saves at once."""
    asked = sha256(marks.question.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    key = f"mark-{hit.chunk_id}-{asked}"
    if key not in st.session_state and hit.chunk_id in marks.known:
        st.session_state[key] = _GOOD if marks.known[hit.chunk_id] else _BAD
    labels = {
        _GOOD: f":material/thumb_up: {t('mark.good')}",
        _BAD: f":material/thumb_down: {t('mark.bad')}",
    }
    st.segmented_control(
        t("mark.label"),
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_mark,
        args=(shared, hit, marks.question, key),
    )
    # What the server has, for keys that wait for it.
    st.html(f'<span data-marked="{st.session_state.get(key) or ""}"></span>')
    if error := st.session_state.pop(f"{key}-error", None):
        draw_error(t("error.mark"), error)
    # Not a toast: a fragment's toast would replace the page's style sheet.
    elif st.session_state.get(key):
        st.caption(t("mark.kept"))


def _mark(shared: Session, hit: SearchHit, question: str, key: str) -> None:
    chosen = st.session_state[key]
    try:
        shared.base.questions.judge(question, hit, good=None if chosen is None else chosen == _GOOD)
    except KnowledgeBaseError as error:
        st.session_state[f"{key}-error"] = str(error)
