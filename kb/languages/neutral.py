"""Vectors without their language: the mean of a language taken out of queries and of chunks.

What the vectors of a language have in common says "this is Chinese" and nothing of the matter.
Libovický, Rosa, Fraser, "On the Language Neutrality of Pre-trained Multilingual Representations"
(2020), take it out as is done here: subtract the mean, make unit length again.
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
"""A collection's mean is trusted as much as the model's own where it has so many chunks.

A collection about one subject has a mean of its own: the model's alone gives 0.475 of nDCG@10 on
vuedocs-en, with 400 for this number it is 0.505, with 1 to 50 0.512 to 0.514. Of three to forty
documents drawn at random 1 to 50 find the same within 0.01.
"""

QUERY_SHARE = 0.7
"""How much of a language's mean is taken out of a query.

Mean nDCG@10 by passage and sentences on five sets of XQuAD (700 queries each; nothing taken out:
0.862): 0.5 gives 0.926, 0.7 and 0.8 0.927, all of it 0.922. Of passages all is taken out: 0.9 of it
gives 0.924, 1.1 0.927.
"""

_USUAL = "en"
_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMeans:
    """What a model's vectors of a language have in common, by ISO 639-1 code; not unit length.

    ``queries`` and ``passages`` have the same languages. A language that has no means has those of
    its script (all languages written in it), or of all languages, where ``complete``; for a model
    whose means are made one by one, nothing is taken out of it.
    """

    queries: Mapping[str, Vector] = field(default_factory=dict)
    passages: Mapping[str, Vector] = field(default_factory=dict)
    complete: bool = False

    def query(self, language: str) -> Vector | None:
        """Return the mean of queries in a language; of all languages for an empty one."""
        return self._mean(self.queries, language)

    def passage(self, language: str) -> Vector | None:
        """Return the mean of passages in a language; of all languages for an empty one."""
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
    """The vectors of a collection's chunks in one language: how many, and their sum."""

    count: int
    total: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """One state of all means, for all scores of one search.

    Attributes:
        model: the model's own.
        chunks: by id of a collection and by language (ISO 639-1, empty where it is not known).
    """

    model: ModelMeans = NO_MEANS
    chunks: Mapping[str, Mapping[str, ChunkSum]] = field(default_factory=dict)

    def shifted(self, query_vector: Vector, text: str) -> Vector:
        """Return a query's vector without its language, of unit length.

        It is the same vector where the text has no language, or its language no means.
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
        """Return what a collection's chunks in a language have in common; not of unit length.

        The fewer there are, the more of it is the model's own mean. Chunks whose language is not
        known, which are code and tables, count as the collection's first language in Latin script:
        with a mean of their own they stand before or behind all others (0.04 of nDCG@10 on
        vuedocs-en). None where the model's means of the language are not used: nothing is to be
        taken out.
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
        """Return the language that chunks of an unknown one count as."""
        latin = [
            (-each.count, name)
            for name, each in sums.items()
            if name and script_of(name) == "Latn" and self.model.passage(name) is not None
        ]
        return min(latin)[1] if latin else _USUAL

    def chunk_languages(self, collection_id: str) -> dict[str, int]:
        """Return how many chunks a collection has in each language; empty if not counted yet."""
        return {name: each.count for name, each in self.chunks.get(collection_id, {}).items()}


def neutral(vectors: Vectors, mean: Vector) -> Vectors:
    """Take a mean out of vectors: float32, shape (n, dim), unit length, input order.

    A vector that is the mean keeps its direction: nothing would be left of it.
    """
    rest = vectors - mean
    norms = np.linalg.norm(rest, axis=1, keepdims=True)
    kept = np.where(norms > _TINY, rest / np.maximum(norms, _TINY), vectors)
    return np.ascontiguousarray(kept, np.float32)
