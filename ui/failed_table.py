"""Files that could not be read, with reasons and with their older versions."""

from __future__ import annotations

import streamlit as st

from kb.records import CollectionInfo, FailedFile
from kb.uploads import UPLOADS_ROOT
from ui.language import reason_text, t
from ui.markup import escape, plain
from ui.protected import draw_unlock, draw_unlock_all, is_protected, protected_text
from ui.session import Session
from ui.shared import date_text, draw_pages
from ui.starting import readable, start_again

_FILES_PER_PAGE = 20


def draw_failed(shared: Session, collection: CollectionInfo) -> None:
    """Draw the failed files of a collection, if there are any, of all runs."""
    failed = shared.base.files.failed(collection=collection.name)
    if not failed:
        return
    with st.expander(
        t("failed.title", n=len(failed)), icon=":material/error:", expanded=True, key="failed"
    ):
        files = [file.source for file in failed]
        here = readable(shared, files, collection=collection.name)
        if here:
            st.button(
                t("failed.retry", n=len(failed)),
                icon=":material/refresh:",
                key="retry-all",
                disabled=shared.jobs.active,
                on_click=start_again,
                args=(shared, files),
                kwargs={"collection": collection.name},
            )
        draw_unlock_all(
            shared,
            [file.source for file in failed if file.source in here and is_protected(file)],
            collection=collection.name,
        )
        for file in draw_pages(failed, _FILES_PER_PAGE, key=f"failed-{collection.id}"):
            _draw_file(shared, collection, file, here=file.source in here)


def _draw_file(
    shared: Session, collection: CollectionInfo, file: FailedFile, *, here: bool
) -> None:
    text, actions = st.columns([4, 1], vertical_alignment="center")
    text.html(_description(file, here=here))
    if here and is_protected(file):
        with text:
            draw_unlock(shared, file.source, collection=collection.name)
    older = file.document_id is not None
    with actions:
        if older:
            _draw_older(shared, collection, file)
        st.button(
            t("failed.dismiss" if older else "failed.forget"),
            key=f"forget-{file.source.root}-{file.source.path}",
            type="tertiary",
            help=t("failed.dismiss_help" if older else "failed.forget_help"),
            on_click=_dismiss,
            args=(shared, collection.name, file),
        )


def _description(file: FailedFile, *, here: bool) -> str:
    known = file.source.root == UPLOADS_ROOT or file.source.is_remote
    folder = "" if known else file.source.root
    place = " · ".join(part for part in (folder, date_text(file.seen_at)) if part)
    protected = protected_text(file, here=here)
    reason = protected or reason_text(file.reason_code, file.reason)
    # The translation is less precise than the error's own words, so those follow.
    detail = (
        f'<br><span class="kb-place">{escape(file.reason)}</span>'
        if reason != file.reason and not protected
        else ""
    )
    older = (
        f'<br><span class="kb-older">{escape(_older(file))}</span>'
        if file.document_added_at is not None
        else ""
    )
    return (
        f'<div><span class="kb-name">{escape(str(file.source))}</span> '
        f'<span class="kb-place">{escape(place)}</span><br>'
        f"<span>{escape(reason)}</span>{detail}{older}</div>"
    )


def _older(file: FailedFile) -> str:
    date = date_text(file.document_added_at) if file.document_added_at else ""
    return t("failed.older", date=date)


def _draw_older(shared: Session, collection: CollectionInfo, file: FailedFile) -> None:
    st.page_link(
        "views/document.py",
        label=t("failed.open_older"),
        query_params={"id": str(file.document_id)},
    )
    with st.popover(t("failed.remove_older"), type="tertiary"):
        st.markdown(f"**{plain(str(file.source))}**")
        st.caption(t("failed.remove_older_help"))
        st.button(
            t("failed.remove_older"),
            key=f"remove-older-{file.source.root}-{file.source.path}",
            type="primary",
            on_click=_remove_older,
            args=(shared, collection.name, file),
        )


def _dismiss(shared: Session, collection: str, file: FailedFile) -> None:
    shared.base.files.dismiss(file.source, collection=collection)


def _remove_older(shared: Session, collection: str, file: FailedFile) -> None:
    shared.base.files.remove_older_version(file.source, collection=collection)
    st.toast(t("failed.older_removed"), icon=":material/delete:")
