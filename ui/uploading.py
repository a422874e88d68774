"""Uploads: several files at once or a zip, with a question before a document is replaced."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ingest.finding.objects.address import is_url
from ingest.jobs import (
    Batch,
    Renamed,
    Upload,
    clean_path,
    is_hidden,
    parts_of,
    told_apart,
    unzipped,
)
from ingest.loaders import EXTENSIONS
from ingest.sending.bundles import LeftOut, named
from kb.errors import SettingsError, StoreError
from ui.language import listed, t
from ui.markup import plain
from ui.protected import draw_upload_password, forget_upload_password, upload_passwords
from ui.receipts import NotHereError, discard, opened
from ui.session import Session, session
from ui.shared import MEDIA_NAMES
from ui.starting import start_folder
from ui.trust import is_trusted
from ui.watched_folders import keep_in_step

_ROUND = "_upload_round"
_ARRIVED = "_arrived"
_REMARKS = "_upload_remarks"
_FOLDERS = "_folders_taken"
_TAKEN = "_folder_taken"
_SHOWN_NAMES = 8
_SHOWN_REMARKS = 40


def draw_upload(shared: Session, collection: str) -> None:
    """Draw the field for files; dropped files go to the background at once.

    It asks first only if a document of the same name would be replaced by other content.
    """
    _draw_remarks()
    files = _draw_field(shared.settings.max_file_mb)
    if not files:
        return
    # While a question is open, the page is drawn again and again: take the files only once.
    key = (collection, *(file.file_id for file in files))
    known, uploads = st.session_state.get(_ARRIVED, (None, []))
    if known != key:
        uploads = _taken(shared, files, collection)
        st.session_state[_ARRIVED] = (key, uploads)
    if not uploads:
        _clear()
        st.rerun()
    clashes = shared.jobs.would_replace(uploads, collection=collection)
    if clashes:
        _ask(shared, collection, clashes, others=len(uploads) - len(clashes))
    else:
        _start(shared, collection)
        st.rerun()


def _draw_field(limit: int) -> list[UploadedFile]:
    """Draw the field and return its files."""
    # Streamlit's text inside the field is English only; the page's own words replace it.
    words = json.dumps(t("upload.button"), ensure_ascii=False)
    st.html(f"<style>:root {{ --kb-upload: {words}; }}</style>")
    return st.file_uploader(
        t("upload.label", formats=listed(MEDIA_NAMES.values()), limit=limit),
        # With a media type among them, Streamlit leaves it to us what to say of other types.
        type=[*(extension.removeprefix(".") for extension in EXTENSIONS), "application/zip", "zip"],
        accept_multiple_files=True,
        key=f"upload-{_round()}",
        help=t("upload.help"),
        max_upload_size=limit,
    )


def _taken(shared: Session, files: list[UploadedFile], collection: str) -> list[Upload]:
    """Return the files with a unique name each, and the documents inside zips."""
    try:
        batch = shared.jobs.batch()
        left_out: list[LeftOut] = []
        sent = [upload for file in files for upload in _opened(shared, file, batch, left_out)]
    except StoreError as error:
        _remark(plain(str(error)))
        return []
    _remark_left_out(left_out)
    uploads, changed = told_apart(sent, shared.jobs.sent(collection=collection))
    for each in changed:
        _remark_on(each.name, _became(each))
    return uploads


def _became(each: Renamed) -> str:
    if each.kept is None:
        return t("upload.twice")
    return t("upload.renamed", name=plain(each.kept))


def _opened(
    shared: Session, file: UploadedFile, batch: Batch, left_out: list[LeftOut]
) -> Iterator[Upload]:
    """Yield a file, or the documents inside a zip, unless the file was lost on its way.

    It skips the other files of a dropped folder.
    """
    name = clean_path(file.name)
    ending = PurePosixPath(name).suffix.lower()
    if is_hidden(name):
        left_out.append(LeftOut(name=name, reason="hidden"))
        return
    if ending not in {*EXTENSIONS, ".zip"}:
        if "/" in name:
            left_out.append(LeftOut(name=name, reason="type"))
            return
        _remark_on(name, t("upload.type"))
        return
    try:
        with opened(shared.incoming, file) as data:
            if ending == ".zip":
                yield from _unzipped(name, data, batch, shared.settings.max_file_mb << 20)
            else:
                yield batch.add(name, parts_of(data))
    except NotHereError as error:
        _remark_on(name, t(f"upload.not_taken_{error.why}"))


def _unzipped(name: str, file: BinaryIO, batch: Batch, most_file_bytes: int) -> Iterator[Upload]:
    """Yield the documents inside a zip; remark on the files left out."""
    left_out: list[LeftOut] = []
    try:
        for found in unzipped(name, file, batch, most_file_bytes=most_file_bytes):
            if isinstance(found, LeftOut):
                left_out.append(found)
            else:
                yield found
    except ValueError as error:
        _remark_on(name, t(f"zip.{error}"))
        return
    _remark_left_out(left_out, of=name)


def _remark_left_out(left_out: list[LeftOut], *, of: str = "") -> None:
    """Remark on the files left out of a zip, or of each dropped folder."""
    for folder in dict.fromkeys(of or each.name.partition("/")[0] for each in left_out):
        mine = [each for each in left_out if of or each.name.startswith(f"{folder}/")]
        for reason, names in named(mine):
            shown = listed(map(plain, names[:_SHOWN_NAMES]))
            more = f" … (+{len(names) - _SHOWN_NAMES})" if len(names) > _SHOWN_NAMES else ""
            why = t(f"zip.{reason}")
            _remark_on(folder, f"{why} — {shown}{more}")


def _remark_on(name: str, why: str) -> None:
    _remark(t("list.pair", label=f"**{plain(name)}**", text=why))


def _remark(text: str) -> None:
    remarks: list[str] = st.session_state.setdefault(_REMARKS, [])
    if text not in remarks:
        remarks.append(text)


def _draw_remarks() -> None:
    """Draw remarks on skipped and renamed files of the last upload, until they have been read."""
    remarks: list[str] = st.session_state.get(_REMARKS, [])
    if remarks:
        shown = remarks[:_SHOWN_REMARKS]
        if len(remarks) > len(shown):
            shown.append(t("upload.more", n=len(remarks) - len(shown)))
        st.warning("\n\n".join(shown), icon=":material/info:")
        st.button(t("action.dismiss"), key="left-out-read", on_click=remarks.clear)


def draw_password(shared: Session) -> None:
    """Draw a password field for the next dropped files."""
    if not shared.base.read_only:
        draw_upload_password(_round())


def draw_folder(shared: Session, collection: str) -> None:
    """Draw the field for a folder of this machine, for the person at it."""
    if not is_trusted(shared.settings):
        return
    round_ = st.session_state.get(_FOLDERS, 0)
    if st.session_state.pop(_TAKEN, False):
        st.session_state["folder"] = ""
    # Another key is another popover, which is closed.
    with st.popover(t("folder.title"), icon=":material/folder_open:", key=f"folder-{round_}"):
        typed = st.text_input(t("folder.path"), key="folder", help=t("folder.help"))
        with st.container(horizontal=True):
            read = st.button(t("folder.read"), key="folder-read", type="primary")
            keep = st.button(
                t("folder.keep"),
                key="folder-keep",
                icon=":material/sync:",
                help=t("folder.keep_help"),
                disabled=bool(shared.base.read_only),
            )
        if read:
            _read_folder(shared, collection, typed.strip())
        if keep:
            _keep_in_step(shared, collection, typed.strip())


def _read_folder(shared: Session, collection: str, typed: str) -> None:
    folder = typed if is_url(typed) else Path(typed).expanduser()
    if isinstance(folder, Path) and not (typed and folder.is_dir()):
        st.error(t("folder.none", path=plain(typed)))
        return
    try:
        start_folder(shared, folder, collection=collection)
    except SettingsError as error:
        st.error(plain(str(error)))
        return
    _close_folder()


def _keep_in_step(shared: Session, collection: str, typed: str) -> None:
    why_not = keep_in_step(shared, typed, collection=collection)
    if why_not:
        st.error(why_not)
    else:
        _close_folder()


def _close_folder() -> None:
    """Draw the page again, with the popover closed and its field empty."""
    st.session_state[_FOLDERS] = st.session_state.get(_FOLDERS, 0) + 1
    st.session_state[_TAKEN] = True
    st.rerun()


def _ask(shared: Session, collection: str, clashes: list[str], *, others: int) -> None:
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
                args=(shared, collection),
            )
            if others:
                st.button(
                    t("upload.only_new", n=others),
                    key="upload-new",
                    on_click=_start,
                    args=(shared, collection, frozenset(clashes)),
                )
            st.button(t("action.cancel"), key="upload-cancel", on_click=_clear)


def _start(shared: Session, collection: str, but: Collection[str] = ()) -> None:
    """Queue the files that have arrived, except some names.

    It looks them up itself, because Streamlit keeps a button's arguments for a long time.
    """
    _, uploads = st.session_state.get(_ARRIVED, (None, []))
    wanted = [upload for upload in uploads if upload.name not in but]
    if wanted:
        passwords = upload_passwords(_round())
        try:
            shared.start_uploads(wanted, collection=collection, passwords=passwords)
        except StoreError as error:
            _remark(plain(str(error)))
    _clear()


def _round() -> int:
    """Return how many times the field was emptied."""
    round_: int = st.session_state.get(_ROUND, 0)
    return round_


def _clear() -> None:
    """Empty the field: another key makes another field."""
    st.session_state.pop(_ARRIVED, None)
    round_ = _round()
    discard(session().incoming, st.session_state.get(f"upload-{round_}") or [])
    st.session_state[_ROUND] = round_ + 1
    forget_upload_password(round_)
