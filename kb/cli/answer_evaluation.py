"""``kb eval --answers``: a chat model's answers to a judged set, with their citations checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kb.cli.common import print_json, stdout
from kb.records import SearchMode
from kb.redaction import redacted
from kb.settings import Settings
from kb.text import one_line

if TYPE_CHECKING:
    from kb.evaluation.answers import AnswerRun
    from kb.evaluation.judged import JudgedSet


def evaluate_answers(
    judged: JudgedSet,
    modes: Sequence[SearchMode],
    *,
    questions: int,
    judge_model: str,
    worst: int,
    as_json: bool,
    ingesting: AbstractContextManager[Callable[[int, int], None]],
) -> None:
    """Ingest a set, answer its questions in each mode, and print the results.

    Raises:
        SettingsError: the settings name no chat model.
        ChatError: the chat model fails.
    """
    from kb.chat.opening import open_chat_model  # noqa: PLC0415 - for this only
    from kb.evaluation import answers, runs  # noqa: PLC0415 - numpy likewise
    from kb.evaluation.judging import Judge  # noqa: PLC0415

    settings = Settings.load()
    name = settings.shown("chat_model")
    with ExitStack() as stack:
        # Report files that cannot be opened now, before minutes of embedding.
        chat = stack.enter_context(closing(open_chat_model(settings)))
        other = chat
        if judge_model:
            named = settings.model_copy(update={"chat_model": judge_model})
            other = stack.enter_context(closing(open_chat_model(named)))
        with ingesting as tell:
            base = stack.enter_context(runs.ingested(judged, settings, None, tell))
        done = []
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("judging controls", total=None)
            judge = Judge(other, [document.text for document in judged.documents])
            for mode in modes:
                bar.reset(task, description=f"answering, {mode}")
                done.append(
                    answers.run(
                        base,
                        judged,
                        chat,
                        judge=judge,
                        names=(name, redacted(judge_model) or name),
                        mode=mode,
                        count=questions,
                        on_progress=lambda at, of: bar.update(task, completed=at, total=of),
                    )
                )
    if as_json:
        print_json([_json(run, worst) for run in done])
        return
    for run in done:
        _print(run, worst, stdout())


def _json(run: AnswerRun, worst: int) -> dict[str, Any]:
    right, controls = run.controls
    return {
        "set": run.set_name,
        "mode": run.mode,
        "model": run.model,
        "questions": len(run.answerable),
        "failed": (*run.answerable, *run.unanswerable).count("failed"),
        "citations": len(run.citations),
        "shares": {
            name: None if share is None else {"mean": share[0], "low": low, "high": high}
            for name, share in run.shares().items()
            for low, high in [share[1] if share else (0.0, 0.0)]
        },
        "judge": {"model": run.judge, "right": right, "controls": controls},
        "worst": [asdict(each) for each in run.worst(worst)],
    }


def _print(run: AnswerRun, worst: int, console: Console) -> None:
    table = Table(
        title=f"{run.set_name}, {run.mode}: {len(run.answerable)} questions, each with and without "
        "its answer",
        box=None,
        padding=(0, 2, 0, 0),
        show_header=False,
    )
    right, controls = run.controls
    for name, share in run.shares().items():
        if share is not None:
            mean, (low, high) = share
            table.add_row(name, f"{mean:.3f}", f"{low:.3f}–{high:.3f}")
    console.print(table)
    told = f"{len(run.citations)} citations by {run.model}"
    failed = (*run.answerable, *run.unanswerable).count("failed")
    if failed:
        told += f"; {failed} questions without any answer"
    console.print(told, markup=False)
    if not any(each.judged is not None for each in run.citations):
        console.print(
            f"{run.judge} judges no citations: it was right about {right} of {controls} sentences "
            "whose passages are known; name a larger model with --judge",
            markup=False,
        )
    missed = run.worst(worst)
    if missed:
        console.print("citations that hold least:", style="bold")
    for each in missed:
        console.print(f"{each.query}: {each.question}", markup=False)
        console.print(
            f"  {each.sentence!r} cites {one_line(each.source)} (words {each.overlap:.2f})",
            markup=False,
        )
