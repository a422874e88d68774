"""The figures of all sizes in one file, and a picture of how they grow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scale_parts.stores import Measured

_PANELS = {
    "Search, ms (p50 solid, p95 dashed)": ("hybrid", "percent_folder", "half"),
    "Open until the first answer, s": ("open_s",),
    "Memory, MiB": ("rss_mib",),
    "One document updated, s": ("update_s",),
}
_NAMED = {"hybrid": "no filter", "percent_folder": "1 %", "half": "50 %"}
_COLOURS = {"chroma": "#1f6f8b", "server": "#c96f2e", "exact": "#5b8c3e"}
_SHADES = {"hybrid": 1.0, "percent_folder": 0.65, "half": 0.35}


def add(file: Path, store: Measured, figures: dict[str, float]) -> None:
    """Put what was measured of a store beside what is known of it and of others."""
    known = read(file) if file.exists() else {}
    name = f"{store.kind}-{store.width}-{store.size}"
    known[name] = known.get(name, {}) | figures
    file.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def read(file: Path) -> dict[str, dict[str, float]]:
    """Return figures by store."""
    known: dict[str, dict[str, float]] = json.loads(file.read_text("utf-8"))
    return known


def draw(known: dict[str, dict[str, float]], picture: Path) -> None:
    """Draw how figures of 384-wide stores grow with the number of chunks."""
    import matplotlib as mpl  # noqa: PLC0415 - for this alone, so it is no dependency

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(2, 2, figsize=(10, 7), constrained_layout=True)
    for place, (title, names) in zip(axes.flat, _PANELS.items(), strict=True):
        for name in names:
            for kind in _COLOURS:
                _line(place, known, kind, name)
        place.set(title=title, xscale="log", yscale="log", xlabel="chunks")
        place.grid(visible=True, which="major", alpha=0.3)
        place.legend(fontsize=7)
    figure.savefig(picture, dpi=110)


def _line(place: Any, known: dict[str, dict[str, float]], kind: str, name: str) -> None:  # noqa: ANN401 - matplotlib has no types here
    rows = sorted(
        (int(size), figures)
        for (own, width, size), figures in ((each.split("-"), known[each]) for each in known)
        if own == kind and width == "384"
    )
    style: dict[str, Any] = {
        "color": _COLOURS[kind],
        "alpha": _SHADES.get(name, 1.0),
        "marker": ".",
    }
    both = {f"{name}_p50_ms": "-", f"{name}_p95_ms": "--"} if name in _NAMED else {name: "-"}
    for figure, line in both.items():
        known_rows = [(size, figures[figure]) for size, figures in rows if figure in figures]
        label = f"{kind}, {_NAMED[name]}" if name in _NAMED else kind
        if known_rows:
            label = label if line == "-" else "_"
            place.plot(*zip(*known_rows, strict=True), line, label=label, **style)
