"""Confidence that a passage answers: a number in [0, 1] with one meaning in all collections.

It depends on three figures: the passage's score, its lead over the next document, and its lead over
later documents, whose scores show what the collection gives for any question. If the found passages
are in other languages than the query, words cannot add to a score, so the same score means more.
The numbers come from logistic regression on judged queries, with their answers and without them.
docs/ranking.md shows how well they hold on families of sets left out of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

# Ranks after the first few, from 0: their scores show what a collection gives for any question.
_FROM, _TO = 4, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Meaning of the scores of one way of searching.

    Attributes:
        base: log odds of a passage with score 0 and no lead.
        by_score: added per unit of the score.
        by_margin: added per unit of the lead over the second rival.
        by_lead: added per unit of the lead over the fifth to tenth rival.
        foreign: added if all found passages are in other languages than the query.
        foreign_margin: added in that case per unit of the lead over the second rival.
        usual: score in place of missing rivals.
    """

    base: float
    by_score: float
    by_margin: float
    by_lead: float
    foreign: float
    foreign_margin: float
    usual: float

    def probabilities(
        self, scores: Sequence[float], rivals: Sequence[float] | None = None, foreign: float = 0.0
    ) -> list[float]:
        """Return the probability of each passage that it answers.

        Args:
            scores: scores of the passages, best first.
            rivals: scores to compare with, see :func:`rivals_of`; by default ``scores``.
            foreign: share of the found passages that are in other languages than the query.
        """
        among = list((scores if rivals is None else rivals)[:_TO])
        among += [self.usual] * (_TO - len(among))
        second, others = among[1], sum(among[_FROM:]) / (_TO - _FROM)
        base = self.base + self.foreign * foreign
        by_margin = self.by_margin + self.foreign_margin * foreign
        return [
            _logistic(
                base
                + self.by_score * score
                + by_margin * (score - second)
                + self.by_lead * (score - others)
            )
            for score in scores
        ]


def rivals_of(ranked: Iterable[tuple[int, str, float]]) -> list[float]:
    """Return the scores to compare those of passages with.

    The best passage of each document comes first. More passages of the answering document do not
    count against it, and neither do copies in other documents. If there are few documents, their
    other passages follow.

    Args:
        ranked: document, text and score of each passage, best first.
    """
    best: list[float] = []
    more: list[float] = []
    documents: set[int] = set()
    texts: set[str] = set()
    for document, text, score in ranked:
        if text not in texts:
            (more if document in documents else best).append(score)
            texts.add(text)
        documents.add(document)
        if len(best) == _TO:
            break
    return [*best, *more][:_TO]


def share_of(foreign: Collection[int], ranked: Sequence[int]) -> float:
    """Return the share of the first ten chunks that are in other languages."""
    first = ranked[:_TO]
    return sum(chunk_id in foreign for chunk_id in first) / max(1, len(first))


# Exact scores of the default model's candidates: usual median and spread.
_MIDDLE, _SPREAD = 0.2, 0.09
_MOST_SPREADS = 2.5
# Number of candidates at which the spread of scores is half known; of a search's hundred it is
# nearly known.
_FEW = 10
_TINY = 1e-6

BESIDE_WORDS, WORDS_BESIDE = 0.06, 1.5
"""Spread and weight of words for an unknown model, in searches by both.

It is the spread of its scores beside words, and the factor for the usual weight of words.
docs/ranking.md has the figures of other pairs.
"""

BY_BOTH = Calibration(
    base=-4.1,
    by_score=3.2,
    by_margin=10.5,
    by_lead=8.5,
    foreign=0.8,
    foreign_margin=6.1,
    usual=0.25,
)
BY_MEANING = Calibration(
    base=-3.5,
    by_score=2.0,
    by_margin=16.2,
    by_lead=11.7,
    foreign=0.4,
    foreign_margin=6.8,
    usual=0.22,
)
# Words found across languages are there by chance, or are names.
BY_WORDS = Calibration(
    base=-2.3,
    by_score=-2.1,
    by_margin=9.5,
    by_lead=8.9,
    foreign=0.0,
    foreign_margin=0.0,
    usual=0.12,
)


def comparable(
    ranked: Sequence[tuple[int, float]], apart: float = _SPREAD
) -> list[tuple[int, float]]:
    """Map the scores of an unknown model to the scale of the default model.

    Cosines of one model are between 0.7 and 0.9, those of another between 0 and 0.6. The candidates
    of a query show their median and spread; the spread becomes ``apart``.
    """
    scores = [score for _, score in ranked]
    if not scores:
        return []
    middle = sum(scores) / len(scores)
    spread = (sum((score - middle) ** 2 for score in scores) / len(scores)) ** 0.5
    # A single outlier must not outweigh all that words can show.
    spread = max(spread, (max(scores) - middle) / _MOST_SPREADS)
    stretch = apart / spread if spread > _TINY else 0.0
    stretch *= len(scores) / (len(scores) + _FEW)
    return [(chunk_id, _MIDDLE + stretch * (score - middle)) for chunk_id, score in ranked]


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
