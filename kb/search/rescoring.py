"""Score candidates exactly: the passage and its best sentence, without what their language adds.

The index knows one vector a passage, and compares it as it is. What it finds are candidates. Their
score is made of the passage's own cosine and of its best sentence's, both after the mean of the
passage's language was taken out. docs/ranking.md says what each part is worth.
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
"""Of the best sentence; the rest is the passage's own."""

_TINY = 1e-6

_MOST_ALONE = 250_000
"""Multiplications of one product for which OpenBLAS wakes no other thread."""

_LARGE_SHARE = 0.02
"""Of a collection's chunks: languages with less have no candidates of their own."""

Floats = npt.NDArray[np.float32]
MeanOf = Callable[[str], Vector | None]
"""The mean of a language's passages; None where nothing is to be taken out."""


class Rescoring:
    """Scores candidates of one collection for one query, in one state of the means.

    ``asked`` is what the index is to be asked with.
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

    def visible(self, state: State, ids: Sequence[int]) -> set[int]:
        """Return those of some chunks that a search may see: scoring them reads no more then."""
        new = [chunk_id for chunk_id in ids if chunk_id not in self._read]
        self._read |= self._kept.of(state, self._collection_id, new)
        return self._read.keys() & set(ids)

    def score(
        self, state: State, found: Sequence[tuple[int, float]], others: Sequence[int] = ()
    ) -> None:
        """Score candidates, those that have no score yet.

        Args:
            state: of the catalog.
            found: (chunk id, cosine) of what the index gave for ``asked``, best first.
            others: chunks that the index did not give.
        """
        self._cosines |= found
        given = dict.fromkeys((*self._cosines, *others))
        new = [chunk_id for chunk_id in given if chunk_id not in self._spoken]
        seen = self.visible(state, new)
        scored = {chunk_id: self._read[chunk_id] for chunk_id in new if chunk_id in seen}
        languages = {chunk_id: each.language for chunk_id, each in scored.items()}
        self._spoken |= languages
        self._exact |= exact(self._query, table_of(scored), languages, self._mean)

    def score_all(self, every: Every, most: int, others: Sequence[int]) -> None:
        """Score all chunks of a collection in place of what the index would give.

        Args:
            every: the chunks.
            most: how many of the best become candidates.
            others: chunks that become candidates anyway.
        """
        scores = exact(self._query, every.table, every.languages, self._mean)
        best = nlargest(most, scores, key=scores.__getitem__)
        for chunk_id in dict.fromkeys((*best, *others)):
            if chunk_id in scores:
                self._spoken[chunk_id] = every.languages[chunk_id]
                self._exact[chunk_id] = scores[chunk_id]

    def ranked(self) -> list[tuple[int, float]]:
        """Return all candidates with their scores, best first.

        Those whose vectors the catalog lacks have the score that the index promises. Where it did
        not give them, they count like the last that it gave, which is the most that they can be.
        """
        scores = self._exact
        if len(scores) < len(self._spoken):
            last = min(self._cosines.values(), default=None)
            scores = dict(scores)
            for chunk_id in self._spoken.keys() - scores.keys():
                cosine = self._cosines.get(chunk_id, last)
                if cosine is not None:
                    scores[chunk_id] = self._promised(cosine, self._spoken[chunk_id])
        # Equal scores: what was added first, whatever the index put first.
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))

    def may_miss(self, wanted: int) -> bool:
        """Say whether one of the ``wanted`` best may be among what the index has not given yet.

        Then the next that it gives, gaining by its sentences as much as any so far, comes first.
        docs/ranking.md has what that finds, and for how many.
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
        """Return the candidates that cannot hold the query's words: in other languages than it.

        Of languages that hardly occur nothing is said: a passage of code may be taken for one.
        """
        return {chunk_id for chunk_id, name in self._spoken.items() if name in self._foreign}

    def _promised(self, cosine: float, language: str) -> float:
        """Return the score that a cosine of the index promises for a passage of a language."""
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
    """Return the vector to ask the index with: it prefers no language of a collection.

    What tells the means of the languages apart is taken out of the query. So the index, which
    knows of no language, finds the best of each among its first.

    Args:
        query: unit length, shape (dim,).
        means: of the languages of the collection's passages.
    """
    if len(means) < 2:  # noqa: PLR2004 - nothing to tell apart
        return query
    base = _what_tells_apart(tuple(mean.astype(np.float32).tobytes() for mean in means))
    rest = query - base @ (base.T @ query)
    length = float(np.linalg.norm(rest))
    return query if length < _TINY else np.asarray(rest / length, np.float32)


@lru_cache(maxsize=64)  # the same for all queries, until a collection changes
def _what_tells_apart(means: tuple[bytes, ...]) -> npt.NDArray[np.float64]:
    """Return an orthonormal base, shape (dim, n - 1), of what tells n means (float32) apart."""
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
        query: unit length, shape (dim,), without its language.
        known: the vectors of passages and of their sentences.
        languages: of each passage; empty where it is not known.
        mean_of: the mean of a language's passages.
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
    # Equal passages score equal, wherever their rows stood in a product.
    rounded = np.round(scores.astype(np.float64), 6)
    return dict(zip(known.chunks, rounded.tolist(), strict=True))


def estimated(query: Vector, cosine: float, mean: Vector | None) -> float:
    """Return the score of a passage of which only the index's cosine is known.

    Its length without the mean is taken for that of a usual passage of its language.
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
    """Return the cosine of each row with the query, its language's mean taken out.

    A row v without its mean m has the length of v - m, of unit length the square root of
    1 - 2 vm + mm; so no row needs to be changed.
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
    """Return the matrix product, made by this thread alone.

    The library behind numpy wakes others for large products. On busy cores to wait for them took
    42 ms, and on idle ones they save nothing here.
    """
    step = max(1, _MOST_ALONE // columns.size)
    parts = [rows[at : at + step] @ columns for at in range(0, len(rows), step)]
    return np.concatenate(parts)
