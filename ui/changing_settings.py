"""Changes a setting: shows its meaning and the cost of the change before the button."""

from __future__ import annotations

import shlex
from typing import Literal, get_args, get_origin

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.setting_changes import (
    CHANGEABLE,
    SettingChange,
    make_change,
    outranked,
    plan_change,
    variable,
)
from kb.settings import Settings
from ui.language import listed, t
from ui.markup import plain
from ui.session import Session
from ui.shared import draw_error
from ui.trust import is_trusted, require_trust

_CHANGED = "_setting_changed"


def draw_changing(shared: Session) -> None:
    """Draw the choice of a setting and its new value, for the person at this machine."""
    if not is_trusted(shared.settings):
        st.caption(t("change.not_here"))
        return
    try:
        _draw_pending(shared)
    except KnowledgeBaseError as error:  # somebody has changed the file since the start
        draw_error(t("error.status"), error)
        return
    with st.expander(t("change.title"), icon=":material/tune:"):
        name = st.selectbox(
            t("change.which"), CHANGEABLE, index=None, format_func=variable, key="setting"
        )
        if name is not None:
            st.caption(plain(t(f"setting.{name}")))
            _draw_value(shared, name)
    done = st.session_state.pop(_CHANGED, None)
    if done:
        st.success(done, icon=":material/check:")


def _draw_pending(shared: Session) -> None:
    """Show changes of the file since the start of this process."""
    kept = Settings.load()
    waiting = [
        variable(name)
        for name in CHANGEABLE
        if not outranked(name) and getattr(kept, name) != getattr(shared.settings, name)
    ]
    if waiting:
        st.info(t("change.pending", names=listed(waiting)), icon=":material/restart_alt:")


def _draw_value(shared: Session, name: str) -> None:
    if outranked(name):
        st.info(t("change.outranked", variable=variable(name)), icon=":material/info:")
        return
    try:
        change = plan_change(name, _typed(name))
        if change is None:
            st.caption(t("change.none"))
            return
        draw_cost(shared, change)
        if st.button(t("change.save"), key="setting-save", type="primary"):
            require_trust(shared.settings)
            path = make_change(change)
            st.session_state[_CHANGED] = t(
                "change.done", variable=variable(name), path=plain(str(path))
            )
            st.rerun()
    except KnowledgeBaseError as error:
        draw_error(t("change.refused"), error)


def _typed(name: str) -> str:
    """Draw a widget for the new value; return it in typed form, empty for the default."""
    field = Settings.model_fields[name]
    now = getattr(Settings.load(), name)
    key = f"setting-{name}"
    if field.annotation is bool:
        return str(st.toggle(t("change.value"), now, key=key)).lower()
    if get_origin(field.annotation) is Literal:
        options = list(get_args(field.annotation))
        return str(st.selectbox(t("change.value"), options, index=options.index(now), key=key))
    default = "" if field.default is None else str(field.default)
    return st.text_input(
        t("change.value"),
        Settings.load().shown(name),
        key=key,
        placeholder=t("change.default", default=default or t("change.unset")),
    )


def draw_cost(shared: Session, change: SettingChange) -> None:
    """Draw the work that the change requires, and for how many documents."""
    filled = [info for info in shared.base.collections() if info.documents]
    documents = sum(info.documents for info in filled)
    if not change.redo or not documents:
        st.info(t("change.free"), icon=":material/check:")
        return
    text = t(f"change.{change.redo}", n=documents, chunks=sum(info.chunks for info in filled))
    st.warning(text, icon=":material/restart_alt:")
    if change.redo == "reembed":
        model = str(change.value or Settings.model_fields["model"].default)
        if change.name != "model":
            model = shared.settings.shown("model")
        lines = [
            f"kb reembed --collection {shlex.quote(info.name)} --model {shlex.quote(model)}"
            for info in filled
        ]
        st.code("\n".join(lines), language="bash")
