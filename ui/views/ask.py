"""The ask view: a conversation in which every answer names the passages it stands on."""

from __future__ import annotations

import streamlit as st

from kb.answering.answer import Answer
from kb.answering.markdown import as_markdown
from kb.chat.base import FILTERED, Message
from kb.errors import KnowledgeBaseError
from kb.records import CollectionInfo, SearchHit
from kb.search.request import SearchRequest
from ui.answering import RunningAnswer
from ui.hits import draw_hit
from ui.language import t
from ui.markup import answer_html, plain
from ui.results import mark_sentences, search
from ui.session import Session, session
from ui.shared import draw_error, draw_nothing_to_search, place_text
from ui.sidebar import chosen_collection

_POLL_S = 0.3
_TURNS = "_conversation"
_UNCITED_SHOWN = 3
_LONGEST_NAME = 60


def render() -> None:
    """Draw the view."""
    shared = session()
    st.title(t("ask.title"), anchor=False)
    try:
        collection = shared.find_collection(chosen_collection(shared))
        if collection is None or not collection.documents:
            draw_nothing_to_search(shared)
            return
        if shared.settings.chat_model:
            _draw_conversation(shared, collection)
        else:
            _draw_passages(shared, collection)
    except KnowledgeBaseError as error:
        draw_error(t("error.search"), error)


def _draw_conversation(shared: Session, collection: CollectionInfo) -> None:
    turns: list[RunningAnswer] = st.session_state.setdefault(_TURNS, [])
    asked = st.chat_input(t("ask.placeholder"), key="question")
    if asked and asked.strip():
        for turn in turns:
            turn.stop()
        turns.append(_started(shared, collection, asked.strip(), turns))
    if not turns:
        st.caption(t("ask.hint", n=collection.documents))
        return
    for number, turn in enumerate(turns):
        with st.chat_message("user", avatar=":material/person:"):
            st.markdown(plain(turn.asked))
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            if turn.state == "working":
                st.fragment(run_every=_POLL_S)(_draw_working)(turn, number)
            else:
                _draw_finished(shared, turn, number)
    if turns[-1].state != "working":
        _draw_actions(shared, turns)


def _started(
    shared: Session, collection: CollectionInfo, asked: str, before: list[RunningAnswer]
) -> RunningAnswer:
    history: list[Message] = []
    for turn in before:
        if turn.so_far.text:
            history += turn.so_far.turns
    stream = shared.base.ask(asked, history=history, collection=collection.name)
    return RunningAnswer(asked, stream)


def _draw_working(turn: RunningAnswer, number: int) -> None:
    if turn.state != "working":
        st.rerun()
    answer = turn.so_far
    if answer.text:
        st.html(answer_html(answer.text))
    elif answer.thinking:
        st.caption(t("ask.thinking"))
    else:
        found = len(answer.sources)
        st.caption(t("ask.reading", n=found) if found else t("ask.searching"))
    if st.button(t("ask.stop"), icon=":material/stop_circle:", key=f"stop-{number}"):
        turn.stop()
        st.rerun()


def _draw_finished(shared: Session, turn: RunningAnswer, number: int) -> None:
    answer = turn.so_far
    if answer.question != turn.asked:
        st.caption(plain(t("ask.asked_as", question=answer.question)))
    if answer.text:
        st.html(answer_html(answer.text))
    if turn.state == "failed":
        draw_error(t("error.ask"), turn.error)
    if turn.state == "stopped":
        st.caption(t("ask.stopped"))
    if answer.thinking:
        with st.expander(t("ask.thoughts"), icon=":material/psychology:"):
            st.text(answer.thinking.strip())
    if answer.text and (remark := _on_its_end(answer)):
        st.caption(f":material/content_cut: {remark}")
    if answer.sources:
        st.fragment(_draw_sources)(shared, answer, number)


def _on_its_end(answer: Answer) -> str:
    """Return what is to be said of an answer that may not be whole."""
    if answer.ended == FILTERED:
        return t("ask.filtered")
    if answer.ended:
        return plain(t("ask.ended", reason=answer.ended))
    return t("ask.cut") if answer.cut else ""


def _draw_sources(shared: Session, answer: Answer, number: int) -> None:
    """Draw the passages that an answer names as a row of choices, and the chosen one."""
    if answer.text and not answer.cited:
        st.caption(f":material/info: {t('ask.uncited')}")
    numbers = answer.cited or tuple(range(1, min(_UNCITED_SHOWN, len(answer.sources)) + 1))
    names = {cited: _source_name(cited, answer.sources[cited - 1]) for cited in numbers}
    chosen = st.pills(
        t("ask.passages"),
        numbers,
        format_func=names.__getitem__,
        key=f"passage-{number}",
        label_visibility="collapsed",
    )
    if chosen is not None:
        hit = answer.sources[chosen - 1]
        draw_hit(shared, hit, chosen, None, key=f"answer-{number}")


def _source_name(number: int, hit: SearchHit) -> str:
    place = place_text(hit)
    name = f"{number} · {hit.source}" + (f" · {place}" if place else "")
    return plain(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def _draw_actions(shared: Session, turns: list[RunningAnswer]) -> None:
    last = turns[-1]
    with st.container(horizontal=True):
        if last.state == "done" and last.so_far.can_go_on:
            label, icon = t("ask.continue"), ":material/resume:"
            if st.button(label, icon=icon, key="continue", type="primary"):
                rest = shared.base.continue_answer(last.so_far)
                turns[-1] = RunningAnswer(last.asked, rest)
                st.rerun()
        st.download_button(
            t("ask.export"),
            "\n".join(as_markdown(turn.so_far) for turn in turns),
            file_name="answers.md",
            mime="text/markdown",
            icon=":material/download:",
        )
        if st.button(t("ask.new"), icon=":material/add_comment:"):
            turns.clear()
            st.rerun()


def _draw_passages(shared: Session, collection: CollectionInfo) -> None:
    """Draw the best passages, and how to get answers, where there is no chat model."""
    st.info(t("ask.no_model"), icon=":material/smart_toy:")
    st.page_link("views/status.py", label=t("ask.choose_model"), icon=":material/download:")
    asked = (st.text_input(t("ask.placeholder"), key="question_only") or "").strip()
    if not asked:
        return
    result = search(
        shared,
        collection,
        SearchRequest(
            query=asked,
            collections=(collection.name,),
            mode=collection.mode or shared.settings.mode,
            highlights="stored",
        ),
    )
    for rank, hit in enumerate(result.hits, start=1):
        draw_hit(shared, hit, rank, hit.score)
    mark_sentences(shared, result)


if __name__ == "__main__":
    render()
