"""``kb eval``: scores search on judged queries, compares runs, makes a set to judge."""

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

from kb.cli.answer_evaluation import evaluate_answers
from kb.cli.common import expected_errors, opened, print_json, stdout
from kb.cli.evaluation_listings import print_all, print_spans
from kb.cli.own_evaluation import is_own, run_own, set_folder, write_own
from kb.errors import SettingsError
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.evaluation.judged import JudgedSet


def evaluate(  # noqa: PLR0917 - typer reads options from parameters
    set_dir: Annotated[
        Path,
        typer.Argument(
            help="Folder with corpus.jsonl, queries.jsonl and qrels.tsv; or the name of a "
            "folder in the data folder's sets/; or my-questions, the questions whose "
            "hits you marked."
        ),
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
            help="Let the chat model answer; check its citations and its refusals to answer.",
        ),
    ] = False,
    questions: Annotated[
        int, typer.Option("--questions", min=1, help="Number of questions for --answers.")
    ] = 50,
    judge: Annotated[
        str,
        typer.Option(
            "--judge",
            help="Another chat model to judge the citations, named as in KB_CHAT_MODEL.",
        ),
    ] = "",
    save: Annotated[
        Path | None, typer.Option("--save", help="Save the run to this file for later comparisons.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="Compare with a saved run, query by query.")
    ] = None,
    worst: Annotated[
        int, typer.Option("--worst", min=0, help="Number of worst misses to list.")
    ] = 5,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="Collection of my-questions."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Ingest a judged set into a temporary collection and score the search on it.

    my-questions searches its own collection unchanged.
    """
    from kb.evaluation import runs  # noqa: PLC0415 - numpy is for this only
    from kb.evaluation import spans as span_runs  # noqa: PLC0415
    from kb.evaluation.judged import read_set  # noqa: PLC0415

    with expected_errors():
        _require_sensible(spans=spans, answers=answers, save=save, compare=compare)
        modes = runs.MODES if mode == "all" else (mode,)
        if is_own(set_dir):
            _require_plain(spans=spans, answers=answers)
            earlier = runs.load(compare) if compare else []
            done = run_own(modes, collection=collection)
            if save:
                runs.save(done, save)
            print_all(done, earlier, worst=worst, as_json=as_json)
            return
        if collection is not None:
            msg = "--collection says where my-questions were asked; a set has documents of its own"
            raise SettingsError(msg)
        judged = read_set(set_folder(set_dir), spans=spans)
        earlier = runs.load(compare) if compare else []
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
                    print_spans(found, stdout())
                return
            done = [runs.run(base, judged, mode=each, top_k=top_k) for each in modes]
        if save:
            runs.save(done, save)
        print_all(done, earlier, worst=worst, as_json=as_json)


def make(  # noqa: PLR0917 - as above
    folder: Annotated[Path, typer.Argument(help="Folder to write the set to.")],
    source: Annotated[str | None, typer.Option("--from", help="Collection to draw from.")] = None,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, help="Number of passages to draw.")
    ] = 50,
    seed: Annotated[
        int, typer.Option("--seed", help="A different seed draws different passages.")
    ] = 0,
    ask: Annotated[
        bool, typer.Option("--ask", help="Let the chat model of the settings write the questions.")
    ] = False,
    mine: Annotated[
        bool,
        typer.Option("--mine", help="Write the questions whose hits you marked; draw no passages."),
    ] = False,
) -> None:
    """Draw passages from a collection into a set; you (or a chat model) write its queries."""
    from kb.chat.opening import open_chat_model  # noqa: PLC0415 - for this only
    from kb.evaluation.making import make_set, question_about  # noqa: PLC0415

    with opened() as base:
        if mine:
            if ask:
                msg = "--mine writes questions that are there; leave out --ask"
                raise SettingsError(msg)
            write_own(base, folder, collection=source)
            return
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


def _require_plain(*, spans: bool, answers: bool) -> None:
    """Refuse options that need documents of the set's own."""
    if spans or answers:
        which = "--spans" if spans else "--answers"
        msg = f"{which} needs a set in a folder: write it with `kb eval make FOLDER --mine` first"
        raise SettingsError(msg)


def _require_sensible(
    *, spans: bool, answers: bool, save: Path | None, compare: Path | None
) -> None:
    """Refuse contradictory options now, before minutes of embedding."""
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
