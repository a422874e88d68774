"""The status view: choice of models, machine, store, and present settings."""

from __future__ import annotations

import shutil
from importlib import metadata
from typing import Any

import streamlit as st

from kb.data_folders import APP_NAME
from kb.doctor import COLLECTION, examine
from kb.errors import KnowledgeBaseError
from kb.settings import Settings
from ui.changing_settings import draw_changing
from ui.choosing_models import draw_models
from ui.compacting import draw_compacting
from ui.i18n import has
from ui.language import listed, t
from ui.languages_known import draw_languages
from ui.run_history import draw_run_history
from ui.session import Session, session
from ui.shared import date_text, draw_error, facts, size_text

_POLL_S = 0.5
_RUNS = 50
_SECRET = ("ui_password_hash",)
_PACKAGES = (APP_NAME, "llama-cpp-python", "chromadb", "streamlit")


def render() -> None:
    """Draw the view."""
    shared = session()
    st.title(t("status.title"), anchor=False)
    try:
        draw_models(shared)
        _draw_findings(shared)
        draw_compacting(shared)
        draw_run_history(shared)
    except KnowledgeBaseError as error:
        draw_error(t("error.status"), error)
    st.subheader(t("status.settings"), anchor=False)
    st.caption(t("status.settings_help"))
    st.html(facts(_settings(shared.settings)))
    draw_changing(shared)
    st.subheader(t("status.versions"), anchor=False)
    st.html(facts([(name, _version(name)) for name in _PACKAGES]))


def _draw_findings(shared: Session) -> None:
    """Draw findings about model, machine and store; for a failed model the reason."""
    if shared.model_state == "loading":
        st.fragment(run_every=_POLL_S)(_draw_loading)(shared)
        return
    failed = shared.model_state == "failed"
    if failed:
        draw_error(t("error.model"), shared.model_error)
    check = bool(st.session_state.get("check-store"))
    findings = examine(shared.base, check=check, model=not failed)
    for section in ("machine", "store") if failed else ("model", "machine", "store"):
        st.subheader(t(f"status.{section}"), anchor=False)
        pairs = _pairs(_but_collections(findings[section]))
        if section == "model":
            pairs += _speed(shared)
        if section == "store":
            pairs.append((t("status.free"), size_text(_free(shared))))
            pairs += _collections(shared)
        st.html(facts(pairs))
    if not failed:
        draw_languages(shared)
    st.button(
        t("status.check"),
        key="check-store",
        icon=":material/fact_check:",
        help=t("status.check_help"),
    )
    if "check" in findings:
        st.html(facts(_pairs(findings["check"])))


def _collections(shared: Session) -> list[tuple[str, str]]:
    """Return each collection's counts, and its vector store."""
    return [
        (
            t("status.collection", name=info.name),
            t(
                "status.holds",
                documents=f"{info.documents:,}",
                chunks=f"{info.chunks:,}",
                store=_vector_store(shared.base.vector_store(info)),
            ),
        )
        for info in shared.base.collections()
    ]


def _vector_store(place: str) -> str:
    """Return the address of a vector store; for local files their meaning."""
    meaning = _label("vectors", place, "")
    return t("list.noted", text=place, note=meaning) if meaning else place


def _but_collections(findings: dict[str, Any]) -> dict[str, Any]:
    """Return findings without those that this view draws itself."""
    return {name: value for name, value in findings.items() if not name.startswith(COLLECTION)}


def _speed(shared: Session) -> list[tuple[str, str]]:
    """Return the speed of the last run that embedded anything."""
    for run in shared.base.runs(limit=_RUNS):
        if run.embedded and run.finished_at is not None:
            seconds = (run.finished_at - run.started_at).total_seconds()
            if seconds > 0:
                speed = t(
                    "status.speed_of",
                    speed=f"{run.embedded / seconds:,.1f}",
                    date=date_text(run.started_at),
                )
                return [(t("status.speed"), speed)]
    return []


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return t("status.not_installed")


def _settings(settings: Settings) -> list[tuple[str, str]]:
    return [
        (
            f"KB_{name.upper()}",
            f"{_value(settings, name)} — {_label('setting', name, field.description or '')}",
        )
        for name, field in type(settings).model_fields.items()
    ]


def _value(settings: Settings, name: str) -> str:
    """Return a setting's public value: for a secret, only whether it is set."""
    value = getattr(settings, name)
    if name in _SECRET or isinstance(value, bool):
        return t("status.yes" if value else "status.no")
    return settings.shown(name) or t("change.unset")


def _pairs(findings: dict[str, Any]) -> list[tuple[str, str]]:
    return [(_label("fact", name, name), _text(value)) for name, value in findings.items()]


def _label(kind: str, name: str, fallback: str) -> str:
    """Return the text for a name from other modules; the name itself if there is none."""
    key = f"{kind}.{name}"
    return t(key) if has(key) else fallback


def _text(value: object) -> str:
    if isinstance(value, bool):
        return t("status.yes" if value else "status.no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return listed(_text(item) for item in value)
    return _label("told", str(value), str(value))


def _free(shared: Session) -> int:
    return shutil.disk_usage(shared.settings.data_dir).free


def _draw_loading(shared: Session) -> None:
    if shared.model_state != "loading":
        st.rerun()
    st.caption(f":material/hourglass_top: {t('model.loading')}")


if __name__ == "__main__":
    render()
