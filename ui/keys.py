"""Keys: a small script of our own that goes to the search box, through hits, and opens one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from ui.language import t
from ui.markup import escape

_SCRIPT = Path(__file__).with_name("keys.js")


def draw_keys() -> None:
    """Put the script on the page; it begins once, however often it is drawn."""
    with st.container(key="keys"):
        # Nothing but the file: no text of a document or a person gets near it.
        st.html(_script(), unsafe_allow_javascript=True)


def draw_key_hint() -> None:
    """Say which keys there are, where there is a keyboard."""
    st.html(f'<p class="kb-keys">{escape(t("search.keys"))}</p>')


@cache
def _script() -> str:
    return f"<script>{_SCRIPT.read_text('utf-8')}</script>"
