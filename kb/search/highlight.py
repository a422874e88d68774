"""Mark in a passage why it was found: the query's terms, else the sentence nearest to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from kb.embedding.base import Embedder, Vector
from kb.words.stems import languages_of, stem_tokens
from kb.words.terms import Term, is_single_character, terms, token

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


class Telling:
    """The terms of a query that explain a hit; taken apart once for all its hits."""

    def __init__(self, query: str) -> None:
        self._asked = tuple(term for term in terms(query) if term.text not in _STOP_WORDS)
        self.singles = {term.text for term in self._asked if is_single_character(term.text)}
        # By word: the terms that it lies in, and those that lie in it, itself among them.
        self._words = _with_others(self._asked)
        self._tokens: dict[tuple[str, ...], list[frozenset[str]]] = {}

    def tokens(self, languages: tuple[str, ...]) -> list[frozenset[str]]:
        """Return each term and its stems in some languages, as the index spells them."""
        if languages not in self._tokens:
            self._tokens[languages] = [_tokens(term, languages) for term in self._asked]
        return self._tokens[languages]

    def share(self, found: Sequence[bool]) -> float:
        """Return the share in [0, 1] of the words of which so many terms were found."""
        if not self._words:
            return 0.0
        shares = (
            1.0
            if any(found[at] for at in around)
            else sum(found[at] for at in inside) / len(inside)
            for around, inside in self._words
        )
        return sum(shares) / len(self._words)


def telling_terms(query: str) -> Telling:
    """Return the terms of a query that explain a hit; counted once for all its hits."""
    return Telling(query)


def term_spans(wanted: Telling, text: str, language: str = "") -> tuple[Span, ...]:
    """Return the spans in ``text`` of the terms ``wanted``, merged, in order.

    ``language`` is that of the text's document: words in another form are marked as well.
    """
    languages = languages_of(language)
    tokens = frozenset[str]().union(*wanted.tokens(languages))
    spans = []
    for term in terms(text, tails=True):
        if not tokens.isdisjoint(_tokens(term, languages)):
            spans.append((term.start, term.end))
        elif term.text[0] in wanted.singles:  # inside pairs, which are the terms
            spans.append((term.start, term.start + 1))
    return _merge(spans)


def coverage(wanted: Telling, text: str, language: str = "") -> float:
    """Return the share in [0, 1] of the words ``wanted`` that stand in ``text``.

    A word stands there in another form, too, and a part of a name or number within the whole.
    """
    languages = languages_of(language)
    held: set[str] = set()
    for term in terms(text, tails=True):
        held |= _tokens(term, languages)
        held.add(term.text[0])  # a query may be one character of a pair
    return wanted.share([not held.isdisjoint(each) for each in wanted.tokens(languages)])


def _tokens(term: Term, languages: tuple[str, ...]) -> frozenset[str]:
    """Return a term and its stems as the index spells them: 1.2.3 and 1_2_3 are one."""
    return frozenset((token(term.text), *stem_tokens(term.word, languages)))


def _with_others(asked: Sequence[Term]) -> list[tuple[list[int], list[int]]]:
    """Return for each word the places of the terms that hold it, and of those that it holds."""
    words = sorted((term.start, term.end, at) for at, term in enumerate(asked) if not term.form)
    starts = [start for start, _, _ in words]
    result: list[tuple[list[int], list[int]]] = [([at], [at]) for _, _, at in words]
    for at, term in enumerate(asked):
        if not term.form:
            continue
        place = max(0, bisect_right(starts, term.start) - 1)
        while place < len(words) and starts[place] < term.end:
            start, end, _ = words[place]
            if term.start <= start and end <= term.end:
                result[place][0].append(at)
            elif start <= term.start and term.end <= end:
                result[place][1].append(at)
            place += 1
    return result


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
