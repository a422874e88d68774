"""Search by words: the chunks with the query's terms, rarest terms first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kb.catalog.keywords import STEM_WEIGHT
from kb.catalog.state import State
from kb.records import CollectionInfo
from kb.search.bounds import K1, best, idf
from kb.search.codes import Code
from kb.search.corrections import Misspelt
from kb.search.query import Query, token_of
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.words.function_words import function_tokens
from kb.words.stems import languages_of, stem_tokens

# Postings read for one query. A word in every third chunk has nearly no meaning and the highest
# cost: at 100,000 chunks this budget keeps a query near 10 ms instead of 90. Terms are taken from
# the rarest on until it is spent; small collections never reach it.
POSTINGS_BUDGET = 30_000
# FTS5 checks every term for every posting: 2,000 terms took 1.3 s, with this budget 0.4 s. A query
# of fewer than 300 different terms never reaches it.
LOOKS_BUDGET = 10_000_000
# An identifier counts as much as four words beside its parts: three for its own spelling and one
# for its parts in order. A person who types E-1407 does not mean a short text with an E and a 1407.
_WHOLE_WEIGHT = 3
# A number without spaces and marks, beside up to three groups of digits, which mean little.
_NUMBER_WEIGHT = 4
# Score of a chunk with a similar word, as a share of the last one with the typed word.
_SIMILAR_SHARE = 0.3
# Words of one query that are checked for typing errors: each takes a few milliseconds, once.
_MOST_MISSPELT = 4
# Weight of a stem, as a share of that of a word that occurs once in a text of usual length.
_STEM_SHARE = STEM_WEIGHT * (1 + K1) / (STEM_WEIGHT + K1)


@dataclass(frozen=True, slots=True)
class Words:
    """The terms of a query in one collection, with weights.

    ``sought`` are the FTS5 expressions to look up, rarest first, with the weights of their scores;
    empty if no term occurs. ``best_score`` is the score of a chunk that contains every term of the
    query often enough. ``misspelt`` are words that occur nowhere, with possible corrections.
    ``postings`` is the sum of the terms' chunk counts. ``codes_stand`` says whether the collection
    contains a code of the query whole, if the query has any. ``only_codes`` says whether the query
    consists only of codes that the collection lacks.
    """

    sought: Mapping[str, int]
    best_score: float = 0.0
    misspelt: Misspelt = field(default_factory=dict)
    postings: int = 0
    codes_stand: bool = True
    only_codes: bool = False

    @property
    def expression(self) -> str | None:
        """All of them as one FTS5 expression; None for none."""
        return " OR ".join(each for name, n in self.sought.items() for each in [name] * n) or None


class _Sought:
    """The look-ups of a query, their cost, and their highest possible score."""

    def __init__(self, chunks: int, frequency: Mapping[str, int]) -> None:
        self._chunks = chunks
        self._frequency = frequency
        # By expression: its postings, and the weight of its score.
        self._sought: dict[str, tuple[int, int]] = {}
        self.best_score = 0.0

    def add(self, expression: str, tokens: Sequence[str], weight: int) -> None:
        """Look up adjacent tokens; tokens that occur nowhere count as missing."""
        frequency = min(self._frequency.get(name, 0) for name in tokens)
        if frequency or expression.endswith("*"):
            self._sought[expression] = (frequency, weight)
        self.best_score += (K1 + 1) * weight * self._rarity(frequency)

    def add_one_of(self, tokens: Sequence[str]) -> None:
        """Look up tokens of which a chunk contains at most one."""
        for name in tokens:
            if name in self._frequency:
                self._sought[f'"{name}"'] = (self._frequency[name], 1)
        rarest = min(self._frequency.get(name, 0) for name in tokens)
        self.best_score += (K1 + 1) * _STEM_SHARE * self._rarity(rarest)

    def chosen(self) -> tuple[dict[str, int], int]:
        """Return the look-ups, rarest first within the budget, and the sum of their postings."""
        chosen: dict[str, int] = {}
        spent, looks = 0, 0
        for expression, (frequency, weight) in sorted(
            self._sought.items(), key=lambda item: item[1][0]
        ):
            total = spent + frequency
            if chosen and (total > POSTINGS_BUDGET or total * looks > LOOKS_BUDGET):
                break
            spent = total
            # FTS5 adds up the scores of an expression's phrases.
            chosen[expression] = weight
            looks += weight
        return chosen, spent

    def _rarity(self, frequency: int) -> float:
        return idf(self._chunks, frequency)


def weigh(state: State, collection: CollectionInfo, query: Query, known: TermFrequencies) -> Words:
    """Choose the terms of a query to look up, by their rarity."""
    by_token = {token_of(expression): expression for expression in query.tokens}
    telling = {name: each for name, each in by_token.items() if name not in function_tokens()}
    by_token = telling or by_token
    stems = _stems(known.languages(state, collection.id), query, by_token)
    names = [*by_token, *dict.fromkeys(stem for forms in stems.values() for stem in forms)]
    frequency = known.frequencies(state, collection, names)
    # The collection's record is a moment old: another process may have added to it since.
    chunks = max(1, collection.chunks, *frequency.values())
    dead = [each for each in query.codes if not _stands(state, collection, query, each, frequency)]
    parts = {query.terms[at] for code in dead for at in code.parts}
    others = set(query.terms) - {query.terms[at] for code in dead for at in code.wholes} - parts
    only_codes = bool(dead) and others <= function_tokens()
    if not only_codes:  # the rest of the query has meaning, and the code's parts have none
        by_token = {name: each for name, each in by_token.items() if name not in parts}
    sought = _Sought(chunks, frequency)
    for name, expression in by_token.items():
        weight = _WHOLE_WEIGHT if expression in query.identifiers else 1
        if expression in query.numbers:
            weight = _NUMBER_WEIGHT
        sought.add(expression, [name], weight)
    for name, forms in stems.items():
        # A chunk is mostly in one language, so it contains one of a word's stems.
        if forms and name in by_token:
            sought.add_one_of(forms)
    for sequence, each in query.sequences.items():
        sought.add(sequence, each, 1)
    spelled = [name for name in by_token if name in query.spellings]
    nowhere = [
        name
        for name in spelled
        if name not in frequency and not any(stem in frequency for stem in stems.get(name, ()))
    ]
    misspelt: dict[str, tuple[str, ...]] = dict.fromkeys(nowhere, ())
    for name in nowhere[:_MOST_MISSPELT]:
        misspelt[name] = known.near(state, collection.id, name)
    # If most words occur nowhere, the query is in another language than the documents, and some
    # word is always similar; unless all of them occur nowhere.
    if 2 * len(nowhere) > len(spelled) and not all(misspelt.values()):
        misspelt = dict.fromkeys(nowhere, ())
    codes = [name for name, expression in by_token.items() if expression in query.identifiers]
    alive = len(dead) < len(query.codes)
    stand = alive or not (codes or dead) or any(name in frequency for name in codes)
    chosen, postings = sought.chosen()
    return Words(chosen, sought.best_score, misspelt, postings, stand, only_codes)


def _stands(
    state: State,
    collection: CollectionInfo,
    query: Query,
    code: Code,
    frequency: Mapping[str, int],
) -> bool:
    """Return whether a collection contains a code, as one word or as its parts in order."""
    if any(query.terms[at] in frequency for at in code.wholes):
        return True
    return bool(state.best_by_words(collection.id, code.sequence, 1))


def _stems(
    languages: Sequence[str], query: Query, by_token: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the stems of each word in the collection's languages."""
    found: dict[str, list[str]] = {}
    for name, expression in by_token.items():
        if word := query.words.get(expression):
            each = (
                stem for stated in languages for stem in stem_tokens(word, languages_of(stated))
            )
            found[name] = list(dict.fromkeys(each))
    return found


def similar(
    state: State,
    collection: CollectionInfo,
    meant: Iterable[str],
    limit: int,
    restriction: Restriction,
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (chunk id, BM25 score) of chunks with one of some tokens.

    The tokens are possible corrections of misspelt words.
    """
    sought = {f'"{name}"': 1 for name in meant}
    return nearest(state, collection, Words(sought), limit, restriction)


def with_last(
    found: list[tuple[int, float]], last: list[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Return one ranking in which all of ``last`` score less than all of ``found``."""
    if not last:
        return found
    best = last[0][1]
    # If no chunk contains the typed word, the correction was meant.
    most = _SIMILAR_SHARE * min(best, found[-1][1]) if found else best
    return found + [(chunk_id, most * score / best) for chunk_id, score in last]


def nearest(
    state: State,
    collection: CollectionInfo,
    words: Words,
    limit: int,
    restriction: Restriction,
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (chunk id, BM25 score) of chunks that pass, best first.

    It returns ``limit`` chunks whenever that many contain a term and pass.
    """
    if not words.sought:
        return []
    if restriction.few is not None:
        expression = words.expression or ""
        return state.best_by_words_among(collection.id, expression, restriction.few, limit)
    if restriction.allowed is not None:
        return best(
            state,
            collection.id,
            words.sought,
            limit,
            chunks=collection.chunks,
            postings=words.postings,
            allowed=restriction.listed(),
        )
    asked = limit if restriction.is_empty else 4 * limit
    while True:
        found = best(
            state,
            collection.id,
            words.sought,
            asked,
            chunks=collection.chunks,
            postings=words.postings,
        )
        if restriction.is_empty:  # the index has only visible chunks
            return found
        passing = restriction.passing([chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in passing]
        if len(hits) >= limit or len(found) < asked:
            return hits[:limit]
        asked *= 8  # the index has ranked all of them in any case
