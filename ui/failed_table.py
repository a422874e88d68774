"""Files that could not be read, and why."""

from __future__ import annotations

import streamlit as st

from kb.records import CollectionInfo, FailedFile
from ui.language import reason_text, t
from ui.markup import escape
from ui.session import Session
from ui.shared import date_text

_SHOWN_FILES = 200


def draw_failed(shared: Session, collection: CollectionInfo) -> None:
    """Draw the failed files of a collection, if there are any."""
    failed = shared.base.files.failed(collection=collection.name)
    if not failed:
        return
    with st.expander(
        t("failed.title", n=len(failed)), icon=":material/error:", expanded=True, key="failed"
    ):
        for file in failed[:_SHOWN_FILES]:
            _draw_file(shared, collection, file)
        if len(failed) > _SHOWN_FILES:
            st.caption(t("progress.more_files", n=len(failed) - _SHOWN_FILES))


def _draw_file(shared: Session, collection: CollectionInfo, file: FailedFile) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<div><span class="kb-name">{escape(file.source.path)}</span> '
            f'<span class="kb-place">{escape(date_text(file.seen_at))}</span><br>'
            f"<span>{escape(reason_text(file.reason_code, file.reason))}</span></div>",
            width="stretch",
        )
        st.button(
            t("failed.forget"),
            key=f"forget-{file.source.root}-{file.source.path}",
            type="tertiary",
            help=t("failed.forget_help"),
            on_click=_forget,
            args=(shared, collection.name, file),
        )


def _forget(shared: Session, collection: str, file: FailedFile) -> None:
    shared.base.files.forget([file.source], collection=collection)
