"""The quality view: judged sets run, their figures with intervals, misses, and comparisons."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.evaluation import runs
from kb.evaluation.runs import Run
from kb.records import SearchMode
from ui.evaluating import Evaluations, Progress
from ui.language import t
from ui.markup import plain
from ui.session import session
from ui.shared import draw_empty, draw_error
from ui.trust import is_trusted

_POLL_S = 0.5
_METRICS = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
_WORST = 20
_CERTAIN = 0.05


def render() -> None:
    """Draw the view."""
    shared = session()
    st.title(t("quality.title"), anchor=False)
    st.caption(t("quality.help"))
    evaluations = shared.evaluations
    _draw_start(evaluations, trusted=is_trusted(shared.settings))
    _draw_progress(evaluations)
    kept = evaluations.kept()
    if not kept:
        if not evaluations.active:
            draw_empty(t("quality.empty"), t("quality.empty_help"))
        return
    _draw_table(kept)
    _draw_comparison(kept)
    _draw_misses(kept)


def _draw_start(evaluations: Evaluations, *, trusted: bool) -> None:
    known = {path.name: path for path in evaluations.sets()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(t("quality.set"), list(known), key="set") if known else None
        typed = ""
        # A path is for who sits at this machine.
        if trusted:
            typed = st.text_input(t("quality.folder"), key="set-folder").strip()
        modes = st.multiselect(
            t("search.mode"),
            _MODES,
            default=_MODES,
            format_func={name: t(f"search.mode_{name}") for name in _MODES}.__getitem__,
            key="set-modes",
            placeholder=t("action.choose"),
        )
        folder = Path(typed).expanduser() if typed else known.get(chosen or "")
        st.button(
            t("quality.run"),
            type="primary",
            key="set-run",
            disabled=folder is None or not modes or evaluations.active,
            on_click=lambda: evaluations.start(folder, modes) if folder else None,
        )


def _draw_progress(evaluations: Evaluations) -> None:
    told = evaluations.progress
    if told is None:
        return
    if told.state == "working":
        st.fragment(run_every=_POLL_S)(_draw_working)(told)
    elif told.state == "failed":
        draw_error(t("error.evaluation"), told.error)
    elif told.state == "cancelled":
        st.caption(t("quality.cancelled", name=plain(told.set_name)))


def _draw_working(told: Progress) -> None:
    if told.state != "working":
        st.rerun()
    if told.mode:
        st.progress(1.0, t("quality.searching", mode=t(f"search.mode_{told.mode}")))
    else:
        share = told.done / told.total if told.total else 0.0
        st.progress(share, t("quality.reading", done=told.done, total=told.total))
    if st.button(t("action.cancel"), key="set-cancel"):
        told.cancel.set()


def _draw_table(kept: list[tuple[str, Run]]) -> None:
    st.subheader(t("quality.figures"), anchor=False)
    rows = []
    for name, run in kept:
        means = run.means()
        cells = {
            metric: f"{means[metric][0]:.3f} ({means[metric][1][0]:.3f}–{means[metric][1][1]:.3f})"
            for metric in _METRICS
            if metric in means
        }
        latency = f"{run.latency_p50_ms:.0f} / {run.latency_p95_ms:.0f} ms"
        rows.append(
            {
                t("quality.what"): name,
                t("quality.queries"): len(run.queries),
                **cells,
                "p50 / p95": latency,
            }
        )
    st.dataframe(rows, hide_index=True)


def _draw_comparison(kept: list[tuple[str, Run]]) -> None:
    if len(kept) < 2:  # noqa: PLR2004 - it takes two
        return
    st.subheader(t("quality.compare"), anchor=False)
    names = [name for name, _ in kept]
    by_name = dict(kept)
    left, right, metric = st.columns(3)
    one = left.selectbox(t("quality.before"), names, index=1, key="compare-one")
    other = right.selectbox(t("quality.after"), names, index=0, key="compare-other")
    chosen = metric.selectbox(t("quality.metric"), _METRICS, index=4, key="compare-metric")
    try:
        difference, (low, high), p = runs.compare(by_name[one], by_name[other], chosen)
    except KnowledgeBaseError as error:
        draw_error(t("error.compare"), error)
        return
    st.metric(chosen, f"{difference:+.3f}", f"{low:+.3f} … {high:+.3f}", delta_color="off")
    chance = f"{p:.3f}"
    st.caption(t("quality.differs", p=chance) if p < _CERTAIN else t("quality.same", p=chance))


def _draw_misses(kept: list[tuple[str, Run]]) -> None:
    st.subheader(t("quality.misses"), anchor=False)
    by_name = dict(kept)
    run = by_name[st.selectbox(t("quality.what"), list(by_name), key="misses")]
    worst = run.worst(_WORST)
    if not worst:
        st.caption(t("quality.none_missed"))
        return
    st.dataframe(
        [
            {
                t("quality.query"): result.query,
                "nDCG@10": round(result.scores["ndcg@10"], 3),
                t("quality.expected"): ", ".join(result.expected),
                t("quality.found"): ", ".join(result.found[:3]),
            }
            for result in worst
        ],
        hide_index=True,
    )


if __name__ == "__main__":
    render()
