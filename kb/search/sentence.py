"""Which sentence of a passage answers a query: by its vector, and by the query's words in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Embedder, Vector
from kb.records import SearchHit
from kb.search.highlight import Passage, Telling, sentences
from kb.sentences.packed import ChunkSentences
from kb.sentences.windows import CONTEXT, windows

Span = tuple[int, int]
Scores = npt.NDArray[np.float32]

# What all words of the query together are worth, in standard deviations of the passage's cosines:
# of one model all lie between 0.75 and 0.9, of another between 0 and 0.6. docs/hits.md has the
# measurement.
_WORDS_WEIGHT = 4.0
# Of a passage; those after them are hardly ever what answers.
_MOST_WINDOWS = 24
# A line that ends without a mark and is followed by text is a heading, if it is short.
_HEADING = 60
_ENDS = tuple('.!?。！？；;:：…,，、"”»)')


def best_span(
    passage: Passage, spans: Sequence[Span], cosines: Scores, wanted: Telling
) -> Span | None:
    """Return the part of a passage that answers best; None where it has no sentence.

    Args:
        passage: its text.
        spans: its windows, a sentence or several short ones each.
        cosines: of each with the query.
        wanted: the query's words.
    """
    if not spans:
        return None
    words = _words_in(passage, spans, wanted)
    spread = float(cosines.std()) or 1.0
    best = int(np.argmax(cosines / spread + _WORDS_WEIGHT * words))
    return _narrowed(passage, spans[best], wanted)


def stored_spans(
    hits: Sequence[SearchHit],
    known: Mapping[int, ChunkSentences],
    vectors: Mapping[str, Vector],
    wanted: Telling,
    passages: Mapping[int, Passage],
) -> dict[int, Span]:
    """Return the span that answers for each chunk whose sentences have their vectors stored."""
    found: dict[int, Span] = {}
    for hit in hits:
        stored, vector = known.get(hit.chunk_id), vectors.get(hit.collection)
        if stored is None or vector is None:
            continue
        spans = [(int(start), int(end)) for start, end in stored.spans]
        cosines = stored.scores(vector)[1:]
        if spans[:1] == [CONTEXT]:  # it scores the passage, but nothing in it is to be marked
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
    """Return the same for other hits: the model reads their sentences, about 0.1 s for each hit."""
    asked = {hit.chunk_id: hit for hit in hits if hit.collection in vectors}
    spans = {key: windows(hit.text)[:_MOST_WINDOWS] for key, hit in asked.items()}
    found: dict[int, Span] = {}
    for key, cosines in _read(asked, spans, vectors, embedder).items():
        if span := best_span(passages[key], spans[key], cosines, wanted):
            found[key] = span
    # Of several short sentences that no words tell apart, the model tells which one it is.
    parts = {key: _sentences_in(asked[key].text, span) for key, span in found.items()}
    several = {key: each for key, each in parts.items() if len(each) > 1}
    for key, cosines in _read(asked, several, vectors, embedder).items():
        found[key] = several[key][int(np.argmax(cosines))]
    return found


def _read(
    asked: Mapping[int, SearchHit],
    spans: Mapping[int, Sequence[Span]],
    vectors: Mapping[str, Vector],
    embedder: Embedder,
) -> dict[int, Scores]:
    """Return the cosines of the query with parts of hits, by chunk; those without parts go."""
    inputs = [asked[key].text[start:end] for key, each in spans.items() for start, end in each]
    embedded = embedder.embed_documents(inputs) if inputs else None
    result: dict[int, Scores] = {}
    at = 0
    for key, each in spans.items():
        if embedded is not None and each:
            result[key] = embedded[at : at + len(each)] @ vectors[asked[key].collection]
            at += len(each)
    return result


def _sentences_in(text: str, span: Span) -> list[Span]:
    """Return the sentences of a window."""
    start, end = span
    if len(sentences(text[start:end])) <= 1:
        return [span]
    # Where a line goes on in the next, the whole of it says.
    first = text.rfind("\n", 0, start) + 1
    found = ((first + a, first + b) for a, b in windows(text[first:end], least=1))
    return [(a, b) for a, b in found if start <= a and b <= end]


def _words_in(passage: Passage, parts: Sequence[Span], wanted: Telling) -> Scores:
    """Return the share of the query's words in each part: those that stand in few count more."""
    held = [passage.held(*part) for part in parts]
    shares = np.zeros(len(parts), np.float32)
    total = 0.0
    for tokens in wanted.tokens(passage.languages):
        has = np.array([not tokens.isdisjoint(each) for each in held])
        count = int(has.sum())
        if count:
            worth = math.log(1 + (len(parts) - count + 0.5) / (count + 0.5))
            shares += worth * has
            total += worth
    return shares / total if total else shares


def _narrowed(passage: Passage, span: Span, wanted: Telling) -> Span:
    """Return a window without headings before its text, and of its paragraphs the one that tells.

    That is the one that has all words of the query which the window has, if no other has as many.
    Sentences of one paragraph stay together: of two, the one with the words answers less often
    than both (0.80 of the questions in German instead of 0.82).
    """
    text = passage.text
    parts = _paragraphs(text, _sentences_in(text, span))
    while len(parts) > 1 and _is_heading(text, parts[0]):
        parts = parts[1:]
    while len(parts) > 1 and _is_heading(text, parts[-1]):  # of what comes after
        parts = parts[:-1]
    if len(parts) <= 1:
        return parts[0] if parts else span
    held = [passage.held(*part) for part in parts]
    asked = wanted.tokens(passage.languages)
    found = [{at for at, tokens in enumerate(asked) if not tokens.isdisjoint(h)} for h in held]
    every = set[int]().union(*found)
    telling = [part for part, words in zip(parts, found, strict=True) if words == every]
    if every and len(telling) == 1:
        below = parts[parts.index(telling[0]) + 1 :]
        if not (below and _is_heading(text, telling[0])):
            return telling[0]
        parts = below  # what the heading is about
    return parts[0][0], parts[-1][1]


def _paragraphs(text: str, parts: Sequence[Span]) -> list[Span]:
    """Join sentences that no line break parts."""
    joined: list[Span] = []
    for start, end in parts:
        if joined and "\n" not in text[joined[-1][1] : start]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_heading(text: str, span: Span) -> bool:
    start, end = span
    line = text[start:end]
    alone = text[end : end + 1] == "\n"
    return alone and len(line) <= _HEADING and not line.endswith(_ENDS)
