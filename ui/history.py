"""The conversation of a browser tab, saved in the store as it grows, and earlier conversations."""

from __future__ import annotations

import logging
import threading

import streamlit as st

from kb.catalog.remembered import ConversationInfo
from kb.errors import KnowledgeBaseError
from ui.answering import Asked, KeptAnswer, as_turn
from ui.exporting import every_conversation
from ui.fields import address_narrows, choices_of, set_first, set_narrowing
from ui.language import t
from ui.markup import plain
from ui.session import Session
from ui.shared import date_text, draw_error, draw_pages, whole_number
from ui.sidebar import chosen_collection

TURNS = "_conversation"
"""State key of the conversation's turns in this tab."""

_KEEPING = "_keeping"
_ERROR = "_history_error"
_MENU = "history-menu"
_NUMBER = "conversation"
_SHOWN = 8
_LONGEST = 60
_log = logging.getLogger(__name__)


class Keeping:
    """Saves one conversation repeatedly; each save replaces the one before."""

    def __init__(self, shared: Session, conversation_id: int | None = None) -> None:
        self.conversation_id = conversation_id
        self._shared = shared
        self._lock = threading.Lock()

    def keep(self, turns: list[Asked]) -> None:
        """Save the answers so far; a failing store must not cost the conversation."""
        with self._lock:
            kept = [as_turn(turn) for turn in list(turns) if turn.so_far.text]
            if not kept or self._shared.base.read_only:
                return
            try:
                self.conversation_id = self._shared.base.remembered.keep_conversation(
                    kept, conversation_id=self.conversation_id
                )
            except KnowledgeBaseError:
                _log.warning("a conversation was not kept", exc_info=True)


def turns_here() -> list[Asked]:
    """Return the turns of the tab's conversation, for appending."""
    turns: list[Asked] = st.session_state.setdefault(TURNS, [])
    return turns


def keeping_here(shared: Session) -> Keeping:
    """Return the object that saves the tab's conversation."""
    if not isinstance(st.session_state.get(_KEEPING), Keeping):
        st.session_state[_KEEPING] = Keeping(shared)
    keeping: Keeping = st.session_state[_KEEPING]
    return keeping


def begin_anew() -> None:
    """Start a new conversation; the present one stays in the store."""
    st.session_state[TURNS] = []
    st.session_state.pop(_KEEPING, None)
    st.query_params.pop(_NUMBER, None)


def follow_address(shared: Session) -> None:
    """Keep the conversation's number in the query parameters, and open the one that they name.

    Only a session without a conversation opens it. Call this before any field is drawn.
    """
    if not shared.settings.chat_model:
        return
    asked = st.query_params.get(_NUMBER)
    number = whole_number(asked or "")
    if number is not None and not turns_here():
        choices = _show(shared, number)
        # A reloaded page has its fields in the query parameters.
        if choices and not address_narrows():
            set_first(choices, collection=chosen_collection(shared))
    kept = keeping_here(shared).conversation_id
    if kept is not None and asked != str(kept):
        st.query_params[_NUMBER] = str(kept)
    elif kept is None and asked is not None:
        del st.query_params[_NUMBER]


def draw_history(shared: Session) -> None:
    """Draw the menu of earlier conversations, to open, export or delete."""
    title, icon = t("history.title"), ":material/history:"
    # "rerun" lets _open close it: Streamlit then keeps whether it is open under its key.
    with st.popover(title, icon=icon, key=_MENU, on_change="rerun"):
        st.caption(t("history.help"))
        infos = shared.base.remembered.conversations()
        if not infos:
            st.caption(t("history.none"))
        for info in draw_pages(infos, _SHOWN, key="history"):
            _draw(shared, info)
        if infos:
            st.download_button(
                t("history.export"),
                every_conversation(shared),
                file_name="conversations.md",
                mime="text/markdown",
                icon=":material/download:",
                key="history-export",
                on_click="ignore",
            )
        if error := st.session_state.pop(_ERROR, None):
            draw_error(t("error.history"), error)


def _draw(shared: Session, info: ConversationInfo) -> None:
    title = info.title if len(info.title) <= _LONGEST else f"{info.title[:_LONGEST]}…"
    with st.container(horizontal=True, vertical_alignment="center", key=f"history-row-{info.id}"):
        with st.container(gap=None):
            st.button(
                plain(title),
                key=f"history-open-{info.id}",
                type="tertiary",
                width="stretch",
                on_click=_open,
                args=(shared, info.id),
            )
            st.caption(date_text(info.changed_at))
        if not shared.base.read_only:
            st.button(
                t("history.delete"),
                key=f"history-delete-{info.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_delete,
                args=(shared, info.id),
            )


def _open(shared: Session, conversation_id: int) -> None:
    """Show a conversation with the fields of its last question, and close the menu."""
    if choices := _show(shared, conversation_id):
        set_narrowing(choices)
    st.session_state[_MENU] = _ERROR in st.session_state


def _show(shared: Session, conversation_id: int) -> dict[str, list[str]]:
    """Make a conversation the tab's; return what narrowed its last question.

    Returns nothing if the conversation is gone, or if an earlier release stored its last question.
    """
    try:
        kept = shared.base.remembered.conversation(conversation_id)
        existing = [info.name for info in shared.base.collections()]
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
        return {}
    if not kept:
        return {}
    for turn in turns_here():
        turn.stop()
    # A new list: an answer that is being stopped still belongs to the earlier conversation.
    st.session_state[TURNS] = [
        KeptAnswer(turn.asked, turn.answer, turn.scope, turn.missing) for turn in kept
    ]
    st.session_state[_KEEPING] = Keeping(shared, conversation_id)
    last = kept[-1].scope
    return choices_of(last, existing) if last.collections else {}


def _delete(shared: Session, conversation_id: int) -> None:
    try:
        shared.base.remembered.forget_conversation(conversation_id)
    except KnowledgeBaseError as error:
        st.session_state[_ERROR] = str(error)
        return
    if keeping_here(shared).conversation_id == conversation_id:
        begin_anew()
