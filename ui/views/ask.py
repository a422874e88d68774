"""The ask view: a conversation in which every answer cites its passages."""

from __future__ import annotations

import streamlit as st

from kb.answering.answer import Answer
from kb.chat.base import FILTERED, Message
from kb.errors import KnowledgeBaseError, SettingsError
from kb.records import CollectionInfo
from kb.remembering import Scope
from kb.search.request import SearchRequest
from ui.answering import Asked, RunningAnswer
from ui.beside import draw_beside, draw_growing
from ui.exporting import conversation_markdown
from ui.history import begin_anew, draw_history, keeping_here, turns_here
from ui.hits import draw_hit
from ui.keys import draw_asked
from ui.language import language, t
from ui.markup import WIDE, plain
from ui.results import mark_sentences, search
from ui.scopes import scope_text
from ui.search_options import draw_narrowing
from ui.session import Session, session
from ui.shared import draw_error, draw_nothing_to_search
from ui.sidebar import chosen_collection

_POLL_S = 0.3


def render() -> None:
    """Draw the view."""
    shared = session()
    st.html(WIDE)
    st.title(t("ask.title"), anchor=False)
    try:
        collection = shared.find_collection(chosen_collection(shared))
        if collection is None or not collection.documents:
            draw_nothing_to_search(shared)
            return
        row = st.container(horizontal=True, vertical_alignment="center")
        collections, where = draw_narrowing(row, shared, collection)
        scope = Scope(collections=collections, where=where)
        if shared.settings.chat_model:
            with row:
                draw_history(shared)
            _draw_conversation(shared, scope)
        else:
            _draw_passages(shared, collection, scope)
    except SettingsError as error:
        draw_error(t("error.filter"), error)
    except KnowledgeBaseError as error:
        draw_error(t("error.search"), error)


def _draw_conversation(shared: Session, scope: Scope) -> None:
    turns = turns_here()
    # Placed at the bottom by this view: Streamlit's own bottom scrolls the page to its end all the
    # time, past an answer that is shorter than the passages beside it.
    with st.bottom:
        asked = st.chat_input(t("ask.placeholder"), key="question")
    if asked and asked.strip():
        for turn in turns:
            turn.stop()
        turns.append(_started(shared, scope, asked.strip(), turns))
    if not turns:
        st.caption(t("ask.hint", n=_documents(shared, scope)))
        return
    for number, turn in enumerate(turns):
        with st.chat_message("user", avatar=":material/person:"):
            if number == len(turns) - 1:
                st.html(f'<span data-aim="turn-{number}"></span>')
            st.markdown(plain(turn.asked))
            if told := scope_text(shared, turn.scope, language()):
                st.caption(plain(told))
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            if turn.state == "working":
                st.fragment(run_every=_POLL_S)(_draw_working)(turn, number, scope)
            else:
                _draw_finished(shared, turn, number, scope)
    if turns[-1].state != "working":
        _draw_actions(shared, turns)
        if not turns[-1].ended:
            st.fragment(run_every=_POLL_S)(_wait_until_saved)(turns[-1])


def _documents(shared: Session, scope: Scope) -> int:
    """Return the number of documents in the collections that are asked."""
    asked = set(scope.collections)
    return sum(info.documents for info in shared.base.collections() if info.name in asked)


def _started(shared: Session, scope: Scope, asked: str, turns: list[Asked]) -> RunningAnswer:
    history: list[Message] = []
    for turn in turns:
        if turn.so_far.text:
            history += turn.so_far.turns
    stream = shared.base.ask(
        asked, history=history, collection=scope.collections, where=scope.where
    )
    keeping = keeping_here(shared)
    return RunningAnswer(asked, stream, scope=scope, ended=lambda: keeping.keep(turns))


def _draw_working(turn: Asked, number: int, scope: Scope) -> None:
    if turn.state != "working":
        st.rerun()
    answer = turn.so_far
    if answer.text:
        draw_growing(answer, number, where=_names_collections(answer, scope))
    elif answer.thinking:
        st.caption(t("ask.thinking"))
    else:
        found = len(answer.sources)
        st.caption(t("ask.reading", n=found) if found else t("ask.searching"))
    if st.button(t("ask.stop"), icon=":material/stop_circle:", key=f"stop-{number}"):
        turn.stop()
        st.rerun()


def _wait_until_saved(turn: Asked) -> None:
    if turn.ended:
        st.rerun()  # its number is known only now


def _draw_finished(shared: Session, turn: Asked, number: int, scope: Scope) -> None:
    answer = turn.so_far
    if answer.question != turn.asked:
        st.caption(plain(t("ask.asked_as", question=answer.question)))
    draw_beside(
        shared,
        answer,
        number,
        missing=turn.missing,
        where=_names_collections(answer, scope),
        below=lambda: _draw_remarks(turn, answer),
    )


def _names_collections(answer: Answer, scope: Scope) -> bool:
    """Return whether an answer's passages need their collections' names."""
    here = {*scope.collections[:1], ""}  # a passage that is gone has none
    several = len(scope.collections) > 1
    return several or any(hit.collection not in here for hit in answer.sources)


def _draw_remarks(turn: Asked, answer: Answer) -> None:
    if turn.state == "failed":
        draw_error(t("error.ask"), turn.error)
    if turn.state == "stopped":
        st.caption(t("ask.stopped"))
    if answer.thinking:
        with st.expander(t("ask.thoughts"), icon=":material/psychology:"):
            st.text(answer.thinking.strip())
    if answer.text and (remark := _on_its_end(answer)):
        st.caption(f":material/content_cut: {remark}")


def _on_its_end(answer: Answer) -> str:
    """Return a remark on an answer that may be incomplete."""
    if answer.ended == FILTERED:
        return t("ask.filtered")
    if answer.ended:
        return plain(t("ask.ended", reason=answer.ended))
    return t("ask.cut") if answer.cut else ""


def _draw_actions(shared: Session, turns: list[Asked]) -> None:
    last = turns[-1]
    with st.container(horizontal=True):
        if last.state == "done" and last.so_far.can_go_on and not last.missing:
            label, icon = t("ask.continue"), ":material/resume:"
            if st.button(label, icon=icon, key="continue", type="primary"):
                rest = shared.base.continue_answer(last.so_far)
                keeping = keeping_here(shared)
                turns[-1] = RunningAnswer(
                    last.asked, rest, scope=last.scope, ended=lambda: keeping.keep(turns)
                )
                st.rerun()
        st.download_button(
            t("ask.export"),
            conversation_markdown(shared, turns),
            file_name="answers.md",
            mime="text/markdown",
            icon=":material/download:",
        )
        if st.button(t("ask.new"), icon=":material/add_comment:"):
            begin_anew()
            st.rerun()


def _draw_passages(shared: Session, collection: CollectionInfo, scope: Scope) -> None:
    """Draw the best passages, and how to get answers, if there is no chat model."""
    st.info(t("ask.no_model"), icon=":material/smart_toy:")
    st.page_link("views/status.py", label=t("ask.choose_model"), icon=":material/download:")
    typed = st.text_input(t("ask.placeholder"), key="question_only") or ""
    if not (asked := typed.strip()):
        return
    result = search(
        shared,
        collection,
        SearchRequest(
            query=asked,
            collections=scope.collections,
            where=scope.where,
            mode=collection.mode or shared.settings.mode,
            highlights="stored",
        ),
    )
    for rank, hit in enumerate(result.hits, start=1):
        draw_hit(shared, hit, rank, hit.score, where=len(scope.collections) > 1)
    draw_asked(typed)
    mark_sentences(shared, result)


if __name__ == "__main__":
    render()
