"""Computes a language's means from our texts, and measures whether they help a model.

It embeds the texts of the language and of a second one, English: 40 queries, answers to 30 of them,
and 300 sentences in 25 languages that answer none. A query should find its answer first. Across
languages, its answer in its own language is left out; within a language, its answer in the other
one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.languages import questions
from kb.languages.neutral import QUERY_SHARE, neutral
from kb.stopping import checkpoint

REFERENCE, OTHER_REFERENCE = "en", "zh"
"""The second language of a trial, and the one used for that language itself."""

_DISTRACTORS = 300
_TEXTS_PER_CALL = 16  # other embedding of documents waits for no more than these


class TextEmbedder(Protocol):
    """The methods of :class:`~kb.embedding.base.Embedder` that a trial needs."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed documents."""
        ...

    def embed_query(self, text: str) -> Vector:
        """Embed one query."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallFigures:
    """Shares of queries that find their answer first, without the means and with them."""

    across_before: float
    across_after: float
    within_before: float
    within_after: float

    @property
    def helps(self) -> bool:
        """Whether the means find more across languages and lose nothing within one."""
        return self.across_after > self.across_before and self.within_after >= self.within_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A language's means for a model, float32 of shape (dim,), and their measured benefit."""

    language: str
    query: Vector
    passage: Vector
    figures: RecallFigures


class Trials:
    """Runs trials of languages for one model; keeps embedded texts for its lifetime.

    Args:
        embedder: the model. Its errors pass through.
    """

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self._queries: dict[str, Vectors] = {}
        self._passages: dict[tuple[str, ...], Vectors] = {}

    def of(self, language: str) -> Trial:
        """Compute and measure the means of one of :func:`kb.languages.questions.languages`.

        Raises:
            StoppedError: nobody waits for the result any more: see :mod:`kb.stopping`.
        """
        other = OTHER_REFERENCE if language == REFERENCE else REFERENCE
        pair = [self._texts(each) for each in (language, other)]
        around = [self._distractors(each) for each in self._around(language, other)]
        rest = np.concatenate(around)[:_DISTRACTORS]
        centred = np.concatenate([neutral(each, each.mean(axis=0)) for each in around])
        before = _recalls([each.asked for each in pair], [each.answers for each in pair], rest)
        after = _recalls(
            [neutral(each.asked, QUERY_SHARE * each.query) for each in pair],
            [neutral(each.answers, each.passage) for each in pair],
            centred[:_DISTRACTORS],
        )
        return Trial(
            language=language,
            query=pair[0].query,
            passage=pair[0].passage,
            figures=RecallFigures(
                across_before=before[0],
                across_after=after[0],
                within_before=before[1],
                within_after=after[1],
            ),
        )

    def _around(self, language: str, other: str) -> list[str]:
        rest = [each for each in questions.languages() if each not in {language, other}]
        return [language, other, *rest]

    def _texts(self, language: str) -> _Embedded:
        texts = questions.texts(language)
        if language not in self._queries:
            self._queries[language] = np.stack([self._query(text) for text in texts.queries])
        queries = self._queries[language]
        answers, others = self._documents(texts.answers), self._documents(texts.others)
        return _Embedded(
            asked=queries[: len(answers)],
            answers=answers,
            query=queries.mean(axis=0),
            passage=np.concatenate([answers, others]).mean(axis=0),
        )

    def _distractors(self, language: str) -> Vectors:
        return self._documents(questions.texts(language).others)

    def _documents(self, texts: tuple[str, ...]) -> Vectors:
        if texts not in self._passages:
            starts = range(0, len(texts), _TEXTS_PER_CALL)
            parts = (texts[at : at + _TEXTS_PER_CALL] for at in starts)
            self._passages[texts] = np.concatenate([self._part(part) for part in parts])
        return self._passages[texts]

    def _query(self, text: str) -> Vector:
        checkpoint()()
        return self._embedder.embed_query(text)

    def _part(self, texts: tuple[str, ...]) -> Vectors:
        checkpoint()()
        return self._embedder.embed_documents(texts)


@dataclass(frozen=True, slots=True)
class _Embedded:
    """One language: questions and their answers, row by row, and the means of all its texts."""

    asked: Vectors
    answers: Vectors
    query: Vector
    passage: Vector


def _recalls(
    asked: Sequence[Vectors], answers: Sequence[Vectors], rest: Vectors
) -> tuple[float, float]:
    """Return recall at 1 across two languages and within them, each averaged over both."""
    across, within = [], []
    for own, other in ((0, 1), (1, 0)):
        same, foreign = asked[own] @ answers[own].T, asked[own] @ answers[other].T
        nearest = (asked[own] @ rest.T).max(axis=1, initial=-1.0)
        across.append(_found(foreign, same, nearest))
        within.append(_found(same, foreign, nearest))
    return float(np.mean(across)), float(np.mean(within))


def _found(right: Vectors, twins: Vectors, nearest: Vector) -> float:
    """Return the share of rows whose best answer is that of the same row in ``right``.

    The answer of the same row in ``twins`` is also right, and therefore left out.
    """
    here = np.eye(len(right), dtype=bool)
    wanted = right[here]
    wrong = np.maximum(
        np.where(here, -1.0, right).max(axis=1), np.where(here, -1.0, twins).max(axis=1)
    )
    return float((wanted > np.maximum(wrong, nearest)).mean())
