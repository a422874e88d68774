"""Vectors without their language: subtracts a language's mean from queries and chunks.

The mean of a language's vectors means "this is Chinese" and nothing about the subject. This module
subtracts it and restores unit length, as in Libovický, Rosa, Fraser, "On the Language Neutrality of
Pre-trained Multilingual Representations" (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Vector, Vectors
from kb.languages.queries import query_languages
from kb.languages.scripts import script_of

PRIOR_CHUNKS = 5.0
"""Number of chunks at which a collection's mean counts as much as the model's own.

A collection about one subject has a mean of its own. nDCG@10 on vuedocs-en is 0.475 with the
model's mean alone, 0.505 with 400 for this number, and 0.512 to 0.514 with 1 to 50. On three to
forty random documents, 1 to 50 give the same within 0.01.
"""

QUERY_SHARE = 0.7
"""Share of a language's mean that is subtracted from a query.

Mean nDCG@10 by passage and sentences on five sets of XQuAD (700 queries each) is 0.862 without
subtraction, 0.926 with 0.5, 0.927 with 0.7 and 0.8, and 0.922 with 1. Passages lose the whole mean:
0.9 of it gives 0.924, 1.1 gives 0.927.
"""

_USUAL = "en"
_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMeans:
    """Means of a model's vectors by language, under ISO 639-1 codes; not unit length.

    ``queries`` and ``passages`` have the same languages. If ``complete``, a language without means
    uses those of its script (all languages written in it), or of all languages. Otherwise the means
    are computed one by one, and such a language uses none.
    """

    queries: Mapping[str, Vector] = field(default_factory=dict)
    passages: Mapping[str, Vector] = field(default_factory=dict)
    complete: bool = False

    def query(self, language: str) -> Vector | None:
        """Return the mean of queries in a language; that of all languages for an empty one."""
        return self._mean(self.queries, language)

    def passage(self, language: str) -> Vector | None:
        """Return the mean of passages in a language; that of all languages for an empty one."""
        return self._mean(self.passages, language)

    def _mean(self, known: Mapping[str, Vector], language: str) -> Vector | None:
        if language in known:
            return known[language]
        if not known or not self.complete:
            return None
        script = script_of(language) if language else ""
        alike = [mean for each, mean in known.items() if script == script_of(each)]
        mean: Vector = np.mean(alike or list(known.values()), axis=0, dtype=np.float32)
        return mean


NO_MEANS = ModelMeans()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSum:
    """Number and sum of the vectors of a collection's chunks in one language."""

    count: int
    total: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """A snapshot of all means, for all scores of one search.

    Attributes:
        model: the model's own means.
        chunks: sums by collection id and language (ISO 639-1; empty if unknown).
    """

    model: ModelMeans = NO_MEANS
    chunks: Mapping[str, Mapping[str, ChunkSum]] = field(default_factory=dict)

    def shifted(self, query_vector: Vector, text: str) -> Vector:
        """Return a query's vector without its language, unit length.

        The vector stays the same if the text has no language, or its language has no means.
        """
        known = [
            (share, mean)
            for language, share in query_languages(text).items()
            if (mean := self.model.query(language)) is not None
        ]
        if not known:
            return query_vector
        mean = known[0][1]
        if len(known) > 1:
            shares, means = zip(*known, strict=True)
            mean = np.average(np.stack(means), axis=0, weights=shares).astype(np.float32)
        shifted: Vector = neutral(query_vector[np.newaxis], QUERY_SHARE * mean)[0]
        return shifted

    def chunk_mean(self, collection_id: str, language: str) -> Vector | None:
        """Return the mean of a collection's chunks in a language; not unit length.

        The fewer chunks there are, the more the model's own mean counts. Chunks of unknown language
        (code and tables) count as the collection's first language in Latin script. With a mean of
        their own they would rank before or behind all others (0.04 of nDCG@10 on vuedocs-en). The
        result is None if the model's means of the language are not used: then nothing is
        subtracted.
        """
        sums = self.chunks.get(collection_id, {})
        unknown = self._unknown(sums)
        language = language or unknown
        own = self.model.passage(language)
        if own is None:
            return None
        count, total = PRIOR_CHUNKS, PRIOR_CHUNKS * own.astype(np.float64)
        for each in {language, ""} if language == unknown else {language}:
            if each in sums:
                count, total = count + sums[each].count, total + sums[each].total
        return (total / count).astype(np.float32)

    def _unknown(self, sums: Mapping[str, ChunkSum]) -> str:
        """Return the language for chunks of unknown language."""
        latin = [
            (-each.count, name)
            for name, each in sums.items()
            if name and script_of(name) == "Latn" and self.model.passage(name) is not None
        ]
        return min(latin)[1] if latin else _USUAL

    def chunk_languages(self, collection_id: str) -> dict[str, int]:
        """Count a collection's chunks by language; empty if not counted yet."""
        return {name: each.count for name, each in self.chunks.get(collection_id, {}).items()}


def neutral(vectors: Vectors, mean: Vector) -> Vectors:
    """Subtract a mean from vectors: float32, shape (n, dim), unit length, input order.

    A vector equal to the mean stays as it is, because nothing would be left of it.
    """
    rest = vectors - mean
    norms = np.linalg.norm(rest, axis=1, keepdims=True)
    kept = np.where(norms > _TINY, rest / np.maximum(norms, _TINY), vectors)
    return np.ascontiguousarray(kept, np.float32)
