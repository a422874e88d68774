"""``kb search``: finds answering passages, or their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, get_args

import typer
from rich.console import Console

from kb import wire
from kb.cli import presentation
from kb.cli.common import JsonOption, opened, print_json, stdout
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.records import MediaType, SearchHit, SearchMode
from kb.records.short_ids import short_id
from kb.search.filters import filter_from_text
from kb.search.query import parse
from kb.search.request import SearchRequest, WeightedQuery
from kb.search.typed import query_from_text
from kb.text import shortened


def _required(context: typer.Context, query: str) -> str:
    """Refuse an empty search while parsing the command line."""
    # Options with values are parsed before an argument without one.
    if not query.strip() and not context.params.get("queries"):
        msg = 'nothing to search for; give a question, or several: -q "meaning:…" -q "words:…"'
        raise typer.BadParameter(msg)
    return query


def search(  # noqa: PLR0917 - typer reads options from parameters
    query: Annotated[
        str,
        typer.Argument(
            help="A question or words, in any language.", show_default=False, callback=_required
        ),
    ] = "",
    queries: Annotated[
        list[str] | None,
        typer.Option(
            "--query",
            "-q",
            help="A query beside others, by meaning:…, words:… or both:…; words*2:… counts "
            "twice. The search combines the hits of all.",
        ),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            "--top-k", "-k", min=1, max=1000, help="Number of hits, or documents, at most."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every hit; with --min-score every hit above it.")
    ] = False,
    files: Annotated[
        bool,
        typer.Option(
            "--files", help="Print documents, one per line: short id, score of the best hit, path."
        ),
    ] = False,
    collection: Annotated[
        list[str] | None,
        typer.Option("--collection", "-c", help="Collection to search; repeatable."),
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
        typer.Option(
            min=0,
            max=1,
            help="Weight of variety among hits: 0 ignores variety, 1 counts nothing else.",
        ),
    ] = 0.0,
    document: Annotated[
        list[str] | None,
        typer.Option("--document", help="Only this document, by its id, short id or path."),
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
        list[str] | None,
        typer.Option("--language", help="Only documents in this language: en, zh."),
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
            "--rerank/--no-rerank", help="Let the reranker of the settings order the best hits."
        ),
    ] = None,
    instruct: Annotated[
        str, typer.Option("--instruct", help="Instruction of the query, if the model takes one.")
    ] = "",
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out hits below this score, from 0 to 1."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the scores of each stage of the search.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find the passages that answer a question, or several questions together.

    Every hit contains "words in quotes"; no hit contains a -word. Put a question that begins with a
    minus after two hyphens: kb search -- "-word other words". `kb get` shows more text around a
    hit: give it the short id.
    """
    with opened(top_k=top_k) as base:
        _require_sense(top_k, everything=everything, files=files, explain=explain, context=context)
        names = tuple(collection or ()) or None
        where = filter_from_text(
            documents=[_number(base, each, names) for each in document or ()],
            path=path,
            media_types=media_type or (),
            tags=tag or (),
            languages=language or (),
            since=since,
            until=until,
            pages=pages,
            metadata=metadata or (),
        )
        asked = _asked(query, queries or ())
        request = SearchRequest(
            query="" if asked else query,
            queries=asked,
            collections=names,
            mode=mode,
            where=where,
            context=context,
            diversity=diversity,
            instruct=instruct,
            rerank=rerank,
            min_score=min_score,
            # Sentences without vectors cost a second per ten hits.
            highlights="none" if files else "stored" if everything else "sentences",
        )
        if everything:
            request = replace(request, top_k=_every(base, names))
        hits = _by_document(base, request) if files else base.find(request)
        texts = [each.text for each in request.asked]
        meant = [base.did_you_mean(each, collection=names) for each in texts]
        if as_json:
            print_json([(wire.file_json if files else wire.hit_json)(hit) for hit in hits])
        else:
            least = base.settings.min_score if min_score is None else min_score
            phrases = any(parse(each).required for each in texts)
            doubts = presentation.Doubts(min_score=least, meant=any(meant), phrases=phrases)
            if files:
                presentation.print_files(hits, stdout(), doubts)
            else:
                presentation.print_hits(" + ".join(texts), hits, stdout(), doubts, explain=explain)
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        for each in filter(None, meant):
            errors.print(f"did you mean {shortened(each)!r}?", markup=False)


def _require_sense(
    top_k: int | None, *, everything: bool, files: bool, explain: bool, context: int
) -> None:
    """Refuse combinations of options of which one would have no effect."""
    msg = ""
    if everything and top_k is not None:
        msg = "--all gives every hit and --top-k so many; leave one of them out"
    elif files and (explain or context):
        what = "--explain" if explain else "--context"
        msg = f"--files gives documents and {what} is of passages; leave one of them out"
    if msg:
        raise SettingsError(msg)


def _asked(query: str, typed: Sequence[str]) -> tuple[WeightedQuery, ...]:
    """Return the queries of a search for several; empty for a search for the argument alone.

    Raises:
        SettingsError: a query cannot be parsed.
    """
    if not typed:
        return ()
    queries = tuple(map(query_from_text, typed))
    return (WeightedQuery(text=query), *queries) if query.strip() else queries


def _number(base: KnowledgeBase, named: str, collections: Sequence[str] | None) -> int:
    """Return the id of a document in the searched collections.

    Raises:
        DocumentNotFoundError: no document has this name.
        SettingsError: it is in another collection, or is a passage.
    """
    given = short_id(named)
    if given is not None and given.start is not None:
        document = named.partition(".")[0]
        msg = f"{named!r} is a passage; give the id of its whole document, {document!r}"
        raise SettingsError(msg)
    found = base.read(named, limit=1, collection=collections).document
    if collections is None and found.collection != base.settings.collection:
        msg = f"{named!r} is in the collection {found.collection!r}; give -c {found.collection!r}"
        raise SettingsError(msg)
    return found.id


def _every(base: KnowledgeBase, collections: Sequence[str] | None) -> int:
    """Return the most hits that a search of some collections can have."""
    return max(1, sum(base.collection(name).chunks for name in collections or (None,)))


def _by_document(base: KnowledgeBase, request: SearchRequest) -> list[SearchHit]:
    """Return the best hit of each document, for as many documents as requested hits."""
    wanted = request.top_k or base.settings.top_k
    looked_at = wanted
    while True:
        hits = base.find(replace(request, top_k=looked_at))
        best: dict[int, SearchHit] = {}
        for hit in hits:
            best.setdefault(hit.document_id, hit)
        if len(best) >= wanted or len(hits) < looked_at:
            return list(best.values())[:wanted]
        looked_at *= 4
