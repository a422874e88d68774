"""Progress of jobs: every file with its stage, in every tab."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ingest.jobs import CRASHES, UNEXPECTED, JobFile, JobInfo
from ingest.mishaps import Mishap
from ui.asking import draw_asking
from ui.language import listed, notice_text, reason_text, t
from ui.markup import bar, escape, plain
from ui.session import Session
from ui.shared import draw_error, duration_text
from ui.starting import may_retry, retry_job
from ui.still_searchable import still_searchable

_POLL_S = 0.7
_IDLE_POLL_S = 3.0
_SHOWN_FILES = 40
_FEW_FILES = 5


def draw_jobs(shared: Session) -> None:
    """Draw the jobs; while one is active this part draws itself again and again.

    An idle tab regularly checks for changes by other tabs or processes.
    """
    seen = _state(shared)
    draw_asking(shared)
    interval = _POLL_S if shared.jobs.active else _IDLE_POLL_S
    st.fragment(run_every=interval)(_draw)(shared, seen)


def _state(shared: Session) -> tuple[object, ...]:
    """Return values whose change requires drawing the whole view again."""
    jobs = tuple((job.id, job.state) for job in shared.jobs.listed())
    # A running job shows its files one by one; the table follows at its end.
    busy = shared.jobs.active
    return (jobs, None if busy or _selecting() else shared.base.generation)


def _selecting() -> bool:
    """Whether rows are selected: drawing the table again would lose the selection."""
    return bool(st.session_state.get("_selected"))


def _draw(shared: Session, seen: tuple[object, ...]) -> None:
    if _state(shared) != seen:
        st.rerun()
    for job in shared.jobs.listed():
        with st.container(border=True, key=f"job-{job.id}"):
            _draw_job(shared, job)


def _draw_job(shared: Session, job: JobInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_headline(job)}**", width="stretch")
        _draw_buttons(shared, job)
    if job.error:
        draw_error(t("error.run"), _error(job))
    if speed := _speed(job):
        st.caption(speed)
    for label, names in still_searchable(job.progress.gone, job.progress.left_out):
        left = len(names) - _FEW_FILES
        more = [t("upload.more", n=left)] if left > 0 else []
        shown = listed([*map(plain, names[:_FEW_FILES]), *more])
        st.warning(f"{t('list.pair', label=label, text=shown)}\n\n{t('runs.still_searchable')}")
    # What moves stands first, then what failed, then the rest.
    if not job.ended or job.total <= _FEW_FILES:
        _draw_files(job.files, of=job.total)
        return
    # Finished jobs that need no attention leave the room to the documents below.
    telling = [file for file in job.files if file.stage == "failed" or file.notices]
    _draw_files(telling, of=max(job.failed, len(telling)))
    if len(telling) < job.total:
        with st.expander(t("progress.files", n=job.total), key=f"files-{job.id}"):
            _draw_files(job.files, of=job.total)


def _draw_buttons(shared: Session, job: JobInfo) -> None:
    if not job.ended:
        st.button(
            t("action.cancel"),
            key=f"cancel-{job.id}",
            disabled=job.cancelling,
            on_click=shared.jobs.cancel,
            args=(job.id,),
        )
        return
    if job.state == "failed" and may_retry(shared, job):
        st.button(
            t("progress.retry"),
            key=f"retry-{job.id}",
            icon=":material/refresh:",
            on_click=retry_job,
            args=(shared, job),
        )
    st.button(
        t("action.dismiss"),
        key=f"dismiss-{job.id}",
        icon=":material/close:",
        type="tertiary",
        on_click=shared.jobs.dismiss,
        args=(job.id,),
    )


def _error(job: JobInfo) -> str | Mishap:
    """Return why a whole job failed, in the language in use for errors of the program itself."""
    if job.error_code == UNEXPECTED:
        return Mishap(job.error)
    if job.error_code == CRASHES:
        return t("progress.crashes", n=job.attempts)
    return job.error


def _draw_files(files: Sequence[JobFile], *, of: int) -> None:
    """Draw files; of thousands only a part."""
    shown = files[:_SHOWN_FILES]
    if shown:
        rows = "".join(map(_row, shown))
        st.html(f'<div class="kb-files">{rows}</div>')
        if of > len(shown):
            st.caption(t("progress.more_files", n=of - len(shown)))


def _headline(job: JobInfo) -> str:
    done, total = job.finished, job.total
    if job.state == "queued":
        return t("progress.queued", n=total)
    if job.cancelling:
        return t("progress.cancelling", done=done, n=total)
    if job.state == "running":
        return t("progress.running", done=done, n=total)
    if job.asks:
        return t("progress.asks", done=done, n=total)
    if job.state == "interrupted":
        return t("progress.interrupted", done=done, n=total)
    return _ended_headline(job)


def _ended_headline(job: JobInfo) -> str:
    done, total = job.finished, job.total
    if job.state == "cancelled":
        return t("progress.cancelled", done=done, n=total)
    if job.error:
        return t("progress.stopped", done=done, n=total)
    if job.failed:
        return t("progress.done_failed", failed=job.failed, n=total)
    return t("progress.done", n=total, time=duration_text(job.seconds))


def _speed(job: JobInfo) -> str:
    told = job.progress
    if job.state != "running" or not told.chunks_total:
        return ""
    parts = [t("progress.chunks", done=told.chunks_done, n=told.chunks_total)]
    if told.chunks_done:
        parts.append(t("progress.speed", speed=f"{told.chunks_per_s:.1f}"))
    if job.seconds_left is not None:
        parts.append(t("progress.left", time=duration_text(job.seconds_left)))
    return " · ".join(parts)


def _row(file: JobFile) -> str:
    stage = t(f"stage.{file.stage}")
    if file.stage in ("reading", "embedding") and file.total:
        stage = t(f"stage.{file.stage}_of", done=file.done, n=file.total)
    if file.stage == "stored" and file.total:
        how = "replaced" if file.replaced else "stored"
        stage = t(f"stage.{how}_of", n=file.total)
    share = file.done / file.total if file.stage in ("reading", "embedding") and file.total else 0.0
    share = 1.0 if file.settled else share
    said = [notice_text(notice) for notice in file.notices]
    if file.stage == "failed":
        said = [reason_text(file.reason_code, file.reason)]
    reason = "".join(f'<span class="kb-reason">{escape(text)}</span>' for text in said)
    kind = "wide failed" if file.stage == "failed" else "wide"
    return (
        f'<span class="kb-name">{escape(file.name)}</span>'
        f'<span class="kb-stage">{escape(stage)}</span>{bar(share, label=stage, kind=kind)}{reason}'
    )
