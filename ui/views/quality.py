"""The quality view: runs sets, shows figures with intervals and misses, tries other settings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.evaluation import runs
from kb.evaluation.runs import Run
from kb.records import CollectionInfo, SearchMode
from ui.evaluating import MOMENT, Evaluations, Progress, metric_name
from ui.language import listed, t
from ui.markup import WIDE, plain
from ui.own_set import draw_own_set
from ui.session import Session, session
from ui.shared import date_text, draw_empty, draw_error, facts
from ui.sidebar import chosen_collection
from ui.trust import is_trusted
from ui.trying import change_label, draw_trying

_POLL_S = 0.5
_METRICS = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "bad@10", "judged@10")
_COMPARED = _METRICS[:6]
_EXPLAINED = {
    "recall": "recall@1, @5, @10",
    "mrr": "MRR@10",
    "ndcg": "nDCG@10",
    "bad": "bad@10",
    "judged": "judged@10",
}
_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
_WORST = 20
_NAME_PX = 188
_COUNT_PX = 62
_FIGURE_PX = 80
_ROW_PX = 66
_CERTAIN = 0.05
# Stands for one's own questions among the names of sets, which are never empty.
_MINE = ""


def render() -> None:
    """Draw the view."""
    shared = session()
    st.html(WIDE)
    st.title(t("quality.title"), anchor=False)
    st.caption(t("quality.help"))
    evaluations = shared.evaluations
    # Asked once for all parts of the page: an evaluation may end while the page is drawn.
    told = evaluations.progress
    working = told is not None and told.state == "working"
    try:
        collection = shared.find_collection(chosen_collection(shared))
        first, last = st.container(), st.container()
        with last:
            typed = _draw_folder(shared)
        with first:
            mine = _draw_start(shared, collection, typed, working=working)
            if mine and collection is not None:
                questions = shared.base.questions.of(collection.name)
                draw_own_set(shared, collection.name, questions)
                if any(each.good for each in questions):
                    draw_trying(shared, collection, working=working)
    except KnowledgeBaseError as error:
        draw_error(t("error.own"), error)
    if told is not None:
        _draw_progress(told, working=working)
    kept = {_name(moment, run): run for moment, run in evaluations.kept()}
    if not kept:
        if not working:
            draw_empty(t("quality.empty"), t("quality.empty_help"))
        return
    _draw_table(kept)
    _draw_comparison(kept)
    _draw_misses(kept)


def _name(moment: str, run: Run) -> str:
    """Return what a kept run is called: when it was, how it was searched, its set.

    What tells it from the others stands first, for where there is no room for all of it.
    """
    of = _set_name(run.set_name, own=run.own)
    mode = t(f"search.mode_{run.mode}")
    changed = change_label({key: value for key, value in run.changed.items() if key != "mode"})
    return " · ".join(filter(None, [_moment(moment), mode, changed, of]))


def _moment(name: str) -> str:
    """Return the moment in a kept run's name for people: ``2026-11-30 14:05:09``."""
    try:
        moment = datetime.strptime(name, MOMENT)  # noqa: DTZ007 - of local time
    except ValueError:
        return name
    return date_text(moment.astimezone(), seconds=True)


def _set_name(name: str, *, own: bool) -> str:
    return t("quality.mine_of", name=name) if own else name


def _draw_folder(shared: Session) -> str:
    """Draw the field for the folder of another set; return the typed path."""
    # Only the person at this machine may enter a path.
    if not is_trusted(shared.settings):
        return ""
    with st.expander(t("quality.folder"), icon=":material/folder_open:"):
        return st.text_input(
            t("quality.path"), key="set-folder", help=t("quality.folder_help")
        ).strip()


def _draw_start(
    shared: Session, collection: CollectionInfo | None, typed: str, *, working: bool
) -> bool:
    """Draw the choice of a set and its options; return whether it is one's own questions."""
    evaluations = shared.evaluations
    known = {path.name: path for path in evaluations.sets()}
    chosen = st.selectbox(
        t("quality.set"),
        [_MINE, *known],
        format_func={_MINE: t("quality.mine"), **{name: name for name in known}}.__getitem__,
        key="set",
    )
    folder = Path(typed).expanduser() if typed else known.get(chosen or "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        modes = st.pills(
            t("search.mode"),
            _MODES,
            selection_mode="multi",
            default=_MODES,
            format_func={name: t(f"search.mode_{name}") for name in _MODES}.__getitem__,
            key="set-modes",
        )
        mine = folder is None
        name = collection.name if collection is not None and mine else ""
        st.button(
            t("quality.run"),
            type="secondary" if mine else "primary",
            key="set-run",
            disabled=not modes
            or working
            or (mine and not (name and any(e.good for e in shared.base.questions.of(name)))),
            on_click=_run,
            args=(evaluations, folder, name, modes),
        )
    return mine


def _run(
    evaluations: Evaluations, folder: Path | None, collection: str, modes: list[SearchMode]
) -> None:
    if folder is None:
        evaluations.start_own(collection, modes)
    else:
        evaluations.start(folder, modes)


def _draw_progress(told: Progress, *, working: bool) -> None:
    if working:
        st.fragment(run_every=_POLL_S)(_draw_working)(told)
    elif told.state == "failed":
        draw_error(t("error.evaluation"), told.error)
    elif told.state == "cancelled":
        name = plain(_set_name(told.set_name, own=told.own))
        st.caption(t("quality.cancelled", name=name))


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


def _draw_table(kept: dict[str, Run]) -> None:
    st.subheader(t("quality.figures"), anchor=False)
    rows = []
    for name, run in kept.items():
        means = run.means()
        cells = {
            metric_name(
                metric
            ): f"{means[metric][0]:.3f} {means[metric][1][0]:.2f}–{means[metric][1][1]:.2f}"
            for metric in _METRICS
            if metric in means
        }
        latency = f"{run.latency_p50_ms:.0f}\u00a0ms {run.latency_p95_ms:.0f}\u00a0ms"
        rows.append(
            {
                t("quality.what"): name,
                t("quality.queries"): len(run.queries),
                **cells,
                t("quality.latency"): latency,
            }
        )
    # All columns fit a window of 1280 pixels: long names go on in a second and a third line.
    narrow = dict.fromkeys([*map(metric_name, _METRICS), t("quality.latency")], _FIGURE_PX)
    widths = {t("quality.what"): _NAME_PX, t("quality.queries"): _COUNT_PX, **narrow}
    st.dataframe(
        rows,
        hide_index=True,
        row_height=_ROW_PX,
        column_config={
            name: st.column_config.Column(width=width) for name, width in widths.items()
        },
    )
    with st.expander(t("quality.meaning"), icon=":material/help:"):
        figures = {**_EXPLAINED, "latency": t("quality.latency")}
        st.html(facts([(shown, t(f"metric.{name}")) for name, shown in figures.items()]))
        st.caption(t("quality.interval"))


def _draw_comparison(kept: dict[str, Run]) -> None:
    if len(kept) < 2:  # noqa: PLR2004 - it takes two
        return
    st.subheader(t("quality.compare"), anchor=False)
    names = list(kept)
    # Below each other: a run has a long name.
    one = st.selectbox(t("quality.before"), names, index=1, key="compare-one")
    other = st.selectbox(t("quality.after"), names, index=0, key="compare-other")
    chosen = st.selectbox(
        t("quality.metric"), _COMPARED, index=4, key="compare-metric", format_func=metric_name
    )
    try:
        difference, (low, high), p = runs.compare(kept[one], kept[other], chosen)
    except KnowledgeBaseError as error:
        draw_error(t("error.compare"), error)
        return
    st.metric(
        metric_name(chosen),
        f"{difference:+.3f}",
        f"{low:+.3f} … {high:+.3f}",
        delta_color="off",
        delta_arrow="off",
    )
    chance = f"{p:.3f}"
    st.caption(t("quality.differs", p=chance) if p < _CERTAIN else t("quality.same", p=chance))


def _draw_misses(kept: dict[str, Run]) -> None:
    st.subheader(t("quality.misses"), anchor=False)
    run = kept[st.selectbox(t("quality.what"), list(kept), key="misses")]
    worst = run.worst(_WORST)
    if not worst:
        st.caption(t("quality.none_missed"))
        return
    st.dataframe(
        [
            {
                t("quality.query"): result.query,
                metric_name("ndcg@10"): round(result.scores["ndcg@10"], 3),
                t("quality.expected"): listed(map(_place, result.expected)),
                t("quality.found"): listed(map(_place, result.found[:3])),
            }
            for result in worst
        ],
        hide_index=True,
    )


def _place(text: str) -> str:
    """Return a passage's place as the page's language says it; runs have pages as ``p. 3``."""
    name, page, number = text.rpartition(", p. ")
    return t("hit.origin", name=name, place=t("place.page", page=number)) if page else text


if __name__ == "__main__":
    render()
