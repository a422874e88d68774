"""``kb eval``: score search on judged queries, compare runs, make a set to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kb.cli.answer_evaluation import evaluate_answers
from kb.cli.common import expected_errors, opened, print_json, stdout
from kb.errors import SettingsError
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.evaluation.judged import JudgedSet
    from kb.evaluation.runs import Run
    from kb.evaluation.spans import SpanRun

_METRICS = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
_COMPARED = "ndcg@10"
_LONGEST_QUERY = 60
_ALMOST_CERTAIN = 0.05


def evaluate(  # noqa: PLR0917 - typer reads options from parameters
    set_dir: Annotated[
        Path, typer.Argument(help="Folder with corpus.jsonl, queries.jsonl and qrels.tsv.")
    ],
    mode: Annotated[
        Literal["hybrid", "dense", "keyword", "all"], typer.Option("--mode", help="How to search.")
    ] = "hybrid",
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, max=1000)] = 10,
    spans: Annotated[
        bool, typer.Option("--spans", help="Score chunks by the gold spans in spans.tsv.")
    ] = False,
    answers: Annotated[
        bool,
        typer.Option(
            "--answers",
            help="Have the chat model answer, and check its citations and what it declines.",
        ),
    ] = False,
    questions: Annotated[
        int, typer.Option("--questions", min=1, help="Questions that --answers draws.")
    ] = 50,
    judge: Annotated[
        str,
        typer.Option(
            "--judge",
            help="Another chat model that judges the citations, as KB_CHAT_MODEL names one.",
        ),
    ] = "",
    save: Annotated[
        Path | None, typer.Option("--save", help="Write the run, to compare another with.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="Compare with a saved run, query by query.")
    ] = None,
    worst: Annotated[int, typer.Option("--worst", min=0, help="Worst misses to list.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Ingest a judged set into a throw-away collection and score the search on it."""
    from kb.evaluation import runs  # noqa: PLC0415 - numpy is for this only
    from kb.evaluation import spans as span_runs  # noqa: PLC0415
    from kb.evaluation.judged import read_set  # noqa: PLC0415

    with expected_errors():
        _require_sensible(spans=spans, answers=answers, save=save, compare=compare)
        judged = read_set(set_dir, spans=spans)
        earlier = runs.load(compare) if compare else []
        modes = runs.MODES if mode == "all" else (mode,)
        if answers:
            evaluate_answers(
                judged,
                modes,
                questions=questions,
                judge_model=judge,
                worst=worst,
                as_json=as_json,
                ingesting=_progress(judged),
            )
            return
        with _progress(judged) as tell, runs.ingested(judged, Settings.load(), None, tell) as base:
            if spans:
                found = [span_runs.run(base, judged, mode=each, top_k=top_k) for each in modes]
                if as_json:
                    print_json([asdict(each) for each in found])
                else:
                    _print_spans(found, stdout())
                return
            done = [runs.run(base, judged, mode=each, top_k=top_k) for each in modes]
        if save:
            runs.save(done, save)
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


def make(
    folder: Annotated[Path, typer.Argument(help="Folder to write the set to.")],
    source: Annotated[str | None, typer.Option("--from", help="Collection to draw from.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Passages to draw.")] = 50,
    seed: Annotated[int, typer.Option("--seed", help="Another seed draws others.")] = 0,
    ask: Annotated[
        bool, typer.Option("--ask", help="Have the chat model of the settings write the questions.")
    ] = False,
) -> None:
    """Draw passages from a collection, as a set whose queries you (or a chat model) fill in."""
    from kb.chat.opening import open_chat_model  # noqa: PLC0415 - for this only
    from kb.evaluation.making import make_set, question_about  # noqa: PLC0415

    with opened() as base:
        if ask:
            chat = open_chat_model(base.settings)
            with closing(chat):
                written = make_set(
                    base,
                    folder,
                    collection=source,
                    count=count,
                    seed=seed,
                    ask=lambda passage: question_about(passage, chat),
                )
            stdout().print(
                f"wrote {written} questions to {folder / 'queries.jsonl'}: read them, delete what "
                f"nobody would ask; then run `kb eval {folder}`",
                markup=False,
            )
            return
        written = make_set(base, folder, collection=source, count=count, seed=seed)
        stdout().print(
            f"wrote {written} passages to {folder / 'queries.jsonl'}: give each a question in "
            f"its text, or delete its line; then run `kb eval {folder}`",
            markup=False,
        )


def _require_sensible(
    *, spans: bool, answers: bool, save: Path | None, compare: Path | None
) -> None:
    """Refuse options that mean nothing together, before a set is embedded for minutes."""
    if (spans or answers) and (save or compare):
        which = "--spans" if spans else "--answers"
        msg = f"{which} is not saved or compared; leave out --save and --compare"
        raise SettingsError(msg)
    if spans and answers:
        msg = "--spans and --answers are two evaluations; give one of them"
        raise SettingsError(msg)
    if save and not save.absolute().parent.is_dir():
        msg = f"--save {save}: there is no folder {save.absolute().parent}; make it first"
        raise SettingsError(msg)


class _RunByDefault(typer.core.TyperGroup):
    """``kb eval SET_DIR`` means ``kb eval run SET_DIR``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps the type private
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["run", *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


app = typer.Typer(cls=_RunByDefault, no_args_is_help=True, help="Score search on judged queries.")
app.command("run")(evaluate)
app.command("make")(make)


@contextmanager
def _progress(judged: JudgedSet) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"ingesting {judged.name}", total=len(judged.documents))
        yield lambda done, _total: bar.update(task, completed=done)


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


def _print_runs(runs: list[Run], console: Console) -> None:
    first = runs[0]
    table = Table(
        title=f"{first.set_name}: {first.documents} documents", box=None, padding=(0, 2, 0, 0)
    )
    # Two lines of headings and no lines between: it fits into 80 columns.
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


def _print_spans(runs: list[SpanRun], console: Console) -> None:
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
