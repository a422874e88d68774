"""The watched folders of a collection: state, last run, and actions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from kb.catalog.watched_folders import OUTCOMES, FolderRun, WatchedFolder
from kb.errors import SettingsError
from kb.watching import located, overlap
from ui.language import listed, reason_text, t
from ui.markup import bar, escape, plain
from ui.session import Session
from ui.shared import date_text, draw_error
from ui.still_searchable import still_searchable
from ui.trust import is_trusted, require_trust

_POLL_S = 1.0
_SHOWN_FAILURES = 20
_SHOWN_NAMES = 5
_ICONS = {
    "waiting": ":material/hourglass_empty:",
    "reading": ":material/sync:",
    "in_step": ":material/check_circle:",
    "missing": ":material/folder_off:",
    "failed": ":material/error:",
    "paused": ":material/pause_circle:",
}


def keep_in_step(shared: Session, typed: str, *, collection: str) -> str:
    """Watch a folder of this machine from now on; return an error, or empty text for success.

    Raises:
        KnowledgeBaseError: the visitor may not read folders of this machine.
    """
    require_trust(shared.settings)
    try:
        folder = located(typed)
    except SettingsError:
        return t("folder.none", path=plain(typed))
    for other in shared.base.watched.listed():
        if other.collection == collection and (how := overlap(folder, Path(other.path))):
            return t(f"watched.overlap_{how}", path=plain(other.path))
    shared.base.watched.add(folder, collection=collection)
    return ""


def draw_watched(shared: Session, collection: str) -> None:
    """Draw the watched folders of a collection; this part draws itself again while visible."""
    if _folders(shared, collection):
        st.fragment(run_every=_POLL_S)(_draw)(shared, collection)


def _folders(shared: Session, collection: str) -> list[WatchedFolder]:
    listed = shared.base.watched.listed()
    return [folder for folder in listed if folder.collection == collection]


def _draw(shared: Session, collection: str) -> None:
    folders = _folders(shared, collection)
    if not folders:
        st.rerun()
    st.markdown(f"**{t('watched.title', n=len(folders))}**")
    for folder in folders:
        with st.container(border=True, key=f"watched-{folder.id}"):
            _draw_folder(shared, folder)


def _draw_folder(shared: Session, folder: WatchedFolder) -> None:
    state = "paused" if folder.paused else folder.state
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            st.markdown(f"{_ICONS[state]} **{plain(folder.path)}**")
            st.caption(_told(folder, state))
        if is_trusted(shared.settings) and not shared.base.read_only:
            _draw_buttons(shared, folder)
    if state == "reading" and folder.total:
        st.html(bar(folder.done / folder.total, label=_told(folder, state), kind="wide"))
    if folder.error:
        draw_error(t("watched.failed"), folder.error)
    if folder.last_run is not None:
        _draw_failures(folder, folder.last_run)
        _draw_left(shared, folder, folder.last_run)


def _told(folder: WatchedFolder, state: str) -> str:
    """Return the state of a folder, and the results of its last run."""
    said = t(f"watched.{state}", done=folder.done, n=folder.total)
    run = folder.last_run
    if run is None:
        return said
    counts = [
        t(f"outcome.count_{outcome}", count=run.counts[outcome])
        for outcome in OUTCOMES
        if run.counts.get(outcome)
    ]
    told = t("watched.last_run", date=date_text(run.ended_at))
    counted = " · ".join(counts) if counts else t("watched.nothing")
    return f"{said} · {t('list.pair', label=told, text=counted)}"


def _draw_buttons(shared: Session, folder: WatchedFolder) -> None:
    st.button(
        t("watched.run"),
        key=f"watched-run-{folder.id}",
        icon=":material/refresh:",
        help=t("watched.run_help"),
        on_click=_run,
        args=(shared, folder.id),
    )
    st.button(
        t("watched.go_on" if folder.paused else "watched.pause"),
        key=f"watched-pause-{folder.id}",
        icon=":material/play_arrow:" if folder.paused else ":material/pause:",
        on_click=_pause,
        args=(shared, folder.id),
        kwargs={"paused": not folder.paused},
    )
    st.button(
        t("watched.stop"),
        key=f"watched-stop-{folder.id}",
        icon=":material/close:",
        type="tertiary",
        help=t("watched.stop_help"),
        on_click=_stop,
        args=(shared, folder.id),
    )


def _draw_failures(folder: WatchedFolder, run: FolderRun) -> None:
    if not run.failures:
        return
    count = run.counts.get("failed", len(run.failures))
    with st.expander(
        t("failed.title", n=count), icon=":material/error:", key=f"watched-failed-{folder.id}"
    ):
        items = "".join(
            f'<li><span class="kb-name">{escape(each.path)}</span><br>'
            f"{escape(reason_text(each.reason_code, each.reason))}</li>"
            for each in run.failures[:_SHOWN_FAILURES]
        )
        st.html(f'<ul class="kb-remarks">{items}</ul>')
        if count > _SHOWN_FAILURES:
            st.caption(t("progress.more_files", n=count - _SHOWN_FAILURES))


def _draw_left(shared: Session, folder: WatchedFolder, run: FolderRun) -> None:
    """Draw the files that are missing or excluded but still found; offer to remove missing ones."""
    for label, names in still_searchable((), run.left_out):
        st.warning(f"{label}: {_some(names, len(names))}. {t('runs.still_searchable')}")
    if not run.gone_count:
        return
    names = _some(run.gone, run.gone_count)
    st.warning(t("watched.gone", n=run.gone_count, names=names), icon=":material/warning:")
    if is_trusted(shared.settings) and not shared.base.read_only:
        st.button(
            t("watched.remove_gone", n=run.gone_count),
            key=f"watched-force-{folder.id}",
            icon=":material/delete:",
            on_click=_run,
            args=(shared, folder.id),
            kwargs={"forced": True},
        )


def _some(names: Sequence[str], count: int) -> str:
    shown = listed(map(plain, names[:_SHOWN_NAMES]))
    left = count - min(len(names), _SHOWN_NAMES)
    return f"{shown} {t('upload.more', n=left)}" if left > 0 else shown


def _run(shared: Session, folder_id: int, *, forced: bool = False) -> None:
    require_trust(shared.settings)
    shared.base.watched.run_now(folder_id, forced=forced)


def _pause(shared: Session, folder_id: int, *, paused: bool) -> None:
    require_trust(shared.settings)
    shared.base.watched.pause(folder_id, paused=paused)


def _stop(shared: Session, folder_id: int) -> None:
    require_trust(shared.settings)
    shared.base.watched.remove(folder_id)
    st.toast(t("watched.stopped"))
