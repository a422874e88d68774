"""How sure a search is that a passage answers: one number in [0, 1] for every collection.

Logistic regression on judged queries. The numbers were fitted on the sets of docs/search.md, which
also says how well they hold on sets that were left out.
"""

from __future__ import annotations

import math

# Of the exact score by meaning, and of the share of the query's words that the passage has.
_BY_BOTH = (-5.0, 12.0, 3.0)
_BY_MEANING = (-5.0, 13.0)
_BY_WORDS = (-3.0, 6.0)


def probability(meaning: float | None, coverage: float | None) -> float:
    """Return how sure it is that a passage answers; it rises with both, and is never 0 or 1.

    Args:
        meaning: the exact score, see :mod:`kb.search.rescoring`; None in a search by words.
        coverage: the share in [0, 1] of the query's words; None in a search by meaning.
    """
    if meaning is not None and coverage is not None:
        base, by_meaning, by_words = _BY_BOTH
        return _logistic(base + by_meaning * meaning + by_words * coverage)
    if meaning is not None:
        base, weight = _BY_MEANING
        return _logistic(base + weight * meaning)
    base, weight = _BY_WORDS
    return _logistic(base + weight * (coverage or 0.0))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
