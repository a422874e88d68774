"""Scores chunking by gold spans: their share in the first hits, and the share of other text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.evaluation import metrics
from kb.evaluation.judged import JudgedSet
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchHit, SearchMode
from kb.text import normalise

Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRun:
    """Means over queries, with 95% intervals, counted in characters.

    ``recall``: share of the gold text that is in the hits. ``precision``: share of the hits' text
    that is gold; text in two hits counts twice, because a person reads it twice. ``iou``: found
    gold text, divided by the union of gold text and hits.
    """

    set_name: str
    mode: str
    top_k: int
    chunks: int
    queries: int
    means: Mapping[str, tuple[float, tuple[float, float]]]


def run(base: KnowledgeBase, judged: JudgedSet, *, mode: SearchMode, top_k: int) -> SpanRun:
    """Run every query that has gold spans."""
    texts = {document.id: document.text for document in judged.documents}
    stored = {name: normalise(text) for name, text in texts.items()}
    values: dict[str, list[float]] = {"recall": [], "precision": [], "iou": []}
    for query_id, spans in judged.spans.items():
        if query_id not in judged.queries:
            continue
        hits = base.search(judged.queries[query_id], mode=mode, top_k=top_k, highlights="none")
        found = [place for hit in hits for place in _places(hit, stored)]
        gold = [_as_stored(texts, span) for span in spans]
        for name, value in score(gold, found).items():
            values[name].append(value)
    return SpanRun(
        set_name=judged.name,
        mode=mode,
        top_k=top_k,
        chunks=base.collection().chunks,
        queries=len(values["recall"]),
        means={
            name: (float(np.mean(each)), metrics.interval(each)) for name, each in values.items()
        },
    )


def score(gold: Iterable[Span], found: Sequence[Span]) -> dict[str, float]:
    """Return recall, precision and iou of one query."""
    wanted = _merge(gold)
    covered = sum(_shared(span, other) for span in _merge(found) for other in wanted)
    wanted_size = sum(end - start for _, start, end in wanted)
    read = sum(end - start for _, start, end in found)
    useful = sum(_shared(span, other) for span in found for other in wanted)
    return {
        "recall": covered / wanted_size,
        "precision": useful / read if read else 0.0,
        "iou": covered / (wanted_size + read - useful),
    }


def _places(hit: SearchHit, stored: Mapping[str, str]) -> Iterator[Span]:
    """Yield the spans of a hit: in its own document, and in those with copies of it."""
    for source in hit.sources:
        text = stored[source.path]
        if text[hit.start : hit.end] == hit.text:
            yield source.path, hit.start, hit.end
        elif (at := text.find(hit.text)) >= 0:
            yield source.path, at, at + len(hit.text)


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for name, start, end in sorted(spans):
        if merged and merged[-1][0] == name and start <= merged[-1][2]:
            merged[-1] = (name, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((name, start, end))
    return merged


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one[2], other[2]) - max(one[1], other[1])) if one[0] == other[0] else 0


def _as_stored(texts: Mapping[str, str], span: Span) -> Span:
    """Map a span of the corpus's text to the normalised text that is stored."""
    name, start, end = span
    text = texts[name]
    return name, len(normalise(text[:start])), len(normalise(text[:end]))
