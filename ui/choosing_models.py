"""Models in the status view: those in use, those to choose, and downloads with progress."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from kb.errors import KnowledgeBaseError
from kb.model_offers import Offer, offers
from kb.model_speeds import Speed
from kb.models.known import SETTINGS, Kind
from kb.models.references import HUB_NAMES, Hub
from kb.models.transfer import ROOM_BYTES
from kb.setting_changes import outranked, variable
from kb.setting_sources import config_path
from kb.settings import Settings
from ui.language import t
from ui.markup import plain
from ui.model_work import ModelProgress
from ui.session import Session
from ui.shared import draw_error, size_text
from ui.trust import is_trusted, require_trust

_POLL_S = 0.5
_HUBS: tuple[Hub, ...] = ("hf", "ms")
_LOOKED = "_looked_for_servers"
_GB = 1e9
_MOVABLE: tuple[Kind, ...] = ("reranking", "chat")
"""Optional kinds, which are used as soon as they are chosen."""


def draw_models(shared: Session) -> None:
    """Draw the models of each kind; only the person at this machine can choose."""
    st.subheader(t("models.title"), anchor=False)
    _look(shared)
    _draw_progress(shared)
    try:
        _draw_kinds(shared)
    except KnowledgeBaseError as error:  # of the settings' file, or of the store
        draw_error(t("error.status"), error)


def _draw_kinds(shared: Session) -> None:
    trusted = is_trusted(shared.settings)
    settings = _settings(shared)
    for kind in SETTINGS:
        with st.container(border=True, key=f"models-{kind}"):
            offered = offers(kind, settings, shared.models.served or ())
            st.markdown(f"**{t(f'models.{kind}')}** — {_in_use(kind, settings, offered)}")
            st.caption(t(f"models.{kind}_help"))
            if trusted:
                _draw_choice(shared, kind, offered)
    if not trusted:
        st.caption(t("models.not_here"))


def _settings(shared: Session) -> Settings:
    """Return the settings with the embedding model of the next start."""
    kept = Settings.load().model if not outranked("model") else shared.settings.model
    return shared.settings.model_copy(update={"model": kept})


def _look(shared: Session) -> None:
    """Ask the servers of this machine once per visit; draw again after their answers."""
    if _LOOKED not in st.session_state:
        st.session_state[_LOOKED] = True
        shared.models.look()
    if shared.models.served is None:
        st.fragment(run_every=_POLL_S)(_draw_looking)(shared)


def _draw_looking(shared: Session) -> None:
    if shared.models.served is not None:
        st.rerun()
    st.caption(f":material/hourglass_top: {t('models.looking')}")


def _in_use(kind: Kind, settings: Settings, offered: Sequence[Offer]) -> str:
    used = next((offer for offer in offered if offer.in_use), None)
    if used is not None:
        return plain(" · ".join([used.label, *_speed(used.speed)]))
    shown = settings.shown(SETTINGS[kind])
    # The name in a file's path identifies its model.
    return plain(Path(shown).name if shown.endswith(".gguf") else shown) or t("models.none")


def _draw_choice(shared: Session, kind: Kind, offered: Sequence[Offer]) -> None:
    setting = SETTINGS[kind]
    if outranked(setting):
        st.info(t("change.outranked", variable=variable(setting)), icon=":material/info:")
        return
    by_name = {offer.name: offer for offer in offered}
    lines = {offer.name: _described(offer) for offer in offered}
    name = st.selectbox(
        t("models.choose"),
        list(by_name),
        index=None,
        format_func=lines.__getitem__,
        key=f"model-{kind}",
        placeholder=t("models.choose"),
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if name is not None:
            _draw_buttons(shared, kind, by_name[name])
        if kind in _MOVABLE and getattr(shared.settings, setting):
            st.button(
                t("models.stop_using"),
                key=f"model-none-{kind}",
                type="tertiary",
                disabled=shared.models.active,
                on_click=_stop_using,
                args=(shared, kind),
            )
    if name is not None and kind == "embedding" and not by_name[name].in_use:
        _draw_cost(shared, name)


def _described(offer: Offer) -> str:
    """Return a model as one line of the choice: its name, size and place."""
    size = [size_text(_bytes(offer))] if offer.size_gb else []
    if offer.server:
        place = t("models.on_server", server=offer.server)
    else:
        place = t("models.here") if offer.here else t("models.elsewhere")
    return " · ".join([offer.label, *size, place, *_speed(offer.speed)])


def _bytes(offer: Offer) -> int:
    """Return the size of a model's file; 0 if it is unknown."""
    return round((offer.size_gb or 0) * _GB)


def _speed(speed: Speed | None) -> list[str]:
    if speed is None:
        return []
    read = f"{speed.read:,.0f}"
    if speed.written is None:
        return [t("models.speed", read=read)]
    return [t("models.speed_chat", read=read, written=f"{speed.written:,.0f}")]


def _draw_buttons(shared: Session, kind: Kind, offer: Offer) -> None:
    hub: Hub = "hf"
    room = True
    if not offer.here:
        room = _draw_room(shared, offer)
        if offer.on_modelscope:
            hub = st.selectbox(
                t("models.from"),
                _HUBS,
                index=0,
                format_func=HUB_NAMES.__getitem__,
                key=f"hub-{kind}",
                width=220,
            )
    if not offer.in_use:
        st.button(
            t("models.use" if offer.here else "models.pull"),
            key=f"model-use-{kind}",
            type="primary",
            icon=":material/check:" if offer.here else ":material/download:",
            disabled=shared.models.active or not room,
            on_click=_use,
            args=(shared, kind, offer, hub),
        )
    if offer.here and not offer.server:
        st.button(
            t("models.measure"),
            key=f"model-measure-{kind}",
            icon=":material/speed:",
            disabled=shared.models.active,
            on_click=_measure,
            args=(shared, kind, offer),
        )


def _draw_room(shared: Session, offer: Offer) -> bool:
    """Draw the size of the download and the free space; return whether it fits."""
    free = _free(shared.settings.models_dir)
    told = {"size": size_text(_bytes(offer)), "free": size_text(free)}
    if free < _bytes(offer) + ROOM_BYTES:
        st.warning(t("models.no_room", **told), icon=":material/hard_drive:")
        return False
    st.caption(t("models.room", **told))
    return True


def _free(folder: Path) -> int:
    """Return the free bytes at a folder that exists or will exist."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free


def _draw_cost(shared: Session, name: str) -> None:
    """Draw the collections that another embedding model must embed again before a search."""
    filled = [info for info in shared.base.collections() if info.documents]
    if not filled:
        return
    chunks = sum(info.chunks for info in filled)
    documents = sum(info.documents for info in filled)
    st.warning(t("change.reembed", n=documents, chunks=chunks), icon=":material/restart_alt:")
    st.code(
        "\n".join(
            f"kb reembed --collection {shlex.quote(info.name)} --model {shlex.quote(name)}"
            for info in filled
        ),
        language="bash",
    )


def _use(shared: Session, kind: Kind, offer: Offer, hub: Hub) -> None:
    require_trust(shared.settings)
    shared.models.use(offer, kind, hub=hub)


def _measure(shared: Session, kind: Kind, offer: Offer) -> None:
    require_trust(shared.settings)
    shared.models.measure(offer, kind)


def _stop_using(shared: Session, kind: Kind) -> None:
    require_trust(shared.settings)
    try:
        shared.models.stop_using("reranking" if kind == "reranking" else "chat")
    except KnowledgeBaseError as error:
        draw_error(t("error.model_choice"), error)


def _draw_progress(shared: Session) -> None:
    told = shared.models.progress
    if told is None:
        return
    if told.state == "working":
        st.fragment(run_every=_POLL_S)(_draw_working)(told)
        return
    if told.state == "failed":
        draw_error(t("error.model_choice"), told.error)
        if told.what == "use" and not told.offer.here:
            advice = "models.failed_hubs" if told.offer.on_modelscope else "models.failed_hub"
            st.info(t(advice), icon=":material/refresh:")
    elif told.state == "cancelled":
        st.info(t("models.cancelled", name=plain(told.offer.label)), icon=":material/pause_circle:")
    else:
        _draw_done(told)
    st.button(
        t("action.dismiss"),
        key="model-dismiss",
        icon=":material/close:",
        type="tertiary",
        on_click=shared.models.dismiss,
    )


def _draw_done(told: ModelProgress) -> None:
    name = plain(told.offer.label)
    if told.what == "measure":
        st.success(t("models.measured", name=name), icon=":material/speed:")
        return
    path = plain(str(config_path()))
    st.success(t(f"models.done_{told.kind}", name=name, path=path), icon=":material/check:")
    if told.kind == "chat":
        st.page_link("views/ask.py", label=t("models.to_ask"), icon=":material/forum:")


def _draw_working(told: ModelProgress) -> None:
    if told.state != "working":
        st.rerun()
    name = plain(told.offer.label)
    if told.what == "measure":
        st.caption(f":material/speed: {t('models.measuring', name=name)}")
        return
    if told.total:
        text = t(
            "models.pulling", name=name, done=size_text(told.done), total=size_text(told.total)
        )
        st.progress(min(1.0, told.done / told.total), text)
    else:
        st.progress(0.0, t("models.starting", name=name))
    st.button(
        t("models.cancelling") if told.cancel.is_set() else t("action.cancel"),
        key="model-cancel",
        disabled=told.cancel.is_set(),
        on_click=told.cancel.set,
    )
