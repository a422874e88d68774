"""Prints results on a terminal and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from kb.archive.exporting import ArchiveInfo
from kb.records import CollectionInfo, SearchHit
from kb.records.short_ids import document_id
from kb.search.reasons import anything_relevant
from kb.store.purging import Compaction
from kb.text import one_line, shortened

_SNIPPET_CHARACTERS = 320
_LEAD_CHARACTERS = 60
_TITLE_CHARACTERS = 80
_ID_CHARACTERS = len(document_id("text", "0" * 64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Reasons for missing or doubtful hits.

    Attributes:
        min_score: the search left out passages below it.
        meant: the hits match only a corrected spelling, which counts for little.
        phrases: the hits had to contain a quoted phrase.
    """

    min_score: float = 0.0
    meant: bool = False
    phrases: bool = False


_SURE = Doubts()


def print_files(hits: Sequence[SearchHit], console: Console, doubts: Doubts = _SURE) -> None:
    """Print the documents of hits, one per line: short id, score, path. Also for programs."""
    if not hits:
        _print_doubts(hits, Console(stderr=True, highlight=False, soft_wrap=True), doubts)
    for hit in hits:
        document = hit.short_id.partition(".")[0]
        line = Text.assemble(document, f"  {hit.score:.2f}  ", (one_line(hit.source), "cyan"))
        console.print(line)


def print_hits(
    query: str,
    hits: Sequence[SearchHit],
    console: Console,
    doubts: Doubts = _SURE,
    *,
    explain: bool = False,
) -> None:
    """Print hits, best first: file, place, score, reasons, short id, the passage with highlights.

    Args:
        query: the query.
        hits: the hits.
        console: the destination.
        doubts: reasons for missing or doubtful hits.
        explain: add the scores of each stage of the search.
    """
    console.print(Text(shortened(query), style="bold"))
    _print_doubts(hits, console, doubts)
    for number, hit in enumerate(hits, start=1):
        line = Text(f"{number}. ")
        line.append(one_line(hit.source), style="cyan")
        if hit.unseen_title:
            line.append(f"  {shortened(hit.unseen_title, _TITLE_CHARACTERS)}")
        if hit.place:
            line.append(f"  {one_line(hit.place)}", style="dim")
        if hit.read_by == "ocr":
            line.append(f"  {ocr_text(hit)}", style="yellow")
        if len(hit.sources) > 1:
            line.append(f"  (+{len(hit.sources) - 1} more)", style="dim")
        line.append(f"  {why_text(hit)}", style="green")
        line.append(f"  {hit.short_id}", style="dim")
        console.print(line)
        if hit.about:
            told = shortened("; ".join(map(one_line, hit.about)))
            console.print(indented(Text(f"from: {told}", style="dim")))
        if explain:
            console.print(indented(Text(scores_text(hit), style="dim")))
        if hit.header:
            console.print(indented(Text(_flat(hit.header), style="dim")))
        if hit.before or hit.after:
            console.print(indented(whole(hit)))
        else:
            console.print(indented(snippet(hit)))
    console.print()


_REASONS = {
    "best": "best match",
    "meaning": "by meaning",
    "words": "by words",
    "title": "by its title",
    "name": "by the file's name",
}


def _print_doubts(hits: Sequence[SearchHit], console: Console, doubts: Doubts) -> None:
    """Print that there are no hits, or none that probably answers."""
    if not hits and doubts.min_score:
        console.print(
            f"no passage has a score of {doubts.min_score:g} or more: lower --min-score to see the "
            "nearest"
        )
    elif not hits and doubts.phrases:
        console.print("no passage holds the words in quotes as they stand; leave the quotes out")
    elif not hits:
        console.print("no passages found; `kb documents` lists what there is to search")
    elif not (doubts.meant or anything_relevant(hits)):
        console.print("nothing relevant found; these passages come nearest:", style="yellow")


def why_text(hit: SearchHit) -> str:
    """Return the certainty of a hit, from 0 to 1, and the reasons for it."""
    told = {**_REASONS, "words": f"words: {', '.join(hit.matched)}"} if hit.matched else _REASONS
    return f"{hit.score:.2f}  {', '.join(told[reason] for reason in hit.told_reasons)}".rstrip()


_OF_A_QUERY = "query_"  # the search's name for the score of one of several queries
_STAGES = {
    "reranked": "reranked {:.3f}",
    "fused": "fused {:.3f}",
    "dense": "cosine {:.3f}",
    "keyword": "BM25 {:.2f}",
}


def scores_text(hit: SearchHit) -> str:
    """Return a hit's score and place in each stage; the fused score is not a cosine."""
    texts = {
        name: form.format(hit.scores[name]) for name, form in _STAGES.items() if name in hit.scores
    }
    totals = [texts.pop(name) for name in ("reranked", "fused") if name in texts]
    stages = " and ".join(f"{text} (#{hit.ranks[name]})" for name, text in texts.items())
    asked = [
        f"{name.replace('_', ' ')} {hit.scores[name]:.3f} (#{hit.ranks[name]})"
        for name in sorted(hit.scores, key=lambda name: (len(name), name))
        if name.startswith(_OF_A_QUERY)
    ]
    return " from ".join(filter(None, [*totals, " and ".join(asked), stages]))


def whole(hit: SearchHit) -> Text:
    """Return a hit with its surrounding text and highlights, in its original lines."""
    text = Text(hit.before, style="dim")
    text.append_text(_marked(hit, 0, len(hit.text), flat=False))
    return text.append(hit.after)


def _marked(hit: SearchHit, start: int, end: int, *, flat: bool = True) -> Text:
    """Return a part of a hit: the answering sentence in yellow, the query's words also bold."""
    shown = hit.text[start:end]
    text = Text(_flat(shown) if flat else shown, style="" if flat else "not dim")
    for spans, style in ((hit.highlights, "yellow"), (hit.words, "bold yellow")):
        for left, right in spans:
            if left < end and right > start:
                text.stylize(style, max(left, start) - start, min(right, end) - start)
    return text


def ocr_text(hit: SearchHit) -> str:
    """Return that a hit's text comes from OCR, with the certainty."""
    sure = "" if hit.confidence is None else f", confidence {hit.confidence:.2f}"
    return f"read by OCR{sure}"


def snippet(hit: SearchHit) -> Text:
    """Return the part of a hit around its answer, with highlights, on one line."""
    first = hit.highlights[0][0] if hit.highlights else 0
    if hit.sentence is not None:
        first = hit.sentence[0]
    start = max(0, min(first - _LEAD_CHARACTERS, len(hit.text) - _SNIPPET_CHARACTERS))
    end = min(len(hit.text), start + _SNIPPET_CHARACTERS)
    text = Text("… " if start else "")
    text.append_text(_marked(hit, start, end))
    text.append(" …" if end < len(hit.text) else "")
    return text


def _flat(text: str) -> str:
    return text.replace("\n", " ")


def indented(text: Text) -> Text:
    """Return an indented text, to stand below its heading."""
    return Text("   ").append_text(text)


def print_collections(found: Sequence[CollectionInfo], console: Console) -> None:
    """Print a table of collections."""
    if not found:
        console.print("no collections yet; make one with `kb ingest FOLDER`")
        return
    table = new_table("name", "documents", "chunks", "model", "description")
    for info in found:
        table.add_row(
            Text(info.name),
            str(info.documents),
            str(info.chunks),
            info.embedder,
            Text(info.description),
        )
    console.print(table)
    for info in found:
        for folder, description in info.folders.items():
            told = f"{info.name}, folder {folder}: {description}"
            console.print(Text(one_line(told)))


def print_archive(verb: str, info: ArchiveInfo, console: Console) -> None:
    """Print the result of an export or import."""
    console.print(
        Text(
            f"{verb} {info.collection}: {info.documents} documents, {info.chunks:,} chunks, "
            f"{info.originals} uploaded originals ({info.path}, {info.size / 2**20:,.1f} MiB)"
        )
    )
    for name in info.lost:
        lost = f"note {name}: its uploaded original is no longer there, so it is not in the archive"
        console.print(Text(lost, style="yellow"))
    for folder in info.folders:
        console.print(
            Text(
                f"note its files came from {one_line(folder)}; nothing there is read before you "
                "say where that folder is on this machine: kb ingest FOLDER --collection "
                f"{shlex.quote(info.collection)}",
                style="dim",
            )
        )


def print_compaction(done: Compaction, console: Console) -> None:
    """Print the result of compacting."""
    console.print(
        f"compacted: {done.bytes_before / 2**20:,.1f} MiB before, "
        f"{done.bytes_after / 2**20:,.1f} MiB now; deleted {done.uploads} uploaded originals "
        f"without a document and {done.backups} backups of older catalogs"
    )


def plain(value: object) -> str:
    """Return a value of a finding in readable form."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


def new_table(*columns: str) -> Table:
    """Return a table without lines, numbers right-aligned."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in _NUMBERS else "left",
            # Users copy ids: a narrow terminal shortens the other columns.
            no_wrap=column == "short id",
            min_width=_ID_CHARACTERS if column == "short id" else None,
        )
    return table


_NUMBERS = frozenset({"id", "pages", "chunks", "documents"})


def print_findings(findings: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print the findings of `kb doctor`, section by section."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for section, values in findings.items():
        table.add_row(f"[bold]{section}[/]", "")
        for name, value in values.items():
            table.add_row(f"  {escape(name)}", escape(plain(value)))
    console.print(table)
