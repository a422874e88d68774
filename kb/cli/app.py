"""The ``kb`` command: search, list, remove and look after the knowledge base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console

from kb.cli import (
    asking,
    collections,
    evaluation,
    jobs,
    listings,
    migrating,
    models,
    presentation,
    reembedding,
    refining,
    serving,
)
from kb.cli.common import (
    EXIT_FAILED,
    CollectionOption,
    JsonOption,
    opened,
    options,
    print_json,
    stdout,
)
from kb.errors import SettingsError
from kb.records import MediaType, SearchMode
from kb.search.filters import filter_from_text
from kb.search.request import SearchRequest
from kb.server import shapes
from kb.text import one_line

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A local knowledge base. Fill it with `python -m ingest FOLDER`, then search it.",
)
app.add_typer(collections.app, name="collections")
app.add_typer(evaluation.app, name="eval")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.command()(asking.ask)
app.command()(reembedding.reembed)
app.command()(refining.refine)
app.command()(migrating.migrate)
app.command()(serving.serve)
app.callback()(options)


@app.command()
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

    "Words in quotes" must stand in every hit, -word in none.
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
        if as_json:
            print_json([shapes.hit_json(hit) for hit in hits])
        else:
            presentation.print_hits(query, hits, stdout(), explain=explain)
        if meant := base.did_you_mean(query, collection=request.collections):
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"did you mean {meant!r}?", markup=False
            )


@app.command()
def documents(
    collection: CollectionOption = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="List the files that could not be read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the documents of a collection."""
    with opened(collection=collection) as base:
        files = base.files.failed()
        if failed and as_json:
            print_json([shapes.failed_json(file) for file in files])
        elif failed:
            listings.print_failed(files, stdout())
        elif as_json:
            print_json([shapes.document_json(info, files) for info in base.documents()])
        else:
            listings.print_documents(base.documents(), files, stdout())


@app.command()
def tag(
    which: Annotated[
        list[str], typer.Argument(help="Document ids or paths, as `kb documents` lists them.")
    ],
    add: Annotated[
        list[str] | None, typer.Option("--add", "-a", help='Tag to give; "a, b" are two.')
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="Tag to take away.")
    ] = None,
    collection: CollectionOption = None,
) -> None:
    """Give tags to documents, or take them away; `kb search --tag` finds them by these."""
    with opened(collection=collection) as base:
        if not add and not remove:
            msg = "nothing to change; give --add TAG or --remove TAG"
            raise SettingsError(msg)
        ids = [info.id for info in listings.choose_documents(base.documents(), which)]
        base.tag(ids, add=add or (), remove=remove or ())
        for info in map(base.document, ids):
            said = ", ".join(info.tags) or "no tags"
            stdout().print(f"{info.id} {one_line(info.name)}: {said}", markup=False)


@app.command()
def remove(
    which: Annotated[
        list[str], typer.Argument(help="Document ids or paths, as `kb documents` lists them.")
    ],
    collection: CollectionOption = None,
) -> None:
    """Remove documents from a collection; files on disk are left alone."""
    with opened(collection=collection) as base:
        for info in listings.choose_documents(base.documents(), which):
            base.remove(info.id)
            stdout().print(f"removed {info.id} {info.name}", markup=False)


@app.command()
def runs(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most runs to list.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the latest runs of ingestion: when, over what, what changed, what failed."""
    with opened() as base:
        found = base.runs(limit=limit)
        if as_json:
            print_json([shapes.run_json(run) for run in found])
        else:
            listings.print_runs(found, stdout())


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write; replaced if it is there.")],
    collection: CollectionOption = None,
    originals: Annotated[
        bool,
        typer.Option(
            "--originals/--no-originals", help="With the files that were uploaded in the browser."
        ),
    ] = True,
) -> None:
    """Write a collection to one file: documents, chunks, vectors, settings, uploaded originals."""
    with opened(collection=collection) as base:
        done = base.export(file, originals=originals)
        presentation.print_archive("exported", done, stdout())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file that `kb export` wrote.")],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Name to import it under.")
    ] = None,
) -> None:
    """Make a collection of an exported file, without embedding anything."""
    with opened() as base:
        done = base.import_archive(file, collection=collection)
        presentation.print_archive("imported", done, stdout())


@app.command()
def compact(as_json: JsonOption = False) -> None:
    """Rewrite the store so that no text of removed documents is left in its files."""
    with opened() as base:
        done = base.compact()
        if as_json:
            print_json(shapes.compaction_json(done))
        else:
            presentation.print_compaction(done, stdout())


@app.command()
def doctor(
    as_json: JsonOption = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what does not agree in the store.")
    ] = False,
) -> None:
    """Say what llama.cpp sees, which model is loaded, and whether the store is sound."""
    from kb.doctor import examine, sound  # noqa: PLC0415 - loads the model

    with opened() as base:
        findings = examine(base, repair=repair)
        if as_json:
            print_json(findings)
        else:
            presentation.print_findings(findings, stdout())
        if not sound(findings):
            raise typer.Exit(EXIT_FAILED)


app.command()(serving.ui)
