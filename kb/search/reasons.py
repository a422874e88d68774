"""What a person is told of a hit: why it was found, and whether it answers at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kb.records import Reason, SearchHit
from kb.search.highlight import Telling, telling_terms
from kb.search.naming import told_by

RELEVANT = 0.15
"""Where the best score is below this, nothing that was found answers; docs/hits.md has what that
declines rightly and wrongly."""

# Places by meaning that are told as a reason: behind them, words have brought a passage up.
_NEAR = 10


def explained(
    found: Sequence[SearchHit],
    queries: Sequence[str] = (),
    languages: Mapping[int, str] | None = None,
) -> list[SearchHit]:
    """Return hits, best first, each with the reasons for which it was found.

    Args:
        found: the hits.
        queries: what was searched for.
        languages: of the hits' documents, by id.
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
    """Say whether any hit is likely enough to answer."""
    return any(hit.score >= RELEVANT for hit in found)


def _named(hit: SearchHit, wanted: Sequence[Telling], language: str) -> list[Reason]:
    told = [told_by(each, hit, language) for each in wanted]
    reasons: list[Reason] = ["title"] if any(by_title for by_title, _ in told) else []
    # By meaning alone no names are looked at.
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
