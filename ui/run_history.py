"""The latest runs of ingestion: time, folder, changes, failures."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kb.catalog.runs import RunInfo
from ui.language import listed, t
from ui.markup import escape, plain
from ui.session import Session
from ui.shared import date_text, draw_pages, duration_text, facts
from ui.still_searchable import still_searchable

_LISTED_RUNS = 100
_RUNS_PER_PAGE = 8
_MOST_NAMES = 10
_OUTCOMES = ("added", "changed", "moved", "removed", "unchanged", "failed")
_ICONS = {
    "finished": ":material/check_circle:",
    "running": ":material/hourglass_top:",
    "interrupted": ":material/pause_circle:",
    "failed": ":material/error:",
}


def draw_run_history(shared: Session) -> None:
    """Draw the runs of all collections and processes, newest first."""
    st.subheader(t("runs.title"), anchor=False)
    found = shared.base.runs(limit=_LISTED_RUNS)
    if not found:
        st.caption(t("runs.none"))
    for run in draw_pages(found, _RUNS_PER_PAGE, key="runs"):
        label = f"{date_text(run.started_at)} · {plain(run.collection)} · {_summary(run)}"
        with st.expander(label, icon=_ICONS[run.status], key=f"run-history-{run.id}"):
            _draw_run(run)


def _summary(run: RunInfo) -> str:
    counts = [
        t(f"outcome.count_{name}", count=f"{run.counts[name]:,}")
        for name in _OUTCOMES
        if run.counts.get(name)
    ]
    state = [] if run.status == "finished" else [t(f"runs.{run.status}")]
    return listed([*state, *counts]) or t(f"runs.{run.status}")


def _draw_run(run: RunInfo) -> None:
    pairs = [
        (t("runs.paths"), _some(run.paths)),
        (t("runs.state"), t(f"runs.{run.status}")),
    ]
    if run.finished_at is not None:
        seconds = (run.finished_at - run.started_at).total_seconds()
        pairs.append((t("runs.took"), duration_text(seconds)))
    if run.refined_s is not None:
        pairs.append((t("runs.refined"), duration_text(run.refined_s)))
    pairs += [
        (t(f"outcome.{name}"), _some(run.changes[name]))
        for name in _OUTCOMES
        if name in run.changes
    ]
    if run.chunks:
        vectors = t("runs.vectors", embedded=f"{run.embedded:,}", reused=f"{run.reused:,}")
        pairs.append((t("table.chunks"), vectors))
    told = still_searchable(run.gone, run.left_out)
    pairs += [(label, _some(names)) for label, names in told]
    st.html(facts(pairs))
    if told:
        st.caption(t("runs.still_searchable"))
    if run.error:
        st.html(f'<p class="kb-older">{escape(run.error)}</p>')
    elif run.status == "interrupted" and not run.counts:
        st.caption(t("runs.no_report"))
    if run.failures:
        shown = list(run.failures.items())[:_MOST_NAMES]
        rows = "".join(
            f'<li><span class="kb-name">{escape(path)}</span><br>{escape(reason)}</li>'
            for path, reason in shown
        )
        st.html(f'<ul class="kb-remarks">{rows}</ul>')
        if len(run.failures) > len(shown):
            st.caption(t("progress.more_files", n=len(run.failures) - len(shown)))


def _some(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMES
    more = [t("upload.more", n=left)] if left > 0 else []
    return listed([*names[:_MOST_NAMES], *more])
