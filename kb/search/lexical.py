"""Search by words: the chunks that hold the query's terms, rarest terms first."""

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

# Postings read for one query. A word that stands in every third chunk tells nearly nothing and
# costs the most: at 100,000 chunks this keeps a query near 10 ms instead of 90. Terms are
# taken from the rarest on until the budget is spent; small collections never reach it.
POSTINGS_BUDGET = 30_000
# FTS5 looks at every term for every posting: 2,000 terms took 1.3 s, with this budget 0.4 s. A
# query of fewer than 300 different terms never reaches it.
LOOKS_BUDGET = 10_000_000
# An identifier counts as much as four words beside its parts, three as it is written and one for
# its parts in their order: who asks for E-1407 does not mean a short text with an E and a 1407.
_WHOLE_WEIGHT = 3
# A number without its spaces and marks, beside up to three groups of digits, which tell little.
_NUMBER_WEIGHT = 4
# What a chunk counts, of the last that holds a word as it is typed, for holding a similar one.
_SIMILAR_SHARE = 0.3
# Words of one query that are looked for as if misspelt: each takes a few milliseconds once.
_MOST_MISSPELT = 4
# Of what a word counts that stands in a text of usual length once, what its stem counts.
_STEM_SHARE = STEM_WEIGHT * (1 + K1) / (STEM_WEIGHT + K1)


@dataclass(frozen=True, slots=True)
class Words:
    """What a query's terms are worth in one collection.

    ``sought`` are the FTS5 expressions of those that are looked up, rarest first, and how often
    the score of each counts; none if no term stands anywhere. ``best_score`` is the score of a
    chunk that holds every term of the query as often as counts. ``misspelt`` are words that stand
    nowhere, and what they may have been meant to be. ``postings`` says in how many chunks the terms
    stand, one counted for each of its terms. ``codes_stand`` says whether the collection
    holds a code of the query whole, where it has any. ``only_codes`` says whether the query is
    nothing but such codes as it does not hold.
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
    """What is looked up for a query, what that costs, and the most that it can score."""

    def __init__(self, chunks: int, frequency: Mapping[str, int]) -> None:
        self._chunks = chunks
        self._frequency = frequency
        # By expression: postings to be read, and how often its score counts.
        self._sought: dict[str, tuple[int, int]] = {}
        self.best_score = 0.0

    def add(self, expression: str, tokens: Sequence[str], weight: int) -> None:
        """Look up tokens that stand together; those that stand nowhere count as missing."""
        frequency = min(self._frequency.get(name, 0) for name in tokens)
        if frequency or expression.endswith("*"):
            self._sought[expression] = (frequency, weight)
        self.best_score += (K1 + 1) * weight * self._rarity(frequency)

    def add_one_of(self, tokens: Sequence[str]) -> None:
        """Look up tokens of which a chunk holds one at most."""
        for name in tokens:
            if name in self._frequency:
                self._sought[f'"{name}"'] = (self._frequency[name], 1)
        rarest = min(self._frequency.get(name, 0) for name in tokens)
        self.best_score += (K1 + 1) * _STEM_SHARE * self._rarity(rarest)

    def chosen(self) -> tuple[dict[str, int], int]:
        """Return what to look up, rarest first while the budget lasts, and all their postings."""
        chosen: dict[str, int] = {}
        spent, looks = 0, 0
        for expression, (frequency, weight) in sorted(
            self._sought.items(), key=lambda item: item[1][0]
        ):
            total = spent + frequency
            if chosen and (total > POSTINGS_BUDGET or total * looks > LOOKS_BUDGET):
                break
            spent = total
            # FTS5 adds up what each phrase of the expression scores.
            chosen[expression] = weight
            looks += weight
        return chosen, spent

    def _rarity(self, frequency: int) -> float:
        return idf(self._chunks, frequency)


def weigh(state: State, collection: CollectionInfo, query: Query, known: TermFrequencies) -> Words:
    """Choose which of a query's terms to look up, by how rare they are."""
    by_token = {token_of(expression): expression for expression in query.tokens}
    telling = {name: each for name, each in by_token.items() if name not in function_tokens()}
    by_token = telling or by_token
    stems = _stems(known.languages(state, collection.id), query, by_token)
    names = [*by_token, *dict.fromkeys(stem for forms in stems.values() for stem in forms)]
    frequency = known.frequencies(state, collection, names)
    # The collection was described a moment before: another process may have added to it since.
    chunks = max(1, collection.chunks, *frequency.values())
    dead = [each for each in query.codes if not _stands(state, collection, query, each, frequency)]
    parts = {query.terms[at] for code in dead for at in code.parts}
    others = set(query.terms) - {query.terms[at] for code in dead for at in code.wholes} - parts
    only_codes = bool(dead) and others <= function_tokens()
    if not only_codes:  # what else the query says tells, and they do not
        by_token = {name: each for name, each in by_token.items() if name not in parts}
    sought = _Sought(chunks, frequency)
    for name, expression in by_token.items():
        weight = _WHOLE_WEIGHT if expression in query.identifiers else 1
        if expression in query.numbers:
            weight = _NUMBER_WEIGHT
        sought.add(expression, [name], weight)
    for name, forms in stems.items():
        # A chunk is in one language, mostly: of a word's stems it holds one.
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
    # Where most words stand nowhere, the query is in another language than the documents, in which
    # some word is always similar; unless all of them are.
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
    """Say whether a collection holds a code, in one word or its parts one after the other."""
    if any(query.terms[at] in frequency for at in code.wholes):
        return True
    return bool(state.best_by_words(collection.id, code.sequence, 1))


def _stems(
    languages: Sequence[str], query: Query, by_token: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the stems of each word in the languages of the collection."""
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
    """Return up to ``limit`` (chunk id, BM25 score) of chunks that hold one of some tokens.

    They are what misspelt words may have been meant to be.
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
    # Where nothing holds a word as it is typed, that one is what was meant.
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

    Never fewer than ``limit`` while that many hold a term and pass.
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
        if restriction.is_empty:  # only visible chunks are in the index
            return found
        passing = restriction.passing([chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in passing]
        if len(hits) >= limit or len(found) < asked:
            return hits[:limit]
        asked *= 8  # the index has ranked all of them in any case
