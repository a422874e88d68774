"""Search by meaning: the chunks with the vectors nearest to the query's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.search.answers import VectorAnswers
from kb.search.restriction import Restriction

# Some of the nearest vectors may be invisible (a version being written or deleted): ask for more.
OVERFETCH = 16
# Above this, comparing every allowed chunk is cheaper than asking the index.
INDEX_LIMIT_MAX = 8000
# Answers that the index is asked for at least: asked for a hundred it may miss the nearest passage,
# where many are alike. It takes 4 ms more of 100,000 chunks.
LEAST = 400
# Answers for each wanted one that passes a filter, at most, and beyond the share that passes.
_MOST_ROOM, _ROOM = 3.0, 1.2


def begin(
    answers: VectorAnswers,
    collection: CollectionInfo,
    vector: Vector,
    limit: int,
    restriction: Restriction,
) -> None:
    """Ask a server for what :func:`nearest` asks first, if it asks the index at all.

    Raises:
        UnansweredError: the server must answer first.
    """
    if not restriction.is_compared:
        answers.nearest(collection.id, vector, _asked(limit, restriction))


def nearest(
    answers: VectorAnswers,
    collection: CollectionInfo,
    vector: Vector,
    limit: int,
    restriction: Restriction,
    *,
    passing: Callable[[Sequence[int]], set[int]],
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (chunk id, cosine) of visible chunks that pass, best first.

    It returns ``limit`` chunks whenever that many pass. ``passing`` selects the passing ones of
    some chunks.
    """
    compared = restriction.nearest(vector, limit)
    if compared is not None:
        return compared
    if restriction.few is not None:
        few = restriction.nearest_of_all(vector, limit)
        if few is not None:
            return few
        return answers.nearest_of(collection.id, vector, limit, restriction.few)
    asked = _asked(limit, restriction)
    while True:
        found = answers.nearest(collection.id, vector, asked)
        allowed = passing([chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in allowed]
        if len(hits) >= limit or len(found) < asked:
            return hits[:limit]
        if asked >= INDEX_LIMIT_MAX:
            every = restriction.nearest_of_all(vector, limit)
            if every is None:
                every = answers.nearest_of(collection.id, vector, limit, restriction.every())
            return every
        # The share of passing answers so far predicts the number to ask for, plus some room.
        share = max(len(hits), 1) / len(found)
        asked = min(INDEX_LIMIT_MAX, max(2 * asked, int(1.5 * limit / share)))


def _asked(limit: int, restriction: Restriction) -> int:
    # Asking the index once for more is cheaper than twice.
    most = 1.0 if restriction.is_empty else min(_MOST_ROOM, _ROOM / restriction.share)
    return max(int(most * limit), LEAST) + OVERFETCH
