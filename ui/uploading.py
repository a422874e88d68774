"""Sending files: several at once or in a zip, asking before a document is replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ingest.bundles import named, read_zip
from ingest.loaders import EXTENSIONS
from ui.language import t
from ui.markup import plain
from ui.receipts import NotHereError, discard, opened
from ui.session import Session, Upload, clean_name, session
from ui.shared import MEDIA_NAMES
from ui.starting import start_folder
from ui.trust import is_trusted

_ROUND = "_upload_round"
_LEFT_OUT = "_left_out"
_SHOWN_NAMES = 8
_MOST_UNPACKED_BYTES = 2 << 30


def draw_upload(shared: Session, collection: str) -> None:
    """Draw the field for files; what is dropped there goes to the background at once.

    Only where a document of the same name would be replaced by something else is there a
    question first.
    """
    _draw_left_out()
    limit = shared.settings.max_file_mb
    # Streamlit writes inside the field in English only; its words are replaced by ours.
    words = json.dumps(t("upload.button"), ensure_ascii=False)
    st.html(f"<style>:root {{ --kb-upload: {words}; }}</style>")
    files = st.file_uploader(
        t("upload.label", formats=", ".join(MEDIA_NAMES.values()), limit=limit),
        type=[*(extension.removeprefix(".") for extension in EXTENSIONS), "zip"],
        accept_multiple_files=True,
        key=f"upload-{st.session_state.get(_ROUND, 0)}",
        help=t("upload.help"),
        max_upload_size=limit,
    )
    if not files:
        return
    # Two files of one name in one go: the later one is what the person dropped last.
    uploads = list(
        {upload.name: upload for file in files for upload in _arrived(shared, file)}.values()
    )
    if not uploads:
        _clear()
        st.rerun()
    clashes = shared.would_replace(uploads, collection=collection)
    if clashes:
        _ask(shared, collection, uploads, clashes)
    else:
        _start(shared, collection, uploads)
        st.rerun()


def _arrived(shared: Session, file: UploadedFile) -> list[Upload]:
    """Return a file, or the documents inside a zip, unless it was not taken."""
    try:
        with opened(shared.incoming, file) as data:
            return _opened(clean_name(file.name), data, shared.settings.max_file_mb)
    except NotHereError as error:
        left: list[str] = st.session_state.setdefault(_LEFT_OUT, [])
        why = t(f"upload.not_taken_{error.why}")
        left.append(f"**{plain(clean_name(file.name))}**: {why}")
        return []


def _opened(name: str, file: BinaryIO, limit_mb: int) -> list[Upload]:
    """Return a file, or the documents inside a zip; what is left out of it is said."""
    if not name.lower().endswith(".zip"):
        return [Upload(name=name, data=file.read())]
    left: list[str] = st.session_state.setdefault(_LEFT_OUT, [])
    try:
        bundle = read_zip(
            file.read(), most_bytes=_MOST_UNPACKED_BYTES, most_file_bytes=limit_mb << 20
        )
    except ValueError as error:
        why = t(f"zip.{error}")
        left.append(f"**{plain(name)}**: {why}")
        return []
    for reason, names in named(bundle.left_out):
        shown = ", ".join(map(plain, names[:_SHOWN_NAMES]))
        more = f" … (+{len(names) - _SHOWN_NAMES})" if len(names) > _SHOWN_NAMES else ""
        why = t(f"zip.{reason}")
        left.append(f"**{plain(name)}**: {why} — {shown}{more}")
    if not bundle.files and not bundle.left_out:
        left.append(f"**{plain(name)}**: {t('zip.empty')}")
    folder = name[: -len(".zip")]
    return [Upload(name=f"{folder}/{inner}", data=data) for inner, data in bundle.files]


def _draw_left_out() -> None:
    """Say what of the last zips was not taken, until it has been read."""
    left: list[str] = st.session_state.get(_LEFT_OUT, [])
    if left:
        st.warning("\n\n".join(left), icon=":material/folder_zip:")
        st.button(t("action.dismiss"), key="left-out-read", on_click=left.clear)


def draw_folder(shared: Session, collection: str) -> None:
    """Draw the field for a folder of this machine, for who sits at it."""
    if not is_trusted(shared.settings):
        return
    with st.popover(t("folder.title"), icon=":material/folder_open:"):
        typed = st.text_input(t("folder.path"), key="folder", help=t("folder.help"))
        if st.button(t("folder.read"), key="folder-read", type="primary"):
            folder = Path(typed.strip()).expanduser()
            if typed.strip() and folder.is_dir():
                start_folder(shared, folder, collection=collection)
                st.rerun()
            st.error(t("folder.none", path=plain(typed)))


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
    round_ = st.session_state.get(_ROUND, 0)
    discard(session().incoming, st.session_state.get(f"upload-{round_}") or [])
    st.session_state[_ROUND] = round_ + 1
