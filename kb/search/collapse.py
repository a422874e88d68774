"""Hits that say the same become one: overlapping neighbours, and copies in other documents."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from kb.records import SearchHit

# Neighbours share the splitter's overlap (an eighth of a chunk) by design; hits are the same
# passage only where the shorter lies in the other for the most part.
_SAME_SHARE = 0.5
# Characters that place one text on the other; a run this long is in two texts by copying only.
_PROBE = 48
# Marks of sentences; those inside of numbers and names are left.
_MARKS = re.compile(r"[.,;:!?…]+(?=\s|$)|[，。；：！？、]")


def collapse(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return ``hits``, best first, without those that repeat a better one.

    A copy's sources are added to those of the hit that stays. Passages of two documents are the
    same where most of the longer is in both, to the letter but for white space and the marks that
    end sentences: two versions of a text that differ in one number are two hits, and so are a text
    and a short quotation of it.
    """
    kept: list[SearchHit] = []
    by_document: dict[int, list[int]] = {}
    texts = _Texts()
    for hit in hits:
        text = " ".join(_MARKS.sub(" ", hit.text).split())
        place = texts.find(text)
        if place is None:
            near = by_document.get(hit.document_id, ())
            place = next((i for i in near if _overlap(kept[i], hit) > _SAME_SHARE), None)
        if place is None:
            by_document.setdefault(hit.document_id, []).append(len(kept))
            texts.add(text)
            kept.append(hit)
        else:
            merged = tuple(dict.fromkeys((*kept[place].sources, *hit.sources)))
            kept[place] = replace(kept[place], sources=merged)
    return kept


class _Texts:
    """Texts in the order in which they were added, one after the other in one string."""

    def __init__(self) -> None:
        self._all = "\n"
        self._starts: list[int] = []
        self._places: dict[str, int] = {}

    def add(self, text: str) -> None:
        self._places[text] = len(self._starts)
        self._starts.append(len(self._all))
        self._all += text + "\n"  # which no text holds

    def find(self, text: str) -> int | None:
        """Return the place of the first text that is, for the most part, the same as ``text``."""
        if text in self._places:
            return self._places[text]
        # Where more than half of a text is shared, its middle is.
        middle = max(0, (len(text) - _PROBE) // 2)
        probe = text[middle : middle + _PROBE]
        at = self._all.find(probe) if len(probe) == _PROBE else -1
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            start = self._starts[place]
            known = self._all[start : self._all.index("\n", start)]
            if _is_copy(known, text, at - start - middle):
                return place
            at = self._all.find(probe, start + len(known))
        return None


def _overlap(one: SearchHit, other: SearchHit) -> float:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / max(1, min(one.end - one.start, other.end - other.start))


def _is_copy(known: str, text: str, shift: int) -> bool:
    """Say whether most of the longer is in both; ``text`` begins at ``shift`` of ``known``."""
    start, end = max(0, -shift), min(len(text), len(known) - shift)
    if end - start <= _SAME_SHARE * max(len(known), len(text)):
        return False
    return text[start:end] == known[start + shift : end + shift]
