"""The GPU benchmark's figures as markdown tables; vectors are compared here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gpu_model import Shape

_NONE = "–"


def add_derived(figures: list[dict[str, Any]], shape: Shape, peak_tflops: float | None) -> None:
    """Add tokens/s, TFLOP/s, share of the peak and the cosine with this project's F16 vectors.

    The vectors themselves are dropped.
    """
    exact = next((each for each in figures if each["name"] == "F16"), None)
    shown = {each["name"]: _vectors(each) for each in figures}
    for each in figures:
        for name, found in each["lengths"].items():
            tokens, speed = int(name), found["documents_per_s"]
            found["tokens_per_s"] = speed * tokens
            found["tflops"] = speed * shape.flops(tokens) / 1e12
            found["share_of_peak"] = found["tflops"] / peak_tflops if peak_tflops else None
        each["least_cosine_with_f16"] = (
            _least_cosine(shown[each["name"]], shown["F16"]) if exact is not None else None
        )
    for each in figures:
        for found in each["lengths"].values():
            del found["vectors"]


def least_cosine(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Return the smallest cosine between vectors of the same texts in two workers' answers."""
    return _least_cosine(_vectors(first), _vectors(second))


def tables(report: dict[str, Any]) -> str:
    """Return the report as markdown."""
    card = report["card"]
    shape = report["shape"]
    heading = (
        f"{card['name']}, driver {card['driver']}" if card else "no GPU: figures of the processor"
    )
    if card:
        peak = card["peak_tflops"]
        heading += f", peak {peak:g} TFLOP/s" if peak else ", peak not in the table"
    heading += (
        f"; {shape['name']}, random weights, {shape['computing_parameters'] / 1e9:.2f} G "
        f"parameters computing; {report['vocabulary']} vocabulary"
    )
    lines = [
        heading,
        "",
        "| Embedder | Tokens | Documents/s | Tokens/s | Rounds (documents/s) | TFLOP/s | Of peak |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in report["figures"]:
        for name, found in each["lengths"].items():
            share = found["share_of_peak"]
            lines.append(
                f"| {each['label']} | {name} | {found['documents_per_s']:,.1f} "
                f"| {found['tokens_per_s']:,.0f} "
                f"| {found['slowest_round']:,.1f}–{found['fastest_round']:,.1f} "
                f"| {found['tflops']:,.2f} | {_NONE if share is None else f'{share:.1%}'} |"
            )
    lines += [
        "",
        "| Embedder | One query, p50 | p95 | GPU memory | Least cosine with F16 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in report["figures"]:
        memory, cosine = each["gpu_memory_mib"], each["least_cosine_with_f16"]
        lines.append(
            f"| {each['label']} | {each['query']['p50_ms']:.1f} ms "
            f"| {each['query']['p95_ms']:.1f} ms "
            f"| {_NONE if memory is None else f'{memory:,} MiB'} "
            f"| {_NONE if cosine is None else f'{cosine:.5f}'} |"
        )
    if report["memory_checks"]:
        lines += [
            "",
            "| Free GPU memory | Outcome | Layers on the GPU | What was said |",
            "| --- | --- | --- | --- |",
            *(
                f"| {check['free_mib']:,} MiB | {check['outcome']} "
                f"| {check.get('layers_on_gpu', _NONE)} | {'; '.join(check['said']) or _NONE} |"
                for check in report["memory_checks"]
            ),
        ]
    lines += ["", *(f"- {note}" for note in report["notes"])]
    return "\n".join(lines).rstrip()


def _vectors(answer: dict[str, Any]) -> npt.NDArray[np.float32]:
    rows = [row for found in answer["lengths"].values() for row in found["vectors"]]
    return np.array(rows, dtype=np.float32)


def _least_cosine(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    return float((first * second).sum(axis=1).min())
