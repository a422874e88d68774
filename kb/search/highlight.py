"""Mark in a passage why it was found: the query's terms, else the sentence nearest to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from kb.embedding.base import Embedder, Vector
from kb.search.terms import is_single_character, terms

Span = tuple[int, int]

# Words too common to explain a hit. Chinese needs none: bigrams of its particles are rare.
_STOP_WORDS = frozenset(
    (  # noqa: SIM905 - forty quoted words are harder to read
        "a an and are as at be by can do does for from how i in is it its of on or that the their "
        "this to was we what when where which who why will with you your"
    ).split()
)
# A full stop inside a number, name or address has no white space after it.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?]+(?=\s|$)|[。！？；]+|$)|\n+", re.MULTILINE)
_MOST_SENTENCES = 24
_LONGEST_SENTENCE = 400


def telling_terms(query: str) -> frozenset[str]:
    """Return the terms of a query that explain a hit; counted once for all its hits."""
    return frozenset(term.text for term in terms(query)) - _STOP_WORDS


def term_spans(wanted: frozenset[str], text: str) -> tuple[Span, ...]:
    """Return the spans in ``text`` of the terms ``wanted``, merged, in order."""
    spans = [(term.start, term.end) for term in terms(text) if term.text in wanted]
    for character in filter(is_single_character, wanted):  # inside pairs, which are the terms
        spans.extend((match.start(), match.end()) for match in re.finditer(character, text))
    return _merge(spans)


def coverage(wanted: frozenset[str], text: str) -> float:
    """Return the share in [0, 1] of the terms ``wanted`` that stand in ``text``."""
    if not wanted:
        return 0.0
    found = wanted & {term.text for term in terms(text)}
    found |= {each for each in wanted if is_single_character(each) and each in text}
    return len(found) / len(wanted)


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of ``text`` that hold letters, in order."""
    spans = []
    at = 0
    while at < len(text):
        match = _SENTENCE.match(text, at)
        end = match.end() if match and match.end() > at else at + 1
        start = at + len(text[at:end]) - len(text[at:end].lstrip())
        stop = start + len(text[start:end].rstrip())
        if any(c.isalnum() for c in text[start:stop]):
            spans.append((start, stop))
        at = end
    return spans


def nearest_sentences(
    vectors: Sequence[Vector], texts: Sequence[str], embedder: Embedder
) -> list[tuple[Span, ...]]:
    """Return for each text the span of the sentence that is nearest to the text's own vector.

    Costs one embedding of each sentence, so it is for the few hits that are shown.
    """
    candidates = [sentences(text)[:_MOST_SENTENCES] for text in texts]
    inputs = [
        text[start : min(end, start + _LONGEST_SENTENCE)]
        for text, spans in zip(texts, candidates, strict=True)
        for start, end in spans
    ]
    if not inputs:
        return [()] * len(texts)
    embedded = embedder.embed_documents(inputs)
    result: list[tuple[Span, ...]] = []
    at = 0
    for vector, spans in zip(vectors, candidates, strict=True):
        own = embedded[at : at + len(spans)]
        at += len(spans)
        result.append((spans[int(np.argmax(own @ vector))],) if spans else ())
    return result


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
