"""Diagrams of the collection on request: types, chunk lengths, days, speed, a map by theme."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kb.overview import LENGTH_STEP, Overview
from kb.records import CollectionInfo
from ui.language import t
from ui.session import Session
from ui.shared import MEDIA_NAMES

_HEIGHT = 180
_MAP_HEIGHT = 420
_LEAST_POINTS = 3
_RUNS = 200
_LEAST_RUNS = 2
_COLOR = "#2c7a68"
_SCALE = {"domain": [-1.08, 1.08]}


def draw_overview(shared: Session, collection: CollectionInfo) -> None:
    """Draw the diagrams on request."""
    if not st.toggle(t("overview.show"), key="overview"):
        return
    found = shared.overview(collection)
    types, lengths = st.columns(2)
    with types:
        st.caption(t("overview.types"))
        _bars(
            [{"x": MEDIA_NAMES[kind], "y": n} for kind, n in found.types.items()],  # type: ignore[index] # its keys
            t("overview.documents"),
        )
    with lengths:
        st.caption(t("overview.lengths"))
        _bars(
            [
                {"x": f"{start}–{start + LENGTH_STEP - 1}", "y": n}
                for start, n in found.chunk_lengths.items()
            ],
            t("overview.chunks"),
        )
    if len(found.added) > 1:
        st.caption(t("overview.added"))
        _bars([{"x": day, "y": n} for day, n in found.added.items()], t("overview.documents"))
    _draw_speed(shared, collection)
    _draw_map(found)


def _draw_speed(shared: Session, collection: CollectionInfo) -> None:
    """Draw the embedding speed of each run, if there are several to compare."""
    values = [
        {"x": run.started_at.isoformat(), "y": round(run.embedded / seconds, 2)}
        for run in shared.base.runs(limit=_RUNS)
        if run.collection == collection.name and run.embedded and run.finished_at is not None
        for seconds in [(run.finished_at - run.started_at).total_seconds()]
        if seconds > 0
    ]
    if len(values) < _LEAST_RUNS:
        return
    st.caption(t("overview.speed"))
    spec = {
        "height": _HEIGHT,
        "mark": {"type": "line", "point": True, "color": _COLOR},
        "encoding": {
            "x": {"field": "x", "type": "temporal", "axis": {"title": None}},
            "y": {
                "field": "y",
                "type": "quantitative",
                "axis": {"title": t("overview.speed_axis")},
            },
            "tooltip": [{"field": "x", "type": "temporal"}, {"field": "y", "type": "quantitative"}],
        },
    }
    st.vega_lite_chart(values, spec, width="stretch", alt=t("overview.speed"))


def _bars(values: list[dict[str, Any]], title: str) -> None:
    spec = {
        "height": _HEIGHT,
        "mark": {"type": "bar", "color": _COLOR},
        "encoding": {
            "x": {"field": "x", "type": "nominal", "sort": None, "axis": {"title": None}},
            "y": {"field": "y", "type": "quantitative", "axis": {"title": title}},
            "tooltip": [{"field": "x", "type": "nominal"}, {"field": "y", "type": "quantitative"}],
        },
    }
    st.vega_lite_chart(values, spec, width="stretch", alt=title)


def _draw_map(found: Overview) -> None:
    if len(found.points) < _LEAST_POINTS:
        return
    st.caption(t("overview.map"))
    values = [
        {
            "id": point.document_id,
            "name": point.name,
            "type": MEDIA_NAMES[point.media_type],
            "x": point.x,
            "y": point.y,
        }
        for point in found.points
    ]
    spec = {
        "height": _MAP_HEIGHT,
        "params": [{"name": "pick", "select": {"type": "point", "fields": ["id"]}}],
        "mark": {"type": "circle", "size": 70, "opacity": 0.75},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None, "scale": _SCALE},
            "y": {"field": "y", "type": "quantitative", "axis": None, "scale": _SCALE},
            "color": {"field": "type", "type": "nominal", "legend": {"title": None}},
            "tooltip": {"field": "name", "type": "nominal"},
        },
    }
    picked = st.vega_lite_chart(
        values,
        spec,
        width="stretch",
        key="map",
        on_select="rerun",
        alt=t("overview.map"),
    )
    chosen = picked.get("selection", {}).get("pick") if picked else None
    if chosen:
        st.switch_page("views/document.py", query_params={"id": str(chosen[0]["id"])})
