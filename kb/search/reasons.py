"""Explains a hit to people: why it was found, and whether anything answers at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kb.records import Reason, SearchHit
from kb.search.highlight import Telling, telling_terms
from kb.search.naming import told_by

RELEVANT = 0.15
"""Confidence below which the best hit, and so the search, answers nothing.

docs/hits.md has the figures of right and wrong refusals.
"""

# Ranks by meaning that count as a reason; later ranks rose by words.
_NEAR = 10


def explained(
    found: Sequence[SearchHit],
    queries: Sequence[str] = (),
    languages: Mapping[int, str] | None = None,
) -> list[SearchHit]:
    """Return hits, best first, each with the reasons why it was found.

    Args:
        found: the hits.
        queries: the queries of the search.
        languages: languages of the hits' documents, by id.
    """
    relevant = anything_relevant(found)
    wanted = [telling_terms(query) for query in queries]
    return [
        replace(
            hit,
            reasons=(
                *_reasons(hit, best=relevant and not place),
                *_named(hit, wanted, (languages or {}).get(hit.document_id, "")),
            ),
        )
        for place, hit in enumerate(found)
    ]


def anything_relevant(found: Sequence[SearchHit]) -> bool:
    """Return whether any hit probably answers."""
    return any(hit.score >= RELEVANT for hit in found)


def _named(hit: SearchHit, wanted: Sequence[Telling], language: str) -> list[Reason]:
    told = [told_by(each, hit, language) for each in wanted]
    reasons: list[Reason] = ["title"] if any(by_title for by_title, _ in told) else []
    # Searches by meaning alone ignore names.
    if "keyword" in hit.ranks and any(by_name for _, by_name in told):
        reasons.append("name")
    return reasons


def _reasons(hit: SearchHit, *, best: bool) -> list[Reason]:
    reasons: list[Reason] = ["best"] if best else []
    by_words = "keyword" in hit.ranks
    if "dense" in hit.ranks and (hit.ranks["dense"] <= _NEAR or not by_words):
        reasons.append("meaning")
    if by_words:
        reasons.append("words")
    return reasons
