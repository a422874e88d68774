"""Runs of ingestion as they go: every file with its stage, in every tab."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.background import DONE, FileProgress, RunProgress
from ui.language import notice_text, reason_text, t
from ui.markup import bar, escape, plain
from ui.session import Session
from ui.shared import draw_error, duration_text
from ui.still_searchable import still_searchable

_POLL_S = 0.7
_IDLE_POLL_S = 3.0
_SHOWN_FILES = 40
_FEW_FILES = 5


def draw_runs(shared: Session) -> None:
    """Draw the runs; while one is active the part draws itself again and again.

    An idle tab looks from time to time whether another tab, or another process, did something.
    """
    seen = _state(shared)
    interval = _POLL_S if shared.ingestion.active else _IDLE_POLL_S
    st.fragment(run_every=interval)(_draw)(shared, seen)


def _state(shared: Session) -> tuple[object, ...]:
    """Return what makes the whole view worth drawing again when it has changed."""
    runs = tuple((run.id, run.state) for run in shared.ingestion.runs())
    # While a run is under way its files are shown one by one; the table follows at the end.
    busy = shared.ingestion.active
    return (runs, None if busy or _selecting() else shared.base.generation)


def _selecting() -> bool:
    """Whether rows are selected: drawing the table again would let go of them."""
    return bool(st.session_state.get("_selected"))


def _draw(shared: Session, seen: tuple[object, ...]) -> None:
    if _state(shared) != seen:
        st.rerun()
    for run in shared.ingestion.runs():
        with st.container(border=True, key=f"run-{run.id}"):
            _draw_run(shared, run)


def _draw_run(shared: Session, run: RunProgress) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_headline(run)}**", width="stretch")
        if run.active:
            st.button(
                t("action.cancel"),
                key=f"cancel-{run.id}",
                on_click=shared.ingestion.cancel,
                args=(run.id,),
            )
        else:
            st.button(
                t("action.dismiss"),
                key=f"dismiss-{run.id}",
                icon=":material/close:",
                type="tertiary",
                on_click=shared.ingestion.dismiss,
                args=(run.id,),
            )
    if run.error:
        draw_error(t("error.run"), run.error)
    if speed := _speed(run):
        st.caption(speed)
    for label, names in still_searchable(run.gone, run.left_out):
        shown = ", ".join(map(plain, names[:_FEW_FILES]))
        left = len(names) - _FEW_FILES
        more = f" {t('upload.more', n=left)}" if left > 0 else ""
        st.warning(f"{label}: {shown}{more}. {t('runs.still_searchable')}")
    # What moves first, then what failed, then the rest.
    files = sorted(run.files, key=_rank)
    if run.active or len(files) <= _FEW_FILES:
        _draw_files(files)
        return
    # What needs nobody's attention any more makes room for the documents below.
    telling = [file for file in files if file.stage == "failed" or file.notices]
    _draw_files(telling)
    if len(telling) < len(files):
        with st.expander(t("progress.files", n=len(files)), key=f"files-{run.id}"):
            _draw_files(files)


def _draw_files(files: Sequence[FileProgress]) -> None:
    """Draw files; of thousands only some."""
    if files:
        rows = "".join(_row(file) for file in files[:_SHOWN_FILES])
        st.html(f'<div class="kb-files">{rows}</div>')
    if len(files) > _SHOWN_FILES:
        st.caption(t("progress.more_files", n=len(files) - _SHOWN_FILES))


def _headline(run: RunProgress) -> str:
    if run.state == "queued":
        return t("progress.queued", n=len(run.files))
    if run.state == "running":
        return t("progress.running", done=run.finished, n=len(run.files))
    if run.state == "cancelled":
        return t("progress.cancelled", done=run.finished, n=len(run.files))
    if run.error:
        return t("progress.stopped", done=run.finished, n=len(run.files))
    if run.failed:
        return t("progress.done_failed", failed=len(run.failed), n=len(run.files))
    return t("progress.done", n=len(run.files), time=duration_text(run.seconds))


def _speed(run: RunProgress) -> str:
    if run.state != "running" or not run.chunks_total:
        return ""
    parts = [t("progress.chunks", done=run.chunks_done, n=run.chunks_total)]
    if run.chunks_done:
        parts.append(t("progress.speed", speed=f"{run.chunks_per_s:.1f}"))
    if run.seconds_left is not None:
        parts.append(t("progress.left", time=duration_text(run.seconds_left)))
    return " · ".join(parts)


def _rank(file: FileProgress) -> int:
    order = ("embedding", "reading", "failed", "waiting")
    return order.index(file.stage) if file.stage in order else len(order)


def _row(file: FileProgress) -> str:
    stage = t(f"stage.{file.stage}")
    if file.stage in ("reading", "embedding") and file.total:
        stage = t(f"stage.{file.stage}_of", done=file.done, n=file.total)
    if file.stage == "stored" and file.total:
        how = "replaced" if file.replaced else "stored"
        stage = t(f"stage.{how}_of", n=file.total)
    share = file.done / file.total if file.stage in ("reading", "embedding") and file.total else 0.0
    share = 1.0 if file.stage in DONE else share
    said = [notice_text(notice) for notice in file.notices]
    if file.stage == "failed":
        said = [reason_text(file.reason_code, file.reason)]
    reason = "".join(f'<span class="kb-reason">{escape(text)}</span>' for text in said)
    kind = "wide failed" if file.stage == "failed" else "wide"
    return (
        f'<span class="kb-name">{escape(file.name)}</span>'
        f'<span class="kb-stage">{escape(stage)}</span>{bar(share, label=stage, kind=kind)}{reason}'
    )
