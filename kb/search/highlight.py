"""Mark in a passage why it was found: the query's terms, else the sentence nearest to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from kb.embedding.base import Embedder, Vector
from kb.search.stems import languages_of, stem_tokens
from kb.search.terms import Term, is_single_character, terms, token

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


def term_spans(query: str, text: str, language: str = "") -> tuple[Span, ...]:
    """Return the spans in ``text`` of the terms of ``query``, merged, in order.

    ``language`` is that of the text's document: words in another form are marked as well.
    """
    languages = languages_of(language)
    asked = [term for term in terms(query) if term.text not in _STOP_WORDS]
    wanted = _tokens(asked, languages)
    singles = {term.text for term in asked if is_single_character(term.text)}
    spans = []
    for term in terms(text, tails=True):
        if not wanted.isdisjoint(_tokens((term,), languages)):
            spans.append((term.start, term.end))
        elif term.text[0] in singles:  # inside pairs, which are the terms
            spans.append((term.start, term.start + 1))
    return _merge(spans)


def coverage(query: str, text: str, language: str = "") -> float:
    """Return the share in [0, 1] of the query's telling words that stand in ``text``.

    A word stands there in another form, too, and a part of a name or number within the whole.
    """
    languages = languages_of(language)
    asked = list(terms(query))
    words = [term for term in asked if not term.form and term.text not in _STOP_WORDS]
    if not words:
        return 0.0
    held: set[str] = set()
    for term in terms(text, tails=True):
        held |= _tokens((term,), languages)
        held.add(term.text[0])  # a query may be one character of a pair
    found = [term for term in asked if not held.isdisjoint(_tokens((term,), languages))]
    return sum(_share(word, asked, found) for word in words) / len(words)


def _tokens(found: Iterable[Term], languages: tuple[str, ...]) -> set[str]:
    """Return terms and their stems as the index spells them: 1.2.3 and 1_2_3 are one."""
    tokens = set()
    for term in found:
        tokens.add(token(term.text))
        tokens.update(stem_tokens(term.word, languages))
    return tokens


def _share(word: Term, asked: Sequence[Term], found: Sequence[Term]) -> float:
    """Return which share of a word of the query was found: whole, within a whole, or its parts."""
    if any(each.start <= word.start and word.end <= each.end for each in found):
        return 1.0
    parts = [each for each in asked if word.start <= each.start and each.end <= word.end]
    inside = [each for each in parts if each in found]
    return len(inside) / len(parts)


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
    vector: Vector, texts: Sequence[str], embedder: Embedder
) -> list[tuple[Span, ...]]:
    """Return for each text the span of the sentence whose vector is nearest to ``vector``.

    Costs one embedding of each sentence, so it is for the few hits that are shown.
    """
    candidates = [sentences(text)[:_MOST_SENTENCES] for text in texts]
    inputs = [
        text[start : min(end, start + _LONGEST_SENTENCE)]
        for text, spans in zip(texts, candidates, strict=True)
        for start, end in spans
    ]
    scores = iter((embedder.embed_documents(inputs) @ vector).tolist() if inputs else [])
    result: list[tuple[Span, ...]] = []
    for spans in candidates:
        own = [next(scores) for _ in spans]
        result.append((spans[int(np.argmax(own))],) if spans else ())
    return result


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
