"""Scripts of our own: keys go through hits and open one; files of dropped folders keep paths."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from ui.language import t
from ui.markup import escape

_SCRIPTS = ("keys.js", "dropping.js")


def draw_keys() -> None:
    """Put the scripts on the page; each begins once, however often it is drawn."""
    with st.container(key="keys"):
        # Nothing but the files: no text of a document or a person gets near them.
        st.html(_script(), unsafe_allow_javascript=True)


def draw_asked(question: str) -> None:
    """Tell the keys, below the hits, which question they answer."""
    st.html(f'<span data-asked="{escape(question)}"></span>')


def draw_key_hint() -> None:
    """Say which keys there are, where there is a keyboard."""
    st.html(f'<p class="kb-keys">{escape(t("search.keys"))}</p>')


@cache
def _script() -> str:
    here = Path(__file__)
    texts = (here.with_name(name).read_text("utf-8") for name in _SCRIPTS)
    return "".join(f"<script>{text}</script>" for text in texts)
