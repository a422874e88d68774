"""Sending files: several at once, asking before a document is replaced."""

from __future__ import annotations

import json

import streamlit as st

from ingest.loaders import EXTENSIONS
from ui.language import t
from ui.markup import plain
from ui.session import Session, Upload, clean_name
from ui.shared import MEDIA_NAMES

_ROUND = "_upload_round"
_SHOWN_NAMES = 8


def draw_upload(shared: Session, collection: str) -> None:
    """Draw the field for files; what is dropped there goes to the background at once.

    Only where a document of the same name would be replaced by something else is there a
    question first.
    """
    limit = shared.settings.max_file_mb
    # Streamlit writes inside the field in English only; its words are replaced by ours.
    words = json.dumps(t("upload.button"), ensure_ascii=False)
    st.html(f"<style>:root {{ --kb-upload: {words}; }}</style>")
    files = st.file_uploader(
        t("upload.label", formats=", ".join(MEDIA_NAMES.values()), limit=limit),
        type=[extension.removeprefix(".") for extension in EXTENSIONS],
        accept_multiple_files=True,
        key=f"upload-{st.session_state.get(_ROUND, 0)}",
        help=t("upload.help"),
        max_upload_size=limit,
    )
    if not files:
        return
    # Two files of one name in one go: the later one is what the person dropped last.
    uploads = list(
        {
            name: Upload(name=name, data=file.getvalue())
            for file in files
            for name in [clean_name(file.name)]
        }.values()
    )
    clashes = shared.would_replace(uploads, collection=collection)
    if clashes:
        _ask(shared, collection, uploads, clashes)
    else:
        _start(shared, collection, uploads)
        st.rerun()


def _ask(shared: Session, collection: str, uploads: list[Upload], clashes: list[str]) -> None:
    others = [upload for upload in uploads if upload.name not in clashes]
    with st.container(border=True, key="replace"):
        names = "\n".join(f"- {plain(name)}" for name in clashes[:_SHOWN_NAMES])
        left = len(clashes) - _SHOWN_NAMES
        more = f"\n- {t('upload.more', n=left)}" if left > 0 else ""
        st.markdown(f"**{t('upload.exists', n=len(clashes))}**\n\n{names}{more}")
        with st.container(horizontal=True):
            st.button(
                t("upload.replace", n=len(clashes)),
                key="upload-replace",
                type="primary",
                on_click=_start,
                args=(shared, collection, uploads),
            )
            if others:
                st.button(
                    t("upload.only_new", n=len(others)),
                    key="upload-new",
                    on_click=_start,
                    args=(shared, collection, others),
                )
            st.button(t("action.cancel"), key="upload-cancel", on_click=_clear)


def _start(shared: Session, collection: str, uploads: list[Upload]) -> None:
    shared.start_uploads(uploads, collection=collection)
    _clear()


def _clear() -> None:
    """Empty the field: another key is another field."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
