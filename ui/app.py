"""The page of the UI: navigation, the sidebar, and the chosen view."""

from __future__ import annotations

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.settings import Settings
from ui.history import follow_address
from ui.keys import draw_keys
from ui.language import draw_switch, draw_words, t
from ui.login import admitted, draw_logout
from ui.markup import STYLE_SHEET, plain
from ui.session import session
from ui.shared import draw_error
from ui.sidebar import draw_sidebar

_ASK = "ask"


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Shelfmark", page_icon="📚", layout="wide")
    st.html(STYLE_SHEET)
    draw_keys()  # first: keys are pressed while the page is drawn
    try:
        shared = session()
    except KnowledgeBaseError as error:
        draw_switch(Settings.model_construct())
        draw_error(t("error.open"), error)
        return
    if not admitted(shared):
        with st.sidebar:
            draw_switch(shared.settings)
        draw_words()
        # Streamlit forgets the address of a view that a run does not declare.
        st.navigation(_pages(), position="hidden")
        return
    shared.models.follow()
    with st.sidebar:
        switch_place = st.container()
        sidebar_place = st.container()
    with switch_place:
        draw_switch(shared.settings)
    draw_words()
    page = st.navigation(_pages())
    if page.url_path == _ASK:
        follow_address(shared)
    with sidebar_place:
        draw_sidebar(shared)
        draw_logout(shared)
    st.set_page_config(page_title=f"{plain(page.title)} · Shelfmark")
    page.run()


def _pages() -> list[st.Page]:
    return [
        st.Page("views/search.py", title=t("search.title"), icon=":material/search:", default=True),
        st.Page(
            "views/ask.py",
            title=t("ask.title"),
            icon=":material/forum:",
            url_path=_ASK,
        ),
        st.Page(
            "views/library.py",
            title=t("library.title"),
            icon=":material/library_books:",
            url_path="library",
        ),
        st.Page(
            "views/document.py",
            title=t("document.title"),
            icon=":material/description:",
            url_path="document",
            visibility="hidden",
        ),
        st.Page(
            "views/quality.py",
            title=t("quality.title"),
            icon=":material/analytics:",
            url_path="quality",
        ),
        st.Page(
            "views/status.py",
            title=t("status.title"),
            icon=":material/monitor_heart:",
            url_path="status",
        ),
    ]


main()
