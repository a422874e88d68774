"""One's own questions: lists, rewords and removes them, and saves them as a judged set."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from kb.catalog.questions import Judgement, OwnQuestion
from kb.errors import KnowledgeBaseError
from kb.evaluation.making import write_own_set
from kb.evaluation.own import NAME, own_set
from ui.language import t
from ui.markup import escape, excerpt
from ui.session import Session
from ui.shared import draw_empty, draw_error, draw_pages

_SHOWN = 10
_ERROR = "_own_question_error"


def draw_own_set(shared: Session, collection: str, questions: list[OwnQuestion]) -> None:
    """Draw a summary of one's own set, and each question on demand."""
    if not questions:
        draw_empty(t("own.none"), t("own.none_help"))
        st.page_link("views/search.py", label=t("own.to_search"), icon=":material/search:")
        return
    good = sum(len(each.good) for each in questions)
    bad = sum(len(each.judgements) for each in questions) - good
    st.caption(t("own.holds", n=len(questions), good=good, bad=bad))
    if not good:
        st.info(t("own.needs_good"), icon=":material/info:")
        st.page_link("views/search.py", label=t("own.to_search"), icon=":material/search:")
    with st.expander(t("own.list"), icon=":material/list:"):
        for question in draw_pages(questions, _SHOWN, key="own"):
            _draw(shared, question)
        if error := st.session_state.pop(_ERROR, None):
            draw_error(t("error.own"), error)
        if good:
            st.caption(t("own.export_help"))
            st.download_button(
                t("own.export"),
                lambda: _zipped(shared, collection),
                file_name=f"{NAME}.zip",
                mime="application/zip",
                icon=":material/download:",
                key="own-export",
                on_click="ignore",
            )


def _draw(shared: Session, question: OwnQuestion) -> None:
    key = f"own-{question.id}"
    changeable = not shared.base.read_only
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                t("quality.query"),
                question.text,
                key=key,
                label_visibility="collapsed",
                disabled=not changeable,
                on_change=_reword,
                args=(shared, question.id, key),
            )
            if changeable:
                st.button(
                    t("own.remove"),
                    key=f"{key}-remove",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=_changed,
                    args=(shared.base.questions.forget, question.id),
                )
        if not question.good:
            st.caption(f":material/info: {t('own.no_good')}")
        for judgement in question.judgements:
            _draw_judgement(shared, judgement, changeable=changeable)


def _draw_judgement(shared: Session, judgement: Judgement, *, changeable: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        mark = t("mark.good" if judgement.good else "mark.bad")
        st.html(
            f'<div class="kb-hit-head"><span class="kb-ocr">{escape(mark)}</span>'
            f'<span class="kb-name">{escape(str(judgement.source))}</span>'
            f'<span class="kb-place">{escape(_place(judgement))}</span></div>'
            f'<details class="kb-text"><summary>{escape(t("own.passage"))}</summary>'
            f"{excerpt(judgement.passage, ())}</details>"
        )
        if changeable:
            st.button(
                t("own.unmark"),
                key=f"unmark-{judgement.id}",
                icon=":material/close:",
                type="tertiary",
                on_click=_changed,
                args=(shared.base.questions.forget_judgement, judgement.id),
            )


def _place(judgement: Judgement) -> str:
    """Return the place in the page's language; the store has pages as ``p. 3``."""
    before, page, number = judgement.place.partition("p. ")
    return t("place.page", page=number) if page and not before else judgement.place


def _reword(shared: Session, question_id: int, key: str) -> None:
    _changed(shared.base.questions.reword, question_id, st.session_state[key])


def _changed(change: Callable[..., None], *values: object) -> None:
    try:
        change(*values)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)


def _zipped(shared: Session, collection: str) -> bytes:
    """Return the set as an archive with the files for ``kb eval``."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / NAME
        write_own_set(shared.base, own_set(shared.base, collection), folder)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{NAME}/{file.name}")
    return packed.getvalue()
