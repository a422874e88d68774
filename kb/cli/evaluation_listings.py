"""Prints runs of ``kb eval``: figures, differences, and the worst misses."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from kb.cli.common import print_json, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.evaluation.runs import Run
    from kb.evaluation.spans import SpanRun

_METRICS = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
_COMPARED = "ndcg@10"
_LONGEST_QUERY = 60
_ALMOST_CERTAIN = 0.05


def print_all(done: Sequence[Run], earlier: Sequence[Run], *, worst: int, as_json: bool) -> None:
    """Print runs, and their differences from earlier runs, else from the first of them."""
    pairs = [(old, new) for old in earlier for new in done]
    if not earlier:
        pairs = [(old, done[0]) for old in done[1:]]
    if as_json:
        print_json([_run_json(each, worst, pairs) for each in done])
        return
    console = stdout()
    _print_runs(done, console)
    for old, new in pairs:
        _print_comparison(old, new, bool(earlier), console)
    for each in done:
        _print_worst(each, worst, console)


def _run_json(run: Run, worst: int, pairs: list[tuple[Run, Run]]) -> dict[str, Any]:
    from kb.evaluation.runs import compare  # noqa: PLC0415

    compared = []
    for old, new in pairs:
        if new is run:
            difference, (low, high), p = compare(old, new, _COMPARED)
            compared.append(
                {
                    "with": old.mode,
                    "metric": _COMPARED,
                    "difference": difference,
                    "low": low,
                    "high": high,
                    "p": p,
                }
            )
    return {
        "set": run.set_name,
        "mode": run.mode,
        "documents": run.documents,
        "queries": len(run.queries),
        "latency_ms": {"p50": run.latency_p50_ms, "p95": run.latency_p95_ms},
        "metrics": {
            name: {"mean": mean, "low": low, "high": high}
            for name, (mean, (low, high)) in run.means().items()
        },
        "worst": [asdict(item) for item in run.worst(worst)],
        "compared": compared,
    }


def _print_runs(runs: Sequence[Run], console: Console) -> None:
    first = runs[0]
    table = Table(
        title=f"{first.set_name}: {first.documents} documents", box=None, padding=(0, 2, 0, 0)
    )
    # Two lines of headings without rules between rows, to fit into 80 columns.
    heads = [name.replace("@", "\n@") for name in _METRICS]
    for name in ("mode", *heads, "95 %\nof ndcg", "p50\nms", "p95\nms"):
        table.add_column(name, justify="left" if name == "mode" else "right", no_wrap=True)
    for run in runs:
        means = run.means()
        low, high = means["ndcg@10"][1]
        table.add_row(
            run.mode,
            *(f"{means[name][0]:.3f}" for name in _METRICS),
            f"{low:.3f}–{high:.3f}",
            f"{run.latency_p50_ms:.1f}",
            f"{run.latency_p95_ms:.1f}",
        )
    console.print(table)


def _print_comparison(old: Run, new: Run, saved: bool, console: Console) -> None:  # noqa: FBT001 - private, named at its one call
    from kb.evaluation.runs import compare  # noqa: PLC0415

    difference, (low, high), p = compare(old, new, _COMPARED)
    verdict = "the difference is real" if p < _ALMOST_CERTAIN else "may be chance"
    name = f"saved {old.mode}" if saved else old.mode
    console.print(
        f"{new.mode} - {name}: ndcg@10 {difference:+.4f} (95% {low:+.4f} to {high:+.4f}, "
        f"p = {p:.3f}: {verdict})",
        markup=False,
    )


def _print_worst(run: Run, count: int, console: Console) -> None:
    missed = run.worst(count)
    if not missed:
        return
    table = Table(title=f"worst misses, {run.mode}")
    for name in ("query", "expected", "found instead"):
        table.add_column(name)
    for item in missed:
        table.add_row(
            f"{item.id}: {item.query[:_LONGEST_QUERY]}",
            ", ".join(item.expected),
            ", ".join(item.found[:3]),
        )
    console.print(table)


def print_spans(runs: list[SpanRun], console: Console) -> None:
    """Print the share of gold passages that the hits cover."""
    first = runs[0]
    table = Table(
        title=f"{first.set_name}: {first.chunks} chunks, {first.queries} queries, "
        f"first {first.top_k} hits, counted in characters"
    )
    for name in ("mode", "recall", "precision", "iou"):
        table.add_column(name, justify="left" if name == "mode" else "right")
    for run in runs:
        table.add_row(
            run.mode,
            *(f"{mean:.3f} ({low:.3f}–{high:.3f})" for mean, (low, high) in run.means.values()),
        )
    console.print(table)
