"""How sure a search is that a passage answers: one number in [0, 1] for every collection.

Three things tell: how high a passage's score is, how far it is ahead of the next document's, and of
what a collection has of the matter anyway. Where what was found is in other languages than the
query, words cannot add to a score, so that the same score says more. Logistic regression on judged
queries, and on the same queries with their answers taken out, gave the numbers; docs/ranking.md
says how well they hold on families of sets that were left out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

# The places after the first few, from 0: what a collection gives for any question.
_FROM, _TO = 4, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the scores of one way of searching mean.

    Attributes:
        base: the logarithm of the odds of a passage with the score 0 that does not stand out.
        by_score: added for each point of the score.
        by_margin: added for each point that a passage is ahead of the second rival.
        by_lead: added for each point that it is ahead of the fifth to tenth.
        foreign: added where all that was found is in other languages than the query.
        foreign_margin: added there for each point that a passage is ahead of the second rival.
        usual: the score of rivals, where there are fewer passages.
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
        """Return how sure it is of each passage that it answers.

        Args:
            scores: best first.
            rivals: what they are compared with, see :func:`rivals_of`; the same, if not given.
            foreign: share of what was found that is in other languages than the query.
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
    """Return the scores that those of passages are compared with.

    The best passage of each document comes first: more of the document that answers does not speak
    against it, nor do copies in others. Where there are few documents, their other passages follow.

    Args:
        ranked: document, text and score of passages, best first.
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
    """Return which share of the first ten chunks is among those in other languages."""
    first = ranked[:_TO]
    return sum(chunk_id in foreign for chunk_id in first) / max(1, len(first))


# Exact scores of the default model's candidates: their usual middle, and how far they lie apart.
_MIDDLE, _SPREAD = 0.2, 0.09
_MOST_SPREADS = 2.5
# Candidates of which half is known how far scores lie apart; of a search's hundred nearly all is.
_FEW = 10
_TINY = 1e-6

BESIDE_WORDS, WORDS_BESIDE = 0.06, 1.5
"""How far scores of a model of which nothing is known lie apart beside words, and how many times
its usual weight the words have there; docs/ranking.md has what other pairs find."""

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
# Words that are found across languages are there by chance, or names.
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
    """Return the scores of a model of which nothing is known, as the default model's would be.

    Cosines of one model lie between 0.7 and 0.9, of another between 0 and 0.6. The candidates of a
    query say where its middle is and how far scores lie apart, which becomes ``apart``.
    """
    scores = [score for _, score in ranked]
    if not scores:
        return []
    middle = sum(scores) / len(scores)
    spread = (sum((score - middle) ** 2 for score in scores) / len(scores)) ** 0.5
    # One that stands far out must not outweigh all that words could tell.
    spread = max(spread, (max(scores) - middle) / _MOST_SPREADS)
    stretch = apart / spread if spread > _TINY else 0.0
    stretch *= len(scores) / (len(scores) + _FEW)
    return [(chunk_id, _MIDDLE + stretch * (score - middle)) for chunk_id, score in ranked]


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
