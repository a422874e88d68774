"""How sure a search is that a passage answers: one number in [0, 1] for every collection.

Two things tell: how high a passage's score is, and how far it stands out from the ones after it
(what a collection has of the matter anyway). Logistic regression on judged queries, and on the same
queries with their answers taken out, gave the numbers; docs/search.md says how well they hold on
families of sets that were left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The places after the first few, from 0: what a collection gives for any question.
_FROM, _TO = 4, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the scores of one way of searching mean.

    Attributes:
        base: the logarithm of the odds of a passage with the score 0 that does not stand out.
        by_score: added for each point of the score.
        by_lead: added for each point that a passage is ahead of the fifth to tenth.
        usual: their score, where there are fewer passages.
    """

    base: float
    by_score: float
    by_lead: float
    usual: float

    def probabilities(self, scores: Sequence[float]) -> list[float]:
        """Return how sure it is of each passage that it answers; ``scores`` are best first."""
        after = list(scores[_FROM:_TO])
        after += [self.usual] * (_TO - _FROM - len(after))
        others = sum(after) / len(after)
        return [
            _logistic(self.base + self.by_score * score + self.by_lead * (score - others))
            for score in scores
        ]


# Exact scores of the default model's candidates: their usual middle, and how far they lie apart.
_MIDDLE, _SPREAD = 0.2, 0.09
_MOST_SPREADS = 2.5
# Candidates of which half is known how far scores lie apart; of a search's hundred nearly all is.
_FEW = 10
_TINY = 1e-6

BY_BOTH = Calibration(base=-5.1, by_score=6.2, by_lead=11.1, usual=0.22)
BY_MEANING = Calibration(base=-4.7, by_score=5.7, by_lead=15.6, usual=0.2)
BY_WORDS = Calibration(base=-2.6, by_score=-1.6, by_lead=15.0, usual=0.12)


def comparable(ranked: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return the scores of a model of which nothing is known, as the default model's would be.

    Cosines of one model lie between 0.7 and 0.9, of another between 0 and 0.6. The candidates of a
    query say where its middle is and how far scores lie apart.
    """
    scores = [score for _, score in ranked]
    if not scores:
        return []
    middle = sum(scores) / len(scores)
    spread = (sum((score - middle) ** 2 for score in scores) / len(scores)) ** 0.5
    # One that stands far out must not outweigh all that words could tell.
    spread = max(spread, (max(scores) - middle) / _MOST_SPREADS)
    stretch = _SPREAD / spread if spread > _TINY else 0.0
    stretch *= len(scores) / (len(scores) + _FEW)
    return [(chunk_id, _MIDDLE + stretch * (score - middle)) for chunk_id, score in ranked]


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
