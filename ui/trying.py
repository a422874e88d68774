"""Compares the present settings with one changed setting, and lets people use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.evaluation import runs, trials
from kb.model_offers import offers
from kb.records import CollectionInfo, SearchMode
from kb.remote.address import names_servers
from kb.setting_changes import make_change, outranked, plan_change, variable
from kb.setting_sources import config_path
from ui.changing_settings import draw_cost
from ui.evaluating import Trial, metric_name
from ui.language import listed, t
from ui.markup import plain
from ui.session import Session
from ui.shared import draw_error
from ui.trust import is_trusted, require_trust

_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
_SWITCHES = ("language_means", "sentences", "contextual")
_FIGURE = "ndcg@10"
_FIRST = "mrr@10"
_CERTAIN = 0.05
_FEW = 20
_TAKEN = "_trial_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A setting with another value to try."""

    setting: str
    value: object

    @property
    def key(self) -> str:
        """Its identification."""
        return f"{self.setting}={self.value}"

    @property
    def changes(self) -> Mapping[str, object]:
        """Its changes of settings."""
        return {self.setting: self.value}


def draw_trying(shared: Session, collection: CollectionInfo, *, working: bool) -> None:
    """Draw the options to try, the button, and the results of the last trial.

    ``working`` says whether an evaluation ran when the page began.
    """
    st.subheader(t("trial.title"), anchor=False)
    options = {each.key: each for each in _options(shared, collection)}
    chosen = st.pills(
        t("trial.change"),
        list(options),
        format_func={key: _label(each) for key, each in options.items()}.__getitem__,
        key="trial-option",
    )
    option = options.get(chosen or "")
    if option is not None and trials.needs_embedding(option.changes):
        cost = t("trial.again", n=collection.documents, chunks=f"{collection.chunks:,}")
        st.caption(f":material/restart_alt: {cost}")
    st.button(
        t("trial.compare"),
        key="trial-compare",
        type="primary",
        icon=":material/compare_arrows:",
        disabled=option is None or working,
        on_click=shared.evaluations.try_out,
        args=(collection.name, option.changes if option else {}),
    )
    trial = shared.evaluations.trial
    if trial is not None and trial.collection == collection.name and not working:
        _draw_result(shared, collection, trial)
    if taken := st.session_state.pop(_TAKEN, None):
        st.success(taken, icon=":material/check:")


def _options(shared: Session, collection: CollectionInfo) -> list[Option]:
    """Return the possible changes: first those of searches only, then those that embed again."""
    settings = shared.settings
    base = shared.base.settings  # the reranker in use may have changed since the start
    today = trials.mode_of(shared.base, collection.name)
    found = [Option(setting="mode", value=mode) for mode in _MODES if mode != today]
    here = [each for each in offers("reranking", base) if each.here and not each.in_use]
    found += [Option(setting="reranker", value=each.name) for each in here]
    if base.reranker:
        found.append(Option(setting="reranker", value=None))
    found.append(Option(setting="language_means", value=not settings.language_means))
    if collection.chunks > trials.MOST_CHUNKS:
        return found
    found += [
        Option(setting=name, value=not getattr(settings, name))
        for name in ("sentences", "contextual")
    ]
    sizes = (settings.chunk_size // 2, settings.chunk_size * 2)
    found += [
        Option(setting="chunk_size", value=size)
        for size in sizes
        if max(64, 2 * settings.chunk_overlap) <= size <= 32768  # noqa: PLR2004 - the setting's
    ]
    if not names_servers(settings.model):
        models = [each for each in offers("embedding", settings) if each.here and not each.in_use]
        found += [Option(setting="model", value=each.name) for each in models]
    return found


def _label(option: Option) -> str:
    name, value = option.setting, option.value
    if name == "mode":
        return t("trial.mode", mode=t(f"search.mode_{value}"))
    if name in _SWITCHES:
        return t(f"trial.{name}_{'on' if value else 'off'}")
    if value is None:
        return t("trial.reranker_none")
    return plain(t(f"trial.{name}", value=value))


def change_label(changed: Mapping[str, str]) -> str:
    """Return a kept run's change in words; empty for a run without a change."""
    said = []
    for name, value in changed.items():
        if name == "mode":
            said.append(t(f"search.mode_{value}"))
        elif name in _SWITCHES:
            said.append(t(f"trial.{name}_{'on' if value == 'true' else 'off'}"))
        elif name == "reranker" and not value:
            said.append(t("trial.reranker_none"))
        else:
            said.append(t(f"trial.{name}", value=value))
    return listed(said)


def _draw_result(shared: Session, collection: CollectionInfo, trial: Trial) -> None:
    option = Option(setting=next(iter(trial.changes)), value=next(iter(trial.changes.values())))
    try:
        difference, (low, high), p = runs.compare(trial.before, trial.after, _FIGURE)
    except KnowledgeBaseError as error:
        draw_error(t("error.compare"), error)
        return
    with st.container(border=True):
        st.markdown(f"**{t('trial.result', change=_label(option))}**")
        today, then, gain = st.columns(3)
        before, after = (each.means()[_FIGURE][0] for each in (trial.before, trial.after))
        name = metric_name(_FIGURE)
        today.metric(t("trial.today", metric=name), f"{before:.3f}")
        then.metric(t("trial.then", metric=name), f"{after:.3f}")
        gain.metric(
            t("trial.gain"),
            f"{difference:+.3f}",
            f"{low:+.3f} … {high:+.3f}",
            delta_color="off",
            delta_arrow="off",
        )
        count, chance = len(trial.after.queries), f"{p:.3f}"
        said = "quality.differs" if p < _CERTAIN else "quality.same"
        st.caption(f"{t('trial.measured', n=count)} {t(said, p=chance)}")
        if count < _FEW:
            st.caption(f":material/info: {t('trial.few', n=_FEW)}")
        _draw_changed(trial)
        _draw_taking(shared, collection, option)


def _draw_changed(trial: Trial) -> None:
    """Draw the questions whose first good passage has moved, largest moves first."""
    then = {each.id: each for each in trial.after.queries}
    moved = [
        (each, then[each.id])
        for each in trial.before.queries
        if each.id in then and each.scores[_FIGURE] != then[each.id].scores[_FIGURE]
    ]
    if not moved:
        st.caption(t("trial.none_moved"))
        return
    moved.sort(key=lambda pair: -abs(pair[1].scores[_FIGURE] - pair[0].scores[_FIGURE]))
    st.dataframe(
        [
            {
                t("quality.query"): one.query,
                t("trial.first_today"): _place(one.scores[_FIRST]),
                t("trial.first_then"): _place(other.scores[_FIRST]),
                f"{metric_name(_FIGURE)} ±": f"{other.scores[_FIGURE] - one.scores[_FIGURE]:+.3f}",
            }
            for one, other in moved
        ],
        hide_index=True,
    )


def _place(reciprocal: float) -> str:
    return str(round(1 / reciprocal)) if reciprocal else t("trial.not_found")


def _draw_taking(shared: Session, collection: CollectionInfo, option: Option) -> None:
    """Draw the cost of using the setting, and the button."""
    if not is_trusted(shared.settings):
        st.caption(t("change.not_here"))
        return
    if _in_use(shared, collection, option):
        st.caption(t("trial.in_use"))
        return
    if option.setting != "mode" and outranked(option.setting):
        st.info(t("change.outranked", variable=variable(option.setting)), icon=":material/info:")
        return
    if trials.needs_embedding(option.changes):
        try:
            change = plan_change(option.setting, _typed(option.value))
        except KnowledgeBaseError as error:
            draw_error(t("change.refused"), error)
            return
        if change is None:
            st.caption(t("trial.in_use"))
            return
        draw_cost(shared, change)
    st.button(
        t("trial.take"),
        key="trial-take",
        icon=":material/check:",
        disabled=bool(shared.base.read_only),
        on_click=_take,
        args=(shared, collection, option),
    )


def _in_use(shared: Session, collection: CollectionInfo, option: Option) -> bool:
    if option.setting == "mode":
        return trials.mode_of(shared.base, collection.name) == option.value
    in_force: object = getattr(shared.base.settings, option.setting)
    return in_force == option.value


def _take(shared: Session, collection: CollectionInfo, option: Option) -> None:
    """Use a setting: at once if possible, else from the next start."""
    try:
        require_trust(shared.settings)
        if option.setting == "mode":
            mode: SearchMode = option.value  # type: ignore[assignment] # one of them
            shared.base.set_collection_mode(collection.name, mode)
            said = t("trial.taken_mode", name=collection.name)
        else:
            change = plan_change(option.setting, _typed(option.value))
            path = make_change(change) if change else config_path()
            if option.setting == "reranker":
                shared.base.use_model("reranker", option.value and str(option.value))  # type: ignore[arg-type]
                said = t("trial.taken_now", path=str(path))
            else:
                said = t("change.done", variable=variable(option.setting), path=str(path))
    except KnowledgeBaseError as error:
        st.session_state[_TAKEN] = ""
        st.toast(f"{t('change.refused')}: {plain(str(error))}", icon=":material/error:")
    else:
        st.session_state[_TAKEN] = plain(said)


def _typed(value: object) -> str:
    """Return a value in typed form."""
    return str(value).lower() if isinstance(value, bool) else str(value or "")
