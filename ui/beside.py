"""An answer with its passages beside it; each citation and its passage highlight each other."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kb.answering.answer import Answer
from kb.records import SearchHit
from ui.hits import draw_hit
from ui.language import t
from ui.markup import answer_html, beside_css, escape, excerpt, header_html
from ui.results import answering
from ui.session import Session
from ui.shared import place_text

_WIDTHS = (3, 2)


def draw_beside(
    shared: Session,
    answer: Answer,
    number: int,
    *,
    missing: tuple[int, ...] = (),
    where: bool = False,
    below: Callable[[], None],
) -> None:
    """Draw a finished answer and the passages that it cites; the first ones if it cites none.

    Args:
        shared: the session.
        answer: the answer.
        number: the answer's number in the conversation.
        missing: numbers of passages whose documents are gone.
        where: show the passages' collections.
        below: draws the remarks below the answer.
    """
    numbers = answer.shown
    if not numbers:
        st.html(answer_html(answer.text))
        below()
        return
    sources = answering(shared, answer, missing)
    st.html(beside_css(number, numbers))
    with st.container(key=f"turn-{number}"):
        written, passages = st.columns(_WIDTHS, gap="medium")
        with written:
            names = {n: source_name(answer.sources[n - 1]) for n in numbers}
            st.html(answer_html(answer.text, names, turn=number))
            below()
        with passages:
            if answer.text and not answer.cited:
                st.caption(f":material/info: {t('ask.uncited')}")
            for each in numbers:
                with st.container(key=f"beside-{number}-{each}"):
                    if each in missing:
                        _draw_gone(answer.sources[each - 1], each)
                    else:
                        hit, key = sources[each - 1], f"answer-{number}"
                        draw_hit(shared, hit, each, None, key=key, where=where)


def draw_growing(answer: Answer, number: int, *, where: bool = False) -> None:
    """Draw the answer so far, with the last cited passage marked.

    ``where`` shows the passages' collections.
    """
    if not answer.cited:
        st.html(answer_html(answer.text))
        return
    names = {n: source_name(answer.sources[n - 1]) for n in answer.cited}
    last = _last_cited(answer)
    with st.container(key=f"turn-{number}"):
        written, passages = st.columns(_WIDTHS, gap="medium")
        with written:
            st.html(answer_html(answer.text, names, turn=number))
        with passages:
            for each in answer.cited:
                hit = answer.sources[each - 1]
                st.html(_plain_hit(hit, each, marked=each == last, where=where))


def source_name(hit: SearchHit) -> str:
    """Return the file of a passage and its place there."""
    place = place_text(hit)
    return f"{hit.source} · {place}" if place else hit.source


def _last_cited(answer: Answer) -> int:
    return max(answer.cited, key=lambda number: answer.text.rfind(f"[{number}]"))


def _plain_hit(hit: SearchHit, number: int, *, marked: bool, where: bool) -> str:
    """Return a passage without buttons: they would be drawn again with every word."""
    collection = f'<span class="kb-place">{escape(hit.collection)}</span>' if where else ""
    passage = header_html(hit.header) + excerpt(hit.text, hit.highlights, hit.words)
    return (
        f'<div class="kb-beside{" kb-reading" if marked else ""}"><div class="kb-hit-head">'
        f'<span class="kb-rank">{number}</span><span class="kb-name">{escape(hit.source)}</span>'
        f'<span class="kb-place">{escape(place_text(hit))}</span>{collection}</div>'
        f'<p class="kb-text {hit.kind}">{passage}</p></div>'
    )


def _draw_gone(hit: SearchHit, number: int) -> None:
    with st.container(border=True):
        st.html(
            f'<div class="kb-hit-head"><span class="kb-rank">{number}</span>'
            f'<span class="kb-name">{escape(hit.title)}</span></div>'
        )
        st.caption(t("history.gone"))
