"""Hits that say the same become one: overlapping neighbours, and copies in other documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kb.records import SearchHit

# Neighbours share the splitter's overlap (an eighth of a chunk) by design; hits are the same
# passage only where the shorter lies in the other for the most part.
_SAME_SHARE = 0.5
# Characters that place one text on the other; a run this long is in two texts by copying only.
_PROBE = 48


def collapse(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return ``hits``, best first, without those that repeat a better one.

    A copy's sources are added to those of the hit that stays. Passages of two documents are the
    same where most of the longer is in both, white space aside, to the letter: two versions of a
    text that differ in one number are two hits, and so are a text and a short quotation of it.
    """
    kept: list[SearchHit] = []
    texts: list[str] = []
    for hit in hits:
        text = " ".join(hit.text.split())
        place = next(
            (
                i
                for i, better in enumerate(kept)
                if (
                    _overlap(better, hit) > _SAME_SHARE
                    if better.document_id == hit.document_id
                    else _is_copy(texts[i], text)
                )
                or texts[i] == text
            ),
            None,
        )
        if place is None:
            kept.append(hit)
            texts.append(text)
        else:
            merged = tuple(dict.fromkeys((*kept[place].sources, *hit.sources)))
            kept[place] = replace(kept[place], sources=merged)
    return kept


def _overlap(one: SearchHit, other: SearchHit) -> float:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / max(1, min(one.end - one.start, other.end - other.start))


def _is_copy(one: str, other: str) -> bool:
    """Say whether most of the longer of two texts is in the other, to the letter."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    # Where more than half of the shorter is shared, its middle is.
    middle = max(0, (len(shorter) - _PROBE) // 2)
    at = longer.find(shorter[middle : middle + _PROBE])
    if at < 0:
        return False
    shift = at - middle
    start, end = max(0, -shift), min(len(shorter), len(longer) - shift)
    if end - start <= _SAME_SHARE * len(longer):
        return False
    return shorter[start:end] == longer[start + shift : end + shift]
