"""The places of a query's words in a text, and the sentences of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from kb.languages.queries import query_languages
from kb.search.codes import Code, codes_in
from kb.words.file_names import holding_all, with_others
from kb.words.grammar import builder, known_languages, telling
from kb.words.stems import languages_of, stem_tokens
from kb.words.terms import Term, is_single_character, terms, token

Span = tuple[int, int]

# A full stop inside a number, name or address has no white space after it.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?]+(?=\s|$)|[。！？；]+|$)|\n+", re.MULTILINE)


# Forms of shorter words may begin differently.
_SHORT = 2


class Telling:
    """The terms of a query that explain a hit, parsed once for all its hits.

    Attributes:
        words: the words as written, the longest first.
        singles: terms of one character.
    """

    def __init__(self, query: str) -> None:
        spoken = [name for name in query_languages(query) if name in known_languages()]
        self._asked = tuple(telling(query, spoken))
        self.singles = {term.text for term in self._asked if is_single_character(term.text)}
        # For each word: the terms that contain it, and those it contains, including itself.
        self._words = with_others(self._asked)
        self._codes = tuple(codes_in(query, self._asked))
        written = (query[term.start : term.end] for term in self._asked if not term.form)
        self.words = sorted(dict.fromkeys(written), key=len, reverse=True)
        self._beginnings = {
            word[:2].lower()
            for word in self.words
            if len(word) > _SHORT and word.isascii() and word.isalpha()
        }
        self._tokens: dict[tuple[str, ...], list[frozenset[str]]] = {}

    def cannot_stand(self, text: str) -> bool:
        """Return whether a quick check shows that a short text lacks a word.

        All forms of a longer word start alike.
        """
        if not text.isascii():
            return False
        lower = text.lower()
        return not all(beginning in lower for beginning in self._beginnings)

    @property
    def names(self) -> str:
        """FTS5 expression of file names that contain all words."""
        return holding_all(self._asked)

    def tokens(self, languages: tuple[str, ...]) -> list[frozenset[str]]:
        """Return each term and its stems in some languages, in the spelling of the index."""
        if languages not in self._tokens:
            self._tokens[languages] = [_tokens(term, languages) for term in self._asked]
        return self._tokens[languages]

    def marked(self, languages: tuple[str, ...], held: frozenset[str]) -> frozenset[str]:
        """Return the tokens to mark in a text, without parts of codes that the text lacks.

        Args:
            languages: languages of the text.
            held: tokens of the text.
        """
        each = self.tokens(languages)
        left_out: set[int] = set()
        for code in self._codes:
            if _stands(code, each, held) or not held.issuperset(code.runs):
                left_out.update(code.parts)
        return frozenset[str]().union(
            *(tokens for at, tokens in enumerate(each) if at not in left_out)
        )

    def has_codes(self, text: str) -> bool:
        """Return whether a text contains all codes of the query, whole or as adjacent parts."""
        if not self._codes:
            return True
        each = self.tokens(())
        in_order = [token(term.text) for term in terms(text) if not term.form]
        held = frozenset(token(term.text) for term in terms(text))
        return all(
            _stands(code, each, held) or f" {' '.join(code.runs)} " in f" {' '.join(in_order)} "
            for code in self._codes
        )

    def share(self, found: Sequence[bool]) -> float:
        """Return the share in [0, 1] of words that were found, given which terms were."""
        if not self._words:
            return 0.0
        shares = (
            1.0
            if any(found[at] for at in around)
            else sum(found[at] for at in inside) / len(inside)
            for around, inside in self._words
        )
        return sum(shares) / len(self._words)


def _stands(code: Code, each: Sequence[frozenset[str]], held: frozenset[str]) -> bool:
    return any(not held.isdisjoint(each[at]) for at in code.wholes)


@lru_cache(maxsize=64)  # a search asks several times, at a quarter of a millisecond each
def telling_terms(query: str) -> Telling:
    """Return the terms of a query that explain a hit; cached for all its hits."""
    return Telling(query)


class Passage:
    """A text parsed once for all questions about its words.

    ``language`` is that of the text's document; it also allows other forms of words.
    """

    def __init__(self, text: str, language: str = "") -> None:
        self.text = text
        self.languages = languages_of(language)
        self._terms = [(term, _tokens(term, self.languages)) for term in terms(text, tails=True)]

    def held(self, start: int = 0, end: int | None = None) -> set[str]:
        """Return the words of a part and their stems, in the spelling of the index."""
        end = len(self.text) if end is None else end
        held: set[str] = set()
        for term, tokens in self._terms:
            if start <= term.start and term.end <= end:
                held |= tokens
                held.add(term.text[:1])  # a query may be a single character of a pair
        return held

    def spans(self, wanted: Telling) -> tuple[Span, ...]:
        """Return the spans of the terms ``wanted``, merged, in order."""
        held = frozenset[str]().union(*(own for _, own in self._terms))
        tokens = wanted.marked(self.languages, held)
        builds = builder(self.text, self.languages)
        spans = []
        for term, own in self._terms:
            if not tokens.isdisjoint(own):
                if not builds(term):
                    spans.append((term.start, term.end))
            elif term.text[:1] in wanted.singles:  # inside pairs, which are the terms
                spans.append((term.start, term.start + 1))
        return _merge(spans)


def term_spans(wanted: Telling, text: str, language: str = "") -> tuple[Span, ...]:
    """Return the spans in ``text`` of the terms ``wanted``, merged, in order."""
    return Passage(text, language).spans(wanted)


def coverage(wanted: Telling, text: str, language: str = "") -> float:
    """Return the share in [0, 1] of the words ``wanted`` that occur in ``text``.

    Another form of a word counts, too, and so does a part of a name or number inside the whole.
    """
    passage = Passage(text, language)
    held = passage.held()
    return wanted.share([not held.isdisjoint(each) for each in wanted.tokens(passage.languages)])


def _tokens(term: Term, languages: tuple[str, ...]) -> frozenset[str]:
    """Return a term and its stems in the spelling of the index: 1.2.3 and 1_2_3 are equal."""
    return frozenset((token(term.text), *stem_tokens(term.word, languages)))


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of ``text`` that contain letters, in order."""
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


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
