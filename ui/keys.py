"""The UI's own scripts: keys to move through hits and open one; paths in dropped folders."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from ui.language import t
from ui.markup import escape

_SCRIPTS = ("keys.js", "dropping.js")


def draw_keys() -> None:
    """Add the scripts to the page; each starts once, even if drawn often."""
    with st.container(key="keys"):
        # Only the files: they never contain text of a document or a person.
        st.html(_script(), unsafe_allow_javascript=True)


def draw_asked(question: str) -> None:
    """Tell the keys, below the hits, which question they answer."""
    st.html(f'<span data-asked="{escape(question)}"></span>')


def draw_key_hint() -> None:
    """Draw a hint about keys, on devices with a keyboard."""
    st.html(f'<p class="kb-keys">{escape(t("search.keys"))}</p>')


@cache
def _script() -> str:
    here = Path(__file__)
    texts = (here.with_name(name).read_text("utf-8") for name in _SCRIPTS)
    return "".join(f"<script>{text}</script>" for text in texts)
