"""Lists the remarks on documents in full."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kb.records import DocumentInfo
from ui.language import notice_text, t
from ui.markup import escape
from ui.shared import draw_pages

_DOCUMENTS_PER_PAGE = 20


def draw_remarks(infos: Sequence[DocumentInfo], *, key: str) -> None:
    """Draw the notices of documents with notices."""
    noticed = [info for info in infos if info.notices]
    if not noticed:
        return
    with st.expander(t("remarks.title", n=len(noticed)), icon=":material/info:", key="remarks"):
        for info in draw_pages(noticed, _DOCUMENTS_PER_PAGE, key=f"remarks-{key}"):
            said = "".join(f"<li>{escape(notice_text(notice))}</li>" for notice in info.notices)
            name = str(info.sources[0]) if info.sources else info.name
            st.html(
                f'<div><span class="kb-name">{escape(name)}</span>'
                f'<ul class="kb-remarks">{said}</ul></div>'
            )
