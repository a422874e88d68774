"""Hits that say the same become one: overlapping neighbours, and copies in other documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kb.records import SearchHit

# Neighbours share the splitter's overlap (an eighth of a chunk) by design; hits are the same
# passage only where the shorter lies in the other for the most part.
_SAME_SHARE = 0.5


def collapse(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return ``hits``, best first, without those that repeat a better one.

    A copy's sources are added to those of the hit that stays.
    """
    kept: list[SearchHit] = []
    by_text: dict[str, int] = {}
    by_document: dict[int, list[int]] = {}
    for hit in hits:
        text = " ".join(hit.text.split())
        place = by_text.get(text)
        if place is None:
            near = by_document.get(hit.document_id, [])
            place = next((i for i in near if _overlap(kept[i], hit) > _SAME_SHARE), None)
        if place is None:
            by_text[text] = len(kept)
            by_document.setdefault(hit.document_id, []).append(len(kept))
            kept.append(hit)
        else:
            merged = tuple(dict.fromkeys((*kept[place].sources, *hit.sources)))
            kept[place] = replace(kept[place], sources=merged)
    return kept


def _overlap(one: SearchHit, other: SearchHit) -> float:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / max(1, min(one.end - one.start, other.end - other.start))
