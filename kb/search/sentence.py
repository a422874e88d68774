"""Chooses the sentence of a passage that answers a query, by its vector and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Embedder, Vector
from kb.records import SearchHit
from kb.search.highlight import Passage, Telling
from kb.search.narrowing import narrowed, narrows, sentences_in, words_in
from kb.sentences.packed import ChunkSentences
from kb.sentences.windows import CONTEXT, windows

Span = tuple[int, int]
Scores = npt.NDArray[np.float32]

# Weight of all words of the query together, in standard deviations of the passage's cosines: those
# of one model are between 0.75 and 0.9, of another between 0 and 0.6. docs/hits.md has the
# measurement.
_WORDS_WEIGHT = 4.0
# Sentences of a passage; later ones rarely answer.
_MOST_WINDOWS = 24


def best_span(
    passage: Passage, spans: Sequence[Span], cosines: Scores, wanted: Telling
) -> Span | None:
    """Return the part of a passage that answers best; None for a passage without a sentence.

    Args:
        passage: the passage's text.
        spans: its windows, a sentence or several short ones each.
        cosines: cosine of each window with the query.
        wanted: the query's words.
    """
    if not spans:
        return None
    words = words_in(passage, spans, wanted)
    spread = float(cosines.std()) or 1.0
    best = int(np.argmax(cosines / spread + _WORDS_WEIGHT * words))
    return narrowed(passage, spans[best], wanted)


def stored_spans(
    hits: Sequence[SearchHit],
    known: Mapping[int, ChunkSentences],
    vectors: Mapping[str, Vector],
    wanted: Telling,
    passages: Mapping[int, Passage],
) -> dict[int, Span]:
    """Return the answering span of each chunk whose sentences have stored vectors."""
    found: dict[int, Span] = {}
    for hit in hits:
        stored, vector = known.get(hit.chunk_id), vectors.get(hit.collection)
        if stored is None or vector is None:
            continue
        spans = [(int(start), int(end)) for start, end in stored.spans]
        cosines = stored.scores(vector)[1:]
        if spans[:1] == [CONTEXT]:  # it scores the passage, but has no text to mark
            spans, cosines = spans[1:], cosines[1:]
        span = best_span(passages[hit.chunk_id], spans, cosines, wanted)
        if span is not None:
            found[hit.chunk_id] = span
    return found


def read_spans(
    hits: Sequence[SearchHit],
    vectors: Mapping[str, Vector],
    wanted: Telling,
    passages: Mapping[int, Passage],
    embedder: Embedder,
) -> dict[int, Span]:
    """Return the same for other hits by embedding their sentences, about 0.1 s for each hit."""
    asked = {hit.chunk_id: hit for hit in hits if hit.collection in vectors}
    spans = {key: windows(hit.text)[:_MOST_WINDOWS] for key, hit in asked.items()}
    found: dict[int, Span] = {}
    for key, cosines in _read(asked, spans, vectors, embedder).items():
        if span := best_span(passages[key], spans[key], cosines, wanted):
            found[key] = span
    # If words do not distinguish several short sentences, the model decides.
    parts = {key: sentences_in(asked[key].text, span) for key, span in found.items()}
    several = {
        key: each
        for key, each in parts.items()
        if len(each) > 1 and not narrows(passages[key], found[key], wanted)
    }
    for key, cosines in _read(asked, several, vectors, embedder).items():
        found[key] = several[key][int(np.argmax(cosines))]
    return found


def _read(
    asked: Mapping[int, SearchHit],
    spans: Mapping[int, Sequence[Span]],
    vectors: Mapping[str, Vector],
    embedder: Embedder,
) -> dict[int, Scores]:
    """Return the query's cosines with parts of hits, by chunk; hits without parts are left out."""
    inputs = [asked[key].text[start:end] for key, each in spans.items() for start, end in each]
    embedded = embedder.embed_documents(inputs) if inputs else None
    result: dict[int, Scores] = {}
    at = 0
    for key, each in spans.items():
        if embedded is not None and each:
            result[key] = embedded[at : at + len(each)] @ vectors[asked[key].collection]
            at += len(each)
    return result
