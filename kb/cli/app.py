"""The ``kb`` command: search, list, remove and look after the knowledge base."""

from __future__ import annotations

from typing import Annotated, get_args

import typer
from rich.console import Console

from kb import wire
from kb.cli import (
    agents,
    asking,
    collections,
    documents,
    evaluation,
    jobs,
    keys,
    migrating,
    models,
    presentation,
    reembedding,
    refining,
    serving,
    upkeep,
)
from kb.cli.common import (
    JsonOption,
    opened,
    options,
    print_json,
    stdout,
)
from kb.cli.question_command import QuestionCommand
from kb.records import MediaType, SearchMode
from kb.search.filters import filter_from_text
from kb.search.request import SearchRequest
from kb.text import shortened

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A local knowledge base. Fill it with `python -m ingest FOLDER`, then search it.",
)
app.add_typer(collections.app, name="collections")
app.add_typer(evaluation.app, name="eval")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.command(cls=QuestionCommand)(asking.ask)
app.command()(reembedding.reembed)
app.command()(refining.refine)
app.command()(migrating.migrate)
app.command()(serving.serve)
app.command()(agents.mcp)
app.callback()(options)


@app.command(cls=QuestionCommand)
def search(  # noqa: PLR0917 - typer reads options from parameters
    query: Annotated[str, typer.Argument(help="A question or words, in any language.")],
    top_k: Annotated[
        int | None, typer.Option("--top-k", "-k", min=1, max=1000, help="Most hits to give.")
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option("--collection", "-c", help="Collection to search; several if repeated."),
    ] = None,
    mode: Annotated[
        SearchMode | None,
        typer.Option(
            "--mode",
            "-m",
            help="By meaning (dense), by words (keyword), or both (hybrid); "
            "else the collection's mode, else the one in the settings.",
        ),
    ] = None,
    context: Annotated[
        int, typer.Option(min=0, max=100, help="Chunks of text shown before and after each hit.")
    ] = 0,
    diversity: Annotated[
        float,
        typer.Option(min=0, max=1, help="How much hits are to differ: 0 not at all, 1 only that."),
    ] = 0.0,
    document: Annotated[
        list[int] | None, typer.Option("--document", help="Only this document, by its id.")
    ] = None,
    path: Annotated[
        str,
        typer.Option(
            "--path",
            help="Only files whose path below the ingested folder matches this glob; * crosses /. "
            "Whole paths are compared if it begins with /.",
        ),
    ] = "",
    media_type: Annotated[
        list[str] | None,
        typer.Option("--type", help=f"Only of this type: {', '.join(get_args(MediaType))}."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only with this tag.")] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Only documents in it: en, zh.")
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="Only from this date on: 2024-05. A document's own date counts (front matter, "
            "properties), else the day it was added.",
        ),
    ] = "",
    until: Annotated[str, typer.Option("--until", help="Only up to this date.")] = "",
    pages: Annotated[
        str, typer.Option("--pages", help="Only on these pages: 3, 3-7, 3- or -7.")
    ] = "",
    metadata: Annotated[
        list[str] | None,
        typer.Option("--meta", help="Only where KEY is VALUE, or a list with it: author=Li."),
    ] = None,
    rerank: Annotated[
        bool | None,
        typer.Option(
            "--rerank/--no-rerank", help="Have the reranker of the settings order the best hits."
        ),
    ] = None,
    instruct: Annotated[
        str, typer.Option("--instruct", help="What the query asks for, if the model takes it.")
    ] = "",
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out hits below this score, from 0 to 1."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each stage of the search gave a hit.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find the passages that answer a question.

    "Words in quotes" must stand in every hit, -word in none. A question that begins with a minus
    stands behind two hyphens: kb search -- "-word other words"
    """
    with opened(top_k=top_k) as base:
        where = filter_from_text(
            documents=document or (),
            path=path,
            media_types=media_type or (),
            tags=tag or (),
            languages=language or (),
            since=since,
            until=until,
            pages=pages,
            metadata=metadata or (),
        )
        request = SearchRequest(
            query=query,
            collections=tuple(collection or ()) or None,
            mode=mode,
            where=where,
            context=context,
            diversity=diversity,
            instruct=instruct,
            rerank=rerank,
            min_score=min_score,
        )
        hits = base.find(request)
        meant = base.did_you_mean(query, collection=request.collections)
        if as_json:
            print_json([wire.hit_json(hit) for hit in hits])
        else:
            least = base.settings.min_score if min_score is None else min_score
            presentation.print_hits(
                query, hits, stdout(), explain=explain, min_score=least, meant=bool(meant)
            )
        if meant:
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"did you mean {shortened(meant)!r}?", markup=False
            )


app.command()(documents.documents)
app.command()(documents.tag)
app.command()(documents.remove)
app.command()(documents.runs)
app.command()(upkeep.export)
app.command("import")(upkeep.import_)
app.command()(upkeep.compact)
app.command()(upkeep.doctor)
app.command()(serving.ui)
