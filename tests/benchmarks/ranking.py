"""Ways of ranking that a judged index is tried with: those that were, that are, and between.

Scores of all chunks for all queries of a set are matrices; the formulas are the product's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from judged_index import JudgedIndex

from kb.embedding.base import Vectors
from kb.evaluation.metrics import ndcg
from kb.languages.neutral import PRIOR_CHUNKS, QUERY_SHARE, ModelMeans, neutral
from kb.languages.queries import query_languages
from kb.languages.scripts import LANGUAGES
from kb.search.fusion import CODE_FACTOR, COVERAGE_WEIGHT, FOREIGN, LEAD_WEIGHT, is_code
from kb.search.rescoring import SENTENCE_WEIGHT, impartial

BY_MEANING, BY_WORDS = 100, 50
"""Candidates of each search."""

_LARGE_SHARE = 0.02
_FIFTH = 4
_BATCH = 256
NONE = -9.0

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way of ranking; the defaults are the product's."""

    query_share: float = QUERY_SHARE
    passage_share: float = 1.0
    sentences: float = SENTENCE_WEIGHT
    windows: str = "80"
    coverage: float = COVERAGE_WEIGHT
    lead: float = LEAD_WEIGHT
    foreign: float = FOREIGN
    fusion: Literal["now", "before", "reciprocal", "meaning", "words"] = "now"
    stems: bool = True

    def named(self) -> str:
        """Return what differs between the ways of a grid."""
        return (
            f"query {self.query_share:g}, sentences {self.sentences:g}, "
            f"words {self.coverage:g} + {self.lead:g}"
        )


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """The candidates of each query: rows of chunks (−1 for none), and their scores."""

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


def ranks(index: JudgedIndex, exact: Matrix, way: Way) -> Ranks:
    """Return the best candidates of each query by a way of ranking."""
    near = _first(exact, BY_MEANING)
    words = index.words if way.stems else index.unstemmed
    found, bm25 = words.rows[:, :BY_WORDS], words.scores[:, :BY_WORDS]
    rows = np.full((len(exact), BY_MEANING + BY_WORDS), -1, np.int64)
    scores = np.full(rows.shape, NONE)
    foreign = foreign_languages(index)
    for at in range(len(exact)):
        known = dict(zip(found[at].tolist(), bm25[at].tolist(), strict=True))
        known.pop(-1, None)
        own = np.array(list(dict.fromkeys([*near[at].tolist(), *known])), np.int64)
        by_words = np.array([known.get(row, 0.0) for row in own.tolist()])
        by_meaning = exact[at, own].astype(np.float64)
        spoken = np.array([index.languages[row] in foreign[at] for row in own.tolist()])
        best = float(words.best[at])
        rows[at, : len(own)] = own
        found_so = _Found(
            meaning=by_meaning, bm25=by_words, best=best, foreign=spoken, near=len(near[at])
        )
        scores[at, : len(own)] = _fused(way, found_so, index.queries[at])
    return Ranks(rows=rows, scores=scores)


def values(index: JudgedIndex, found: Ranks) -> npt.NDArray[np.float64]:
    """Return nDCG@10 of each query; documents rank by their best passage."""
    order = np.argsort(-found.scores, axis=1, kind="stable")
    result = np.zeros(len(order))
    for at, places in enumerate(order):
        chosen = [found.rows[at, place] for place in places if found.scores[at, place] > NONE]
        named = list(dict.fromkeys(index.documents[row] for row in chosen if row >= 0))
        result[at] = ndcg(named, index.relevant[at], 10)
    return result


def scores_of(index: JudgedIndex, means: ModelMeans, way: Way) -> Matrix:
    """Return the exact score by meaning of every chunk for every query."""
    asked = _shifted(index, means, way.query_share)
    taken = _taken(index, means)
    spoken = np.array(index.languages)
    passages = _centred(index.chunks, spoken, taken, way.passage_share)
    own = asked @ passages.T
    if not way.sentences:
        return own
    windows = index.sentences[way.windows]
    sentences = _centred(windows.vectors, spoken[windows.owner], taken, way.passage_share)
    starts = np.flatnonzero(np.r_[True, windows.owner[1:] != windows.owner[:-1]])
    best = own.copy()
    for at in range(0, len(asked), _BATCH):
        cosines = asked[at : at + _BATCH] @ sentences.T
        best[at : at + _BATCH, windows.owner[starts]] = np.maximum.reduceat(cosines, starts, axis=1)
    blended: Matrix = (1 - way.sentences) * own + way.sentences * best
    return blended


def found_by_index(
    index: JudgedIndex, means: ModelMeans, way: Way, exact: Matrix, *, impartially: bool
) -> float:
    """Return the share of the exact first ten among the candidates that the index gives."""
    asked = _shifted(index, means, way.query_share)
    if impartially:
        taken = _taken(index, means)
        known = [taken[name] for name in sorted(_large(index))]
        asked = np.stack([impartial(each, known) for each in asked])
    given, wanted = _first(asked @ index.chunks.T, BY_MEANING), _first(exact, 10)
    shared = [len(set(a) & set(b)) / len(b) for a, b in zip(given, wanted, strict=True)]
    return float(np.mean(shared))


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The candidates of one query; the first ``near`` are those found by meaning."""

    meaning: npt.NDArray[np.float64]
    bm25: npt.NDArray[np.float64]
    best: float
    foreign: npt.NDArray[np.bool_]
    near: int


def _fused(way: Way, found: _Found, query: str) -> npt.NDArray[np.float64]:
    meaning, bm25, best, near = found.meaning, found.bm25, found.best, found.near
    coverage = np.minimum(1.0, bm25 / best) if best > 0 else np.zeros_like(bm25)
    if way.fusion == "meaning":
        return np.where(np.arange(len(meaning)) < near, meaning, NONE)
    if way.fusion == "words":
        return np.where(bm25 > 0, bm25, NONE)
    falling = -np.sort(-bm25)
    first, fifth = falling[0], falling[_FIFTH] if len(falling) > _FIFTH else 0.0
    if way.fusion == "now":
        lead = np.maximum(0.0, bm25 - fifth) / first if first > 0 else np.zeros_like(bm25)
        factor = CODE_FACTOR if is_code(query) else 1.0
        words = factor * (way.coverage * coverage + way.lead * lead)
        return meaning + words + way.foreign * found.foreign
    rank = np.argsort(np.argsort(-meaning, kind="stable"))
    word_rank = np.argsort(np.argsort(-bm25, kind="stable"))
    if way.fusion == "reciprocal":
        by_words = np.where(bm25 > 0, 1 / (60 + word_rank), 0.0)
        return np.where(rank < near, 1 / (60 + rank), 0.0) + by_words
    # As it was: ranks, with a weight judged by how far the first stands out.
    contrast = min(1.0, (first - fifth) / first / 0.5) ** 2 if first > 0 else 0.0
    high = np.minimum(1.0, (coverage - 0.45) / 0.15)
    trust = np.minimum(1.0, coverage / 0.5) * np.maximum(contrast, high)
    by_words = np.where(bm25 > 0, 3 * trust / (2 + word_rank), 0.0)
    return np.where(rank < near, 1 / (2 + rank), 0.0) + by_words


@cache
def _languages_of(query: str) -> Mapping[str, float]:
    return query_languages(query)


def _shifted(index: JudgedIndex, means: ModelMeans, share: float) -> Vectors:
    """Return the queries' vectors without so much of their languages' means."""
    if not share:
        return index.asked
    result = index.asked.copy()
    for at, query in enumerate(index.queries):
        known = [
            (part, mean)
            for name, part in _languages_of(query).items()
            if (mean := means.query(name)) is not None
        ]
        weight = sum(part for part, _ in known)
        if weight:
            mean = sum(part * each for part, each in known) / weight
            result[at] = neutral(result[at][np.newaxis], np.asarray(share * mean))[0]
    return result


def _taken(index: JudgedIndex, means: ModelMeans) -> dict[str, npt.NDArray[np.float32]]:
    """Return the mean of the chunks in each language, those of no language with the others."""
    usual = _usual(index)
    spoken = np.array([name or usual for name in index.languages])
    result = {}
    for name in set(spoken.tolist()):
        own, rows = means.passage(name), index.chunks[spoken == name]
        if own is not None:
            total = rows.sum(0) + PRIOR_CHUNKS * own
            result[name] = np.asarray(total / (len(rows) + PRIOR_CHUNKS), np.float32)
    return result | {"": result[usual]}


def _usual(index: JudgedIndex) -> str:
    named = [name for name in index.languages if name]
    return max(set(named), key=named.count) if named else "en"


def _centred(
    vectors: Vectors,
    spoken: npt.NDArray[np.str_],
    taken: dict[str, npt.NDArray[np.float32]],
    share: float,
) -> Vectors:
    if not share:
        return vectors
    result = vectors.copy()
    for name, mean in taken.items():
        rows = spoken == name
        if rows.any():
            result[rows] = neutral(vectors[rows], share * mean)
    return result


def _large(index: JudgedIndex) -> set[str]:
    usual = _usual(index)
    spoken = [name or usual for name in index.languages]
    return {name for name in set(spoken) if spoken.count(name) > _LARGE_SHARE * len(spoken)}


def foreign_languages(index: JudgedIndex) -> list[set[str]]:
    """Return for each query the large languages of the set that it is not in."""
    large, result = _large(index), []
    for query in index.queries:
        own: set[str] = set()
        for name in _languages_of(query):
            own |= {name, *LANGUAGES.get(name, ())}
        result.append(large - own)
    return result


def _first(scores: Matrix, count: int) -> npt.NDArray[np.int64]:
    count = min(count, scores.shape[1])
    some = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(scores, some, 1), axis=1, kind="stable")
    return np.take_along_axis(some, order, 1)
