"""Scores candidates exactly: the passage and its best sentence, without their language.

The index compares one unchanged vector for each passage, and so finds candidates. Their exact score
combines the cosines of the passage and of its best sentence, both without the mean of the passage's
language. docs/ranking.md has the benefit of each part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from heapq import nlargest

import numpy as np
import numpy.typing as npt

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.languages.neutral import Means
from kb.languages.queries import query_languages
from kb.languages.scripts import LANGUAGES
from kb.search.kept_vectors import Every, KeptVectors, Scored, table_of
from kb.sentences.packed import SentenceTable

SENTENCE_WEIGHT = 0.5
"""Weight of the best sentence; the passage has the rest."""

_TINY = 1e-6

_MOST_ALONE = 250_000
"""Most multiplications of one matrix product for which OpenBLAS wakes no other thread."""

_LARGE_SHARE = 0.02
"""Share of a collection's chunks below which a language has no candidates of its own."""

Floats = npt.NDArray[np.float32]
MeanOf = Callable[[str], Vector | None]
"""Returns the mean of a language's passages; None if nothing is to be subtracted."""


class Rescoring:
    """Scores candidates of one collection for one query, with one snapshot of the means.

    ``asked`` is the query vector for the index.
    """

    def __init__(
        self, collection_id: str, means: Means, vector: Vector, text: str, kept: KeptVectors
    ) -> None:
        self._collection_id = collection_id
        self._kept = kept
        self._read: dict[int, Scored] = {}
        self._means = means
        self._by_language: dict[str, Vector | None] = {}
        self._query = means.shifted(vector, text)
        counts = means.chunk_languages(collection_id)
        large = {name for name, n in counts.items() if n > _LARGE_SHARE * sum(counts.values())}
        known = [mean for name in sorted(large) if (mean := self._mean(name)) is not None]
        self._foreign = large - {"", *_languages_of(text)}
        self._large = large
        self._spoken: dict[int, str] = {}
        self._exact: dict[int, float] = {}
        self._cosines: dict[int, float] = {}
        self._promises: dict[str, tuple[float, float]] = {}
        self.asked = impartial(self._query, known)
        self._share = float(self.asked @ self._query)

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self._spoken)

    def visible(self, state: State, ids: Sequence[int]) -> set[int]:
        """Return the visible ones of some chunks; scoring them then reads nothing more."""
        new = [chunk_id for chunk_id in ids if chunk_id not in self._read]
        self._read |= self._kept.of(state, self._collection_id, new)
        return self._read.keys() & set(ids)

    def score(
        self, state: State, found: Sequence[tuple[int, float]], others: Sequence[int] = ()
    ) -> None:
        """Score the visible candidates that have no score yet.

        Args:
            state: a state of the catalog.
            found: (chunk id, cosine) from the index for ``asked``, best first.
            others: chunks that the index did not return.
        """
        given = dict.fromkeys((*(chunk_id for chunk_id, _ in found), *others))
        new = [chunk_id for chunk_id in given if chunk_id not in self._spoken]
        seen = self.visible(state, new)
        scored = {chunk_id: self._read[chunk_id] for chunk_id in new if chunk_id in seen}
        languages = {chunk_id: each.language for chunk_id, each in scored.items()}
        self._spoken |= languages
        self._exact |= exact(self._query, table_of(scored), languages, self._mean)
        self._cosines |= {each: cosine for each, cosine in found if each in self._spoken}

    def score_all(self, every: Every, most: int, others: Sequence[int]) -> None:
        """Score all chunks of a collection in place of the index's answers.

        Args:
            every: the chunks.
            most: number of the best chunks that become candidates.
            others: chunks that always become candidates.
        """
        scores = exact(self._query, every.table, every.languages, self._mean)
        best = nlargest(most, scores, key=scores.__getitem__)
        for chunk_id in dict.fromkeys((*best, *others)):
            if chunk_id in scores:
                self._spoken[chunk_id] = every.languages[chunk_id]
                self._exact[chunk_id] = scores[chunk_id]

    def ranked(self) -> list[tuple[int, float]]:
        """Return all candidates with their scores, best first.

        A candidate without vectors in the catalog gets the score that its cosine in the index
        promises. If the index did not return it, it counts like the last returned one, its upper
        bound.
        """
        scores = self._exact
        if len(scores) < len(self._spoken):
            last = min(self._cosines.values(), default=None)
            scores = dict(scores)
            for chunk_id in self._spoken.keys() - scores.keys():
                cosine = self._cosines.get(chunk_id, last)
                if cosine is not None:
                    scores[chunk_id] = self._promised(cosine, self._spoken[chunk_id])
        # Equal scores keep their order of addition, whatever the order of the index.
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))

    def may_miss(self, wanted: int) -> bool:
        """Return whether the index may still return one of the ``wanted`` best.

        That is so if the next returned chunk, with the largest gain by sentences so far, would rank
        among them. docs/ranking.md has the figures.
        """
        if len(self._exact) < wanted or not self._cosines:
            return False
        gains = [
            self._exact[chunk_id] - self._promised(cosine, self._spoken[chunk_id])
            for chunk_id, cosine in self._cosines.items()
            if chunk_id in self._exact
        ]
        gain = max(gains, default=0.0)
        last = min(self._cosines.values())
        following = max(self._promised(last, name) for name in self._large or {""})
        return following + gain > nlargest(wanted, self._exact.values())[-1]

    def foreign(self) -> set[int]:
        """Return the candidates that cannot contain the query's words: those in other languages.

        Rare languages do not count, because a passage of code may look like one.
        """
        return {chunk_id for chunk_id, name in self._spoken.items() if name in self._foreign}

    def _promised(self, cosine: float, language: str) -> float:
        """Return the score that a cosine in the index promises for a passage of a language."""
        if language not in self._promises:
            at_zero, at_one = (
                self._share * estimated(self.asked, each, self._mean(language)) for each in (0, 1)
            )
            self._promises[language] = at_zero, at_one - at_zero
        offset, slope = self._promises[language]
        return offset + slope * cosine

    def _mean(self, language: str) -> Vector | None:
        if language not in self._by_language:
            mean = self._means.chunk_mean(self._collection_id, language)
            self._by_language[language] = mean
        return self._by_language[language]


def _languages_of(text: str) -> set[str]:
    """Return the languages that a query may be in."""
    found: set[str] = set()
    for name in query_languages(text):
        found |= {name, *LANGUAGES.get(name, ())}
    return found


def impartial(query: Vector, means: Sequence[Vector]) -> Vector:
    """Return the vector for the index, which prefers no language of a collection.

    The query loses all directions in which the means of the languages differ. So the index, which
    knows no languages, returns the best passages of each language early.

    Args:
        query: unit length, shape (dim,).
        means: means of the collection's languages.
    """
    if len(means) < 2:  # noqa: PLR2004 - nothing to tell apart
        return query
    base = _what_tells_apart(tuple(mean.astype(np.float32).tobytes() for mean in means))
    rest = query - base @ (base.T @ query)
    length = float(np.linalg.norm(rest))
    return query if length < _TINY else np.asarray(rest / length, np.float32)


@lru_cache(maxsize=64)  # the same for all queries, until a collection changes
def _what_tells_apart(means: tuple[bytes, ...]) -> npt.NDArray[np.float64]:
    """Return an orthonormal basis, shape (dim, n - 1), of the differences of n float32 means."""
    rows = np.stack([np.frombuffer(mean, np.float32) for mean in means])
    base, _ = np.linalg.qr((rows[1:] - rows[0]).T.astype(np.float64))
    return base


def exact(
    query: Vector,
    known: SentenceTable,
    languages: Mapping[int, str],
    mean_of: MeanOf,
) -> dict[int, float]:
    """Return the exact score of passages, by chunk id.

    Args:
        query: vector of unit length, shape (dim,), without its language.
        known: the vectors of passages and of their sentences.
        languages: language of each passage; empty if unknown.
        mean_of: returns the mean of a language's passages.
    """
    if not known.chunks:
        return {}
    counts = known.counts
    starts = np.concatenate(([0], np.cumsum(counts[:-1])))
    numbers = known.numbers.astype(np.float32, copy=False)
    spoken = [languages.get(chunk_id, "") for chunk_id in known.chunks]
    means = {name: mean for name in set(spoken) if (mean := mean_of(name)) is not None}
    cosines = _neutral_cosines(query, numbers, known.scales, np.repeat(spoken, counts), means)
    own = cosines[starts]
    sentences = cosines.copy()
    several = counts > 1
    sentences[starts[several]] = -np.inf
    best = np.maximum.reduceat(sentences, starts)
    scores = (1 - SENTENCE_WEIGHT) * own + SENTENCE_WEIGHT * best
    # Equal passages must have equal scores, wherever their rows are in a product.
    rounded = np.round(scores.astype(np.float64), 6)
    return dict(zip(known.chunks, rounded.tolist(), strict=True))


def estimated(query: Vector, cosine: float, mean: Vector | None) -> float:
    """Estimate the score of a passage from its cosine in the index.

    It assumes the usual length of a passage of its language after subtraction of the mean.
    """
    if mean is None:
        return cosine
    rest = max(_TINY, 1.0 - float(mean @ mean))
    return (cosine - float(query @ mean)) / math.sqrt(rest)


def _neutral_cosines(
    query: Vector,
    numbers: Floats,
    scales: Floats,
    languages: npt.NDArray[np.str_],
    means: Mapping[str, Vector],
) -> Floats:
    """Return the cosine of each row with the query, without the mean of its language.

    For a row v of unit length and its mean m, the length of v - m is the square root of 1 - 2 vm +
    mm, so no row needs to be changed.
    """
    directions = np.stack([query, *means.values()])
    dots = _products(numbers, directions.T) * scales[:, np.newaxis]
    cosines: Floats = dots[:, 0]
    for column, (name, mean) in enumerate(means.items(), start=1):
        rows = languages == name
        squares = 1 - 2 * dots[rows, column] + mean @ mean
        rest = (cosines[rows] - query @ mean) / np.sqrt(np.maximum(squares, _TINY))
        cosines[rows] = np.clip(rest, -1.0, 1.0)
    return cosines


def _products(rows: Floats, columns: Floats) -> Floats:
    """Return the matrix product, computed by this thread alone.

    numpy's library wakes other threads for large products. Waiting for them took 42 ms on busy
    cores, and saves nothing here on idle ones.
    """
    step = max(1, _MOST_ALONE // columns.size)
    parts = [rows[at : at + step] @ columns for at in range(0, len(rows), step)]
    return np.concatenate(parts)
