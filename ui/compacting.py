"""Compacts the store from the browser: explains, asks for confirmation, shows the freed space."""

from __future__ import annotations

import streamlit as st

from kb.errors import KnowledgeBaseError
from ui.language import t
from ui.session import Session
from ui.shared import draw_error, size_text

_ASKED = "_compact_asked"
_DONE = "_compacted"


def draw_compacting(shared: Session) -> None:
    """Draw a button with a confirmation, and the result of its last use."""
    if not st.session_state.get(_ASKED):
        st.button(
            t("compact.button"),
            key="compact",
            icon=":material/compress:",
            help=t("compact.help"),
            on_click=lambda: st.session_state.update({_ASKED: True}),
        )
    else:
        with st.container(border=True, key="confirm-compact"):
            st.markdown(f"**{t('compact.confirm')}**")
            st.caption(t("compact.help"))
            with st.container(horizontal=True):
                sure = st.button(t("compact.button"), key="compact-yes", type="primary")
                st.button(
                    t("action.cancel"),
                    key="compact-no",
                    on_click=lambda: st.session_state.pop(_ASKED, None),
                )
            if sure:
                _compact(shared)
    done = st.session_state.pop(_DONE, None)
    if isinstance(done, KnowledgeBaseError):
        draw_error(t("error.compact"), done)
    elif done:
        st.success(done, icon=":material/check:")


def _compact(shared: Session) -> None:
    try:
        with st.spinner(t("compact.running")):
            done = shared.base.compact()
    except KnowledgeBaseError as error:
        st.session_state[_DONE] = error
    else:
        st.session_state[_DONE] = t(
            "compact.done",
            freed=size_text(max(0, done.bytes_before - done.bytes_after)),
            before=size_text(done.bytes_before),
            after=size_text(done.bytes_after),
            uploads=done.uploads,
            backups=done.backups,
        )
    st.session_state.pop(_ASKED, None)
    st.rerun()
